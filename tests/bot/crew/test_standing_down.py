"""Cancel, pause, drain, idleness: a drawer lets go when it is asked to, and nobody is blamed."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from tests.bot.crew.day import Day, a_day, reached, settings_for, wish

SLOW = ("--step-seconds", "0.05")
pytestmark = pytest.mark.slow


@pytest.mark.asyncio
async def test_a_cancelled_job_leaves_its_drawer_at_the_next_step(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path, *SLOW)) as day:
        (job,) = await day.accept(wish(steps=150))
        await day.step(job)
        assert await day.line.cancel(job, 1, time.time())
        await day.dispatcher.cancel(job)
        (after,) = await day.accept(wish(user=2))
        await day.until(after, "drawn", seconds=10)
        assert (await day.job(job)).state == "cancelled"
        assert [one.id for one in day.ended] == [job]
        assert "failed" not in day.told(job)


@pytest.mark.asyncio
async def test_a_pause_frees_the_drawer_within_its_time_and_a_resume_goes_on(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path, *SLOW)) as day:
        one, two = await day.accept(wish(steps=60), wish(user=2))
        await day.step(one)
        pid = day.pid(day.drawer())
        await day.line.pause(1, time.time())
        day.dispatcher.wake()
        began = time.monotonic()

        async def rests() -> bool:
            here = day.supervisor._at(day.drawer())
            assert here is not None
            assert here._here is not None
            return not here._here.loaded and "paused" in day.told(two)

        await reached(rests, 3)
        assert time.monotonic() - began < 2.5
        assert day.pid(day.drawer()) == pid, "a drawer that rests in time is not ended"
        job = await day.job(one)
        assert (job.state, job.owner, job.attempts) == ("planned", None, 0)
        assert "failed" not in day.told(one)
        await asyncio.sleep(0.5)
        assert (await day.job(two)).state in {"queued", "planned"}
        await day.line.resume(1, time.time())
        day.dispatcher.wake()
        await day.until(one, "drawn")
        await day.until(two, "drawn")
        assert "resumed" in day.told(two)


@pytest.mark.asyncio
async def test_a_drawer_that_does_not_rest_in_time_is_ended_and_nobody_blamed(
    tmp_path: Path,
) -> None:
    settings = settings_for(tmp_path, *SLOW, workers={"pause_seconds": 1.0})
    async with a_day(settings) as day:
        (job,) = await day.accept(wish("STALL ONCE then"))
        await reached(lambda: _in_hand(day, job))
        await asyncio.sleep(0.2)
        pid = day.pid(day.drawer())
        await day.line.pause(1, time.time())
        day.dispatcher.wake()

        async def ended() -> bool:
            return not Path(f"/proc/{pid}").exists()

        await reached(ended, 1.9)
        assert (await day.job(job)).attempts == 0
        await day.line.resume(1, time.time())
        day.dispatcher.wake()
        assert (await day.until(job, "drawn")).attempts == 0


async def _in_hand(day: Day, job: str) -> bool:
    return job in day.dispatcher._hands.jobs


@pytest.mark.asyncio
async def test_draining_finishes_what_is_being_drawn_and_takes_nothing_new(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path, *SLOW), running=1) as day:
        first, second = await day.accept(wish(steps=10), wish())
        await day.step(first)
        await day.dispatcher.drain(10)
        assert (await day.job(first)).state == "drawn"
        waiting = await day.job(second)
        assert (waiting.owner, waiting.attempts) == (None, 0)
        assert waiting.state in {"queued", "planned"}


@pytest.mark.asyncio
async def test_what_a_drain_cannot_wait_for_goes_back_uncounted(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, *SLOW)
    async with a_day(settings) as day:
        (job,) = await day.accept(wish(steps=150))
        await day.step(job)
        began = time.monotonic()
        await day.dispatcher.drain(0.5)
        assert time.monotonic() - began < 1.5
        await day.supervisor.stop()
        await asyncio.sleep(0.1)
        held = await day.job(job)
        assert (held.state, held.owner, held.attempts) == ("planned", None, 0)


@pytest.mark.asyncio
async def test_a_drawer_that_dies_while_the_bot_ends_costs_no_attempt(tmp_path: Path) -> None:
    """A service manager may end all of a service's processes together."""
    async with a_day(settings_for(tmp_path, *SLOW)) as day:
        (job,) = await day.accept(wish(steps=150))
        await day.step(job)
        draining = asyncio.create_task(day.dispatcher.drain(5))
        await asyncio.sleep(0.1)
        os.kill(day.pid(day.drawer()), signal.SIGKILL)
        await asyncio.wait_for(draining, 4)
        held = await day.job(job)
        assert (held.state, held.owner, held.attempts) == ("planned", None, 0)


@pytest.mark.asyncio
async def test_an_idle_drawer_rests_and_wakes_for_the_next_job(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, workers={"idle_minutes": 0.5 / 60})
    async with a_day(settings) as day:
        (job,) = await day.accept(wish())
        await day.until(job, "drawn")
        name = day.drawer()

        async def rests() -> bool:
            post = day.supervisor._at(name)
            return post is not None and post._here is not None and not post._here.loaded

        await reached(rests, 5)
        (job,) = await day.accept(wish())
        await day.until(job, "drawn")
        assert day.drawer() == name
