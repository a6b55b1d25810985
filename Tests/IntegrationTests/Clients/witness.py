"""A witness of checkpoints and an authority for timestamps (RFC 3161), over HTTPS.

witness.py PORT CERTIFICATE KEY FOLDER: keeps what is posted to /take in FOLDER/taken, or answers 503 while FOLDER/refuse is
there; answers /stamp by `openssl ts`, with FOLDER/authority.conf.
"""
import http.server
import os
import ssl
import subprocess
import sys

port, certificate, key, folder = sys.argv[1:5]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if os.path.exists(folder + "/refuse"):
            return self.answer(503, b"")
        kind = self.headers["content-type"]
        if self.path == "/take" and kind.startswith("text/plain"):
            with open(folder + "/taken", "ab") as file:
                file.write(body)
            return self.answer(204, b"")
        if self.path == "/stamp" and kind == "application/timestamp-query":
            with open(folder + "/query", "wb") as file:
                file.write(body)
            command = ["openssl", "ts", "-reply", "-config", folder + "/authority.conf", "-section", "tsa"]
            done = subprocess.run(command + ["-queryfile", folder + "/query"], capture_output=True, check=True)
            return self.answer(200, done.stdout)
        self.answer(404, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server = http.server.HTTPServer(("127.0.0.1", int(port)), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
