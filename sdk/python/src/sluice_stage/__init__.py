"""Stages of Sluice in Python: small programs that see every command, every reply, or both.

    from sluice_stage import Command, Decision, Purpose, Stage, allow, refuse

    stage = Stage()

    @stage.request
    def judge(command: Command) -> Decision:
        if command.purpose is Purpose.SESSION:
            return allow("no-copy")
        # What nobody understands may be a COPY too.
        copies = any(name.startswith("copy.") for name in command.facts.operations)
        if not command.has_facts or command.facts.opaque or copies:
            return refuse("no-copy", "refused by rule “no-copy”", "Read the rows with SELECT.")
        return allow("no-copy")

    stage.run()

`sluice stage test -- COMMAND…` checks a stage against the contract; docs/adding-a-stage.md tells it.
"""

from .answers import Reply, allow, annotate, emit, hold, keep, refuse, rewrite, withhold
from .bus_pb2 import Decision, Facts, Judge, MaskBatch, Principal
from .environment import Environment
from .errors import CannotAnswer, StageError
from .messages import Batch, Command, Purpose
from .once import Once
from .stage import Stage

__all__ = [
    "Batch",
    "CannotAnswer",
    "Command",
    "Decision",
    "Environment",
    "Facts",
    "Judge",
    "MaskBatch",
    "Once",
    "Principal",
    "Purpose",
    "Reply",
    "Stage",
    "StageError",
    "allow",
    "annotate",
    "emit",
    "hold",
    "keep",
    "refuse",
    "rewrite",
    "withhold",
]
