"""Without a drawer or a planner for hours: by whose clock."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.crew.bus import Bus
from bot.crew.giving_up import HOUR, GivingUp
from bot.crew.telling import Teller, nobody
from bot.jobs.line import Line
from bot.sections import LineSettings
from tests.bot.crew.day import rules_of, wish


@dataclass
class TwoClocks:
    """What the wall says, and what has really passed."""

    wall: float = field(default_factory=time.time)
    passed: float = 0.0

    def now(self) -> float:
        return self.wall

    def ticks(self) -> float:
        return self.passed

    def go(self, seconds: float) -> None:
        self.wall += seconds
        self.passed += seconds


@dataclass
class Crew:
    drawers: tuple[str, ...] = ()
    planner: str | None = None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "crew", [Crew(), Crew(drawers=("drawer 1",))], ids=["nobody", "no planner"]
)
@pytest.mark.parametrize("jump", [3 * HOUR, 0.0, -3 * HOUR], ids=["forward", "none", "back"])
async def test_only_hours_that_passed_make_anybody_give_up(
    tmp_path: Path, crew: Crew, jump: float
) -> None:
    clock = TwoClocks()
    line = await Line.open(
        f"sqlite:///{tmp_path}/stylus.db", rules_of(LineSettings()), owner="test", now=clock.wall
    )
    try:
        job = (await line.accept(wish(), clock.wall)).job.id
        giving_up = made(line, crew, clock)
        clock.go(60)
        clock.wall += jump
        await giving_up.turn(clock.now())
        assert await state(line, job) == "queued"
        clock.go(2 * HOUR + max(0.0, -jump))
        await giving_up.turn(clock.now())
        assert await state(line, job) == "failed"
    finally:
        await line.close()


def made(line: Line, crew: Any, clock: Any) -> GivingUp:
    return GivingUp(line, crew, Teller(Bus(), nobody, nobody), clock, 2.0)


async def state(line: Line, job: str) -> str:
    found = await line.job(job)
    assert found is not None
    return found.state
