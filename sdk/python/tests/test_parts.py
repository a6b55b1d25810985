"""The parts that need no process."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from sluice_stage import Batch, CannotAnswer, Command, Environment, Once, Purpose, StageError
from sluice_stage import allow, annotate, emit, hold, keep, postgres, refuse, withhold
from sluice_stage import bus_pb2 as bus
from sluice_stage.environment import Watchdog
from sluice_stage.links import Links
from sluice_stage.signing import seen
from sluice_stage.stage import is_given_up, read


def command(sequence: int = 1, attempt: int = 0) -> Command:
    header = bus.Header(session="s", sequence=sequence, lane=bus.LANE_REQUEST, attempt=attempt)
    judge = bus.Judge(
        principal=bus.Principal(name="agent-1", groups=["a"], labels={"team": "x"}),
        resource="orders",
        purpose=bus.COMMAND_PURPOSE_STATEMENT,
        parameters=["1"],
    )
    return Command(header, judge, b"SELECT 1")


def test_decisions() -> None:
    assert allow("r", pure=True).pure and not allow("r").pure
    assert refuse("r", "why", "hint").hint == "hint"
    held = hold("r", "why", identities=["dba-1"], quorum=2, expires_seconds=60)
    assert (held.hold.quorum, list(held.hold.approver_identities), held.hold.expires_seconds) == (2, ["dba-1"], 60)
    assert withhold("r", "why").payload == b"" and keep(b"x").payload == b"x"
    assert keep(b"").count("email", 3).body.counts[0].count == 3


@pytest.mark.parametrize("name", ["", "x" * 65, "é" * 33])
def test_names_are_bounded(name: str) -> None:
    with pytest.raises(StageError):
        annotate(allow("r"), name, "")
    with pytest.raises(StageError):
        emit(allow("r"), name)
    with pytest.raises(StageError):
        emit(keep(b""), "n", {name: ""})
    with pytest.raises(StageError):
        withhold(name, "")


def test_values_and_counts_are_bounded() -> None:
    annotate(allow("r"), "n" * 64, "v" * 1024)
    with pytest.raises(StageError):
        annotate(allow("r"), "n", "v" * 1025)
    with pytest.raises(StageError):
        emit(keep(b""), "n", {str(number): "" for number in range(17)})
    decision, reply = allow("r"), keep(b"")
    for _ in range(16):
        annotate(decision, "n", "")
        emit(decision, "n", {"k": "v"})
        emit(reply, "n")
    for work in (lambda: annotate(decision, "n", ""), lambda: emit(decision, "n"), lambda: emit(reply, "n")):
        with pytest.raises(StageError):
            work()


def test_a_command_shows_what_it_is() -> None:
    one = command()
    assert (one.identity, list(one.groups), dict(one.labels)) == ("agent-1", ["a"], {"team": "x"})
    assert (one.resource, one.purpose, list(one.parameters)) == ("orders", Purpose.STATEMENT, ["1"])
    assert not one.has_facts and one.attempt == 0 and one.session == "s"
    one.judge.purpose = bus.COMMAND_PURPOSE_UNSPECIFIED
    with pytest.raises(ValueError):
        _ = one.purpose


def test_a_batch_shows_what_it_is() -> None:
    body = bus.MaskBatch(principal=bus.Principal(name="agent-1"), resource="orders", command=3)
    batch = Batch(bus.Header(), body, postgres.row([b"x"]) * 3 + postgres.message(b"d", b"a\tb\n"))
    assert (batch.identity, batch.resource, batch.command, batch.rows()) == ("agent-1", "orders", 3, 4)
    assert batch.columns is None
    body.columns_known = True
    assert batch.columns is not None and list(batch.columns) == []


def test_work_is_done_once() -> None:
    once: Once[int] = Once(limit=2)
    done: list[int] = []

    def work() -> int:
        done.append(1)
        return len(done)

    assert once(command(1), work) == 1
    assert once(command(1, attempt=3), work) == 1
    assert once(command(2), work) == 2
    assert once(command(1), work) == 1
    assert once(command(3), work) == 3
    # The one that was asked for longest ago is forgotten.
    assert once(command(2), work) == 4


def test_what_was_seen_is_what_the_swift_side_computes() -> None:
    """The vector of Tests/BusTests/SeenDigestTests.swift."""
    judge = bus.Judge(
        principal=bus.Principal(name="reporting", groups=["a", "b"], labels={"team": "finance", "tier": "1"}),
        parameters=["1", "2"],
    )
    assert seen(judge, b"SELECT 1").hex() == "ec32bbed9d00d14609227b0c1b0ec5a682be0a8d150266d9b70a76f0b6ccd306"


@pytest.mark.parametrize("size", range(1, 26))
def test_cut_messages_are_found(size: int) -> None:
    whole = postgres.row([b"anna", None, b""])
    assert len(whole) == 23 and postgres.row_count(whole) == 1
    if size != len(whole):
        with pytest.raises(StageError):
            postgres.row_count((whole + whole)[:size])


BINARY_ROW = b"\0\2" + b"\0\0\0\1\n" + b"\xff\xff\xff\xff"
BINARY_HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0\0\0\0" + b"\0\0\0\3" + b"ext"


@pytest.mark.parametrize(
    ("copy_format", "bodies", "rows"),
    [
        ("", [b"a\n", b"b\n"], 2),
        ("text", [b"a\n", b"b\n"], 2),
        ("text", [b"a\nb\nc\n", b"d\n"], 4),
        ("text", [b"a", b"\n"], 2),
        ("csv", [b'"a\nb",1\n'], 1),
        ("csv", [b'"a ""\n"" b",1\n2,"\n"\n', b"3\n"], 3),
        ("binary", [BINARY_HEADER + BINARY_ROW, BINARY_ROW], 2),
        ("binary", [BINARY_HEADER + BINARY_ROW * 3 + b"\xff\xff"], 3),
        ("binary", [BINARY_ROW * 2 + BINARY_ROW[:5]], 2),
        ("binary", [b"", b"\0", b"\x7f\xff", b"\0\1\x7f\xff\xff\xff"], 4),
        ("of tomorrow", [b"a\nb\n"], 1),
    ],
)
def test_copied_rows_are_counted_by_their_format(copy_format: str, bodies: list[bytes], rows: int) -> None:
    payload = b"".join(postgres.message(b"d", body) for body in bodies)
    assert postgres.row_count(payload, copy_format) == rows
    body = bus.MaskBatch(copy=bus.CopyShape(out=True, format=copy_format))
    assert Batch(bus.Header(), body, payload).rows() == rows


def test_rows_keep_their_shape() -> None:
    assert postgres.values(postgres.row([b"a", None, b""])[5:]) == [b"a", None, b""]
    mixed = postgres.row([b"a"]) + postgres.message(b"C", b"SELECT 1\0")
    assert postgres.rewrite_rows(mixed, lambda row: [None]) == postgres.row([None]) + postgres.message(
        b"C", b"SELECT 1\0"
    )
    with pytest.raises(StageError):
        postgres.rewrite_rows(mixed, lambda row: [])
    for body in (b"", b"\0", b"\0\1", b"\0\1\0\0\0\5abc", b"\0\1\xff\xff\xff\xfe", b"\0\0x", b"\0\1\x7f\xff\xff\xff"):
        with pytest.raises(StageError):
            postgres.values(body)
    for length in (b"\0\0\0\0", b"\0\0\0\3", b"\x80\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"):
        with pytest.raises(StageError):
            postgres.row_count(b"D" + length)


def test_copy_data_does_not_pass_a_stage_that_rewrites_rows() -> None:
    copied = postgres.message(b"H", b"\0\0\0") + postgres.message(b"d", b"anna\n") + postgres.message(b"c", b"")
    with pytest.raises(StageError) as raised:
        postgres.rewrite_rows(copied, lambda row: [b"x" for _ in row])
    assert raised.value.code == "copy-data"
    assert postgres.rewrite_rows(copied, lambda row: row, copy=bytes.upper) == copied.replace(b"anna", b"ANNA")


def test_messages_of_another_kind_are_not_read() -> None:
    good = bus.Header(contract_version=1, kind=bus.KIND_JUDGE).SerializeToString()
    assert read([good, b"b", b"p"])[1:] == (b"b", b"p")
    later = bus.Header(contract_version=1)
    later.MergeFromString(b"\x10\x63")  # kind 99
    for parts in ([], [good], [good, b""], [good] * 4, [b"\xff", b"", b""], [later.SerializeToString(), b"", b""]):
        with pytest.raises(StageError):
            read(parts)


def test_deadlines() -> None:
    assert is_given_up(bus.Header(kind=bus.KIND_JUDGE, deadline_ms=1))
    assert not is_given_up(bus.Header(kind=bus.KIND_JUDGE))
    assert not is_given_up(bus.Header(kind=bus.KIND_JUDGE, deadline_ms=1 << 62))
    assert not is_given_up(bus.Header(kind=bus.KIND_PING, deadline_ms=1))


def test_only_inboxes_of_the_bus_are_answered() -> None:
    import zmq

    links = Links(zmq.Context.instance(), "/run/bus")
    assert links.is_inbox("ipc:///run/bus/ingress/0")
    for endpoint in (
        "",
        "ipc:///run/bus/ingress",
        "ipc:///run/bus/ingress/0/1",
        "ipc:///run/bus/../etc/0",
        "ipc:///run/bus/ingress/..",
        "ipc:///run/bus//0",
        "ipc:///run/busy/ingress/0",
        "tcp://127.0.0.1:1",
        "ipc:///run/bus/ingress/0\0",
    ):
        assert not links.is_inbox(endpoint), endpoint
    assert links.replicas("nowhere") == []


def test_the_environment_names_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"k" * 32)
    variables = {
        "SLUICE_STAGE": "mine",
        "SLUICE_REPLICA": "0",
        "SLUICE_BUS": "/run/bus",
        "SLUICE_KEY_FILE": str(tmp_path / "key"),
    }
    environment = Environment.from_process(variables)
    assert str(environment.inbox) == "/run/bus/mine/0" and environment.state is None
    with pytest.raises(StageError, match="SLUICE_STATE_DIR"):
        environment.state_path("x")
    for name in variables:
        with pytest.raises(StageError, match=name):
            Environment.from_process({key: value for key, value in variables.items() if key != name})
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(StageError, match="32 bytes"):
        Environment.from_process(variables)
    (tmp_path / "key").unlink()
    with pytest.raises(StageError, match="cannot be read"):
        Environment.from_process(variables)


def test_the_watchdog_is_told_twice_in_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: now)
        watchdog = Watchdog({"WATCHDOG_USEC": "2000000"})
        for now in (100.0, 100.9, 101.0, 101.5, 102.1):
            watchdog.turned()
        Watchdog({}).turned()
        told = []
        while True:
            try:
                told.append(listener.recv(100).decode())
            except BlockingIOError:
                break
        assert told == [f"WATCHDOG=1\nMAINPID={os.getpid()}"] * 3


def test_errors_keep_public_and_private_apart() -> None:
    error = CannotAnswer("the service is away", "refused by 10.0.0.1")
    assert error.reason == "the service is away" and error.detail == "refused by 10.0.0.1"
    assert str(error) == "cannot-answer: refused by 10.0.0.1"
