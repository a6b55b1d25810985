"""A client of OPA's data API (https://www.openpolicyagent.org/docs/rest-api, “Get a Document (with Input)”).

One connection is kept and used again. A whole exchange, connecting included, has one deadline.
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

    def decide(self, document: dict[str, Any]) -> Any:
        """The result for this input, or UNDEFINED. Raises OPAError."""
        body = json.dumps({"input": document}).encode()
        deadline = time.monotonic() + self._timeout
        reused = self._connection is not None
        try:
            return self._ask(body, deadline)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
            self.close()
            if not reused or time.monotonic() >= deadline:
                raise OPAError(f"{type(error).__name__} from OPA") from None
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise OPAError(f"{type(error).__name__} from OPA") from None
        # A kept connection may have been closed meanwhile. Asking changes nothing, so it is asked once more.
        try:
            return self._ask(body, deadline)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise OPAError(f"{type(error).__name__} from OPA") from None

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _ask(self, body: bytes, deadline: float) -> Any:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self._connection is None:
            self._connection = self._connect(left)
        connection = self._connection
        # The socket's own timeout is one for each read: a server that sends slowly would prolong it at will.
        cutter = threading.Timer(left, cut, [connection])
        cutter.start()
        try:
            connection.request("POST", self._target, body, self._headers)
            response = connection.getresponse()
            text = response.read(MAXIMUM_ANSWER_BYTES + 1)
            if response.length and len(text) <= MAXIMUM_ANSWER_BYTES:
                raise http.client.IncompleteRead(text, response.length)
        except (OSError, http.client.HTTPException):
            if time.monotonic() >= deadline:
                raise TimeoutError from None
            raise
        finally:
            cutter.cancel()
        return self._result(response, text)

    def _connect(self, left: float) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if self._tls:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=left, context=self._tls)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=left)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock.settimeout(self._timeout)
        return connection

    def _result(self, response: http.client.HTTPResponse, text: bytes) -> Any:
        if len(text) > MAXIMUM_ANSWER_BYTES:
            self.close()
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


def cut(connection: http.client.HTTPConnection) -> None:
    """Ends what is being read or written on the connection."""
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already
