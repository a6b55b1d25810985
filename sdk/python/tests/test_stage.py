"""Whole stage processes, from outside."""

from __future__ import annotations

import hashlib
import hmac
import os
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq
from conftest import KEY, PATIENCE_S, Rig

import sluice_stage
from sluice_stage import bus_pb2 as bus
from sluice_stage import postgres
from sluice_stage.signing import seen

Start = Callable[[str], Rig]

JUDGING = """
    from sluice_stage import CannotAnswer, Command, Decision, Stage, allow, annotate, emit, hold, refuse
    stage = Stage()

    @stage.request
    def judge(command: Command) -> Decision:
        if command.text == b"raise":
            raise ValueError("a secret value")
        if command.text == b"cannot":
            raise CannotAnswer("the policy service is away", "connection refused")
        if command.text == b"refuse":
            return emit(refuse("r", "no", "ask"), "refused", {"why": "text"})
        if command.text == b"hold":
            return hold("h", "wait", groups=["dba"], quorum=2)
        if command.text == b"nothing":
            return Decision()
        if command.text == b"noisy":
            decision = allow("a")
            for _ in range(17):
                decision.events.add(name="again")
            return decision
        return annotate(allow("a"), "ticket", "OPS-1")

    stage.run()
"""

REWRITING = """
    from sluice_stage import Batch, Reply, Stage, emit, keep, postgres, rewrite, withhold
    stage = Stage()

    @stage.response
    def change(batch: Batch) -> Reply:
        if batch.rows() > 2:
            return emit(withhold("rows", "too many rows", "ask for fewer"), "withheld", {"rows": str(batch.rows())})
        return rewrite(postgres.rewrite_rows(batch.payload, lambda values: [b"x" for _ in values]), rows=batch.rows())

    stage.run()
"""


ROOT = Path(__file__).parents[3]


def documented(text: str) -> str:
    """The program that the text shows."""
    end = "stage.run()"
    start = text.index("from sluice_stage import")
    indent = text[text.rindex("\n", 0, start) + 1 : start]
    return textwrap.dedent(indent + text[start : text.index(end, start)] + end)


@pytest.mark.parametrize(
    "text",
    [
        sluice_stage.__doc__ or "",
        (ROOT / "sdk/python/README.md").read_text(),
        (ROOT / "docs/adding-a-stage.md").read_text(),
    ],
    ids=["package", "readme", "docs"],
)
def test_the_documented_example_refuses_what_may_be_a_copy(start: Start, text: str) -> None:
    rig = start(documented(text))
    understood, opaque, unknown = bus.Facts(operations=["read"]), bus.Facts(opaque=True), None
    copying = bus.Facts(operations=["copy.out", "read"])
    execution, session = bus.COMMAND_PURPOSE_EXECUTION, bus.COMMAND_PURPOSE_SESSION
    expected = [
        (session, unknown, bus.VERDICT_ALLOW),
        (execution, understood, bus.VERDICT_ALLOW),
        (execution, copying, bus.VERDICT_REFUSE),
        (execution, opaque, bus.VERDICT_REFUSE),
        (execution, unknown, bus.VERDICT_REFUSE),
    ]
    for sequence, (purpose, facts, verdict) in enumerate(expected, 1):
        judge = bus.Judge(digest=b"\x09" * 32, resource="orders", purpose=purpose, facts=facts)
        rig.command(sequence=sequence, judge=judge)
        decision = rig.decision()
        assert decision.verdict == verdict and not decision.pure


def test_a_decision_is_signed_and_bound(start: Start) -> None:
    rig = start(JUDGING)
    rig.command(b"SELECT 1", sequence=7, route=("next", "approver"))
    header, body, payload = rig.receive("next")
    assert (header.kind, list(header.route), payload) == (bus.KIND_JUDGE, ["approver"], b"SELECT 1")
    signed = header.decisions[0]
    assert signed.mac == hmac.new(KEY, b"sluice-decision-v1\0" + signed.decision, hashlib.sha256).digest()
    decision = bus.Decision.FromString(signed.decision)
    judge = bus.Judge.FromString(body)
    assert (decision.stage, decision.session, decision.sequence) == ("mine", "s1", 7)
    assert (decision.identity, decision.resource, decision.digest) == ("agent-1", "orders", b"\x09" * 32)
    assert decision.purpose == bus.COMMAND_PURPOSE_EXECUTION and decision.seen == seen(judge, b"SELECT 1")
    assert [(one.stage, one.name, one.value) for one in judge.annotations] == [("mine", "ticket", "OPS-1")]
    assert decision.annotations == judge.annotations


def test_the_lane_ends_where_it_should(start: Start) -> None:
    rig = start(JUDGING)
    rig.command(b"x", sequence=1, route=("approver",))
    header, body, payload = rig.receive()
    assert (header.kind, list(header.route), body, payload) == (bus.KIND_JUDGED, [], b"", b"")
    rig.command(b"refuse", sequence=2, route=("next", "approver"))
    decision = rig.decision()
    assert (decision.verdict, decision.reason, decision.events[0].name) == (bus.VERDICT_REFUSE, "no", "refused")
    rig.command(b"hold", sequence=3, route=("approver",))
    header, body, _ = rig.receive("approver")
    assert header.kind == bus.KIND_JUDGE and bus.Judge.FromString(body).hold.quorum == 2


def test_failures_are_answers_and_tell_nothing(start: Start) -> None:
    rig = start(JUDGING)
    for text, reason in (
        (b"raise", "it could not do its work"),
        (b"nothing", "it could not do its work"),
        (b"noisy", "it could not do its work"),
        (b"cannot", "the policy service is away"),
    ):
        rig.command(text)
        header, body, _ = rig.receive()
        assert header.kind == bus.KIND_FAILED and not header.decisions
        assert bus.Failure.FromString(body).reason == reason
    rig.send(rig.header(bus.KIND_MASK), bus.MaskBatch().SerializeToString())
    assert rig.receive()[0].kind == bus.KIND_FAILED
    rig.send(rig.header(bus.KIND_JUDGE), b"\xff")
    assert rig.receive()[0].kind == bus.KIND_FAILED
    assert rig.stop() == 0
    assert rig.process.stderr and "a secret value" not in rig.process.stderr.read()


def test_what_cannot_be_read_is_dropped(start: Start) -> None:
    rig = start(JUDGING)
    header = rig.header(bus.KIND_JUDGE)
    other = rig.header(bus.KIND_JUDGE)
    other.contract_version = 2
    unknown = rig.header(bus.KIND_JUDGE)
    unknown.ClearField("kind")
    for parts in (
        [b""],
        [b"", b""],
        [header.SerializeToString(), b""],
        [header.SerializeToString(), b"", b"", b""],
        [b"\xff\xff", b"", b""],
        [other.SerializeToString(), b"", b""],
        [unknown.SerializeToString(), b"", b""],
    ):
        rig.stage.send_multipart(parts)
    rig.command(b"after", sequence=99)
    assert rig.receive()[0].sequence == 99


def test_answers_stay_in_the_bus_directory(start: Start) -> None:
    rig = start(JUDGING)
    outside = rig.context.socket(zmq.PULL)
    outside.bind(f"ipc://{rig.folder}/outside")
    for endpoint in (f"ipc://{rig.folder}/outside", f"ipc://{rig.bus}/../outside", "tcp://127.0.0.1:9", ""):
        header = rig.header(bus.KIND_JUDGE)
        header.reply_to = endpoint
        rig.send(header, bus.Judge().SerializeToString())
    rig.command(b"after", sequence=99)
    assert rig.receive()[0].sequence == 99
    assert rig.stop() == 0
    assert not outside.poll(0)


def test_pings_are_answered_also_between_slow_commands(start: Start) -> None:
    rig = start(
        """
        import time
        from sluice_stage import Stage, allow
        stage = Stage()

        @stage.request
        def judge(command):
            time.sleep(0.02)
            return allow("slow")

        stage.run()
        """
    )
    for sequence in range(1, 101):
        rig.command(sequence=sequence)
    ping = bus.Header(
        contract_version=1, kind=bus.KIND_PING, lane=bus.LANE_PRESENCE, sequence=77, reply_to=rig.reply_to
    )
    rig.send(ping)
    answers = [rig.receive() for _ in range(101)]
    kinds = [header.kind for header, _, _ in answers]
    # The ping is behind all of them.
    assert kinds.count(bus.KIND_JUDGED) == 100 and kinds.index(bus.KIND_PONG) < 20
    header, body, _ = answers[kinds.index(bus.KIND_PONG)]
    pong = bus.Pong.FromString(body)
    assert (header.lane, header.sequence) == (bus.LANE_PRESENCE, 77)
    assert (pong.stage, pong.replica, pong.draining) == ("mine", "0", False) and pong.queued > 0
    assert abs(pong.incarnation - time.time_ns() // 1000) < 600_000_000


def test_a_batch_is_rewritten_or_withheld(start: Start) -> None:
    rig = start(REWRITING)
    row = postgres.row([b"anna", None])
    batch = bus.MaskBatch(protocol="postgres").SerializeToString()
    rig.send(rig.header(bus.KIND_MASK), batch, row + row + postgres.message(b"C", b"SELECT 2\0"))
    header, body, payload = rig.receive()
    assert header.kind == bus.KIND_MASKED and bus.MaskReply.FromString(body).rows == 2
    assert payload == postgres.row([b"x", b"x"]) * 2 + postgres.message(b"C", b"SELECT 2\0")
    rig.send(rig.header(bus.KIND_MASK, 2), batch, row * 3)
    header, body, payload = rig.receive()
    reply = bus.MaskReply.FromString(body)
    assert header.kind == bus.KIND_MASKED and payload == b""
    assert (reply.refusal.rule, reply.refusal.reason, reply.events[0].fields["rows"]) == ("rows", "too many rows", "3")
    rig.send(rig.header(bus.KIND_MASK, 3), batch, row[:-1])
    assert rig.receive()[0].kind == bus.KIND_FAILED


def test_what_is_here_is_answered_before_the_end(start: Start) -> None:
    rig = start(JUDGING)
    for sequence in range(1, 201):
        rig.command(sequence=sequence)
    assert rig.receive()[0].sequence == 1
    assert rig.stop() == 0
    assert [rig.receive()[0].sequence for _ in range(199)] == list(range(2, 201))
    assert not (rig.bus / "mine" / "0").exists()
    assert rig.notify.recv(4096).startswith(b"STOPPING=1\nMAINPID=")


def test_a_stage_ends_with_its_supervisor(start: Start) -> None:
    rig = start(JUDGING)
    rig.lifeline, lifeline = os.open("/dev/null", os.O_RDONLY), rig.lifeline
    os.close(lifeline)
    assert rig.process.wait(PATIENCE_S) == 1


def test_given_up_commands_are_dropped(start: Start) -> None:
    rig = start(JUDGING)
    header = rig.header(bus.KIND_JUDGE)
    header.deadline_ms = 1
    rig.send(header, bus.Judge().SerializeToString())
    rig.command(sequence=99)
    assert rig.receive()[0].sequence == 99


def test_state_is_kept_in_a_folder_of_its_own(start: Start) -> None:
    program = """
        from sluice_stage import Stage, allow
        stage = Stage()
        path = stage.state_path("count")

        @stage.request
        def judge(command):
            count = int(path.read_text()) + 1 if path.exists() else 1
            path.write_text(str(count))
            return allow(f"rule-{count}")

        stage.run()
        """
    rig = start(program)
    rig.command(sequence=1)
    rig.command(sequence=2)
    assert [rig.decision().rule, rig.decision().rule] == ["rule-1", "rule-2"]
    assert (rig.folder / "state").stat().st_mode & 0o777 == 0o700
