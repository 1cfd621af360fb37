"""An end is told, once, by whichever road is left."""

import pytest

from bot.delivery.wire import (
    Blocked,
    NoRights,
    TokenGone,
    Unreachable,
    nonce,
)
from stylus_engine.errors import StoreFailed
from tests.bot.delivery.memory_wire import CHANNEL, DM
from tests.bot.delivery.post_office import World

pytestmark = pytest.mark.asyncio


async def failed(world: World, *, private: bool = False):
    job = await world.waiting(private=private)
    await world.line.fail(job.id, "DrawFailed", "It broke.", world.clock.now())
    return job


async def test_an_end_is_told_by_the_token(world: World):
    job = await failed(world)
    await world.deliver()
    assert world.wire.papers(job.id, "ended") == [job.message]
    assert await world.line.to_tell() == []


async def test_an_end_is_told_by_the_bot(world: World):
    job = await failed(world)
    world.clock.turn(900)
    await world.deliver()
    assert world.wire.papers(job.id, "ended") == [job.message]
    assert "edit_by_token" not in world.wire.calls


async def test_an_end_is_told_anew(world: World):
    job = await failed(world)
    world.clock.turn(3600)
    await world.deliver()
    (made,) = world.wire.papers(job.id, "ended")
    assert world.wire.messages[made].channel == CHANNEL
    assert world.wire.messages[made].nonce == nonce(job.id, "e")
    assert world.wire.messages[job.message or 0].gone


async def test_an_end_is_at_last_told_in_private(world: World):
    job = await failed(world)
    world.clock.turn(3600)
    world.wire.fail("send", NoRights())
    world.wire.fail("delete", NoRights())
    await world.deliver()
    assert await world.line.to_tell() == []
    (made,) = world.wire.papers(job.id, "ended")
    assert world.wire.messages[made].channel == DM


async def test_an_end_that_automod_blocks_is_told_without_the_words(world: World):
    job = await failed(world)
    world.wire.fail("edit_by_token", Blocked())
    await world.deliver()
    assert world.wire.papers(job.id, "ended") == [job.message]
    assert world.wire.messages[job.message or 0].paper.quiet


async def test_an_end_is_told_anew_where_the_history_cannot_be_read(world: World):
    world.wire.unreadable = True
    job = await failed(world)
    world.clock.turn(3600)
    await world.deliver()
    (made,) = world.wire.papers(job.id, "ended")
    assert world.wire.messages[made].channel == CHANNEL


async def test_an_end_whose_letter_cannot_be_written_is_not_tried_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    async def broken(*_: object, **__: object) -> None:
        raise StoreFailed(path="x.png", why="gone")

    monkeypatch.setattr(world.clerk, "ended", broken)
    job = await failed(world)
    await world.deliver()
    assert await world.line.to_tell() == []
    assert (await world.job(job.id)).state == "failed"


async def test_a_private_end_never_reaches_the_channel(world: World):
    job = await failed(world, private=True)
    world.clock.turn(900)
    await world.deliver()
    (made,) = world.wire.papers(job.id, "ended")
    assert world.wire.messages[made].channel == DM


async def test_an_end_that_nobody_takes_is_not_tried_for_ever(world: World):
    world.wire.dms_closed = True
    await failed(world, private=True)
    world.clock.turn(900)
    await world.deliver()
    assert await world.line.to_tell() == []


async def test_an_end_waits_until_discord_answers(world: World):
    world.wire.fail("edit_by_token", Unreachable(), after=True)
    job = await failed(world)
    await world.deliver()
    assert len(await world.line.to_tell()) == 1
    await world.later(1)
    assert await world.line.to_tell() == []
    assert world.wire.papers(job.id, "ended") == [job.message]


async def test_an_end_sent_anew_is_not_sent_twice(world: World):
    world.wire.fail("send", Unreachable(), after=True)
    job = await failed(world)
    world.clock.turn(3600)
    await world.deliver()
    world.wire.nonces.clear()
    await world.later(1)
    assert len(world.wire.papers(job.id, "ended")) == 1
    assert await world.line.to_tell() == []


async def test_who_cancels_and_deletes_the_message_hears_no_more(world: World):
    job = await world.waiting()
    await world.line.cancel(job.id, 1, world.clock.now())
    world.wire.messages[job.message or 0].gone = True
    await world.deliver()
    assert world.wire.papers(job.id, "ended") == []
    assert await world.line.to_tell() == []


async def test_a_cancel_that_the_token_cannot_tell_is_told_by_the_bot(world: World):
    job = await world.waiting()
    await world.line.cancel(job.id, 1, world.clock.now())
    world.wire.fail("edit_by_token", TokenGone())
    await world.deliver()
    assert world.wire.papers(job.id, "ended") == [job.message]


async def test_a_deleted_message_does_not_hide_a_failure(world: World):
    job = await failed(world)
    world.wire.messages[job.message or 0].gone = True
    await world.deliver()
    assert len(world.wire.papers(job.id, "ended")) == 1
