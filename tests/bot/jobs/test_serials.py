"""Which masks 🧩 brings: given once, given back once, and nobody else's business."""

import asyncio

import pytest

from bot.jobs.line import Line
from tests.bot.jobs.conftest import Another
from tests.bot.jobs.people import ADA, BEN, CID, NOW, accepted, lead, picture_of, press, wish

pytestmark = pytest.mark.asyncio


async def test_masks_of_a_cancelled_job_come_again(line: Line):
    root = await accepted(line, wish(), "posted")
    first = (await line.accept(press(root, "mask"), NOW)).job
    masks = [p.mask for p in await line.positions(first.id)]
    assert await line.cancel(first.id, ADA, NOW)
    second = (await line.accept(press(root, "mask"), NOW)).job
    assert [p.mask for p in await line.positions(second.id)] == masks


async def test_a_cancel_gives_back_its_own_masks_and_only_those_not_drawn(line: Line):
    root = await accepted(line, wish(), "posted")
    ada = await accepted(line, press(root, "mask", ADA), "planned")
    ben = (await line.accept(press(root, "mask", BEN), NOW)).job
    held = await line.claim_draw("drawer", NOW)
    assert held is not None
    drawn = (await line.positions(ada.id))[1]
    assert drawn.shot is not None
    await line.picture(held.id, held.fence, 1, picture_of(drawn.shot), NOW)
    assert await line.cancel(ada.id, ADA, NOW)
    third = (await line.accept(press(root, "mask", CID), NOW)).job
    serials = [[p.serial for p in await line.positions(job.id)] for job in (ada, ben, third)]
    assert serials == [[None, 5, None, None], [8, 9, 10, 11], [4, 6, 7, 12]]


async def test_two_roots_know_nothing_of_each_others_masks(line: Line):
    one, other = [await accepted(line, wish(), "posted") for _ in range(2)]
    for root in (one, other):
        job = (await line.accept(press(root, "mask"), NOW)).job
        assert [p.serial for p in await line.positions(job.id)] == [4, 5, 6, 7]
        await lead(line, job, "posted")
        assert [(await line.seen(each.id)).seen for each in (one, other)] == [
            8,
            8 if root is other else 4,
        ]


async def test_presses_of_many_people_share_no_serial(line: Line, another: Another):
    root = await accepted(line, wish(), "posted")
    lines = [line, await another(), await another()]
    made = await asyncio.gather(
        *(lines[n % 3].accept(press(root, "mask", user=500 + n), NOW) for n in range(12))
    )
    serials = [p.serial for one in made for p in await line.positions(one.job.id)]
    assert len(serials) == len(set(serials))
    assert set(serials) == set(range(4, 4 + len(serials)))


async def test_seen_counts_drawn_masks_of_the_newest_round(line: Line):
    root = await accepted(line, wish(), "posted")
    assert ((await line.seen(root.id)).seen, (await line.seen(root.id)).of) == (4, 15)
    job = (await line.accept(press(root, "mask"), NOW)).job
    assert (await line.seen(root.id)).seen == 4
    await lead(line, job, "drawn")
    assert (await line.seen(root.id)).seen == 8
