"""Whose file is fetched next: nobody holds all places, and a newcomer never waits for one person's pile."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog.downloads import Downloads
from stylus_engine.catalog.turns import Turns, chosen, most_each
from stylus_engine.catalog.weights import Fetching as Piece
from stylus_engine.model import Adapter

people = st.sampled_from("abcd")
crowds = st.lists(st.frozensets(people, min_size=1, max_size=3), max_size=8)


@given(crowds, st.dictionaries(people, st.integers(0, 4)), st.integers(1, 6))
def test_whose_turn_it_is(waiting, running, places):
    at = chosen(waiting, running, places)
    loads = [min(running.get(who, 0) for who in each) for each in waiting]
    room = sum(running.values()) < places
    if at < 0:
        assert not room or all(load >= most_each(places) for load in loads)
        return
    assert room
    assert loads[at] == min(loads) < most_each(places)
    assert at == loads.index(min(loads))  # the first to come among equals


def test_one_place_is_for_everybody():
    assert most_each(1) == 1
    assert chosen([{"a"}], {}, 1) == 0


class Far:
    """Files that come when they are let; `begun` says in which order they were asked for."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.here: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["Far", None]:
        yield self

    async def bring(self, adapter: Adapter, tell: Callable[[Piece], None]) -> None:
        self.begun.append(adapter.name)
        await self.here.setdefault(adapter.name, asyncio.Event()).wait()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what it waits for rings no bell
            await asyncio.sleep(0.001)


def wanted(downloads: Downloads, name: str, whose: str) -> "asyncio.Task[None]":
    card = Adapter(
        card_id=f"t:{name}:1",
        name=name,
        family_declared="sd1",
        url=f"https://far.example/{name}.safetensors",
    )

    async def all_of_it() -> None:
        async with aclosing(downloads.pieces(card, whose)) as pieces:
            async for _ in pieces:
                pass

    return asyncio.create_task(all_of_it())


async def ended(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


@pytest.mark.asyncio
async def test_one_persons_pile_leaves_a_place_for_everybody_else():
    far = Far()
    downloads = Downloads(far.opened, at_once=4)
    pile = [wanted(downloads, f"ada{n}", "ada") for n in range(6)]
    await until(lambda: len(far.begun) == 3)
    ben = wanted(downloads, "ben0", "ben")
    await until(lambda: far.begun == ["ada0", "ada1", "ada2", "ben0"])
    others = [wanted(downloads, f"{who}0", who) for who in ("cid", "dot")]
    await asyncio.sleep(0.02)  # they stand in the queue before anybody leaves
    far.here["ada1"].set()
    await until(lambda: far.begun[4:] == ["cid0"])
    far.here["ada0"].set()
    await until(lambda: far.begun[5:] == ["dot0"])
    await ended(*pile, ben, *others)


@pytest.mark.asyncio
async def test_who_comes_to_want_what_waits_brings_it_forward():
    far = Far()
    downloads = Downloads(far.opened, at_once=4)
    pile = [wanted(downloads, f"ada{n}", "ada") for n in range(5)]
    await until(lambda: len(far.begun) == 3)
    ben = wanted(downloads, "ada4", "ben")
    await until(lambda: far.begun[3:] == ["ada4"])
    far.here["ada0"].set()
    await until(lambda: far.begun[4:] == ["ada3"])
    await ended(*pile, ben)


@pytest.mark.asyncio
async def test_places_come_back_however_they_are_left():
    far = Far()
    downloads = Downloads(far.opened, at_once=2)
    for _ in range(3):
        some = [wanted(downloads, f"{who}{n}", who) for who in ("ada", "ben") for n in range(3)]
        await until(lambda: len(far.begun) == 2)
        await ended(*some)
        far.begun.clear()


@pytest.mark.asyncio
async def test_no_place_is_ever_handed_out_twice():
    turns, inside, most = Turns(3), Counter[str](), 0

    async def one(who: str) -> None:
        nonlocal most
        async with turns.turn({who}):
            inside[who] += 1
            most = max(most, inside.total())
            assert inside[who] <= most_each(3)
            await asyncio.sleep(0)
            inside[who] -= 1

    async with asyncio.TaskGroup() as group:
        for n in range(60):
            group.create_task(one("abc"[n % 7 % 3]))
    assert most == 3
