"""broken_stage.py FAULT: a stage that does one thing wrong, for the conformance kit to find."""

import os
import signal
import sys
import time

from sluice_stage import Batch, Command, Decision, Environment, Reply, Stage, allow, hold, keep, refuse
from sluice_stage import bus_pb2 as bus
from sluice_stage import environment, postgres, stage as loop
from sluice_stage.links import Links

fault = sys.argv[1]
count = 0


class Broken(Stage):
    """The package's stage, with one of its parts replaced."""

    def _bind(self) -> None:
        if fault == "never-binds":
            return
        super()._bind()

    def _take(self) -> None:
        if fault == "drops-every-seventh":
            super()._take()
            global count
            for message in list(self._taken):
                count += 1
                if count % 7 == 0:
                    self._taken.remove(message)
            return
        super()._take()

    def _decide(self, header, judge, body, payload, decision):  # type: ignore[no-untyped-def]
        if fault == "drops-decisions":
            del header.decisions[:]
        if fault == "rewrites-decisions" and header.decisions:
            header.decisions[0].mac = bytes(32)
        if fault == "loosens" and judge.HasField("hold"):
            judge.ClearField("hold")
            body = judge.SerializeToString()
        if fault == "changes-the-text":
            payload = payload.replace(b"orders", b"prices")
        if fault == "changes-the-facts":
            judge.facts.unfiltered = True
            body = judge.SerializeToString()
        if fault == "changes-the-header":
            header.traceparent = ""
        if fault == "skips-the-next-stop" and len(header.route) > 1:
            del header.route[0]
        if fault == "never-asks-the-approver" and list(header.route) == ["approver"]:
            del header.route[:]
        if fault == "annotates-too-much":
            for _ in range(17):
                decision.annotations.add(name="again")
        super()._decide(header, judge, body, payload, decision)

    def _pong(self, header):  # type: ignore[no-untyped-def]
        if fault == "silent-to-pings":
            return
        super()._pong(header)

    def _handle(self, header, body, payload):  # type: ignore[no-untyped-def]
        if fault == "crashes-on-garbage":
            bus.Judge.FromString(body)
        if fault == "stuck-under-load" and len(self._taken) > 20:
            time.sleep(3600)
        super()._handle(header, body, payload)


def judge(command: Command) -> Decision:
    global count
    count += 1
    if fault == "prints-the-text":
        print(command.text.decode(errors="replace"), flush=True)
    if fault == "counts-resends":
        return refuse("limit", "too many") if count % 2 == 0 else allow("limit")
    if fault == "impure":
        if "another" in command.parameters:
            return refuse("parameters", "not these", pure=True)
        return allow("parameters", pure=True)
    if fault == "no-verdict":
        return Decision(rule="none")
    if fault == "quits-on-long-texts" and len(command.text) > 1 << 20:
        os._exit(3)
    if fault == "fails-always":
        raise ValueError("cannot")
    if fault == "skips-sessions" and command.purpose == 1:
        raise ValueError("no text")
    return hold("always", "wait", groups=["dba"]) if fault == "holds" else allow("fine")


def rewrite(batch: Batch) -> Reply:
    reply = keep(batch.payload)
    if fault == "cuts-messages":
        reply.payload = batch.payload[:-1]
    if fault == "drops-rows":
        reply.payload = b"".join(
            postgres.message(kind, body)
            for kind, body in list(postgres.messages(batch.payload))[1:]
        )
    if fault == "drops-values":
        reply.payload = b"".join(
            postgres.row(postgres.values(body)[:-1]) if kind == b"D" else postgres.message(kind, body)
            for kind, body in postgres.messages(batch.payload)
        )
    if fault == "breaks-binary":
        reply.payload = postgres.rewrite_rows(batch.payload, lambda row: [b"***" for _ in row], copy=bytes)
    if fault == "keeps-a-tail":
        reply.body.tail = batch.body.tail
    if fault == "prints-rows":
        print(batch.payload.decode(errors="replace"), file=sys.stderr, flush=True)
    if fault == "random-answers":
        reply.payload = postgres.rewrite_rows(
            batch.payload,
            lambda row: [None if value is None else os.urandom(1 + os.urandom(1)[0]) for value in row],
            copy=bytes,
        )
    return reply


def main() -> None:
    if fault == "never-ready":
        time.sleep(3600)
    if fault == "ends-at-once":
        sys.exit("no licence")
    if fault == "another-pid":
        environment.os = type("os", (), {"environ": os.environ, "getpid": lambda: 1})  # type: ignore[attr-defined]
    mine = Environment.from_process()
    if fault == "wrong-key":
        mine = Environment(mine.stage, mine.replica, mine.bus, bytes(32), mine.state)
    if fault == "another-stage":
        original = loop.sign
        loop.sign = lambda decision, **rest: original(decision, **{**rest, "stage": "classifier"})
    if fault in ("another-command", "another-digest"):
        unbound = loop.sign

        def sign(decision, *, stage, key, header, judge, text):  # type: ignore[no-untyped-def]
            other = bus.Header()
            other.CopyFrom(header)
            seen = bus.Judge()
            seen.CopyFrom(judge)
            if fault == "another-command":
                other.sequence += 1
            else:
                seen.digest = bytes(32)
            return unbound(decision, stage=stage, key=key, header=other, judge=seen, text=text)

        loop.sign = sign
    if fault == "unseen":
        loop.sign.__globals__["seen"] = lambda judge, text: bytes(32)
    if fault == "answers-anywhere":
        Links.is_inbox = lambda self, endpoint: endpoint.startswith("ipc://")  # type: ignore[method-assign]
    if fault == "answers-by-prefix":
        Links.is_inbox = lambda self, endpoint: endpoint.startswith(f"ipc://{mine.bus}/")  # type: ignore[method-assign]
    if fault == "ignores-the-lifeline":
        loop.watch_lifeline = lambda: None
    if fault == "reads-two-parts":
        loop.read = lambda parts: (bus.Header.FromString(parts[0]), parts[1], parts[2])
    if fault == "any-version":
        strict = loop.read
        loop.CONTRACT_VERSION = 2
        loop.read = lambda parts: strict([parts[0].replace(b"\x08\x01", b"\x08\x02", 1), *parts[1:]])
    stage = Broken(mine)
    stage.request(judge)
    stage.response(rewrite)
    if fault == "ignores-sigterm":
        stage._drain = lambda *_: None  # type: ignore[method-assign]
    if fault == "drops-what-is-left":
        stage._drain = lambda *_: os._exit(0)  # type: ignore[method-assign]
    if fault == "leaves-its-socket":
        loop.Path.unlink = lambda self, missing_ok=False: None  # type: ignore[attr-defined]
    if fault == "exits-with-an-error":
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        stage._drain = lambda *_: sys.exit(4)  # type: ignore[method-assign]
    stage.run()


main()
