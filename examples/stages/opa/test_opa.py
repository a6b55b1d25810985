from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from opa import OPA, UNDEFINED, OPAError
from opa_server import Engine, Handler
from opa_stage import decision, document

from sluice_stage import Command
from sluice_stage import bus_pb2 as bus

TIMEOUT_S = 0.5
PATIENCE_S = 20
Serve = Callable[[type[http.server.BaseHTTPRequestHandler]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts an HTTP server, and gives its address."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def begin(handler: type[http.server.BaseHTTPRequestHandler]) -> str:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


class Raw:
    """A server that answers each connection with given bytes, whatever it is asked."""

    def __init__(self, *answers: bytes, hold_open: bool = False) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.accepted = 0
        self.kept: list[socket.socket] = []
        threading.Thread(target=self.run, args=(answers, hold_open), daemon=True).start()

    def run(self, answers: tuple[bytes, ...], hold_open: bool) -> None:
        for answer in answers:
            peer, _ = self.listener.accept()
            self.accepted += 1
            self.read_request(peer)
            peer.sendall(answer)
            if hold_open:
                self.kept.append(peer)
            else:
                peer.close()

    @staticmethod
    def read_request(peer: socket.socket) -> None:
        """Reads it whole: closing a connection with bytes unread resets it, and with it the answer."""
        length = 0
        with peer.makefile("rb") as stream:
            while (line := stream.readline()).strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            stream.read(length)


def reply(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


def command(
    operations: list[str], tables: list[str], labels: dict[str, str] | None = None, purpose: int = 3
) -> Command:
    judge = bus.Judge(
        principal=bus.Principal(name="agent-1", groups=["ai-agents"], labels=labels or {}),
        resource="orders",
        protocol="postgres",
        purpose=purpose,  # type: ignore[arg-type]
        parameters=["a bind value"],
    )
    judge.facts.operations.extend(operations)
    judge.facts.tables_read.extend(tables)
    judge.annotations.add(stage="classifier", name="risk", value="low")
    return Command(bus.Header(session="s"), judge, b"SELECT 'a text value'")


@pytest.fixture
def opa(serve: Serve) -> OPA:
    class Here(Handler):
        engine = Engine((Path(__file__).parent / "sluice.rego").read_text())

    return OPA(serve(Here), "sluice/decision", timeout_s=5)


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (command([], [], purpose=1), bus.VERDICT_ALLOW),
        (command(["read"], ["orders"]), bus.VERDICT_ALLOW),
        (command(["read"], ["public.payroll"]), bus.VERDICT_REFUSE),
        (command(["read"], ["public.payroll"], {"team": "finance"}), bus.VERDICT_ALLOW),
        (command(["write"], []), bus.VERDICT_HOLD),
        (command(["drop"], []), bus.VERDICT_REFUSE),
    ],
)
def test_a_rego_policy_decides(opa: OPA, asked: Command, verdict: bus.Verdict) -> None:
    given = document(asked, with_text=False, with_parameters=False)
    assert decision(opa.decide(given), "sluice/decision").verdict == verdict


def test_values_are_not_sent_unless_told() -> None:
    asked = command(["read"], ["orders"])
    plain = json.dumps(document(asked, with_text=False, with_parameters=False))
    assert "a bind value" not in plain and "a text value" not in plain and '"unfiltered": false' in plain
    assert "classifier.risk" in plain
    told = document(asked, with_text=True, with_parameters=True)
    assert told["parameters"] == ["a bind value"] and told["text"] == "SELECT 'a text value'"


def test_one_connection_is_kept(serve: Serve) -> None:
    connections: set[Any] = set()

    class Counting(Handler):
        engine = Engine("package sluice\n\ndecision := true\n")

        def setup(self) -> None:
            connections.add(self.client_address)
            super().setup()

    opa = OPA(serve(Counting), "sluice/decision", timeout_s=5)
    assert [opa.decide({}) for _ in range(20)] == [True] * 20
    assert len(connections) == 1


def test_a_kept_connection_that_was_closed_is_made_again() -> None:
    server = Raw(reply(b'{"result": true}'), reply(b'{"result": false}'))
    opa = OPA(server.url, "p", timeout_s=5)
    assert opa.decide({}) is True
    assert opa.decide({}) is False
    assert server.accepted == 2


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 16\r\n\r\n{"result": true}',
        b'HTTP/1.0 200 OK\r\nContent-Length: 16\r\n\r\n{"result": true}',
        b'HTTP/1.0 200 OK\r\n\r\n{"result": true}',
    ],
)
def test_a_connection_that_serves_once_is_not_kept(answer: bytes) -> None:
    server = Raw(answer, answer, answer)
    opa = OPA(server.url, "p", timeout_s=5)
    assert [opa.decide({}) for _ in range(3)] == [True] * 3
    assert server.accepted == 3


def test_undefined_is_an_answer() -> None:
    assert OPA(Raw(reply(b"{}")).url, "p", timeout_s=5).decide({}) is UNDEFINED


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        reply(b"[]"),
        reply(b"no JSON"),
        reply(b"[" * 100_000),
        reply(b'{"result": true}', "500 Internal Server Error"),
        reply(b'{"result": true}', "400 Bad Request"),
        reply(b'{"result": true}', "301 Moved"),
        reply(b'{"result": "' + b"x" * (1 << 20) + b'"}'),
    ],
)
def test_other_answers_are_errors(answer: bytes) -> None:
    with pytest.raises(OPAError):
        OPA(Raw(answer).url, "p", timeout_s=5).decide({})


def test_silence_and_slowness_have_one_deadline() -> None:
    for answer in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"):
        server = Raw(answer, hold_open=True)
        with pytest.raises(OPAError):
            OPA(server.url, "p", timeout_s=TIMEOUT_S).decide({})


def test_a_handshake_that_hangs_has_the_same_deadline() -> None:
    server = Raw(b"\x16\x03\x03", hold_open=True)
    opa = OPA(server.url.replace("http", "https"), "p", timeout_s=TIMEOUT_S)
    with pytest.raises(OPAError, match="TimeoutError"):
        opa.decide({})
    # Its thread ends with it.
    assert opa._last.done.wait(PATIENCE_S)


def test_a_look_up_that_hangs_has_the_same_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Raw(b"", reply(b'{"result": true}'))
    answered, look_up = threading.Event(), socket.getaddrinfo
    threads: set[int] = set()

    def hang(*given: Any, **named: Any) -> Any:
        threads.add(threading.get_ident())
        answered.wait(PATIENCE_S)
        return look_up(*given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    opa = OPA(server.url, "p", timeout_s=TIMEOUT_S)
    for _ in range(3):
        with pytest.raises(OPAError, match="TimeoutError"):
            opa.decide({})
    assert len(threads) == 1 and not opa._last.done.is_set()
    answered.set()
    assert opa._last.done.wait(PATIENCE_S)
    # Nothing was asked on the connection that came too late; the next question has one of its own.
    assert opa.decide({}) is True


def test_nobody_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OPAError):
        OPA(f"http://127.0.0.1:{port}", "p", timeout_s=5).decide({})
    for url in ("ftp://x", "127.0.0.1:8181", "http://", "http://x/?a=b"):
        with pytest.raises(ValueError):
            OPA(url, "p", timeout_s=5)


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (True, bus.VERDICT_ALLOW),
        ({"allow": True}, bus.VERDICT_ALLOW),
        ({"allow": True, "hold": {"groups": ["dba"], "quorum": 2}}, bus.VERDICT_HOLD),
        (UNDEFINED, bus.VERDICT_REFUSE),
        (False, bus.VERDICT_REFUSE),
        (None, bus.VERDICT_REFUSE),
        (1, bus.VERDICT_REFUSE),
        ("true", bus.VERDICT_REFUSE),
        ([True], bus.VERDICT_REFUSE),
        ({}, bus.VERDICT_REFUSE),
        ({"allow": 1}, bus.VERDICT_REFUSE),
        ({"allow": "true"}, bus.VERDICT_REFUSE),
        ({"allow": True, "hold": {"quorum": 0}}, bus.VERDICT_REFUSE),
        ({"allow": True, "hold": {"quorum": True}}, bus.VERDICT_REFUSE),
        ({"allow": True, "hold": {"groups": "dba"}}, bus.VERDICT_REFUSE),
        ({"allow": True, "hold": {"group": ["dba"]}}, bus.VERDICT_REFUSE),
        ({"allow": True, "hold": []}, bus.VERDICT_REFUSE),
        ({"allow": True, "hold": None}, bus.VERDICT_REFUSE),
        ({"allow": True, "holds": {"groups": ["dba"]}}, bus.VERDICT_REFUSE),
        ({"allow": True, "Hold": {"groups": ["dba"]}}, bus.VERDICT_REFUSE),
        ({"allow": True, "reason": "why", "hint": "how"}, bus.VERDICT_ALLOW),
    ],
)
def test_only_a_plain_permission_permits(result: Any, verdict: bus.Verdict) -> None:
    assert decision(result, "p").verdict == verdict


def test_reasons_are_passed_on_in_bounds() -> None:
    refused = decision({"allow": False, "reason": "x" * 1000, "hint": 7}, "p")
    assert len(refused.reason) == 512 and refused.hint == ""
