"""The loop of a stage process."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import zmq
from google.protobuf.message import DecodeError

from . import bus_pb2 as bus
from .answers import Reply, check, check_reply
from .environment import Environment, Watchdog, log, notify, watch_lifeline
from .errors import CannotAnswer, StageError
from .links import Links
from .messages import Batch, Command
from .signing import sign

CONTRACT_VERSION = 1
PARTS = 3
MAXIMUM_PART_BYTES = 64 << 20
INBOX_MESSAGES = 256  # held by ZeroMQ before senders are pushed back
TAKEN_MESSAGES = 1024  # taken off the inbox ahead of the one that is being handled, to find the pings behind them
TAKEN_BYTES = 32 << 20  # of these
POLL_MS = 100  # how soon a request to drain is noticed
QUIET_MS = 300  # a draining stage ends once nothing came for so long
DRAIN_MS = 5000  # and after so long at the latest
REASON_BYTES = 256  # of a failure, as the client reads it

JudgeFunction = Callable[[Command], bus.Decision]
RewriteFunction = Callable[[Batch], Reply]
TickFunction = Callable[[], None]
Message = tuple[bus.Header, bytes, bytes]


class Stage:
    """A stage of the request lane, the response lane, or both: give it a handler for each, and run it.

    Handlers are called on one thread, one message at a time, and twice for one message when ingress sent it again:
    that must do no harm. The process may be killed at any time: what it has not answered is sent again.
    """

    def __init__(self, environment: Environment | None = None) -> None:
        """Raises StageError when the environment is not a stage's."""
        self.environment = environment or Environment.from_process()
        self._judge: JudgeFunction | None = None
        self._rewrite: RewriteFunction | None = None
        self._tick: TickFunction | None = None
        self._incarnation = time.time_ns() // 1000
        self._draining = False
        self._watchdog = Watchdog()
        self._taken: deque[Message] = deque()
        self._taken_bytes = 0
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._links = Links(self._context, self.environment.bus)
        self._inbox: zmq.Socket[bytes] = self._context.socket(zmq.PULL)

    def request(self, handler: JudgeFunction) -> JudgeFunction:
        """Decorator: `handler` decides about one command."""
        self._judge = handler
        return handler

    def response(self, handler: RewriteFunction) -> RewriteFunction:
        """Decorator: `handler` rewrites one batch of reply data, or withholds it."""
        self._rewrite = handler
        return handler

    def tick(self, handler: TickFunction) -> TickFunction:
        """Decorator: `handler` is called at least every 100 ms, between messages."""
        self._tick = handler
        return handler

    def state_path(self, name: str) -> Path:
        """A file of the stage's own, kept over restarts and shared by its replicas."""
        return self.environment.state_path(name)

    # ---- running

    def run(self) -> None:
        """Runs until the supervisor says that it should end, and answers what is here by then."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._drain)
        watch_lifeline()
        self._bind()
        notify("READY=1")
        while not self._draining:
            self._turn(POLL_MS)
        notify("STOPPING=1")
        # Nobody new connects; who is connected may have something on its way.
        self.environment.inbox.unlink(missing_ok=True)
        latest = time.monotonic() + DRAIN_MS / 1000
        quiet = time.monotonic() + QUIET_MS / 1000
        while time.monotonic() < min(quiet, latest):
            if self._turn(POLL_MS):
                quiet = time.monotonic() + QUIET_MS / 1000
        self._context.destroy()

    def _bind(self) -> None:
        self._inbox.setsockopt(zmq.RCVHWM, INBOX_MESSAGES)
        self._inbox.setsockopt(zmq.MAXMSGSIZE, MAXIMUM_PART_BYTES)
        self._inbox.setsockopt(zmq.LINGER, 0)
        path = self.environment.inbox
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._inbox.bind(f"ipc://{path}")

    def _drain(self, *_: object) -> None:
        self._draining = True

    def _turn(self, wait_ms: int) -> bool:
        """Handles one message, if there is any; false when there was none. Pings do not count."""
        if not self._taken:
            self._inbox.poll(wait_ms)
        self._take()
        self._watchdog.turned()
        if self._tick:
            self._tick()
        if not self._taken:
            return False
        header, body, payload = message = self._taken.popleft()
        self._taken_bytes -= size(message)
        if not is_given_up(header):
            self._handle(header, body, payload)
        return True

    def _take(self) -> None:
        """Takes what is in the inbox, answers pings at once, and drops what cannot be read."""
        while len(self._taken) < TAKEN_MESSAGES and self._taken_bytes < TAKEN_BYTES:
            try:
                message = read(self._inbox.recv_multipart(zmq.DONTWAIT))
            except zmq.Again:
                return
            except StageError as error:
                log(f"message dropped: {error.detail}")
                continue
            if message[0].kind == bus.KIND_PING:
                self._pong(message[0])
            else:
                self._put(message)

    def _put(self, message: Message) -> None:
        """Sent again while it waited here: once is enough."""
        header = message[0]
        if header.attempt > 0:
            for place, (earlier, _, _) in enumerate(self._taken):
                if (earlier.sequence, earlier.session, earlier.kind) == (header.sequence, header.session, header.kind):
                    self._taken_bytes += size(message) - size(self._taken[place])
                    self._taken[place] = message
                    return
        self._taken.append(message)
        self._taken_bytes += size(message)

    # ---- answering

    def _handle(self, header: bus.Header, body: bytes, payload: bytes) -> None:
        try:
            if header.kind == bus.KIND_JUDGE and self._judge:
                judge = bus.Judge.FromString(body)
                self._decide(header, judge, body, payload, self._judge(Command(header, judge, payload)))
            elif header.kind == bus.KIND_MASK and self._rewrite:
                batch = Batch(header, bus.MaskBatch.FromString(body), payload)
                self._answer(header, self._rewrite(batch))
            else:
                raise StageError("malformed", f"kind {header.kind} is not for this stage")
        except CannotAnswer as error:
            self._fail(header, error.reason, str(error))
        except StageError as error:
            self._fail(header, "it could not do its work", str(error))
        except Exception as error:  # whatever went wrong, the command is refused and not left hanging
            # The text of an error may carry data.
            self._fail(header, "it could not do its work", type(error).__name__)

    def _decide(
        self, header: bus.Header, judge: bus.Judge, body: bytes, payload: bytes, decision: bus.Decision
    ) -> None:
        """Signs the decision and passes the message on along its route."""
        environment = self.environment
        if decision.verdict not in (bus.VERDICT_ALLOW, bus.VERDICT_HOLD, bus.VERDICT_REFUSE):
            raise StageError("malformed", "the handler's decision has no verdict")
        check(decision)
        signed = sign(
            decision, stage=environment.stage, key=environment.key, header=header, judge=judge, text=payload
        )
        changed = bool(decision.annotations)
        judge.annotations.extend(decision.annotations)
        if decision.verdict == bus.VERDICT_HOLD and not judge.HasField("hold"):
            judge.hold.CopyFrom(decision.hold)
            changed = True
        if changed:
            body = judge.SerializeToString()
        onward = bus.Header()
        onward.CopyFrom(header)
        onward.decisions.append(signed)
        route = list(header.route)
        # The approver stands last: a stage before it may still ask for a hold.
        if route and route[0] == "approver" and not judge.HasField("hold"):
            route = route[1:]
        if decision.verdict == bus.VERDICT_REFUSE or not route:
            self._reply(onward, bus.KIND_JUDGED)
            return
        del onward.route[:]
        onward.route.extend(route[1:])
        self._links.to_stage(route[0], onward, body, payload)

    def _answer(self, header: bus.Header, reply: Reply) -> None:
        check_reply(reply.body)
        payload = b"" if reply.body.HasField("refusal") else reply.payload
        self._reply(header, bus.KIND_MASKED, reply.body.SerializeToString(), payload)

    def _fail(self, header: bus.Header, reason: str, detail: str) -> None:
        log(detail, session=header.session)
        reason = reason.encode()[:REASON_BYTES].decode(errors="ignore")
        failure = bus.Failure(stage=self.environment.stage, reason=reason)
        self._reply(header, bus.KIND_FAILED, failure.SerializeToString())

    def _reply(self, header: bus.Header, kind: bus.Kind, body: bytes = b"", payload: bytes = b"") -> None:
        """Ends the lane: the sender gets the same header back, without a route."""
        answer = bus.Header()
        answer.CopyFrom(header)
        answer.kind = kind
        del answer.route[:]
        self._links.to_inbox(header.reply_to, answer, body, payload)

    def _pong(self, header: bus.Header) -> None:
        """Presence: answered from the work loop, so that a stuck stage goes silent."""
        pong = bus.Pong(
            stage=self.environment.stage,
            replica=self.environment.replica,
            incarnation=self._incarnation,
            draining=self._draining,
            queued=len(self._taken),
        )
        header.lane = bus.LANE_PRESENCE
        self._reply(header, bus.KIND_PONG, pong.SerializeToString())


def read(parts: list[bytes]) -> Message:
    """Header, body and payload. Raises StageError on anything else."""
    if len(parts) != PARTS:
        raise StageError("malformed", f"a message has {PARTS} parts, not {len(parts)}")
    try:
        header = bus.Header.FromString(parts[0])
    except DecodeError:
        raise StageError("malformed", "undecodable header") from None
    if header.contract_version != CONTRACT_VERSION:
        raise StageError("version", f"contract version {header.contract_version}")
    if header.kind not in bus.Kind.values() or header.kind == bus.KIND_UNSPECIFIED:
        raise StageError("malformed", "unknown kind")
    return header, parts[1], parts[2]


def size(message: Message) -> int:
    """Bytes of body and payload."""
    return len(message[1]) + len(message[2])


def is_given_up(header: bus.Header) -> bool:
    """Past its deadline ingress has refused the command: nobody waits for the answer."""
    if header.kind not in (bus.KIND_JUDGE, bus.KIND_MASK) or header.deadline_ms == 0:
        return False
    return header.deadline_ms < time.time_ns() // 1_000_000


__all__ = ["Stage"]
