"""A request stage of Sluice in Python: give `run` a function that judges one command.

    from sluice_stage import Decision, allow, refuse, run

    run(lambda judge, text: refuse("no-star", "name the columns") if b"*" in text else allow("no-star"))

It speaks the contract of bus.proto as docs/adding-a-stage.md tells. Nothing here keeps state between messages, so
the process may be killed at any time: what it has not answered is sent again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

import zmq
from google.protobuf.message import DecodeError

import bus_pb2 as bus

Judge = bus.Judge
Decision = bus.Decision
JudgeFunction = Callable[[Judge, bytes], Decision]

CONTRACT_VERSION = 1
KEY_BYTES = 32
MAXIMUM_PART_BYTES = 64 << 20
INBOX_MESSAGES = 256  # held by ZeroMQ before senders are pushed back
PEER_MESSAGES = 64  # queued towards one peer before it counts as full
POLL_MS = 100  # how soon a request to drain is noticed
SEND_PATIENCE_MS = 1000  # then the answer is dropped; ingress asks again


def allow(rule: str, *, pure: bool = False) -> Decision:
    """`pure`: text, actor and resource alone decide, for as long as Sluice runs; ingress may remember the answer."""
    return Decision(verdict=bus.VERDICT_ALLOW, rule=rule, pure=pure)


def refuse(rule: str, reason: str, hint: str = "", *, pure: bool = False) -> Decision:
    """`reason` and `hint` are shown to the client."""
    return Decision(verdict=bus.VERDICT_REFUSE, rule=rule, reason=reason, hint=hint, pure=pure)


def hold(rule: str, reason: str, *, groups: list[str], quorum: int = 1, expires_seconds: int = 900) -> Decision:
    """Asks for `quorum` approvals by members of `groups` (empty: by anybody but who asked)."""
    terms = bus.Hold(approver_groups=groups, quorum=quorum, expires_seconds=expires_seconds)
    return Decision(verdict=bus.VERDICT_HOLD, rule=rule, reason=reason, hold=terms)


def run(judge: JudgeFunction) -> None:
    """Runs the stage until the supervisor tells it to drain. Raises when the environment is not a stage's."""
    Stage(judge).run()


def seen(command: Judge, payload: bytes) -> bytes:
    """What was judged: docs/messages.md, "What was seen"."""
    who = command.principal
    labels = sorted(f"{key}={value}".encode() for key, value in who.labels.items())
    data = b"sluice-seen-v1\0" + framed(payload) + framed(who.name.encode())
    for texts in ([group.encode() for group in who.groups], labels, [one.encode() for one in command.parameters]):
        data += len(texts).to_bytes(4, "big") + b"".join(map(framed, texts))
    return hashlib.sha256(data).digest()


def framed(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text


class Stage:
    def __init__(self, judge: JudgeFunction) -> None:
        self.judge = judge
        self.name = os.environ["SLUICE_STAGE"]
        self.bus = os.environ["SLUICE_BUS"]
        with open(os.environ["SLUICE_KEY_FILE"], "rb") as file:
            self.key = file.read()
        if len(self.key) != KEY_BYTES:
            raise ValueError(f"a decision key has {KEY_BYTES} bytes, not {len(self.key)}")
        self.draining = False
        self.context = zmq.Context()
        self.peers: dict[str, zmq.Socket] = {}
        self.inbox = self.context.socket(zmq.PULL)
        self.inbox.setsockopt(zmq.RCVHWM, INBOX_MESSAGES)
        self.inbox.setsockopt(zmq.MAXMSGSIZE, MAXIMUM_PART_BYTES)
        os.makedirs(f"{self.bus}/{self.name}", mode=0o700, exist_ok=True)
        self.inbox.bind(f"ipc://{self.bus}/{self.name}/{os.environ['SLUICE_REPLICA']}")

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.drain)
        threading.Thread(target=watch_lifeline, daemon=True).start()
        notify("READY=1")
        while not self.draining:
            if self.inbox.poll(POLL_MS):
                self.handle(self.inbox.recv_multipart())
        notify("STOPPING=1")
        while self.inbox.poll(0):  # what is already here is still answered
            self.handle(self.inbox.recv_multipart())
        self.context.destroy(linger=SEND_PATIENCE_MS)

    def drain(self, *_: object) -> None:
        self.draining = True

    def handle(self, parts: list[bytes]) -> None:
        """One message: header, body, payload. What cannot be read is dropped; what cannot be judged is failed."""
        try:
            raw_header, body, payload = parts
            header = bus.Header.FromString(raw_header)
        except (ValueError, DecodeError):
            return log("message dropped: it has no three parts or no header")
        if header.contract_version != CONTRACT_VERSION:
            return log(f"message dropped: contract version {header.contract_version}")
        try:
            if header.kind != bus.KIND_JUDGE:
                raise ValueError(f"a request stage takes commands, not kind {header.kind}")
            command = Judge.FromString(body)
            decision = self.judge(command, payload)
        except Exception as error:  # whatever went wrong, the command is refused and not left hanging
            log(f"cannot judge: {type(error).__name__}", header.session)
            failure = bus.Failure(stage=self.name, reason="it could not judge the command")
            self.reply(header, bus.KIND_FAILED, failure.SerializeToString())
        else:
            self.decide(header, command, body, payload, decision)

    def decide(self, header: bus.Header, command: Judge, body: bytes, payload: bytes, decision: Decision) -> None:
        """Binds the decision to this very command, signs it, and passes the message on along its route."""
        decision.stage = self.name
        decision.digest = command.digest
        decision.session = header.session
        decision.sequence = header.sequence
        decision.identity = command.principal.name
        decision.resource = command.resource
        decision.purpose = command.purpose
        decision.decided_at_ms = time.time_ns() // 1_000_000
        decision.seen = seen(command, payload)
        signed = decision.SerializeToString()
        mac = hmac.new(self.key, b"sluice-decision-v1\0" + signed, hashlib.sha256).digest()
        header.decisions.append(bus.SignedDecision(stage=self.name, decision=signed, mac=mac))
        if decision.verdict == bus.VERDICT_HOLD and not command.HasField("hold"):
            command.hold.CopyFrom(decision.hold)
            body = command.SerializeToString()
        route = list(header.route)
        if route and route[0] == "approver" and not command.HasField("hold"):
            route = route[1:]
        if decision.verdict == bus.VERDICT_REFUSE or not route:
            return self.reply(header, bus.KIND_JUDGED)
        del header.route[:]
        header.route.extend(route[1:])
        self.send(self.replicas(route[0]), header, body, payload)

    def reply(self, header: bus.Header, kind: int, body: bytes = b"") -> None:
        """Ends the lane: the sender gets the same header back, with its decisions and without a route."""
        header.kind = kind
        del header.route[:]
        # Answers go to inboxes of this bus only, whatever a message asks for.
        if header.reply_to.startswith(f"ipc://{self.bus}/"):
            self.send([header.reply_to], header, body, b"")

    def replicas(self, stage: str) -> list[str]:
        """The file system is the registry: replica R of stage S binds BUS/S/R. A random one comes first."""
        try:
            names = [name for name in os.listdir(f"{self.bus}/{stage}") if not name.startswith(".")]
        except FileNotFoundError:
            names = []
        names.sort(key=lambda _: os.urandom(4))
        return [f"ipc://{self.bus}/{stage}/{name}" for name in names]

    def send(self, endpoints: list[str], header: bus.Header, body: bytes, payload: bytes) -> None:
        """Queues the message to the first peer that has room for it."""
        message = [header.SerializeToString(), body, payload]
        give_up = time.monotonic() + SEND_PATIENCE_MS / 1000
        while endpoints and time.monotonic() < give_up:
            for endpoint in endpoints:
                if self.peer(endpoint).poll(20, zmq.POLLOUT):
                    return self.peer(endpoint).send_multipart(message, zmq.DONTWAIT)
        log("no room towards the next stop; answer dropped", header.session)

    def peer(self, endpoint: str) -> zmq.Socket:
        if endpoint not in self.peers:
            link = self.peers[endpoint] = self.context.socket(zmq.PUSH)
            link.setsockopt(zmq.SNDHWM, PEER_MESSAGES)
            link.setsockopt(zmq.IMMEDIATE, 1)  # queue only to a peer that is connected
            link.setsockopt(zmq.RECONNECT_IVL, 20)
            link.setsockopt(zmq.RECONNECT_IVL_MAX, 200)
            link.connect(endpoint)
        return self.peers[endpoint]


def notify(state: str) -> None:
    """Tells the supervisor, by the sd_notify protocol; nothing without NOTIFY_SOCKET."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
            text = f"{state}\nMAINPID={os.getpid()}"
            datagram.sendto(text.encode(), "\0" + address[1:] if address[0] == "@" else address)


def watch_lifeline() -> None:
    """Ends the process when the supervisor is gone: the pipe in SLUICE_LIFELINE_FD closes."""
    lifeline = os.environ.get("SLUICE_LIFELINE_FD")
    if lifeline is not None:
        while os.read(int(lifeline), 1):
            pass
        os._exit(1)


def log(text: str, session: str = "") -> None:
    """One line on standard error. Never data."""
    print(f"{text} session={session}" if session else text, file=sys.stderr, flush=True)
