"""How a decision is bound to one command (docs/messages.md, “What was seen”) and signed."""

from __future__ import annotations

import hashlib
import hmac
import time

from . import bus_pb2 as bus

KEY_BYTES = 32


def seen(judge: bus.Judge, text: bytes) -> bytes:
    """SHA-256 of what was judged: text, actor and parameters."""
    who = judge.principal
    labels = sorted(f"{key}={value}".encode() for key, value in who.labels.items())
    data = b"sluice-seen-v1\0" + framed(text) + framed(who.name.encode())
    for texts in ([group.encode() for group in who.groups], labels, [one.encode() for one in judge.parameters]):
        data += len(texts).to_bytes(4, "big") + b"".join(map(framed, texts))
    return hashlib.sha256(data).digest()


def framed(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text


def sign(
    decision: bus.Decision, *, stage: str, key: bytes, header: bus.Header, judge: bus.Judge, text: bytes
) -> bus.SignedDecision:
    """Binds the decision to this very command, whatever the handler filled in, and signs the exact bytes."""
    decision.stage = stage
    decision.digest = judge.digest
    decision.session = header.session
    decision.sequence = header.sequence
    decision.identity = judge.principal.name
    decision.resource = judge.resource
    decision.purpose = judge.purpose
    decision.decided_at_ms = time.time_ns() // 1_000_000
    decision.seen = seen(judge, text)
    for annotation in decision.annotations:
        annotation.stage = stage
    signed = decision.SerializeToString()
    mac = hmac.new(key, b"sluice-decision-v1\0" + signed, hashlib.sha256).digest()
    return bus.SignedDecision(stage=stage, decision=signed, mac=mac)
