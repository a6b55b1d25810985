from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from office_hours import judge, read

from sluice_stage import StageError
from sluice_stage import bus_pb2 as bus

BERLIN = ZoneInfo("Europe/Berlin")
DAY = """
[[hours]]
groups = ["ai-agents"]
timezone = "Europe/Berlin"
days = ["mon", "tue", "wed", "thu", "fri"]
from = "08:00"
to = "18:00"
holidays = "holidays.txt"
"""
NIGHT = """
[[hours]]
timezone = "Europe/Berlin"
days = ["sat"]
from = "22:00"
to = "06:00"
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def decide(folder: Path, text: str, now: str, groups: list[str], holidays: str = "2026-12-25\n") -> str:
    (folder / "holidays.txt").write_text(holidays)
    (folder / "hours.toml").write_text(text)
    decision = judge(read(folder / "hours.toml"), groups, at(now))
    return "open" if decision.verdict == bus.VERDICT_ALLOW else decision.reason.split(": ", 1)[1]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T08:00:00", "open"),
        ("2026-11-23T17:59:59", "open"),
        ("2026-11-23T18:00:00", "closed now, opens Tue 2026-11-24 08:00 CET"),
        ("2026-11-23T07:59:59", "closed now, opens Mon 2026-11-23 08:00 CET"),
        ("2026-11-27T19:00:00", "closed now, opens Mon 2026-11-30 08:00 CET"),
        ("2026-12-25T12:00:00", "closed now, opens Mon 2026-12-28 08:00 CET"),
        ("2026-03-27T20:00:00", "closed now, opens Mon 2026-03-30 08:00 CEST"),
    ],
)
def test_weekdays(tmp_path: Path, now: str, expected: str) -> None:
    assert decide(tmp_path, DAY, now, ["ai-agents"]) == expected


def test_a_shift_over_midnight_belongs_to_its_first_day(tmp_path: Path) -> None:
    assert decide(tmp_path, NIGHT, "2026-11-28T22:00:00", []) == "open"
    assert decide(tmp_path, NIGHT, "2026-11-29T05:59:59", []) == "open"
    assert decide(tmp_path, NIGHT, "2026-11-29T06:00:00", []).endswith("Sat 2026-12-05 22:00 CET")


def test_only_whom_it_concerns_and_all_that_do(tmp_path: Path) -> None:
    assert decide(tmp_path, DAY, "2026-11-22T12:00:00", ["people"]) == "open"
    assert decide(tmp_path, DAY + NIGHT, "2026-11-23T12:00:00", ["people"]) != "open"
    assert decide(tmp_path, DAY + NIGHT, "2026-11-23T12:00:00", ["ai-agents"]).endswith("Sat 2026-11-28 22:00 CET")


def test_never(tmp_path: Path) -> None:
    closed = DAY.replace('days = ["mon", "tue", "wed", "thu", "fri"]', "days = []")
    assert decide(tmp_path, closed, "2026-11-23T12:00:00", ["ai-agents"]) == "closed, and no opening is planned"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Europe/Berlin", "Europe/Nowhere"),
        ('"mon"', '"monday"'),
        ("08:00", "8 o'clock"),
        ("18:00", "08:00"),
        ("[[hours]]", "[[more]]"),
        ("holidays.txt", "missing.txt"),
        ("from =", "form ="),
        ("groups", "group"),
        ('["ai-agents"]', '"ai-agents"'),
        ('["ai-agents"]', '[""]'),
        ('["ai-agents"]', "[1]"),
        ('["mon", "tue", "wed", "thu", "fri"]', '"mon"'),
    ],
)
def test_a_mistake_is_an_error(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(StageError):
        decide(tmp_path, DAY.replace(old, new), "2026-11-23T12:00:00", [])


def test_a_mistake_among_the_holidays_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StageError):
        decide(tmp_path, DAY, "2026-11-23T12:00:00", [], holidays="25.12.2026\n")


def test_the_files_beside_it_are_right() -> None:
    assert len(read(Path(__file__).parent / "hours.toml")) == 1
