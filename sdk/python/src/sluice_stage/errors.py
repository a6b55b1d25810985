"""What goes wrong, and who may hear of it."""

from __future__ import annotations


class StageError(Exception):
    """A stage cannot work. `code` is for programs, `detail` for the log: never data or secrets."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class CannotAnswer(StageError):
    """Raise it in a handler when this message cannot be answered: the command is refused, the reply withheld.

    `reason` is shown to the client, so it must tell nothing that the client may not know; `detail` goes to the log.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__("cannot-answer", detail or reason)
        self.reason = reason
