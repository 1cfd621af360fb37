"""Files that come before a drawing: told of, and what never comes ends only its own pictures."""

from pathlib import Path

import pytest

from tests.bot.crew.day import a_day, settings_for, wish

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
        assert [each.id for each in day.ended] == [job]
        await day.until(other, "drawn")


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
