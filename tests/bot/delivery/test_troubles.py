"""Trouble that is no job's fault: a database that is away, a clock that somebody sets."""

from typing import Any

import pytest

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
