"""What is left of each identity's budgets, in SQLite: kept over restarts, shared by replicas, right under resends."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HOUR_S = 3600
BUSY_S = 2  # wait for another replica's transaction
# Ingress sends again what is not answered, and a held command every 2 s for as long as it waits: what was not asked
# for so long will not come again.
FORGET_S = 600
SWEEP_S = 60

SCHEMA = """
CREATE TABLE IF NOT EXISTS bucket (
  identity TEXT NOT NULL, kind TEXT NOT NULL, used REAL NOT NULL, updated REAL NOT NULL, PRIMARY KEY (identity, kind)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answered (
  lane INTEGER NOT NULL, session TEXT NOT NULL, sequence TEXT NOT NULL, outcome TEXT NOT NULL, left REAL NOT NULL,
  asked REAL NOT NULL, PRIMARY KEY (lane, session, sequence)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answered_asked ON answered (asked);
"""


@dataclass(frozen=True)
class Outcome:
    """What was answered, and what of the budget was left after it."""

    what: str
    left: float


class Ledger:
    """Token buckets: a budget refills evenly over the hour and never holds more than the hour's."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._swept = 0.0
        self._database = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        # With WAL a killed process loses nothing, and a host that fails the last moments only.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(SCHEMA)

    def once(self, key: tuple[int, str, int], work: Callable[[], Outcome]) -> Outcome:
        """Does the work and its bookings in one transaction, once for a message; later the same is answered."""
        now = self._clock()
        place = (key[0], key[1], str(key[2]))
        self._database.execute("BEGIN IMMEDIATE")
        try:
            row = self._database.execute(
                "SELECT outcome, left FROM answered WHERE lane = ? AND session = ? AND sequence = ?", place
            ).fetchone()
            outcome = Outcome(row[0], row[1]) if row else work()
            self._database.execute(
                "INSERT OR REPLACE INTO answered VALUES (?, ?, ?, ?, ?, ?)", (*place, outcome.what, outcome.left, now)
            )
            if now - self._swept > SWEEP_S:
                self._database.execute("DELETE FROM answered WHERE asked < ?", (now - FORGET_S,))
                self._swept = now
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        return outcome

    def left(self, identity: str, kind: str, per_hour: float) -> float:
        """What was used is kept, not what is left: so a changed budget counts at once."""
        row = self._database.execute(
            "SELECT used, updated FROM bucket WHERE identity = ? AND kind = ?", (identity, kind)
        ).fetchone()
        if row is None:
            return per_hour
        # A clock that is set back refills nothing.
        used, updated = float(row[0]), float(row[1])
        refilled = max(0.0, self._clock() - updated) * per_hour / HOUR_S
        return per_hour - max(0.0, used - refilled)

    def take(self, identity: str, kind: str, amount: float, per_hour: float) -> float:
        """Books `amount`, or all that is left when that is less, and returns what is left. Within `once` only."""
        left = max(0.0, self.left(identity, kind, per_hour) - amount)
        self._database.execute(
            "INSERT OR REPLACE INTO bucket VALUES (?, ?, ?, ?)", (identity, kind, per_hour - left, self._clock())
        )
        return left
