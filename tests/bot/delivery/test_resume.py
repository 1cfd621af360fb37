"""kill -9 at every point of a delivery: after the restart the card stands exactly once."""

import asyncio

import pytest
from msgspec.structs import replace

from bot.delivery.posting import by_their_clock
from bot.delivery.wire import NoRights, TokenGone, TooOld, Unreachable
from bot.jobs.nouns import Job
from tests.bot.delivery.memory_wire import DM
from tests.bot.delivery.post_office import World

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

METHOD = {"token": "edit_by_token", "bot": "edit_by_bot", "new": "send", "dm": "send"}
AGE = {"token": 0.0, "bot": 900.0, "new": 3600.0, "dm": 900.0}
POINTS = ("before posting", "after posting", "before the request", "after the effect",
          "before posted", "after posted")  # fmt: skip


async def dies(world: World, road: str, point: str) -> Job:
    """A job that is delivered by `road`, whose process ends at `point`."""
    job = await world.drawn(private=road == "dm")
    world.clock.turn(AGE[road])
    met = _arrange(world, METHOD[road], point)
    await world.courier._look()
    async with asyncio.timeout(10):
        await met.wait()
    await world.die()
    for name in ("posting", "posted"):
        vars(world.line).pop(name, None)
    world.wire.faults.clear()
    world.born()
    return job


def _arrange(world: World, method: str, point: str) -> asyncio.Event:
    when, _, what = point.partition(" ")
    if what in {"the request", "the effect"}:
        return world.wire.fail(method, None, after=when == "after").met
    met, real = asyncio.Event(), getattr(world.line, what)

    async def hang(*arguments: object, **named: object) -> None:
        if when == "after":
            await real(*arguments, **named)
        met.set()
        await asyncio.Event().wait()

    setattr(world.line, what, hang)
    return met


async def comes_back(world: World) -> None:
    await world.courier.resume()
    await world.settle()
    await world.deliver()


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("road", METHOD)
@pytest.mark.parametrize("forgotten", [False, True], ids=["nonce known", "nonce forgotten"])
async def test_exactly_once(world: World, road: str, point: str, forgotten: bool):
    job = await dies(world, road, point)
    if forgotten:
        world.wire.nonces.clear()
        world.clock.turn(600)
    await comes_back(world)
    assert (await world.job(job.id)).state == "posted"
    assert len(world.wire.papers(job.id, "result")) == 1


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("road", ["token", "bot"])
async def test_a_status_message_that_was_deleted_meanwhile(world: World, road: str, point: str):
    job = await dies(world, road, point)
    world.wire.messages[job.message or 0].gone = True
    await comes_back(world)
    assert (await world.job(job.id)).state == "posted"
    shown = world.wire.papers(job.id, "result")
    if point == "before posting":  # nobody can have seen a card in it: the person wants one
        assert len(shown) == 1
        assert shown != [job.message]
    else:
        assert set(shown) <= {job.message}


@pytest.mark.parametrize("road", ["new", "dm"])
async def test_a_new_message_that_was_deleted_meanwhile(world: World, road: str):
    """Discord remembers the nonce: the same message again, not another one."""
    job = await dies(world, road, "after the effect")
    (made,) = world.wire.papers(job.id, "result")
    world.wire.messages[made].gone = True
    await comes_back(world)
    assert (await world.job(job.id)).state == "posted"
    assert world.wire.papers(job.id, "result") == [made]


@pytest.mark.parametrize("point", ["before the request", "after the effect"])
@pytest.mark.parametrize("road", ["new", "dm"])
async def test_an_unreadable_history_while_discord_remembers_the_nonce(
    world: World, road: str, point: str
):
    job = await dies(world, road, point)
    world.wire.unreadable = True
    await comes_back(world)
    assert (await world.job(job.id)).state == "posted"
    assert len(world.wire.papers(job.id, "result")) == 1


@pytest.mark.parametrize("point", ["before the request", "after the effect"])
@pytest.mark.parametrize("road", ["new", "dm"])
async def test_an_unreadable_history_and_a_forgotten_nonce(world: World, road: str, point: str):
    """Nobody can know: it is never posted twice, and the person is told."""
    job = await dies(world, road, point)
    world.wire.unreadable = True
    world.wire.nonces.clear()
    world.clock.turn(120)
    await comes_back(world)
    ended = await world.job(job.id)
    assert (ended.state, ended.error) == ("undeliverable", "Unreadable")
    assert len(world.wire.papers(job.id, "result")) == (point == "after the effect")
    assert len(world.wire.papers(job.id, "ended")) == 1


@pytest.mark.parametrize("point", ["before the request", "after the effect"])
async def test_an_edit_in_doubt_is_repeated_however_old_the_message(world: World, point: str):
    job = await dies(world, "token", point)
    world.clock.turn(7200)
    await comes_back(world)
    assert (await world.job(job.id)).road == "bot"
    assert world.wire.papers(job.id, "result") == [job.message]


@pytest.mark.parametrize("said", [TooOld(), NoRights()], ids=repr)
@pytest.mark.parametrize("point", ["before the request", "after the effect"])
async def test_an_edit_in_doubt_that_cannot_be_repeated_is_looked_at(
    world: World, point: str, said: TooOld | NoRights
):
    job = await dies(world, "token", point)
    world.clock.turn(7200)
    world.wire.fail("edit_by_bot", said)
    await comes_back(world)
    assert (await world.job(job.id)).state == "posted"
    assert len(world.wire.papers(job.id, "result")) == 1
    assert "holds" in world.wire.calls


async def test_an_edit_in_doubt_whose_message_is_gone_was_posted(world: World):
    job = await dies(world, "token", "after the effect")
    world.clock.turn(7200)
    world.wire.fail("edit_by_bot", TooOld())
    world.wire.messages[job.message or 0].gone = True
    await comes_back(world)
    assert (await world.job(job.id)).state == "posted"
    assert world.wire.papers(job.id, "result") == [job.message]


async def test_an_edit_in_doubt_that_nobody_can_look_at_is_undeliverable(world: World):
    job = await dies(world, "token", "after the effect")
    world.clock.turn(7200)
    world.wire.fail("edit_by_bot", NoRights())
    world.wire.unreadable = True
    await comes_back(world)
    ended = await world.job(job.id)
    assert (ended.state, ended.error) == ("undeliverable", "Unreadable")
    assert world.wire.papers(job.id, "result") == [job.message]


async def test_a_process_that_dies_while_it_looks_at_an_edit_in_doubt(world: World):
    """Between "it stands there" and "posted": nothing is sent anew afterwards either."""
    job = await dies(world, "token", "after the effect")
    world.clock.turn(7200)
    world.wire.fail("edit_by_bot", TooOld())
    met = _arrange(world, "", "before posted")
    await world.courier._look()
    await asyncio.wait_for(met.wait(), 10)
    await world.die()
    del world.line.posted
    world.born()
    await comes_back(world)
    after = await world.job(job.id)
    assert (after.state, after.road) == ("posted", "bot")  # not "new": nothing new was written
    assert world.wire.papers(job.id, "result") == [job.message]


async def test_a_private_edit_in_doubt_without_a_token(world: World):
    """Only the token could see it: no second card, but a word in private."""
    job = await world.drawn(private=True)
    fault = world.wire.fail("edit_by_token", None, after=True)
    await world.courier._look()
    await fault.met.wait()
    await world.die()
    world.born()
    world.clock.turn(900)
    await comes_back(world)
    assert (await world.job(job.id)).state == "undeliverable"
    assert world.wire.papers(job.id, "result") == [job.message]
    (told,) = world.wire.papers(job.id, "ended")
    assert world.wire.messages[told].channel == DM


@pytest.mark.parametrize("point", ["before the request", "after the effect"])
async def test_an_edit_stays_in_doubt_when_its_repetition_is_refused(world: World, point: str):
    """Our clock says that the token lives, Discord says no: that is no word about the first edit."""
    job = await dies(world, "token", point)
    world.wire.fail("edit_by_token", TokenGone())
    world.wire.fail("edit_by_bot", NoRights())
    await comes_back(world)
    assert (await world.job(job.id)).state == "posted"
    assert len(world.wire.papers(job.id, "result")) == 1
    assert "holds" in world.wire.calls


async def test_a_private_edit_stays_in_doubt_when_its_token_dies_early(world: World):
    """No second card in the direct messages."""
    job = await world.drawn(private=True)
    fault = world.wire.fail("edit_by_token", None, after=True)
    await world.courier._look()
    await fault.met.wait()
    await world.die()
    world.wire.faults.clear()
    world.born()
    world.wire.fail("edit_by_token", TokenGone())
    await comes_back(world)
    assert (await world.job(job.id)).state == "undeliverable"
    assert world.wire.papers(job.id, "result") == [job.message]


async def test_a_search_begins_by_discords_clock_when_ours_runs_ahead(world: World):
    job = await dies(world, "new", "after the effect")
    ahead = 5000.0  # ids say that it was asked for so much earlier than our clock does
    stored = await world.job(job.id)
    origin = replace(
        stored.origin, interaction=stored.origin.interaction - (int(ahead * 1000) << 22)
    )
    skewed = replace(stored, origin=origin)
    began = stored.posting_at or 0.0
    assert by_their_clock(skewed, began) == pytest.approx(began - ahead, abs=0.01)
    assert by_their_clock(stored, began) == pytest.approx(began, abs=0.01)
    behind = replace(stored, made_at=stored.made_at - ahead)
    assert by_their_clock(behind, began) == began


@pytest.mark.parametrize("set_right", [0, -7200], ids=["stays ahead", "is set right again"])
async def test_a_clock_that_was_set_forward_meanwhile_posts_nothing_twice(
    world: World, set_right: float
):
    job = await world.drawn()
    world.clock.turn(3600)
    world.clock.set(7200)
    fault = world.wire.fail("send", None, after=True)
    await world.courier._look()
    await asyncio.wait_for(fault.met.wait(), 10)
    await world.die()
    world.wire.nonces.clear()
    world.born()
    world.clock.turn(600)
    world.clock.set(set_right)
    await comes_back(world)
    assert (await world.job(job.id)).state == "posted"
    assert len(world.wire.papers(job.id, "result")) == 1


@pytest.mark.parametrize("road", ["token", "bot", "new"])
@pytest.mark.parametrize("point", ["before the request", "after the effect", "before told"])
async def test_an_end_is_told_once(world: World, road: str, point: str):
    job = await world.waiting()
    await world.line.fail(job.id, "DrawFailed", "It broke.", world.clock.now())
    world.clock.turn(AGE[road])
    met = _arrange(world, METHOD[road], point)
    await world.courier._look()
    await asyncio.wait_for(met.wait(), 10)
    await world.die()
    vars(world.line).pop("told", None)
    world.wire.nonces.clear()
    world.born()
    await comes_back(world)
    assert len(world.wire.papers(job.id, "ended")) == 1
    assert await world.line.to_tell() == []


# --- jobs whose first answer nobody saw go out ---------------------------------------


async def test_an_answer_that_stands_is_taken_as_given(world: World):
    job = await world.draw(await world.wished())
    sent = world.wire.answer(job)
    await comes_back(world)
    after = await world.job(job.id)
    assert (after.state, after.message) == ("posted", sent.message)


async def test_an_answer_that_never_went_out_ends_the_job_quietly(world: World):
    job = await world.draw(await world.wished())
    world.clock.turn(1)
    await comes_back(world)
    assert (await world.job(job.id)).state == "cancelled"
    assert await world.line.to_tell() == []
    assert world.wire.messages == {}


async def test_a_failure_that_nobody_was_waiting_for_is_told_to_nobody(world: World):
    job = await world.wished()
    await world.line.fail(job.id, "DrawFailed", "It broke.", world.clock.now())
    world.clock.turn(1)
    await comes_back(world)
    assert await world.line.to_tell() == []
    assert world.wire.messages == {}


async def test_a_first_answer_that_was_deleted_meanwhile_was_an_answer(world: World):
    """The person read that it is in line: a moderator's hand ends no job."""
    job = await world.draw(await world.wished())
    sent = world.wire.answer(job)
    world.wire.messages[sent.message].gone = True
    world.clock.turn(1)
    await comes_back(world)
    after = await world.job(job.id)
    assert (after.state, after.road) == ("posted", "new")
    assert len(world.wire.papers(job.id, "result")) == 1


@pytest.mark.parametrize("how", ["time", "answer"])
async def test_without_a_token_to_ask_with_it_goes_on_and_comes_anew(world: World, how: str):
    job = await world.draw(await world.wished())
    world.clock.turn(900 if how == "time" else 1)
    if how == "answer":
        world.wire.fail("original", TokenGone())
    await comes_back(world)
    after = await world.job(job.id)
    assert (after.state, after.road) == ("posted", "new")
    assert len(world.wire.papers(job.id, "result")) == 1


async def test_an_unreachable_discord_is_asked_again(world: World):
    job = await world.draw(await world.wished())
    world.wire.answer(job)
    world.clock.turn(1)
    world.wire.fail("original", Unreachable())
    await comes_back(world)
    assert (await world.job(job.id)).state == "drawn"
    await world.later(1)
    await world.deliver()
    assert (await world.job(job.id)).state == "posted"


async def test_an_answer_under_way_in_this_process_is_waited_for(world: World):
    await world.courier.resume()
    world.clock.turn(0.1)
    job = await world.draw(await world.wished())
    await world.deliver()
    assert world.wire.calls == []
    world.wire.answer(job)
    world.clock.turn(8.1)  # three seconds and five: it is overdue
    await world.deliver()
    assert (await world.job(job.id)).state == "posted"
