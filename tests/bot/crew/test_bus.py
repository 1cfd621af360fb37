"""News reach everybody, in order; one bad listener disturbs nobody."""

import asyncio
import logging

import pytest

from bot.crew.bell import Bell
from bot.crew.bus import Bus, News


def test_everybody_hears_everything_in_order() -> None:
    bus, one, two = Bus(), list[News](), list[News]()
    bus.subscribe(one.append)
    stop = bus.subscribe(two.append)
    told = [News("a", "queued"), News("a", "planned"), News("b", "drawn")]
    for news in told[:2]:
        bus.publish(news)
    stop()
    bus.publish(told[2])
    assert one == told
    assert two == told[:2]


def test_a_bad_listener_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    bus, heard = Bus(), list[News]()

    def bad(_: News) -> None:
        raise ZeroDivisionError

    bus.subscribe(bad)
    bus.subscribe(heard.append)
    with caplog.at_level(logging.ERROR):
        bus.publish(News("a", "queued"))
    assert heard == [News("a", "queued")]
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.asyncio
async def test_a_bell_that_rang_before_is_heard_once() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    await asyncio.wait_for(bell.wait(60), 1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bell.wait(60), 0.05)
    await asyncio.wait_for(bell.wait(0.05), 1)


@pytest.mark.asyncio
async def test_a_cancel_that_comes_together_with_the_ringing_is_not_lost() -> None:
    """`asyncio.wait_for` of Python 3.11 loses it, and a loop that was ended goes on."""
    bell = Bell()

    async def for_ever() -> None:
        while True:
            await bell.wait(60)

    task = asyncio.create_task(for_ever())
    await asyncio.sleep(0.01)
    bell.ring()
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=1)
    assert task in done
