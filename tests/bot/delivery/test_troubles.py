"""Trouble that is no job's fault: a database that is away, a clock that somebody sets."""

from typing import Any

import pytest

from bot.delivery.wire import Unreachable
from bot.refusals import LineAway
from tests.bot.delivery.post_office import World

pytestmark = pytest.mark.asyncio


async def test_a_database_that_is_away_makes_nobody_undeliverable(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """The card stands, and nothing can be written of it for a while."""
    real, fails = world.line.posted, [LineAway() for _ in range(8)]

    async def posted(*words: Any, **named: Any) -> bool:
        if fails:
            raise fails.pop()
        return await real(*words, **named)

    monkeypatch.setattr(world.line, "posted", posted)
    job = await world.drawn()
    await world.deliver()
    for _ in range(9):
        await world.later(60)
    await world.deliver()
    assert (await world.job(job.id)).state == "posted"
    assert not fails


async def test_a_clock_that_is_set_forward_makes_nobody_undeliverable(world: World):
    world.wire.fail("edit_by_token", Unreachable())
    world.wire.fail("edit_by_bot", Unreachable())
    job = await world.drawn()
    await world.deliver()
    world.clock.set(25 * 3600)
    for _ in range(2):
        await world.later(60)
        await world.deliver()
    assert (await world.job(job.id)).state == "posted"


async def test_a_clock_that_is_set_back_takes_no_answer_under_way_for_a_lost_one(world: World):
    """Asked too early, Discord knows of no answer, and the job would end without a word."""
    await world.courier.resume()
    world.clock.set(-3600)
    job = await world.draw(await world.wished())
    await world.deliver()
    assert world.wire.calls == []
    world.wire.answer(job)
    await world.later(8.1)
    await world.deliver()
    assert (await world.job(job.id)).state == "posted"
