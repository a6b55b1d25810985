"""budget.py BUDGET.toml: commands and rows per hour for each identity, in both lanes."""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ledger import HOUR_S, Ledger, Outcome

from sluice_stage import (
    Batch,
    Command,
    Decision,
    Purpose,
    Reply,
    Stage,
    StageError,
    allow,
    annotate,
    emit,
    keep,
    refuse,
    withhold,
)

COMMANDS = "commands"
ROWS = "rows"
GRANTED = "granted"
HINT = "Budgets refill evenly over the hour: wait, or ask for fewer rows."
KEYS = {"groups", "commands_per_hour", "rows_per_hour"}


@dataclass(frozen=True)
class Budget:
    groups: frozenset[str]
    commands: float
    rows: float

    def concerns(self, groups: Iterable[str]) -> bool:
        return not self.groups or not self.groups.isdisjoint(groups)


@dataclass(frozen=True)
class Limits:
    """The smallest numbers of all budgets that concern an identity; infinite where none does."""

    commands: float
    rows: float

    @staticmethod
    def of(budgets: list[Budget], groups: Iterable[str]) -> Limits:
        groups = list(groups)
        fitting = [budget for budget in budgets if budget.concerns(groups)]
        return Limits(
            min((budget.commands for budget in fitting), default=math.inf),
            min((budget.rows for budget in fitting), default=math.inf),
        )


def read(path: Path) -> list[Budget]:
    """The entries of the file. Raises StageError when it is not right in every point."""
    try:
        content = tomllib.loads(path.read_text())
        if set(content) != {"budget"}:
            raise ValueError("the file has [[budget]] entries and nothing else")
        budgets = []
        for entry in content["budget"]:
            if unknown := set(entry) - KEYS:
                raise ValueError(f"unknown key {sorted(unknown)[0]}")
            numbers = [entry.get(key, math.inf) for key in ("commands_per_hour", "rows_per_hour")]
            if not all(type(number) in (int, float) and number >= 1 for number in numbers):
                raise ValueError("a budget is a number of 1 or more")
            budgets.append(Budget(frozenset(names(entry.get("groups", []))), numbers[0], numbers[1]))
        return budgets
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StageError("budget", f"{path}: {error}") from None


def names(value: object) -> list[str]:
    """A list of names. One string would be taken for its letters, and concern nobody."""
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise ValueError('groups is a list of names, as in ["ai-agents"]')
    return value


class Governor:
    """Decides by the budgets, and keeps the books."""

    def __init__(self, budgets: list[Budget], ledger: Ledger) -> None:
        self.budgets = budgets
        self.ledger = ledger

    def judge(self, command: Command) -> Decision:
        limits = Limits.of(self.budgets, command.groups)
        # Opening a session and preparing a statement run nothing.
        if command.purpose is not Purpose.EXECUTION or limits == Limits(math.inf, math.inf):
            return allow("budget")
        outcome = self.ledger.once(command.key, lambda: self.charge(command.identity, limits))
        if outcome.what == ROWS:
            decision = refuse("row budget", self.spent("row budget", limits.rows, ROWS, outcome.left), HINT)
            return emit(decision, "row-budget-spent", {"per-hour": f"{limits.rows:g}"})
        if outcome.what == COMMANDS:
            reason = self.spent("command budget", limits.commands, COMMANDS, outcome.left)
            decision = refuse("command budget", reason, HINT)
            return emit(decision, "command-budget-spent", {"per-hour": f"{limits.commands:g}"})
        decision = allow("budget")
        return decision if limits.commands == math.inf else annotate(decision, "commands-left", f"{outcome.left:.0f}")

    def charge(self, identity: str, limits: Limits) -> Outcome:
        """Which budget is spent, or one command taken."""
        if limits.rows != math.inf:
            left = self.ledger.left(identity, ROWS, limits.rows)
            if left < 1:
                return Outcome(ROWS, left)
        if limits.commands == math.inf:
            return Outcome(GRANTED, 0)
        left = self.ledger.left(identity, COMMANDS, limits.commands)
        if left < 1:
            return Outcome(COMMANDS, left)
        return Outcome(GRANTED, math.floor(self.ledger.take(identity, COMMANDS, 1, limits.commands)))

    def rewrite(self, batch: Batch) -> Reply:
        limits = Limits.of(self.budgets, batch.groups)
        rows = batch.rows()
        if rows == 0 or limits.rows == math.inf:
            return keep(batch.payload, rows=rows)
        if self.ledger.once(batch.key, lambda: self.book(batch.identity, rows, limits)).what == GRANTED:
            return keep(batch.payload, rows=rows)
        reply = withhold(
            "row budget",
            f"reply withheld by rule “row budget”: more than is left of {limits.rows:g} rows per hour",
            HINT,
        )
        return emit(reply, "row-budget-exceeded", {"per-hour": f"{limits.rows:g}", "rows": str(rows)})

    def book(self, identity: str, rows: int, limits: Limits) -> Outcome:
        """Rows that are withheld take all there is."""
        granted = self.ledger.left(identity, ROWS, limits.rows) >= rows
        return Outcome(GRANTED if granted else ROWS, self.ledger.take(identity, ROWS, rows, limits.rows))

    @staticmethod
    def spent(rule: str, per_hour: float, what: str, left: float) -> str:
        wait = math.ceil((1 - left) * HOUR_S / per_hour)
        return f"refused by rule “{rule}”: {per_hour:g} {what} per hour are spent, the next one is free in {wait} s"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: budget.py BUDGET.toml")
    budgets = read(Path(sys.argv[1]))
    stage = Stage()
    governor = Governor(budgets, Ledger(stage.state_path("budget.sqlite")))
    stage.request(governor.judge)
    stage.response(governor.rewrite)
    stage.run()


if __name__ == "__main__":
    try:
        main()
    except StageError as error:
        sys.exit(f"cannot start: {error}")
