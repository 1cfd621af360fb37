"""Files are fetched as soon as a model names them, and only for what will be drawn."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from stylus_engine.assembly.early import MOST, Early
from stylus_engine.catalog.downloads import Downloads
from stylus_engine.errors import SourceSilent, UnknownName
from tests.composition.asked import GOOD, candidate, card, composing
from tests.openai_server import said

pytestmark = pytest.mark.asyncio
AWAY = {"path": None, "url": "https://example.invalid/x.safetensors"}
CARDS = {
    one.card_id: one
    for one in (card("Wyrm", **AWAY), card("Here"), card("Kept", **AWAY), card("Lost", **AWAY))
}


class Store:
    def __init__(self, seconds=0.0):
        self.seconds, self.brought, self.begun, self.ended = seconds, [], 0, []

    def card(self, card_id):
        if card_id not in CARDS:
            raise UnknownName(kind="adapter", name=card_id, known="")
        return CARDS[card_id]

    @asynccontextmanager
    async def opened(self):
        yield self

    def holds(self, adapter):
        return adapter.name == "Kept" or adapter.path is not None

    async def bring(self, adapter, tell):
        self.begun += 1
        await asyncio.sleep(self.seconds)
        self.ended.append(adapter.name)
        if adapter.name == "Lost":
            raise SourceSilent(source="x", why="gone")
        self.brought.append(adapter.name)


async def settled(early):
    while early._tasks:
        await asyncio.wait(early._tasks)


async def test_only_what_is_away_is_fetched_and_only_to_be_drawn():
    store = Store()
    early = Early(store.card, store.holds, Downloads(store.opened))
    for name in CARDS:
        early(name)
    await settled(early)
    assert store.begun == 0
    with early.drawing("j"):
        for name in (*CARDS, "t:nobody:1"):
            early(name)
        await settled(early)
    early("t:Wyrm:1")
    await settled(early)
    assert (store.brought, store.begun) == (["Wyrm"], 2)


async def test_what_is_only_likely_is_told_where_its_file_is_and_never_fetched():
    store, heard = Store(), []
    early = Early(store.card, store.holds, Downloads(store.opened))
    early.ready = lambda job, card, likely: heard.append((job, card.name, likely))
    early.guess(list(CARDS.values()))
    await settled(early)
    assert heard == []
    with early.drawing("j"):
        early.guess(list(CARDS.values()))
        await settled(early)
        early("t:Here:1")
        await settled(early)
    assert heard == [("j", "Here", True), ("j", "Kept", True), ("j", "Here", False)]
    assert store.begun == 0


async def test_no_more_than_so_many_at_once():
    store = Store(seconds=0.05)
    early = Early(store.card, store.holds, Downloads(store.opened))
    with early.drawing("j"):
        for _ in range(3 * MOST):
            early("t:Wyrm:1")
    assert len(early._tasks) == MOST
    await settled(early)
    assert store.begun == 1


async def test_what_is_named_for_a_job_that_is_dropped_does_not_come():
    store = Store(seconds=0.2)
    early = Early(store.card, store.holds, Downloads(store.opened))
    for job in ("j", "k"):
        with early.drawing(job):
            early("t:Wyrm:1" if job == "j" else "t:Lost:1")
    await asyncio.sleep(0.1)
    assert store.begun == 2
    early.drop("j")
    await settled(early)
    assert store.brought == []
    assert store.ended == ["Lost"]


async def test_a_file_is_on_its_way_before_the_answer_has_ended():
    store = Store(seconds=0.1)
    early = Early(store.card, store.holds, Downloads(store.opened))
    wyrm = [candidate(card("Graphite"), "", 0.9), candidate(card("Wyrm"), "dragon", 0.8)]
    async with composing(said(GOOD, pace=0.03), prefetch=early) as it:
        with early.drawing("j"):
            await it.plan(candidates=wyrm)
    assert store.brought == ["Wyrm"]
