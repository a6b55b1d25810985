"""opa_server.py PORT POLICY.rego: answers POST /v1/data/PATH as OPA's REST API documents it, by a Rego engine (regopy).

For tests: OPA itself is one program, `opa run --server --addr 127.0.0.1:8181 sluice.rego`.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from regopy import Interpreter  # type: ignore[import-untyped]


class Engine:
    """One policy; the engine keeps its input, so requests take turns."""

    def __init__(self, policy: str) -> None:
        self._rego = Interpreter()
        self._rego.add_module("policy", policy)
        self._turn = threading.Lock()

    def query(self, path: str, document: Any) -> str:
        with self._turn:
            self._rego.set_input(document)
            return str(self._rego.query(path))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept
    disable_nagle_algorithm = True
    engine: Engine

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not self.path.startswith("/v1/data/"):
            self.answer(404, {"code": "resource_not_found"})
            return
        path = "data." + self.path.removeprefix("/v1/data/").replace("/", ".")
        text = self.engine.query(path, json.loads(body)["input"])
        # An undefined document is an answer without a result.
        self.answer(200, {} if text == "undefined" else {"result": json.loads(text)["expressions"][0]})

    def answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Input stays out of the output."""


def main() -> None:
    Handler.engine = Engine(Path(sys.argv[2]).read_text())
    with ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        print(f"listening on {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
