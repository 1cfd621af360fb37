"""A wish becomes one job: however often it is said, and by however many at once."""

import asyncio

import msgspec
import pytest

from bot.jobs.line import Line, Rules
from bot.refusals import Banned, Forbidden, JobGone, LineFull, NotFinished, NothingToChange
from stylus_engine.model import Plan
from tests.bot.jobs.conftest import Another
from tests.bot.jobs.people import (
    ADA,
    BEN,
    NOW,
    accepted,
    draw_it,
    lead,
    order_of,
    origin,
    plan_it,
    press,
    wish,
)
from tests.planning.plans import plan

pytestmark = pytest.mark.asyncio


async def test_an_accepted_job_is_what_was_wished(line: Line):
    wanted = wish()
    made = await line.accept(wanted, NOW)
    assert made.fresh
    assert made.job == await line.job(made.job.id)
    assert (made.job.origin, made.job.request) == (wanted.origin, wanted.request)
    assert (made.job.state, made.job.root, made.job.action) == ("queued", made.job.id, "imagine")


async def test_the_same_interaction_is_one_job_on_many_connections(line: Line, another: Another):
    wanted = wish()
    lines = [line, await another(), await another()]
    made = await asyncio.gather(*(lines[n % 3].accept(wanted, NOW) for n in range(12)))
    assert len({one.job.id for one in made}) == 1
    assert sum(one.fresh for one in made) == 1


async def test_an_interaction_is_known_after_its_job_has_ended(line: Line):
    wanted = wish()
    job = await accepted(line, wanted, "posted")
    again = await line.accept(wanted, NOW + 1)
    assert (again.fresh, again.job.id, again.job.state) == (False, job.id, "posted")


async def test_a_double_click_is_one_job(line: Line, another: Another):
    root = await accepted(line, wish(), "posted")
    other = await another()
    first, second = await asyncio.gather(
        line.accept(press(root, "mask"), NOW), other.accept(press(root, "mask"), NOW)
    )
    assert first.job.id == second.job.id
    assert {first.fresh, second.fresh} == {True, False}


async def test_after_the_end_the_same_button_makes_another_job(line: Line):
    root = await accepted(line, wish(), "posted")
    first = await accepted(line, press(root, "seed"), "posted")
    second = await line.accept(press(root, "seed"), NOW)
    assert second.fresh
    assert second.job.id != first.id


async def test_who_sees_the_pictures_and_presses_again_wants_more(line: Line):
    """The card is on its way: the line may not know yet that it arrived."""
    root = await accepted(line, wish(), "posted")
    first = await accepted(line, press(root, "mask"), "posting")
    second = await line.accept(press(root, "mask"), NOW)
    assert second.fresh
    await line.delivery_failed(first.id, "TokenGone", NOW)
    back = await line.job(first.id)
    assert back is not None
    assert back.state == "drawn"
    assert not (await line.accept(press(root, "mask"), NOW)).fresh


async def test_buttons_of_two_pictures_are_two_jobs(line: Line):
    root = await accepted(line, wish(), "posted")
    one = await line.accept(press(root, "single", index=0), NOW)
    two = await line.accept(press(root, "single", index=1), NOW)
    assert one.fresh
    assert two.fresh


async def test_two_people_get_two_jobs_with_other_masks(line: Line, another: Another):
    root = await accepted(line, wish(), "posted")
    other = await another()
    ada, ben = await asyncio.gather(
        line.accept(press(root, "mask", ADA), NOW), other.accept(press(root, "mask", BEN), NOW)
    )
    serials = [p.serial for one in (ada, ben) for p in await line.positions(one.job.id)]
    assert set(serials) == set(range(4, 12))
    assert len(serials) == 8


async def test_two_edits_of_one_prompt_are_two_wishes(line: Line):
    root = await accepted(line, wish(), "posted")
    first = await line.accept(press(root, "imagine"), NOW)
    second = await line.accept(press(root, "imagine"), NOW)
    assert first.fresh
    assert second.fresh
    assert {first.job.root, second.job.root} == {first.job.id, second.job.id}
    assert first.job.source == root.id


async def test_two_choices_of_adapters_are_two_wishes(line: Line):
    root = await accepted(line, wish(), "posted")
    first = await line.accept(press(root, "keep", mask="10.00"), NOW)
    second = await line.accept(press(root, "keep", mask="00.01"), NOW)
    again = await line.accept(press(root, "keep", mask="10.00"), NOW)
    assert (first.fresh, second.fresh, again.fresh) == (True, True, False)


async def test_the_line_is_full_for_one_person_only(line: Line):
    for _ in range(4):
        await line.accept(wish(), NOW)
    with pytest.raises(LineFull) as full:
        await line.accept(wish(), NOW)
    assert vars(full.value) == {"running": 0, "waiting": 4, "most": 4}
    assert (await line.accept(wish(BEN), NOW)).fresh


async def test_the_cap_holds_on_many_connections(line: Line, another: Another):
    lines = [line, await another(), await another()]
    made = await asyncio.gather(
        *(lines[n % 3].accept(wish(), NOW) for n in range(12)), return_exceptions=True
    )
    assert sum(isinstance(one, LineFull) for one in made) == 8
    assert len(await line.unfinished(ADA)) == 4


async def test_a_running_job_is_told_apart_from_waiting_ones(line: Line):
    await accepted(line, wish(), "drawn")
    for _ in range(3):
        await line.accept(wish(), NOW)
    with pytest.raises(LineFull) as full:
        await line.accept(wish(), NOW)
    assert (full.value.running, full.value.waiting) == (1, 3)


async def test_a_full_line_still_shows_what_exists_a_few_at_a_time(line: Line):
    root = await accepted(line, wish(), "posted")
    for _ in range(4):
        await line.accept(wish(), NOW)
    with pytest.raises(LineFull):
        await line.accept(press(root, "seed"), NOW)
    for index in range(4):
        assert (await line.accept(press(root, "single", index=index), NOW)).fresh
    with pytest.raises(LineFull) as full:
        await line.accept(press(root, "show"), NOW)
    assert (full.value.running, full.value.waiting) == (4, 4)


async def test_ended_jobs_leave_room(line: Line):
    for _ in range(6):
        await accepted(line, wish(), "cancelled")
    assert (await line.accept(wish(), NOW)).fresh


@pytest.mark.parametrize("guild", [0, 7])
async def test_a_banned_person_is_refused(line: Line, guild: int):
    await line.ban(guild, ADA, BEN, "spam", NOW)
    with pytest.raises(Banned) as refused:
        await line.accept(wish(), NOW)
    assert refused.value.reason == "spam"
    assert await line.unfinished() == []


async def test_a_button_of_a_job_that_is_gone(line: Line):
    root = await accepted(line, wish(), "posted")
    gone = msgspec.structs.replace(root, id="0" * 26)
    with pytest.raises(JobGone):
        await line.accept(press(gone, "mask"), NOW)
    assert await line.delete(root.id, ADA, NOW)
    with pytest.raises(JobGone):
        await line.accept(press(root, "show"), NOW)


async def test_an_edit_of_a_job_that_is_gone_is_a_wish_like_any(line: Line):
    root = await accepted(line, wish(), "posted")
    gone = msgspec.structs.replace(root, id="0" * 26)
    made = await line.accept(press(gone, "imagine"), NOW)
    assert made.job.source is None


async def test_a_private_picture_is_nobody_elses(line: Line):
    secret = msgspec.structs.replace(wish(), private=True)
    root = await accepted(line, secret, "posted")
    with pytest.raises(Forbidden) as refused:
        await line.accept(press(root, "show", BEN), NOW)
    assert refused.value.owner == ADA
    again = await line.accept(press(root, "seed"), NOW)
    assert again.job.private


@pytest.mark.parametrize("action", ["seed", "mask", "keep", "single", "show", "vary"])
async def test_buttons_need_a_plan(line: Line, action):
    root = await accepted(line, wish())
    with pytest.raises(NotFinished):
        await line.accept(press(root, action, index=0, mask="10.10"), NOW)


@pytest.mark.parametrize("action", ["single", "show", "vary"])
async def test_pictures_must_be_there(line: Line, action):
    root = await accepted(line, wish(), "planned")
    with pytest.raises(NotFinished):
        await line.accept(press(root, action, index=0), NOW)


@pytest.mark.parametrize("action", ["mask", "keep"])
async def test_a_plan_without_adapters_has_nothing_to_change(line: Line, action):
    root = (await line.accept(wish(), NOW)).job
    root = await lead(line, root, "posted", made=plan())
    with pytest.raises(NothingToChange):
        await line.accept(press(root, action, mask=""), NOW)
    assert (await line.accept(press(root, "seed"), NOW)).fresh


@pytest.mark.parametrize("mask", [None, "", "1", "10", "10.1", "100.10", "10.10.10", "1x.10"])
async def test_a_mask_of_another_shape_is_refused(line: Line, mask):
    root = await accepted(line, wish(), "posted")
    with pytest.raises(NothingToChange):
        await line.accept(press(root, "keep", mask=mask), NOW)


async def test_a_chosen_mask_stands_at_every_position(line: Line):
    root = await accepted(line, wish(), "posted")
    kept = (await line.accept(press(root, "keep", mask="01.11"), NOW)).job
    positions = await line.positions(kept.id)
    assert [p.mask for p in positions] == ["01.11"] * 4
    assert [p.serial for p in positions] == [None] * 4
    assert kept.seed == root.seed


async def test_a_new_seed_keeps_the_masks(line: Line):
    root = await accepted(line, wish(), "posted")
    again = (await line.accept(press(root, "seed"), NOW)).job
    theirs = [p.mask for p in await line.positions(root.id)]
    assert [p.mask for p in await line.positions(again.id)] == theirs
    assert again.seed != root.seed
    assert (again.root, again.plan, again.order) == (root.id, root.plan, root.order)


async def test_a_seed_that_was_asked_for_is_taken(line: Line):
    root = await accepted(line, wish(), "posted")
    asked = press(root, "seed")
    asked = msgspec.structs.replace(asked, request=msgspec.structs.replace(asked.request, seed=9))
    assert (await line.accept(asked, NOW)).job.seed == 9


async def test_a_single_picture_needs_no_worker(line: Line):
    root = await accepted(line, wish(), "posted")
    job = (await line.accept(press(root, "single", index=2), NOW)).job
    (only,) = await line.positions(job.id)
    source = (await line.positions(root.id))[2]
    assert (job.state, job.request.count, job.seed, job.index) == ("drawn", 1, root.seed + 2, 2)
    assert (only.index, only.picture, only.mask) == (0, source.picture, source.mask)
    assert await line.claim_plan("planner", NOW) is None
    assert [one.id for one in await line.to_post()] == [job.id]


async def test_shown_again_with_every_picture(line: Line):
    root = await accepted(line, wish(), "posted")
    job = (await line.accept(press(root, "show"), NOW)).job
    shown = [p.picture for p in await line.positions(job.id)]
    assert shown == [p.picture for p in await line.positions(root.id)]
    assert job.state == "drawn"


async def test_variations_take_the_mask_of_their_picture(line: Line):
    root = await accepted(line, wish(), "posted")
    job = (await line.accept(press(root, "vary", index=3), NOW)).job
    source = (await line.positions(root.id))[3]
    assert [p.mask for p in await line.positions(job.id)] == [source.mask] * 4


async def masks_until(line: Line, root, made: Plan, rounds: int):
    """Press 🧩 on the root until so many rounds are over; (round, seed, mask) of all pictures."""
    seen = []
    while True:
        job = (await line.accept(press(root, "mask"), NOW)).job
        if job.round > rounds:
            return seen
        cells = await line.positions(job.id)
        seen += [(job.round, job.seed + cell.index, cell.mask) for cell in cells]
        await lead(line, job, "posted", made=made)


@pytest.mark.parametrize(
    ("sizes", "rounds"),
    [((2, 2), 3), ((2,), 3), ((1,), 3), pytest.param((4, 4, 4), 2, marks=pytest.mark.slow)],
)
async def test_every_mask_once_a_round_and_then_with_other_seeds(line: Line, sizes, rounds: int):
    """64 masks are 16 presses a round: of those two rounds tell what three would."""
    made = plan(*sizes)
    root = await lead(line, (await line.accept(wish(), NOW)).job, "posted", made=made)
    own = [
        (0, root.seed + p.index, p.mask)
        for p in await line.positions(root.id)
        if p.serial is not None
    ]
    drawn = own + await masks_until(line, root, made, rounds=rounds - 1)
    for number in range(rounds):
        masks = [mask for one, _, mask in drawn if one == number]
        assert sorted(masks) == sorted(order_of(made))
    assert len({(seed, mask) for _, seed, mask in drawn}) == len(drawn)


async def test_a_new_round_begins_with_the_roots_count(line: Line):
    made = plan(2)
    root = await lead(line, (await line.accept(wish(), NOW)).job, "posted", made=made)
    assert [p.serial for p in await line.positions(root.id)] == [0, 1, 2, None]
    job = (await line.accept(press(root, "mask"), NOW)).job
    assert (job.round, job.seed, job.request.count) == (1, root.seed + 4, 4)
    assert [p.serial for p in await line.positions(job.id)] == [3, 4, 5]


async def test_the_first_answer_counts_once(line: Line):
    job = await accepted(line, wish())
    assert [one.id for one in await line.unacknowledged()] == [job.id]
    await line.acknowledged(job.id, message=1, channel=8, now=NOW + 1)
    await line.acknowledged(job.id, message=2, channel=9, now=NOW + 2)
    found = await line.job(job.id)
    assert found is not None
    assert (found.message, found.message_channel, found.message_at) == (1, 8, NOW + 1)
    assert await line.unacknowledged() == []


async def test_a_token_is_in_no_text(line: Line):
    job = (await line.accept(wish(), NOW)).job
    assert "a-secret-token" not in f"{job!r} {job} {origin()!r} {list(job.origin.__rich_repr__())}"
    assert job.origin.token == "a-secret-token"  # noqa: S105 - a token of the test


class TestManyPeople:
    @pytest.fixture
    def rules(self) -> Rules:
        return Rules(running=2, waiting=5)

    async def test_the_cap_is_what_the_rules_say(self, line: Line):
        for _ in range(7):
            await line.accept(wish(), NOW)
        with pytest.raises(LineFull):
            await line.accept(wish(), NOW)


async def test_a_stale_plan_and_pictures_of_nobody(line: Line):
    await line.accept(wish(), NOW)
    held = await line.claim_plan("planner", NOW)
    assert held is not None
    stale = msgspec.structs.replace(held, fence=held.fence - 1)
    assert not await plan_it(line, stale)
    assert await plan_it(line, held)
    assert await draw_it(line, held) is None
