"""Real deaths of real workers: a job goes back to its place, and no picture is lost."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.bot.crew.day import Day, a_day, pictures, reached, settings_for, wish

SLOW = ("--step-seconds", "0.05")
pytestmark = pytest.mark.slow


async def all_are(day: Day, jobs: Sequence[str], state: str) -> bool:
    return {(await day.job(job)).state for job in jobs} == {state}


@pytest.mark.asyncio
async def test_kill_9_of_the_drawer_costs_an_attempt_and_no_picture(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path, *SLOW)) as day:
        (job,) = await day.accept(wish(steps=10))
        await day.step(job)
        os.kill(day.pid(day.drawer()), signal.SIGKILL)
        ended = await day.until(job, "drawn")
        assert ended.attempts == 1
        assert "requeued" in day.told(job)
        assert len(await pictures(day, job)) == 4


@pytest.mark.asyncio
async def test_pictures_that_were_drawn_before_the_death_are_not_drawn_again(
    tmp_path: Path,
) -> None:
    """Two slots, four pictures: the first pair is safe when the drawer dies over the second."""
    async with a_day(settings_for(tmp_path, *SLOW, "--slots", "2")) as day:
        (job,) = await day.accept(wish(steps=8))

        async def two_are_done() -> bool:
            return any(news.done == 2 and news.what == "step" for news in day.news)

        await reached(two_are_done)
        before = [each.picture for each in await day.line.positions(job)]
        os.kill(day.pid(day.drawer()), signal.SIGKILL)
        await day.until(job, "drawn")
        after = [each.picture for each in await day.line.positions(job)]
        assert before[:2] == after[:2]
        second = [news for news in day.news if news.what == "drawing"][1]
        assert (second.done, second.of) == (2, 16)


@pytest.mark.asyncio
async def test_a_job_that_kills_its_drawer_every_time_ends_and_the_others_do_not_suffer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are at one drawer together the first time; then each is there alone."""
    async with a_day(settings_for(tmp_path, "--slots", "8")) as day:
        real, planned = day.line.claim_draw, list[str]()

        async def both(*words: Any, **named: Any):
            return await real(*words, **named) if planned else None

        monkeypatch.setattr(day.line, "claim_draw", both)
        poison, good = jobs = await day.accept(wish("CRASH it all"), wish(user=2))
        await reached(lambda: all_are(day, jobs, "planned"))
        planned += jobs
        day.dispatcher.wake()
        ended = await day.until(poison, "failed")
        assert (ended.error, ended.attempts) == ("WorkerLost", 2)
        assert (await day.until(good, "drawn", "failed")).state == "drawn"
        assert poison in [one.id for one in day.ended]
        (late,) = await day.accept(wish(user=3))
        await day.until(late, "drawn")


@pytest.mark.asyncio
async def test_whoever_lost_a_drawer_is_never_beside_another_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two drawers, two jobs that kill, six that do not: each of these loses one drawer at most."""
    settings = settings_for(
        tmp_path, *SLOW, workers={"drawers": 2, "restart_seconds": 0.1}, line={"running": 9}
    )
    async with a_day(settings) as day:
        real, beside = day.line.claim_draw, list[tuple[int, ...]]()

        async def claimed(worker: str, *words: Any, **named: Any):
            job = await real(worker, *words, **named)
            if job is not None:
                hands = day.dispatcher._hands.of(worker)
                beside.append((job.attempts, *(hand.alone for hand in hands if hand.open_shots)))
            return job

        monkeypatch.setattr(day.line, "claim_draw", claimed)
        prompts = ["CRASH it all", *["ink night city"] * 3] * 2
        wishes = [wish(prompt, user=number, count=2) for number, prompt in enumerate(prompts, 1)]
        jobs = await day.accept(*wishes)
        for job, prompt in zip(jobs, prompts, strict=True):
            ended = await day.until(job, "drawn", "failed", seconds=40)
            assert ended.state == ("failed" if "CRASH" in prompt else "drawn")
        together = [tried for tried in beside if len(tried) > 1]
        assert together
        assert not any(any(tried) for tried in together)


@pytest.mark.asyncio
@pytest.mark.parametrize("word", ["CRASH", "UNPLUG", "HANG", "STALL", "GARBAGE"])
async def test_whatever_happens_to_the_drawer_once_the_job_is_drawn_the_second_time(
    tmp_path: Path, word: str
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        (job,) = await day.accept(wish(f"{word} ONCE then"))
        ended = await day.until(job, "drawn", seconds=30)
        assert ended.attempts == 1
        assert len(await pictures(day, job)) == 4


@pytest.mark.asyncio
async def test_a_planner_that_dies_is_followed_by_another(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        (job,) = await day.accept(wish("PLANCRASH ONCE then"))
        ended = await day.until(job, "drawn")
        assert ended.attempts == 1
        (poison,) = await day.accept(wish("PLANCRASH always again"))
        assert (await day.until(poison, "failed")).error == "WorkerLost"


@pytest.mark.asyncio
async def test_leases_of_a_bot_that_died_are_given_back_without_counting(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with a_day(settings) as day:
        (done,) = await day.accept(wish())
        await day.until(done, "drawn")
        await day.supervisor.stop()
        (job,) = await day.accept(wish())
        held = await day.line.claim_plan("a planner of yesterday", time.time())
        assert held is not None
    async with a_day(settings) as day:
        ended = await day.until(job, "drawn")
        assert ended.attempts == 0


@pytest.mark.asyncio
async def test_a_lease_whose_owner_nobody_knows_is_taken_back_when_it_is_overdue(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        await day.line.pause(None, time.time())
        (job,) = await day.accept(wish())
        assert await day.line.claim_plan("a ghost", time.time() - 100)
        await day.line.resume(None, time.time())
        ended = await day.until(job, "drawn")
        assert ended.attempts == 1


@pytest.mark.asyncio
async def test_a_drawer_that_hangs_while_it_unloads_is_followed_by_another(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path, "--never-rests", workers={"idle_minutes": 0.3 / 60}, line={"stall_seconds": 0.5}
    )
    async with a_day(settings) as day:
        (job,) = await day.accept(wish())
        await day.until(job, "drawn")

        async def followed() -> bool:
            return "drawer-1.2" in day.supervisor.drawers

        await reached(followed)
