"""A crowd goes through a door a few at a time, and nobody can hold the door."""

import asyncio
import time

import pytest

from bot.routing.turns import Turns

LONG = 60.0


class Hall:
    """People who take a turn, and what was seen of them."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.order: list[int] = []
        self.inside = self.most = 0

    async def pass_by(self, number: int, seconds: float = 0.0) -> None:
        async with self.turns.turn():
            self.order.append(number)
            self.inside += 1
            self.most = max(self.most, self.inside)
            await asyncio.sleep(seconds)
            self.inside -= 1

    async def crowd(self, number: int, seconds: float = 0.0) -> None:
        await asyncio.gather(*(self.pass_by(each, seconds) for each in range(number)))


@pytest.mark.asyncio
async def test_a_few_at_a_time_in_the_order_of_their_coming():
    hall = Hall(Turns(at_once=3, seconds=LONG))
    await hall.crowd(20)
    assert hall.order == list(range(20))
    assert hall.most == 3


@pytest.mark.asyncio
async def test_whoever_waits_for_something_slow_holds_nobody_up():
    hall = Hall(Turns(at_once=2, seconds=0.02))
    slow = [asyncio.create_task(hall.pass_by(number, LONG)) for number in range(2)]
    await asyncio.sleep(0)
    began = time.monotonic()
    await hall.pass_by(2)
    assert 0.01 < time.monotonic() - began < 5
    for each in slow:
        each.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


@pytest.mark.asyncio
@pytest.mark.parametrize("seconds", [0.0, 0.03], ids=["quick", "too long"])
async def test_a_turn_is_given_back_once(seconds: float):
    hall = Hall(Turns(at_once=2, seconds=0.01 if seconds else LONG))
    await hall.crowd(6, seconds)
    await asyncio.sleep(0.05)
    hall.most, hall.turns._seconds = 0, LONG
    await hall.crowd(6)
    assert hall.most == 2


@pytest.mark.asyncio
async def test_a_turn_that_failed_or_was_called_off_is_given_back():
    hall = Hall(Turns(at_once=1, seconds=LONG))
    with pytest.raises(LookupError):
        async with hall.turns.turn():
            raise LookupError
    gone = asyncio.create_task(hall.pass_by(1, LONG))
    waiting = asyncio.create_task(hall.pass_by(2, LONG))
    await asyncio.sleep(0)
    for each in (waiting, gone):
        each.cancel()
    await asyncio.gather(gone, waiting, return_exceptions=True)
    async with asyncio.timeout(5):
        await hall.pass_by(3)


@pytest.mark.asyncio
async def test_the_house_closes_after_the_last_answer():
    turns, answered = Turns(), asyncio.Event()

    async def press() -> None:
        with turns.in_hand():
            await answered.wait()

    await asyncio.wait_for(turns.all_answered(LONG), 1)
    pressed = [asyncio.create_task(press()) for _ in range(2)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(turns.all_answered(LONG))
    await asyncio.sleep(0.01)
    assert not closing.done()
    answered.set()
    await asyncio.wait_for(closing, 1)
    assert all(each.done() for each in pressed)


@pytest.mark.asyncio
async def test_an_answer_that_never_comes_does_not_keep_the_house_open():
    turns = Turns()
    with turns.in_hand():
        await asyncio.wait_for(turns.all_answered(0.01), 1)
