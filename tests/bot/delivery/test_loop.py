"""The courier's loop: what wakes it, and what does not end it."""

import asyncio

import pytest

from bot.crew.bus import News, What
from bot.delivery.wire import NoRights
from tests.bot.delivery.post_office import World
from tests.playground.driver import until

pytestmark = pytest.mark.asyncio


async def test_the_courier_is_woken_by_news_and_by_time(world: World):
    running = asyncio.create_task(world.courier.run())
    try:
        first = await world.drawn()
        world.bus.publish(News(job=first.id, what="drawn"))
        await _until(world, first.id, "posted")
        second = await world.drawn()
        world.clock.turn(15)
        await _until(world, second.id, "posted")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("what", ["failed", "cancelled"])
async def test_news_of_an_end_wake_the_courier_too(world: World, what: What):
    running = asyncio.create_task(world.courier.run())
    try:
        job = await world.waiting()
        await world.line.fail(job.id, "DrawFailed", "It broke.", world.clock.now())
        world.bus.publish(News(job=job.id, what=what))
        await _told(world)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_cannot_be_delivered_is_told_at_once(world: World):
    for method in ("edit_by_token", "edit_by_bot", "send"):
        world.wire.fail(method, NoRights())
    job = await world.drawn()
    running = asyncio.create_task(world.courier.run())
    try:
        await _until(world, job.id, "undeliverable")
        await _told(world)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_look_that_fails_does_not_end_the_courier(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    real, faults = world.line.to_tell, [OSError("away"), OSError("away")]

    async def to_tell():
        if faults:
            raise faults.pop()
        return await real()

    monkeypatch.setattr(world.line, "to_tell", to_tell)
    await world.courier.resume()
    running = asyncio.create_task(world.courier.run())
    try:
        job = await world.drawn()
        await asyncio.sleep(0.1)
        assert (await world.job(job.id)).state == "drawn"
        world.clock.turn(15)
        await _until(world, job.id, "posted")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _until(world: World, name: str, state: str) -> None:
    async def there() -> bool:
        return (await world.job(name)).state == state

    await until(there, 10, f"{name} to be {state}")


async def _told(world: World) -> None:
    async def nobody_waits() -> bool:
        return await world.line.to_tell() == []

    await until(nobody_waits, 10, "the end to be told")
