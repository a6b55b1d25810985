"""office_hours.py HOURS.toml: refuses commands outside the hours of the identity's groups, and says when they begin."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sluice_stage import CannotAnswer, Command, Decision, Stage, StageError, allow, refuse

RULE = "office-hours"
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
LONGEST_SEARCH_DAYS = 370  # for the next opening
KEYS = {"groups", "timezone", "days", "from", "to", "holidays"}


@dataclass(frozen=True)
class Hours:
    """When members of `groups` may work. A shift belongs to the day on which it begins."""

    groups: frozenset[str]
    zone: ZoneInfo
    days: frozenset[int]
    begin: time
    end: time
    holidays: frozenset[date]

    def concerns(self, groups: Iterable[str]) -> bool:
        return not self.groups or not self.groups.isdisjoint(groups)

    def shift(self, day: date) -> tuple[datetime, datetime] | None:
        """The shift that begins on `day`; None when it is closed."""
        if day.weekday() not in self.days or day in self.holidays:
            return None
        last = day if self.begin < self.end else day + timedelta(days=1)
        # Compared as instants: wall clocks of one zone would ignore a change of summer time between them.
        return (
            datetime.combine(day, self.begin, self.zone).astimezone(timezone.utc),
            datetime.combine(last, self.end, self.zone).astimezone(timezone.utc),
        )

    def is_open(self, now: datetime) -> bool:
        today = now.astimezone(self.zone).date()
        shifts = (self.shift(today), self.shift(today - timedelta(days=1)))
        return any(shift and shift[0] <= now < shift[1] for shift in shifts)

    def next_opening(self, now: datetime) -> datetime | None:
        """The next beginning of a shift, in the zone's own time."""
        today = now.astimezone(self.zone).date()
        for ahead in range(LONGEST_SEARCH_DAYS):
            shift = self.shift(today + timedelta(days=ahead))
            if shift and shift[0] > now:
                return shift[0].astimezone(self.zone)
        return None


def read(path: Path) -> list[Hours]:
    """The entries of the file. Raises StageError when it is not right in every point."""
    try:
        content = tomllib.loads(path.read_text())
        if set(content) != {"hours"}:
            raise ValueError("the file has [[hours]] entries and nothing else")
        return [entry(one, path.parent) for one in content["hours"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZoneInfoNotFoundError) as error:
        raise StageError("hours", f"{path}: {error}") from None


def entry(value: dict[str, Any], folder: Path) -> Hours:
    if unknown := set(value) - KEYS:
        raise ValueError(f"unknown key {sorted(unknown)[0]}")
    begin, end = time.fromisoformat(value["from"]), time.fromisoformat(value["to"])
    if begin == end:
        raise ValueError("from and to are the same")
    holidays = (folder / value["holidays"]).read_text() if "holidays" in value else ""
    lines = (line.split("#")[0].strip() for line in holidays.splitlines())
    return Hours(
        groups=frozenset(names("groups", value.get("groups", []))),
        zone=ZoneInfo(value["timezone"]),
        days=frozenset(DAYS.index(day) for day in names("days", value["days"])),
        begin=begin,
        end=end,
        holidays=frozenset(date.fromisoformat(line) for line in lines if line),
    )


def names(key: str, value: object) -> list[str]:
    """A list of names. One string would be taken for its letters, and concern nobody."""
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise ValueError(f"{key} is a list of names")
    return value


def judge(hours: list[Hours], groups: Iterable[str], now: datetime) -> Decision:
    """Open only when all entries that concern the identity are."""
    groups = list(groups)
    closed = [one for one in hours if one.concerns(groups) and not one.is_open(now)]
    if not closed:
        return allow(RULE)
    openings = [one.next_opening(now) for one in closed]
    known = [opening for opening in openings if opening]
    if len(known) < len(closed):
        return refuse(RULE, f"refused by rule “{RULE}”: closed, and no opening is planned", "Ask an operator.")
    opening = max(known).strftime("%a %Y-%m-%d %H:%M %Z")
    return refuse(RULE, f"refused by rule “{RULE}”: closed now, opens {opening}", f"Try again after {opening}.")


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: office_hours.py HOURS.toml")
    path = Path(sys.argv[1])
    hours: list[Hours] | None = read(path)
    stage = Stage()

    @stage.tick
    def reload() -> None:
        """Both files are small and read at once: no change goes unnoticed, and a mistake closes."""
        nonlocal hours
        try:
            hours = read(path)
        except StageError:
            hours = None

    @stage.request
    def decide(command: Command) -> Decision:
        if hours is None:
            raise CannotAnswer("its hours cannot be read", f"{path} or its holidays have a mistake")
        return judge(hours, command.groups, datetime.now(timezone.utc))

    stage.run()


if __name__ == "__main__":
    try:
        main()
    except StageError as error:
        sys.exit(f"cannot start: {error}")
