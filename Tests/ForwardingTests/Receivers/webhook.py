"""An HTTPS endpoint that checks signatures as standardwebhooks.com defines them, and keeps what it accepts.

webhook.py PORT CERTIFICATE KEY SECRET OUTPUT MODE: the file MODE says how it answers, "200" when it is not there:
"503", "429 1" (with Retry-After), "lose" (keeps the events and drops the connection without an answer).
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import ssl
import sys
import time

port, certificate, key, secret, output, mode_file = sys.argv[1:7]
signing_key = base64.b64decode(secret.removeprefix("whsec_"))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        mode = ["200"]
        if os.path.exists(mode_file):
            mode = open(mode_file).read().split()
        if mode[0] not in ("200", "lose"):
            return self.answer(int(mode[0]), mode[1] if len(mode) > 1 else None)
        if not self.is_signed(body):
            return self.answer(401)
        if self.headers["content-type"] == "application/json":
            events = json.loads(body)
        else:
            events = [json.loads(line) for line in body.splitlines()]
        with open(output, "a") as file:
            for event in events:
                file.write(json.dumps({"request": self.headers["webhook-id"], "event": event}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if mode[0] == "lose":
            self.close_connection = True
            return
        self.answer(204)

    def is_signed(self, body):
        timestamp = self.headers["webhook-timestamp"]
        if abs(time.time() - int(timestamp)) > 300:
            return False
        content = self.headers["webhook-id"].encode() + b"." + timestamp.encode() + b"." + body
        expected = base64.b64encode(hmac.new(signing_key, content, hashlib.sha256).digest()).decode()
        for signature in self.headers["webhook-signature"].split(" "):
            version, _, value = signature.partition(",")
            if version == "v1" and hmac.compare_digest(value, expected):
                return True
        return False

    def answer(self, status, retry_after=None):
        self.send_response(status)
        self.send_header("content-length", "0")
        if retry_after:
            self.send_header("retry-after", retry_after)
        self.end_headers()

    def log_message(self, *arguments):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
server.daemon_threads = True
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
