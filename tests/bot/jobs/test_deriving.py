"""What a button takes over from the card that it stands under."""

import pytest
from msgspec.structs import replace

from bot.jobs.line import Line
from bot.jobs.nouns import Job
from stylus_engine.model import LIMITS
from tests.bot.jobs.people import NOW, accepted, lead, picture_of, press, wish
from tests.planning.plans import plan

pytestmark = pytest.mark.asyncio


async def cells(line: Line, job: Job) -> list[tuple[int, str]]:
    """Seed and mask of each picture."""
    return [((job.seed + p.index) % 2**32, p.mask) for p in await line.positions(job.id)]


async def test_masks_go_on_from_whichever_card_is_pressed_and_seeds_begin_anew_at_their_end(
    line: Line,
):
    """Three masks: each press is a round of its own, under a card of any round."""
    made, wanted = plan(2), wish()
    wanted = replace(wanted, request=replace(wanted.request, seed=LIMITS.seed - 1))
    root = await lead(line, (await line.accept(wanted, NOW)).job, "posted", made=made)
    under, seen = root, (await cells(line, root))[:3]
    for number in (1, 2, 3):
        job = (await line.accept(press(under, "mask"), NOW)).job
        assert (job.round, job.seed) == (number, (root.seed + 4 * number) % 2**32)
        seen += await cells(line, job)
        under = await lead(line, job, "posted", made=made)
    back = (await line.accept(press(root, "mask"), NOW)).job
    assert (back.round, back.seed) == (4, (root.seed + 16) % 2**32)
    assert len(set(seen)) == len(seen) == 12


async def half_drawn(line: Line) -> Job:
    """Of two pictures the second one failed."""
    await accepted(line, wish(count=2), "planned")
    held = await line.claim_draw("drawer", NOW)
    assert held is not None
    first = (await line.positions(held.id))[0]
    assert first.shot is not None
    await line.picture(held.id, held.fence, 0, picture_of(first.shot), NOW)
    assert await line.picture_failed(held.id, held.fence, 1, "DrawFailed", "NaN", NOW)
    return await lead(line, replace(held, state="drawn"), "posted")


async def test_shown_again_is_what_there_is(line: Line):
    """A picture that failed is not drawn by showing its card again."""
    root = await half_drawn(line)
    job = (await line.accept(press(root, "show"), NOW)).job
    source = (await line.positions(root.id))[0]
    assert [(p.index, p.picture) for p in await line.positions(job.id)] == [(0, source.picture)]
    assert job.state == "drawn"


async def test_a_single_picture_is_as_strong_as_it_was(line: Line):
    root = await accepted(line, wish(), "posted")
    job = (await line.accept(press(root, "single", index=2), NOW)).job
    shot = (await line.positions(root.id))[2].shot
    assert shot is not None
    assert job.request.strengths == (shot.recipe.strength,)
