from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from budget import Governor, Limits, read
from ledger import FORGET_S, Ledger, Outcome

from sluice_stage import Batch, Command, StageError, postgres
from sluice_stage import bus_pb2 as bus

BUDGET = """
[[budget]]
groups = ["ai-agents"]
commands_per_hour = 3
rows_per_hour = 10
[[budget]]
rows_per_hour = 100
"""


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Rig:
    def __init__(self, folder: Path, text: str = BUDGET) -> None:
        (folder / "budget.toml").write_text(text)
        self.path = folder / "budget.sqlite"
        self.clock = Clock()
        self.budgets = read(folder / "budget.toml")
        self.sequence = 0
        self.restart()

    def restart(self) -> None:
        self.governor = Governor(self.budgets, Ledger(self.path, self.clock))

    def header(self, sequence: int | None, lane: bus.Lane) -> bus.Header:
        if sequence is None:
            self.sequence += 1
        return bus.Header(session="s", sequence=sequence or 1 << 56 | self.sequence, lane=lane)

    def command(
        self,
        sequence: int | None = None,
        identity: str = "agent-1",
        groups: tuple[str, ...] = ("ai-agents",),
        purpose: bus.CommandPurpose = bus.COMMAND_PURPOSE_EXECUTION,
    ) -> str:
        judge = bus.Judge(principal=bus.Principal(name=identity, groups=groups), purpose=purpose)
        decision = self.governor.judge(Command(self.header(sequence, bus.LANE_REQUEST), judge, b"SELECT 1"))
        return "allow" if decision.verdict == bus.VERDICT_ALLOW else decision.rule

    def rows(
        self,
        count: int,
        sequence: int | None = None,
        identity: str = "agent-1",
        groups: tuple[str, ...] = ("ai-agents",),
    ) -> str:
        body = bus.MaskBatch(principal=bus.Principal(name=identity, groups=groups))
        payload = postgres.row([b"x"]) * count
        reply = self.governor.rewrite(Batch(self.header(sequence, bus.LANE_RESPONSE), body, payload))
        if reply.body.HasField("refusal"):
            assert reply.payload == b"" and reply.body.events[0].name == "row-budget-exceeded"
            return "withheld"
        assert reply.payload == payload
        return "kept"


def test_commands_are_counted_and_come_back(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    assert [rig.command() for _ in range(4)] == ["allow", "allow", "allow", "command budget"]
    rig.clock.now += 1199
    assert rig.command() == "command budget"
    rig.clock.now += 2
    assert [rig.command(), rig.command()] == ["allow", "command budget"]
    # Never more than the hour's.
    rig.clock.now += 1_000_000
    assert [rig.command() for _ in range(4)] == ["allow"] * 3 + ["command budget"]


def test_what_runs_nothing_costs_nothing(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for _ in range(10):
        assert rig.command(purpose=bus.COMMAND_PURPOSE_SESSION) == "allow"
        assert rig.command(purpose=bus.COMMAND_PURPOSE_STATEMENT) == "allow"
    assert rig.command() == "allow"


def test_a_message_is_charged_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for _ in range(5):
        assert rig.command(sequence=7) == "allow"
        assert rig.rows(6, sequence=8) == "kept"
    assert rig.rows(6, sequence=9) == "withheld"
    # The answer stays what it was, whatever has happened since; also in another process.
    assert rig.rows(6, sequence=8) == "kept"
    rig.restart()
    assert rig.rows(6, sequence=8) == "kept"
    assert rig.rows(6, sequence=9) == "withheld"
    rig.clock.now += FORGET_S / 2
    assert rig.command(sequence=7) == "allow"
    rig.clock.now += FORGET_S / 2 + 1
    assert rig.command(sequence=7) == "allow"


def test_spent_rows_refuse_before_running(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    assert rig.rows(10) == "kept"
    assert rig.command() == "row budget"
    rig.clock.now += 361
    assert rig.command() == "allow"
    assert [rig.rows(1), rig.rows(1)] == ["kept", "withheld"]


def test_a_withheld_reply_takes_what_was_left(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    assert rig.rows(11) == "withheld"
    assert rig.command() == "row budget"


def test_each_identity_has_its_own_by_the_smallest_budget(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    assert Limits.of(rig.budgets, ["ai-agents"]).rows == 10
    assert rig.rows(11) == "withheld"
    assert rig.rows(10, identity="agent-2") == "kept"
    assert rig.rows(100, identity="person", groups=()) == "kept"
    assert rig.rows(1, identity="person", groups=()) == "withheld"
    assert [rig.command(identity="nobody", groups=()) for _ in range(20)] == ["allow"] * 20


def test_a_restart_keeps_the_books(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for _ in range(3):
        rig.command()
    rig.restart()
    assert rig.command() == "command budget"


def test_a_clock_that_is_set_back_gives_nothing(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for _ in range(3):
        rig.command()
    rig.clock.now -= 1_000_000
    assert rig.command() == "command budget"


def test_a_changed_budget_counts_at_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    assert rig.rows(9) == "kept"
    larger = Rig(tmp_path, BUDGET.replace("rows_per_hour = 10\n", "rows_per_hour = 20\n"))
    assert [larger.rows(11, sequence=50), larger.rows(1, sequence=51)] == ["kept", "withheld"]


def spend(path: Path, first: int) -> int:
    ledger = Ledger(path, lambda: 1_800_000_000.0)

    def work() -> Outcome:
        granted = ledger.left("agent-1", "rows", 100) >= 1
        ledger.take("agent-1", "rows", 1, 100)
        return Outcome("granted" if granted else "spent", 0)

    return sum(ledger.once((1, "s", first + n), work).what == "granted" for n in range(60))


def test_replicas_share_the_books(tmp_path: Path) -> None:
    path = tmp_path / "budget.sqlite"
    Ledger(path)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        granted = pool.starmap(spend, [(path, first) for first in (0, 1000, 2000, 3000)])
    assert sum(granted) == 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[more]]\n",
        "[[budget]]\nrows_per_hour = 0\n",
        "[[budget]]\nrow_per_hour = 5\n",
        "[[budget]]\nrows_per_hour = 'x'\n",
        "[[budget]]\nrows_per_hour = true\n",
        "[[budget]]\nrows_per_hour = nan\n",
        "[[budget]]\nrows_per_hour = 5\ngroups = 'agents'\n",
        "[[budget]]\nrows_per_hour = 5\ngroups = ['']\n",
        "[[budget]]\nrows_per_hour = 5\ngroups = [1]\n",
        "[[budget]]\nrows_per_hour = 5\ngroups = {agents = true}\n",
    ],
)
def test_a_mistake_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(StageError):
        Rig(tmp_path, text)


def test_the_file_beside_it_is_right() -> None:
    assert len(read(Path(__file__).parent / "budget.toml")) == 1
