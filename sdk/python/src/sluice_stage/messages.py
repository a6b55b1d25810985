"""What handlers get: one command, or one batch of a reply."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import bus_pb2 as bus
from . import postgres


class Purpose(enum.IntEnum):
    """Why a command is judged."""

    SESSION = bus.COMMAND_PURPOSE_SESSION  # once at login; the text is empty
    STATEMENT = bus.COMMAND_PURPOSE_STATEMENT  # when it is prepared: nothing runs yet
    EXECUTION = bus.COMMAND_PURPOSE_EXECUTION  # each time it runs


@dataclass(frozen=True)
class Envelope:
    """What every message says of itself."""

    header: bus.Header

    @property
    def session(self) -> str:
        return self.header.session

    @property
    def attempt(self) -> int:
        """How often it was sent before."""
        return self.header.attempt

    @property
    def key(self) -> tuple[int, str, int]:
        """The same for every sending of one message, and no other's."""
        return (self.header.lane, self.header.session, self.header.sequence)


@dataclass(frozen=True)
class Command(Envelope):
    """A command to be judged."""

    judge: bus.Judge
    text: bytes

    @property
    def identity(self) -> str:
        return self.judge.principal.name

    @property
    def groups(self) -> Sequence[str]:
        return self.judge.principal.groups

    @property
    def labels(self) -> Mapping[str, str]:
        return self.judge.principal.labels

    @property
    def resource(self) -> str:
        return self.judge.resource

    @property
    def purpose(self) -> Purpose:
        """Raises ValueError on one that this version does not know: the command is refused."""
        return Purpose(self.judge.purpose)

    @property
    def facts(self) -> bus.Facts:
        """What the command does, in the policy's words; empty for a stage before the classifier."""
        return self.judge.facts

    @property
    def has_facts(self) -> bool:
        return self.judge.HasField("facts")

    @property
    def parameters(self) -> Sequence[str]:
        """Bind values as a reviewer reads them."""
        return self.judge.parameters


@dataclass(frozen=True)
class Batch(Envelope):
    """A batch of one command's reply: whole protocol messages."""

    body: bus.MaskBatch
    payload: bytes

    @property
    def identity(self) -> str:
        return self.body.principal.name

    @property
    def groups(self) -> Sequence[str]:
        return self.body.principal.groups

    @property
    def resource(self) -> str:
        return self.body.resource

    @property
    def command(self) -> int:
        """The session's command that it answers; 0: none."""
        return self.body.command

    @property
    def columns(self) -> Sequence[bus.ResultColumn] | None:
        """What the rows' columns are; None when it is not known."""
        return self.body.columns if self.body.columns_known else None

    def rows(self) -> int:
        """Rows and copy rows in it. Raises StageError when the messages are not whole."""
        return postgres.row_count(self.payload, self.body.copy.format)
