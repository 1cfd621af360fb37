"""Checks in spare time between real processes: drawn when it is quiet, gone when somebody comes."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.bot.crew.day import Day, a_day, reached, settings_for, wish

SLOW = ("--step-seconds", "0.05")
IDLE = {"idle": True, "after_seconds": 0.3}
pytestmark = pytest.mark.slow


def told(folder: Path) -> list[str]:
    """What the planner was told of a check's pictures."""
    log = folder / "checks.log"
    return log.read_text().splitlines() if log.exists() else []


def checking(day: Day):
    async def busy() -> bool:
        return day.dispatcher._spare.busy

    return busy


@pytest.mark.asyncio
async def test_a_quiet_crew_checks_and_its_pictures_come_back(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path, *SLOW, checking=IDLE)):

        async def done() -> bool:
            return len(told(tmp_path)) == 4

        await reached(done, 15)
    assert sorted(told(tmp_path)) == [f"check-sleepy-{n} Drawn" for n in range(4)]


@pytest.mark.asyncio
async def test_a_real_job_takes_the_slots_of_a_check_that_goes_on_later(tmp_path: Path) -> None:
    """Two of the four take 7 s in both slots: nobody else is drawn before, unless they leave."""
    more = (*SLOW, "--slots", "2", "--check-steps", "140")
    async with a_day(settings_for(tmp_path, *more, checking=IDLE)) as day:
        await reached(lambda: ended(day, 2), 15)
        began = time.monotonic()
        (job,) = await day.accept(wish(count=2, steps=4))
        await day.until(job, "drawn", seconds=20)
        assert time.monotonic() - began < 5
        await reached(checking(day), 15)
    assert sorted(told(tmp_path)) == ["check-sleepy-0 Drawn", "check-sleepy-2 Drawn"]


async def ended(day: Day, count: int) -> bool:
    return len(day.dispatcher._spare._ended) == count


@pytest.mark.asyncio
async def test_switched_off_nothing_is_ever_checked(tmp_path: Path) -> None:
    off = {"idle": False, "after_seconds": 0.1}
    async with a_day(settings_for(tmp_path, *SLOW, checking=off)) as day:
        (job,) = await day.accept(wish(count=1, steps=2))
        await day.until(job, "drawn")
        await asyncio.sleep(1.5)
        assert not day.dispatcher._spare.busy
    assert told(tmp_path) == []


@pytest.mark.asyncio
async def test_a_pause_ends_a_check_and_frees_the_drawer(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path, *SLOW, checking=IDLE)) as day:
        await reached(checking(day), 15)
        await asyncio.sleep(0.3)
        await day.line.pause(1, 0.0)
        day.dispatcher.wake()

        async def rests() -> bool:
            here = day.supervisor._at(day.drawer())
            return here is not None and here._here is not None and not here._here.loaded

        await reached(rests, 4)
        await asyncio.sleep(0.8)
        assert not day.dispatcher._spare.busy
        assert told(tmp_path) == []


@pytest.mark.asyncio
async def test_a_drawer_that_dies_at_a_check_is_told_of_and_the_next_one_goes_on(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path, *SLOW, checking=IDLE)) as day:
        await reached(checking(day), 15)
        await asyncio.sleep(0.2)
        await day.supervisor.kill(day.drawer(), "a test")

        async def heard() -> bool:
            return len(told(tmp_path)) == 4

        await reached(heard, 15)
        (job,) = await day.accept(wish(count=1, steps=2))
        await day.until(job, "drawn")
    assert all(line.endswith("Failed") for line in told(tmp_path))
