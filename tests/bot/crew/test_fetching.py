"""Files that come before a drawing: told of, and what never comes ends only its own pictures."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from tests.bot.crew.day import Day, a_day, reached, settings_for, wish

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


async def test_a_file_on_its_way_is_news_and_the_job_is_drawn(tmp_path: Path):
    async with a_day(settings_for(tmp_path)) as day:
        [job] = await day.accept(wish("FETCH night city"))
        await day.until(job, "drawn")
        told = [news for news in day.news if news.job == job and news.what == "fetching"]
        assert [(news.name, news.step, news.of) for news in told] == [
            ("Far Away", done * 10**6, 100 * 10**6) for done in (0, 25, 50, 75, 100)
        ]
        whats = day.told(job)
        assert whats.index("planning") < whats.index("fetching") < whats.index("planned")


async def test_a_file_that_never_comes_costs_the_pictures_that_need_it(tmp_path: Path):
    async with a_day(settings_for(tmp_path)) as day:
        [job] = await day.accept(wish("LOST night city"))
        await day.until(job, "drawn")
        positions = await day.line.positions(job)
        assert [each.error for each in positions] == [None, None, None, "SourceRefused"]
        assert "404" in (positions[3].sentence or "")
        assert all(each.picture is not None for each in positions[:3])


async def test_a_job_that_loses_every_picture_has_failed_with_the_reason(tmp_path: Path):
    async with a_day(settings_for(tmp_path)) as day:
        [job, other] = await day.accept(wish("LOST ALL city"), wish())
        failed = await day.until(job, "failed")
        assert failed.error == "SourceRefused"
        assert "far.example" in (failed.sentence or "")
        await day.until(other, "drawn")
        assert [each.id for each in day.ended] == [job]


async def test_a_derived_job_loses_its_own_positions(tmp_path: Path):
    async with a_day(settings_for(tmp_path)) as day:
        [root] = await day.accept(wish("LOST night city"))
        await day.until(root, "drawn")
        again = wish("LOST night city")
        derived = type(again)(
            origin=again.origin, request=again.request, action="seed", source=root
        )
        [job] = await day.accept(derived)
        await day.until(job, "drawn")
        positions = await day.line.positions(job)
        assert [each.error for each in positions] == [None, None, None, "SourceRefused"]


def given_up(folder: Path, job: str) -> bool:
    return (folder / f"given-up-{job}").exists()


async def fetching(day: Day, job: str) -> None:
    async def told() -> bool:
        return "fetching" in day.told(job)

    await reached(told)


async def test_while_files_come_for_one_all_others_are_planned_and_drawn(tmp_path: Path):
    async with a_day(settings_for(tmp_path), running=1) as day:
        slow = await day.accept(*(wish("CRAWL city", user=user) for user in range(1, 7)))
        for job in slow:
            await fetching(day, job)
        others = await day.accept(wish(user=1), wish(user=8), wish("FETCH city", user=9))
        for job in others:
            await day.until(job, "drawn")
        assert {(await day.job(job)).state for job in slow} == {"queued"}
        assert await day.line.counts("planned") == {}
        assert day.dispatcher.in_hand == len(slow)


async def test_a_cancelled_job_stops_its_file_and_no_other(tmp_path: Path):
    async with a_day(settings_for(tmp_path)) as day:
        first, second = await day.accept(wish("CRAWL city"), wish("CRAWL city", user=2))
        await fetching(day, first)
        await fetching(day, second)
        assert await day.line.cancel(first, 1, time.time())
        await day.dispatcher.cancel(first)
        await reached(lambda: _is(given_up(tmp_path, first)))
        assert not given_up(tmp_path, second)
        count = len(day.told(first))
        await asyncio.sleep(0.3)
        assert day.told(first)[count:] == []
        assert day.dispatcher.in_hand == 1


async def _is(what: bool) -> bool:
    return what


async def test_a_planner_that_dies_while_a_file_comes_loses_nothing(tmp_path: Path):
    async with a_day(settings_for(tmp_path)) as day:
        [job] = await day.accept(wish("CRAWL ONCE city"))
        await fetching(day, job)
        os.kill(day.pid(day.supervisor.planner), signal.SIGKILL)
        drawn = await day.until(job, "drawn")
        assert drawn.attempts == 1
        assert day.told(job).count("planned") == 1


async def test_a_planner_that_dies_of_another_job_costs_a_waiting_one_no_attempt(tmp_path: Path):
    """Two attempts are all that a job has: the bad one uses up its own."""
    async with a_day(settings_for(tmp_path, "--plan-seconds", "0.2"), attempts=2) as day:
        [waits] = await day.accept(wish("CRAWL city"))
        await fetching(day, waits)
        [bad] = await day.accept(wish("PLANCRASH city", user=2))
        await day.until(bad, "failed")
        assert (await day.job(waits)).attempts == 0
        assert (await day.job(waits)).state == "queued"


async def test_a_drain_waits_for_no_file(tmp_path: Path):
    async with a_day(settings_for(tmp_path)) as day:
        [job] = await day.accept(wish("CRAWL city"))
        await fetching(day, job)
        less_than_given = 15
        async with asyncio.timeout(less_than_given):
            await day.dispatcher.drain(20)
        back = await day.job(job)
        assert (back.state, back.owner, back.attempts) == ("queued", None, 0)


async def test_a_cancel_ends_planning_too(tmp_path: Path):
    async with a_day(settings_for(tmp_path, "--plan-seconds", "30")) as day:
        [job] = await day.accept(wish())
        await reached(lambda: _told(day, job, "planning"))
        assert await day.line.cancel(job, 1, time.time())
        await asyncio.sleep(0.2)
        await day.dispatcher.cancel(job)
        await reached(lambda: _is(day.dispatcher.in_hand == 0), 2)


async def _told(day: Day, job: str, what: str) -> bool:
    return what in day.told(job)
