"""Decisions about commands and answers about replies, with what may be noted beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from . import bus_pb2 as bus
from .errors import StageError

# Bounds of bus.proto; ingress takes what exceeds them for malformed and refuses.
NAME_BYTES = 64
VALUE_BYTES = 1024
EVENT_FIELDS = 16
ANNOTATIONS = 16
EVENTS = 16


def allow(rule: str, *, pure: bool = False) -> bus.Decision:
    """`pure`: text, actor and resource alone decide, for as long as Sluice runs; ingress may remember the answer."""
    return bus.Decision(verdict=bus.VERDICT_ALLOW, rule=rule, pure=pure)


def refuse(rule: str, reason: str, hint: str = "", *, pure: bool = False) -> bus.Decision:
    """`reason` and `hint` are shown to the client."""
    return bus.Decision(verdict=bus.VERDICT_REFUSE, rule=rule, reason=reason, hint=hint, pure=pure)


def hold(
    rule: str,
    reason: str,
    *,
    groups: Sequence[str] = (),
    identities: Sequence[str] = (),
    quorum: int = 1,
    expires_seconds: int = 900,
) -> bus.Decision:
    """Asks for `quorum` approvals by members of `groups` or by `identities`; both empty: by anybody but who asked.

    A command that another stage, or the policy, holds too is refused unless both holds are the same in every point.
    """
    terms = bus.Hold(
        approver_groups=groups, approver_identities=identities, quorum=quorum, expires_seconds=expires_seconds
    )
    return bus.Decision(verdict=bus.VERDICT_HOLD, rule=rule, reason=reason, hold=terms)


def annotate(decision: bus.Decision, name: str, value: str) -> bus.Decision:
    """A short remark about the command: recorded with the decision, told to the stages behind. Never data."""
    check_name(name)
    check_value(value)
    if len(decision.annotations) >= ANNOTATIONS:
        raise StageError("too-much", f"more than {ANNOTATIONS} annotations")
    decision.annotations.add(name=name, value=value)
    return decision


@dataclass
class Reply:
    """What a response stage answers: the rewritten messages, or a refusal that withholds them."""

    payload: bytes
    body: bus.MaskReply

    def count(self, entity: str, number: int = 1) -> Reply:
        """Counts masked values; the sums are recorded with the command."""
        self.body.counts.add(entity=entity, count=number)
        return self


def keep(payload: bytes, *, rows: int = 0) -> Reply:
    """Passes the messages on as they are."""
    return Reply(payload, bus.MaskReply(rows=rows))


def rewrite(payload: bytes, *, rows: int = 0) -> Reply:
    """Passes on other messages in their place: whole ones, as many rows."""
    return Reply(payload, bus.MaskReply(rows=rows))


def withhold(rule: str, reason: str, hint: str = "") -> Reply:
    """The client gets an error (42501) with `reason` and `hint`, and hears that the command itself ran."""
    check_name(rule)
    check_value(reason)
    check_value(hint)
    return Reply(b"", bus.MaskReply(refusal=bus.Refusal(rule=rule, reason=reason, hint=hint)))


Answer = TypeVar("Answer", bus.Decision, Reply)


def emit(answer: Answer, name: str, fields: Mapping[str, str] | None = None) -> Answer:
    """Has an event recorded in the session. A decision with events is asked for each time. Never data or secrets."""
    events = answer.body.events if isinstance(answer, Reply) else answer.events
    fields = fields or {}
    check_name(name)
    if len(fields) > EVENT_FIELDS or len(events) >= EVENTS:
        raise StageError("too-much", f"an event has {EVENT_FIELDS} fields at most, an answer {EVENTS} events")
    for key, value in fields.items():
        check_name(key)
        check_value(value)
    events.add(name=name, fields=dict(fields))
    return answer


def check_name(text: str) -> None:
    if not 1 <= len(text.encode()) <= NAME_BYTES:
        raise StageError("too-much", f"a name has 1 to {NAME_BYTES} bytes")


def check_value(text: str) -> None:
    if len(text.encode()) > VALUE_BYTES:
        raise StageError("too-much", f"a value has at most {VALUE_BYTES} bytes")


def check(decision: bus.Decision) -> None:
    """Raises when a handler filled the decision with more than may be noted."""
    if len(decision.annotations) > ANNOTATIONS or len(decision.events) > EVENTS:
        raise StageError("too-much", "too many annotations or events")
    for annotation in decision.annotations:
        check_name(annotation.name)
        check_value(annotation.value)
    for event in decision.events:
        check_event(event)


def check_reply(reply: bus.MaskReply) -> None:
    """The same for the answer about a reply."""
    if len(reply.events) > EVENTS:
        raise StageError("too-much", "too many events")
    for event in reply.events:
        check_event(event)
    if reply.HasField("refusal"):
        check_name(reply.refusal.rule)
        check_value(reply.refusal.reason)
        check_value(reply.refusal.hint)


def check_event(event: bus.AuditEvent) -> None:
    check_name(event.name)
    if len(event.fields) > EVENT_FIELDS:
        raise StageError("too-much", f"an event has {EVENT_FIELDS} fields at most")
    for key, value in event.fields.items():
        check_name(key)
        check_value(value)
