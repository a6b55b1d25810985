"""A client of OPA's data API (https://www.openpolicyagent.org/docs/rest-api, “Get a Document (with Input)”).

One connection is kept and used again. A whole exchange has one deadline: looking up the address, connecting and TLS
included, of which not all can be interrupted. So a thread asks, and whoever waits for it gives up in time.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from typing import Any
from urllib.parse import urlsplit

MAXIMUM_ANSWER_BYTES = 1 << 20


class OPAError(Exception):
    """No answer could be had. The text is for the log and carries nothing of the input."""


class Undefined:
    """The document that was asked for does not exist."""


UNDEFINED = Undefined()


class Exchange:
    """One question and its answer."""

    def __init__(self, connection: http.client.HTTPConnection | None, deadline: float) -> None:
        self.connection = connection
        self.is_reused = connection is not None
        self.done = threading.Event()
        self.result: Any = None
        self.error: Exception | None = None
        self._deadline = deadline

    def left(self) -> float:
        """Seconds; raises TimeoutError when the time is over, so that nothing is begun after it."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def cut(self) -> None:
        """Ends what is being read or written, so that a server that sends slowly does not keep the thread."""
        connection = self.connection
        sock = connection.sock if connection else None
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already


class OPA:
    def __init__(self, url: str, path: str, *, timeout_s: float, token: str = "", ca_file: str | None = None) -> None:
        """`path`: of the document below /v1/data/, as in sluice/decision."""
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.hostname or place.query or place.fragment:
            raise ValueError(f"{url} is no address of an OPA")
        self._target = f"{place.path.rstrip('/')}/v1/data/{path.strip('/')}"
        self._host, self._port = place.hostname, place.port or (443 if place.scheme == "https" else 80)
        self._tls = ssl.create_default_context(cafile=ca_file) if place.scheme == "https" else None
        self._timeout = timeout_s
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._connection: http.client.HTTPConnection | None = None
        self._last = Exchange(None, 0)
        self._last.done.set()

    def decide(self, document: dict[str, Any]) -> Any:
        """The result for this input, or UNDEFINED. Raises OPAError."""
        body = json.dumps({"input": document}).encode()
        deadline = time.monotonic() + self._timeout
        # One thread at a time: a look-up that hangs refuses further commands, and does not gather threads.
        if not self._last.done.wait(self._timeout):
            raise OPAError("TimeoutError from OPA: an earlier question hangs")
        exchange = self._last = Exchange(self._connection, deadline)
        self._connection = None
        threading.Thread(target=self._run, args=(exchange, body), daemon=True).start()
        if not exchange.done.wait(max(0.0, deadline - time.monotonic())):
            exchange.cut()
            raise OPAError("TimeoutError from OPA")
        if isinstance(exchange.error, OPAError):
            raise exchange.error
        if exchange.error is not None:
            raise OPAError(f"{type(exchange.error).__name__} from OPA") from None
        # One that the server will not serve again (HTTP/1.0, `Connection: close`) is closed by now, and has no socket.
        if exchange.connection is not None and exchange.connection.sock is not None:
            self._connection = exchange.connection
        return exchange.result

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _run(self, exchange: Exchange, body: bytes) -> None:
        """On a thread of its own; touches nothing of ours that changes."""
        try:
            try:
                exchange.result = self._ask(exchange, body)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                if not exchange.is_reused:
                    raise
                # A kept connection may have been closed meanwhile. Asking changes nothing, so it is asked once more.
                exchange.connection = None
                exchange.result = self._ask(exchange, body)
        except Exception as error:  # whatever it is: the command is refused, and the log names its type
            exchange.error = error
            if exchange.connection:
                exchange.connection.close()
        finally:
            exchange.done.set()

    def _ask(self, exchange: Exchange, body: bytes) -> Any:
        connection = exchange.connection
        if connection is None:
            connection = exchange.connection = self._connect(exchange)
        connection.sock.settimeout(exchange.left())
        connection.request("POST", self._target, body, self._headers)
        response = connection.getresponse()
        text = response.read(MAXIMUM_ANSWER_BYTES + 1)
        if response.length and len(text) <= MAXIMUM_ANSWER_BYTES:
            raise http.client.IncompleteRead(text, response.length)
        return self._result(response, text)

    def _connect(self, exchange: Exchange) -> http.client.HTTPConnection:
        make = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
        connection = exchange.connection = make(self._host, self._port, timeout=exchange.left())
        http.client.HTTPConnection.connect(connection)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            # The handshake is made on a socket that `cut` finds: one that is slow ends at the deadline too.
            connection.sock = tls = self._tls.wrap_socket(
                connection.sock, server_hostname=self._host, do_handshake_on_connect=False
            )
            exchange.left()
            tls.do_handshake()
        return connection

    @staticmethod
    def _result(response: http.client.HTTPResponse, text: bytes) -> Any:
        if len(text) > MAXIMUM_ANSWER_BYTES:
            raise OPAError(f"an answer of more than {MAXIMUM_ANSWER_BYTES} bytes")
        if response.status != http.HTTPStatus.OK:
            raise OPAError(f"status {response.status}")
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            raise OPAError("an answer that is no JSON") from None
        if not isinstance(answer, dict):
            raise OPAError("an answer that is no object")
        # “If the path refers to an undefined document, the server returns 200 and no result.”
        return answer.get("result", UNDEFINED)
