"""The mention of whoever waited long: beside the deliveries, never before them."""

import asyncio
from typing import Any

import pytest

from bot.delivery.courier import AT_ONCE
from bot.delivery.wire import Sent
from tests.bot.delivery.post_office import World
from tests.playground.driver import until

pytestmark = pytest.mark.asyncio


@pytest.fixture
def stuck(world: World, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A channel that takes no new message until the event comes, as under a rate limit."""
    free, send = asyncio.Event(), world.wire.send

    async def late(*given: Any, **more: Any) -> Sent:
        await free.wait()
        return await send(*given, **more)

    monkeypatch.setattr(world.wire, "send", late)
    return free


async def test_cards_do_not_wait_for_mentions(world: World, stuck: asyncio.Event):
    jobs = [await world.drawn() for _ in range(AT_ONCE + 2)]
    world.clock.turn(61)
    await world.courier.resume()

    async def posted() -> bool:
        return {(await world.job(job.id)).state for job in jobs} == {"posted"}

    await until(posted, 10, "every card to be posted")
    assert [world.wire.papers(job.id, "ready") for job in jobs] == [[]] * len(jobs)
    stuck.set()
    await world.courier.drain(10)
    assert [len(world.wire.papers(job.id, "ready")) for job in jobs] == [1] * len(jobs)


async def test_a_courier_that_ends_lets_its_bells_go(world: World, stuck: asyncio.Event):
    job = await world.drawn()
    world.clock.turn(61)
    running = asyncio.create_task(world.courier.run())

    async def posted() -> bool:
        return (await world.job(job.id)).state == "posted"

    await until(posted, 10, "the card to be posted")
    running.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(running, return_exceptions=True)
    assert not stuck.is_set()


async def test_one_mention_at_a_time_in_a_channel(world: World, monkeypatch: pytest.MonkeyPatch):
    inside, most, send = 0, 0, world.wire.send

    async def counted(*given: Any, **more: Any) -> Sent:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        return await send(*given, **more)

    monkeypatch.setattr(world.wire, "send", counted)
    jobs = [await world.drawn() for _ in range(4)]
    world.clock.turn(61)
    await world.courier.resume()

    async def mentioned() -> bool:
        return all(world.wire.papers(job.id, "ready") for job in jobs)

    await until(mentioned, 10, "everybody to be mentioned")
    assert most == 1
