"""What is forgotten, and above all what is not."""

from typing import Any

import msgspec
import pytest

from bot.jobs import retention
from bot.jobs.line import Line
from bot.jobs.nouns import Job
from stylus_engine.model import Start
from tests.bot.jobs.people import ADA, BEN, NOW, accepted, press, wish

pytestmark = pytest.mark.asyncio

DAY = 86400.0
OLD = NOW + 91 * DAY  # when jobs of NOW are older than the 90 days of the rules


async def left(line: Line, *jobs: Job) -> list[bool]:
    return [await line.job(job.id) is not None for job in jobs]


async def test_old_jobs_go_with_all_that_is_theirs(line: Line):
    old = await accepted(line, wish(), "posted")
    young = await accepted(line, wish(), "posted", NOW + 10 * DAY)
    pictures = {p.picture.id for p in await line.positions(old.id) if p.picture}
    swept = await line.sweep(OLD)
    assert (swept.jobs, set(swept.pictures)) == (1, pictures)
    assert await left(line, old, young) == [False, True]
    assert await line.positions(old.id) == []
    assert await line.deliveries(old.id) == []
    assert (await line.sweep(OLD)).jobs == 0


async def test_pictures_are_told_until_their_files_are_gone(line: Line):
    await accepted(line, wish(), "posted")
    told = (await line.sweep(OLD)).pictures
    assert len(told) == 4
    assert (await line.sweep(OLD)).pictures == told
    await line.forgotten(told[:3])
    assert (await line.sweep(OLD)).pictures == told[3:]


async def test_a_heart_keeps_a_job(line: Line):
    job = await accepted(line, wish(), "posted")
    await line.favourite(job.id, BEN, NOW)
    assert (await line.sweep(OLD)).jobs == 0
    await line.favourite(job.id, BEN, NOW)
    assert (await line.sweep(OLD)).jobs == 1


@pytest.mark.parametrize("state", ["queued", "planned", "drawn", "posting"])
async def test_an_unfinished_job_is_never_too_old(line: Line, state):
    job = await accepted(line, wish(), state)
    assert (await line.sweep(OLD)).jobs == 0
    assert await left(line, job) == [True]


async def test_a_younger_branch_keeps_its_source_and_root(line: Line):
    root = await accepted(line, wish(), "posted")
    source = await accepted(line, press(root, "mask"), "posted")
    other = await accepted(line, press(root, "seed"), "posted")
    young = await accepted(line, press(source, "seed"), "posted", NOW + 10 * DAY)
    assert (await line.sweep(OLD)).jobs == 1
    assert await left(line, root, source, other, young) == [True, True, False, True]
    assert (await line.sweep(OLD + 10 * DAY)).jobs == 3


async def test_a_liked_branch_keeps_its_root(line: Line):
    root = await accepted(line, wish(), "posted")
    branch = await accepted(line, press(root, "mask"), "posted")
    await line.favourite(branch.id, ADA, NOW)
    assert (await line.sweep(OLD)).jobs == 0
    assert await left(line, root, branch) == [True, True]


async def test_an_edited_prompt_outlives_its_source(line: Line):
    source = await accepted(line, wish(), "posted")
    edited = await accepted(line, press(source, "imagine"), "posted", NOW + 10 * DAY)
    assert (await line.sweep(OLD)).jobs == 1
    found = await line.job(edited.id)
    assert found is not None
    assert found.source is None


async def test_a_picture_that_another_job_shows_stays(line: Line):
    root = await accepted(line, wish(), "posted")
    single = await accepted(line, press(root, "single", index=1), "posted", NOW + 10 * DAY)
    await line.delete(single.id, ADA, NOW)
    assert (await line.sweep(OLD)).jobs == 0
    swept = await line.sweep(OLD + 10 * DAY)
    assert (swept.jobs, len(swept.pictures)) == (2, 4)


async def test_a_picture_that_is_a_start_stays(line: Line):
    root = await accepted(line, wish(), "posted")
    (first, second, *_) = [p.picture.id for p in await line.positions(root.id) if p.picture]
    asked = wish(BEN)
    start = Start(picture=first, mask=second)
    request = msgspec.structs.replace(asked.request, start=start)
    later = msgspec.structs.replace(asked, request=request)
    await accepted(line, later, "posted", NOW + 10 * DAY)
    swept = await line.sweep(OLD)
    assert swept.jobs == 1
    assert {first, second} & set(swept.pictures) == set()
    assert len(swept.pictures) == 2
    last = await line.sweep(OLD + 10 * DAY)
    assert {first, second} <= set(last.pictures)


async def test_tokens_go_when_they_are_of_no_use(line: Line):
    posted = await accepted(line, wish(1), "posted")
    untold = await accepted(line, wish(2), "failed")
    waits = await accepted(line, wish(3))

    async def tokens() -> list[bool]:
        found = [await line.job(job.id) for job in (posted, untold, waits)]
        return [bool(job and job.origin.token) for job in found]

    assert (await line.sweep(NOW + 1)).tokens == 0
    assert (await line.sweep(NOW + 61)).tokens == 1
    assert await tokens() == [False, True, True]
    await line.told(untold.id, NOW + 61)
    await line.sweep(NOW + 62)
    assert await tokens() == [False, False, True]
    await line.cancel(waits.id, ADA, NOW + 100)
    await line.sweep(NOW + 901)
    assert await tokens() == [False, False, False]


async def test_more_than_one_statement_can_name(line: Line, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    roots = [await accepted(line, wish(user), "posted") for user in range(3)]
    for root in roots:
        await accepted(line, press(root, "show", root.origin.user), "posted")
    swept = await line.sweep(OLD)
    assert (swept.jobs, len(swept.pictures)) == (6, 12)
    assert await line.counts() == {}
    await line.forgotten(swept.pictures)
    assert (await line.sweep(OLD)).pictures == ()


async def test_a_click_waits_for_no_more_than_a_few_hundred_old_jobs(
    line: Line, monkeypatch: pytest.MonkeyPatch
):
    """Roots before and after their branches' batch: each goes once nothing needs it."""
    monkeypatch.setattr(retention, "BATCH", 2)
    real, left = line._db.write, list[int]()

    async def write(body: Any) -> Any:
        answer = await real(body)
        left.append(sum((await line.counts()).values()))
        return answer

    for user in range(3):
        root = await accepted(line, wish(user), "posted")
        await accepted(line, press(root, "show", user), "posted")
    monkeypatch.setattr(line._db, "write", write)
    assert (await line.sweep(OLD)).jobs == 6
    assert left == [4, 2, 0, 0, 0]
