"""From the line to the workers and back, with real processes: everybody is served and told."""

import time
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.bot.crew.day import Day, a_day, pictures, reached, settings_for, wish

SLOW = ("--step-seconds", "0.05")


@pytest.mark.asyncio
async def test_a_wish_becomes_pictures_and_everybody_is_told(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        (job,) = await day.accept(wish())
        await day.until(job, "drawn")
        assert len(set(await pictures(day, job))) == 4
        told = day.told(job)
        assert list(dict.fromkeys(told)) == ["planning", "planned", "drawing", "step", "drawn"]
        assert [one.id for one in day.drawn] == [job]
        steps = [news.step for news in day.news if news.what == "step"]
        assert steps == list(range(1, 17))
        planned = next(news for news in day.news if news.what == "planned")
        assert planned.plan == (await day.job(job)).plan
        assert (await day.job(job)).attempts == 0


@pytest.mark.asyncio
async def test_many_jobs_of_many_people_all_end_drawn_once(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, workers={"drawers": 2})
    async with a_day(settings, running=1) as day:
        jobs = await day.accept(*(wish(user=n % 5, seed=n) for n in range(20)))
        for job in jobs:
            await day.until(job, "drawn")
        assert Counter(one.id for one in day.drawn) == Counter(jobs)
        assert {(await day.job(job)).attempts for job in jobs} == {0}
        first = [news.job for news in day.news if news.what == "drawing"][:5]
        users = [(await day.job(job)).origin.user for job in first]
        assert len(set(users)) == 5, "everybody is served once before anybody twice"


@pytest.mark.asyncio
async def test_two_drawers_share_what_there_is(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, *SLOW, workers={"drawers": 2})
    async with a_day(settings) as day:
        await reached(lambda: _drawers_are(day, 2))
        one, two = await day.accept(wish(steps=20), wish(steps=20, user=2))
        await day.step(one)
        await day.step(two)
        holders = {(await day.job(job)).owner for job in (one, two)}
        assert len(holders) == 2


async def _drawers_are(day: Day, count: int) -> bool:
    return day.supervisor.drawers_up == count


@pytest.mark.asyncio
async def test_a_derived_job_is_planned_with_its_roots_order_and_its_own_masks(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        (root,) = await day.accept(wish())
        await day.until(root, "drawn")
        await day.line.posting(root, "token", time.time())
        assert await day.line.posted(root, message=5, channel=1, now=time.time())
        source = await day.job(root)
        again = wish()
        asked = replace(again, action="mask", source=root, request=source.request)
        (job,) = await day.accept(asked)
        await day.until(job, "drawn")
        positions = await day.line.positions(job)
        assert [each.mask for each in positions] == list(source.order[4:8])
        made = [each.shot for each in positions if each.shot]
        assert [shot.recipe.mask.code for shot in made] == list(source.order[4:8])
        assert [shot.seed for shot in made] == [7, 8, 9, 10]
        assert (await day.job(job)).plan == source.plan


@pytest.mark.asyncio
async def test_a_refusal_of_the_planner_ends_the_job_with_its_sentence(tmp_path: Path) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        bad, good = await day.accept(wish("REFUSE this one"), wish())
        ended = await day.until(bad, "failed")
        assert ended.error == "UnknownName"
        assert (ended.sentence or "").startswith("There is no adapter called “REFUSE”.")
        await day.until(good, "drawn")
        assert [one.id for one in day.ended] == [bad]


@pytest.mark.asyncio
async def test_a_job_with_some_pictures_is_delivered_one_with_none_has_failed(
    tmp_path: Path,
) -> None:
    async with a_day(settings_for(tmp_path)) as day:
        half, none = await day.accept(wish("BREAK some pictures"), wish("BARREN all of them"))
        await day.until(half, "drawn")
        ended = await day.until(none, "failed")
        assert (ended.error, "bad dream" in (ended.sentence or "")) == ("DrawFailed", True)
        positions = await day.line.positions(half)
        assert [bool(each.picture) for each in positions] == [True, False, True, False]
        assert [each.error for each in positions] == [None, "DrawFailed"] * 2
