"""Ingress sends again what is not answered in time: work that counts is done once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from .messages import Envelope

Answer = TypeVar("Answer")


class Once(Generic[Answer]):
    """Does the work for a message once, and gives the same answer when the message comes again.

    It remembers the last `limit` messages of this process. What must also survive a restart, or be shared by several
    replicas, belongs into a database under `message.key`: examples/stages/budget does that.
    """

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._answers: OrderedDict[tuple[int, str, int], Answer] = OrderedDict()

    def __call__(self, message: Envelope, work: Callable[[], Answer]) -> Answer:
        if message.key in self._answers:
            self._answers.move_to_end(message.key)
            return self._answers[message.key]
        answer = work()
        self._answers[message.key] = answer
        if len(self._answers) > self._limit:
            self._answers.popitem(last=False)
        return answer
