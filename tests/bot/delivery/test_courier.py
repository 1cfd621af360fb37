"""Each road, each error, and what comes next."""

import asyncio

import pytest

from bot.crew.told import Told
from bot.delivery.wire import (
    Blocked,
    MessageGone,
    NoRights,
    Refused,
    TokenGone,
    TooBig,
    TooOld,
    Unreachable,
    WireError,
    nonce,
)
from bot.refusals import NoWorker
from stylus_engine.errors import StoreFailed, StylusError
from tests.bot.delivery.memory_wire import CHANNEL, DM
from tests.bot.delivery.post_office import World

pytestmark = pytest.mark.asyncio


async def outcome(world: World, name: str) -> tuple[str, str | None]:
    job = await world.job(name)
    return job.state, job.road


async def test_a_young_token_edits_the_first_answer(world: World):
    job = await world.drawn()
    await world.deliver()
    assert await outcome(world, job.id) == ("posted", "token")
    assert world.wire.papers(job.id, "result") == [job.message]
    assert [(one.road, one.outcome) for one in await world.line.deliveries(job.id)] == [
        ("token", "posted")
    ]


async def test_a_token_near_its_end_is_not_used(world: World):
    job = await world.drawn()
    world.clock.turn(900 - 60)
    await world.deliver()
    assert await outcome(world, job.id) == ("posted", "bot")
    assert world.wire.papers(job.id, "result") == [job.message]


@pytest.mark.parametrize("deletable", [True, False])
async def test_an_old_message_gives_way_to_a_new_one(world: World, deletable: bool):
    job = await world.drawn()
    world.clock.turn(3600)
    if not deletable:
        world.wire.fail("delete", NoRights())
    await world.deliver()
    assert world.wire.messages[job.message or 0].gone is deletable
    assert await outcome(world, job.id) == ("posted", "new")
    (made,) = world.wire.papers(job.id, "result")
    assert made != job.message
    assert world.wire.messages[made].nonce == nonce(job.id)
    assert (await world.job(job.id)).message == made


@pytest.mark.parametrize(
    ("said", "road"),
    [
        (TokenGone(), "bot"),
        (NoRights(), "bot"),
        (Refused(), "bot"),
        (TooOld(), "bot"),
        (MessageGone(), "new"),  # the bot would not find it either
    ],
)
async def test_what_the_token_says_decides_the_next_road(world: World, said: WireError, road: str):
    world.wire.fail("edit_by_token", said)
    job = await world.drawn()
    await world.deliver()
    assert await outcome(world, job.id) == ("posted", road)
    assert len(world.wire.papers(job.id, "result")) == 1
    tried = [(one.road, one.outcome) for one in await world.line.deliveries(job.id)]
    assert tried == [("token", type(said).__name__), (road, "posted")]


async def test_when_no_road_is_left_it_is_undeliverable_and_told(world: World):
    for method in ("edit_by_token", "edit_by_bot", "send"):
        world.wire.fail(method, NoRights())
    job = await world.drawn()
    await world.deliver()
    ended = await world.job(job.id)
    assert (ended.state, ended.error) == ("undeliverable", "NoRights")
    assert world.wire.papers(job.id, "result") == []
    assert world.wire.papers(job.id, "ended") == [job.message]
    assert await world.line.to_tell() == []


async def test_too_big_asks_for_a_smaller_letter_on_the_same_road(world: World):
    world.wire.fail("edit_by_token", TooBig())
    world.wire.fail("edit_by_token", TooBig())
    job = await world.drawn()
    await world.deliver()
    assert await outcome(world, job.id) == ("posted", "token")
    assert world.wire.messages[job.message or 0].paper.shrink == 2


async def test_what_stays_too_big_goes_another_road_and_stays_small(world: World):
    for _ in range(5):
        world.wire.fail("edit_by_token", TooBig())
    job = await world.drawn()
    await world.deliver()
    assert await outcome(world, job.id) == ("posted", "bot")
    assert world.wire.messages[job.message or 0].paper.shrink == 4


async def test_what_automod_blocks_is_said_without_the_words(world: World):
    world.wire.fail("edit_by_token", Blocked())
    job = await world.drawn()
    await world.deliver()
    assert await outcome(world, job.id) == ("posted", "token")
    assert world.wire.messages[job.message or 0].paper.quiet


async def test_what_is_blocked_twice_goes_another_road(world: World):
    world.wire.fail("edit_by_token", Blocked())
    world.wire.fail("edit_by_token", Blocked())
    job = await world.drawn()
    await world.deliver()
    assert await outcome(world, job.id) == ("posted", "bot")


async def test_no_answer_is_tried_again_with_growing_patience(world: World):
    for _ in range(3):
        world.wire.fail("edit_by_token", Unreachable())
    job = await world.drawn()
    await world.deliver()
    for wait, calls in ((1, 2), (2, 3), (3.9, 3), (0.1, 4)):
        await world.later(wait)
        assert world.wire.calls.count("edit_by_token") == calls
    assert await outcome(world, job.id) == ("posted", "token")
    assert len(await world.line.deliveries(job.id)) == 1  # one attempt, however often repeated


async def test_discord_may_ask_for_more_patience(world: World):
    world.wire.fail("edit_by_token", Unreachable(after=40.0))
    job = await world.drawn()
    await world.deliver()
    await world.later(39)
    assert (await world.job(job.id)).state == "posting"
    await world.later(1)
    assert (await world.job(job.id)).state == "posted"


async def test_a_token_that_expires_between_two_tries(world: World):
    """The first edit took effect and nobody heard: the bot repeats it, on the same message."""
    world.wire.fail("edit_by_token", Unreachable(), after=True)
    job = await world.drawn()
    world.clock.turn(839)
    await world.deliver()
    await world.later(2)
    assert await outcome(world, job.id) == ("posted", "bot")
    assert world.wire.papers(job.id, "result") == [job.message]


async def test_a_lost_answer_to_a_new_message_is_looked_for(world: World):
    world.wire.fail("send", Unreachable(), after=True)
    job = await world.drawn()
    world.clock.turn(3600)
    await world.deliver()
    world.wire.nonces.clear()
    await world.later(1)
    assert await outcome(world, job.id) == ("posted", "new")
    assert len(world.wire.papers(job.id, "result")) == 1
    assert world.wire.calls.count("send") == 2  # the card and the mention


async def test_a_lost_request_for_a_new_message_is_sent_again(world: World):
    world.wire.fail("send", Unreachable())
    job = await world.drawn()
    world.clock.turn(3600)
    await world.deliver()
    await world.later(1)
    assert await outcome(world, job.id) == ("posted", "new")
    assert len(world.wire.papers(job.id, "result")) == 1


async def test_a_lost_answer_to_a_new_message_is_looked_for_after_other_roads_too(world: World):
    """The message was deleted, so the card came anew, and nobody heard that it did."""
    world.wire.fail("edit_by_token", MessageGone())
    world.wire.fail("send", Unreachable(), after=True)
    job = await world.drawn()
    await world.deliver()
    world.wire.nonces.clear()
    await world.later(1)
    assert await outcome(world, job.id) == ("posted", "new")
    assert len(world.wire.papers(job.id, "result")) == 1


async def test_one_that_waits_holds_up_nobody(world: World):
    world.wire.fail("edit_by_token", Unreachable())
    first = await world.drawn()
    await world.courier._look()
    await world.settle()
    others = [await world.drawn() for _ in range(12)]
    await world.deliver()
    assert (await world.job(first.id)).state == "posting"
    assert {(await world.job(other.id)).state for other in others} == {"posted"}


async def test_only_so_many_at_once(world: World):
    hung = [world.wire.fail("edit_by_token", None) for _ in range(12)]
    jobs = [await world.drawn() for _ in range(12)]
    await world.courier._look()
    await hung[7].met.wait()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hung[8].met.wait(), 0.5)
    for fault in hung:
        fault.release.set()
    await world.settle()
    assert {(await world.job(job.id)).state for job in jobs} == {"posted"}


async def test_a_private_job_comes_by_the_token(world: World):
    job = await world.drawn(private=True)
    await world.deliver()
    assert await outcome(world, job.id) == ("posted", "token")


async def test_a_private_job_without_a_token_comes_as_a_direct_message(world: World):
    job = await world.drawn(private=True)
    world.clock.turn(900)
    await world.deliver()
    (made,) = world.wire.papers(job.id, "result")
    assert world.wire.messages[made].channel == DM
    assert "edit_by_bot" not in world.wire.calls


async def test_closed_direct_messages_make_a_private_job_undeliverable(world: World):
    world.wire.dms_closed = True
    job = await world.drawn(private=True)
    world.clock.turn(900)
    await world.deliver()
    ended = await world.job(job.id)
    assert (ended.state, ended.error) == ("undeliverable", "NoRights")
    assert not any(each.channel == CHANNEL for each in list(world.wire.messages.values())[1:])
    assert await world.line.to_tell() == []  # told as far as anybody can: `/history` has it


async def test_where_the_bot_is_no_member_the_token_is_all_there_is(world: World):
    job = await world.drawn(member=False)
    world.clock.turn(900)
    await world.deliver()
    ended = await world.job(job.id)
    assert (ended.state, ended.error) == ("undeliverable", "TokenGone")
    assert not {"send", "edit_by_bot", "private"} & set(world.wire.calls)


async def test_a_cancel_before_posting_wins(world: World):
    job = await world.drawn()
    await world.line.cancel(job.id, 1, world.clock.now())
    await world.deliver()
    assert world.wire.papers(job.id, "result") == []
    assert world.wire.papers(job.id, "ended") == [job.message]


async def test_a_cancel_wins_while_the_card_is_still_being_written(world: World):
    world.clerk.errors.append(NoWorker())
    job = await world.drawn()
    await world.deliver()
    assert await world.line.cancel(job.id, 1, world.clock.now()) is not None
    await world.later(1)
    await world.deliver()
    assert world.wire.papers(job.id, "result") == []
    assert (await world.job(job.id)).state == "cancelled"


async def test_a_planner_that_is_down_delays_the_card(world: World):
    world.clerk.errors.append(NoWorker())
    job = await world.drawn()
    await world.deliver()
    assert (await world.job(job.id)).state == "drawn"
    await world.later(1)
    assert await outcome(world, job.id) == ("posted", "token")


async def test_a_full_disk_delays_the_card(world: World):
    told = Told(kind="DiskFull", sentence="The disk is full: x.webp could not be written.")
    world.clerk.errors += [told, told]
    job = await world.drawn()
    await world.deliver()
    assert (await world.job(job.id)).state == "drawn"
    await world.later(1)
    await world.later(2)
    assert await outcome(world, job.id) == ("posted", "token")


@pytest.mark.parametrize(
    "never",
    [StoreFailed(path="x.png", why="gone"), Told(kind="StoreFailed", sentence="x.png is gone.")],
    ids=["here", "in a worker"],
)
async def test_a_card_that_can_never_be_written_is_told(world: World, never: StylusError):
    world.clerk.errors.append(never)
    job = await world.drawn()
    await world.deliver()
    ended = await world.job(job.id)
    assert (ended.state, ended.error) == ("undeliverable", type(never).__name__)
    assert world.wire.papers(job.id, "ended") == [job.message]


async def test_an_unforeseen_error_is_tried_again_and_at_last_told(
    world: World, caplog: pytest.LogCaptureFixture
):
    world.clerk.errors += [ZeroDivisionError() for _ in range(5)]
    job = await world.drawn()
    world.clerk.unlucky = job.id
    healthy = await world.drawn()
    await world.deliver()
    for _ in range(4):
        await world.later(60)
    await world.deliver()
    ended = await world.job(job.id)
    assert (ended.state, ended.error) == ("undeliverable", "ZeroDivisionError")
    assert (await world.job(healthy.id)).state == "posted"
    assert "the delivery stumbled" in caplog.text


async def test_patience_ends_after_a_day(world: World):
    world.wire.fail("edit_by_token", Unreachable())
    world.wire.fail("edit_by_bot", Unreachable())
    job = await world.drawn()
    await world.deliver()
    await world.later(24 * 3600 + 1)
    await world.deliver()
    assert (await world.job(job.id)).state == "undeliverable"


async def test_whoever_waited_long_is_mentioned(world: World):
    job = await world.drawn()
    world.clock.turn(61)
    await world.deliver()
    (ping,) = world.wire.papers(job.id, "ready")
    assert world.wire.messages[ping].reply_to == job.message
    assert world.wire.messages[ping].nonce == nonce(job.id, "p")


@pytest.mark.parametrize(("seconds", "private"), [(60, False), (61, True)])
async def test_who_was_quick_or_private_is_not_mentioned(
    world: World, seconds: float, private: bool
):
    job = await world.drawn(private=private)
    world.clock.turn(seconds)
    await world.deliver()
    assert (await world.job(job.id)).state == "posted"
    assert world.wire.papers(job.id, "ready") == []


async def test_a_mention_that_fails_spoils_nothing(world: World):
    world.wire.fail("send", NoRights())
    job = await world.drawn()
    world.clock.turn(61)
    await world.deliver()
    assert await outcome(world, job.id) == ("posted", "token")
