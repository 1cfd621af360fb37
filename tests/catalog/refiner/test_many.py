"""Many cards: what is done is kept, what is not is left, and a run ends where it should."""

import asyncio
from typing import Any

import pytest

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.catalog.refiner.budget import Prices
from stylus_engine.catalog.refiner.many import PATIENCE, Run, estimate
from stylus_engine.errors import BudgetSpent, DiskFull, RefinerFailed
from tests.catalog.refiner.cards import (
    PNG,
    DictMemory,
    answer,
    known,
    prompted,
    purse,
    refiner_of,
    server_at,
)  # fmt: skip
from tests.openai_server import Server, Traits, failing, said

CARDS = [known(f"Dragon {n}", card_id=f"test:{n}:1") for n in range(30)]


class Told:
    """Runs over a server and keeps what it is told."""

    def __init__(self, server: Server, memory: DictMemory | None = None, **held: float) -> None:
        self.server = server
        self.memory = DictMemory() if memory is None else memory
        self.purse = purse(**held)  # pyright: ignore[reportArgumentType] - tokens, money, prices by name
        self.kept: dict = {}
        self.told: list = []
        self.run: Run | None = None

    async def __call__(self, cards, concurrency: int = 4, keep=None, **endpoint: Any):
        async with server_at(self.server.url, self.purse, **endpoint) as ours:
            refiner = refiner_of(ours, memory=self.memory)
            self.run = Run(refiner, self.purse, keep or self.kept.__setitem__, self.told.append)
            return await self.run.all(cards, concurrency)


@pytest.mark.asyncio
async def test_all_of_them_a_few_at_a_time():
    async with Server(said(answer(), usage=(300, 50), seconds=0.01)) as server:
        told = Told(server, price_in=2.5, price_out=15.0)
        spent = await told(iter(CARDS), concurrency=4)
    assert told.kept.keys() == {card.card_id for card in CARDS}
    assert 2 <= server.busiest <= 4
    assert (spent.by_model, spent.calls, spent.tokens_in, spent.tokens_out) == (30, 30, 9000, 1500)
    assert spent.money == pytest.approx((9000 * 2.5 + 1500 * 15) / 1e6)
    assert spent.guessed == 0


@pytest.mark.asyncio
async def test_only_one_card_looks_for_the_way_to_ask():
    traits = Traits(formats=frozenset({"json_object"}))
    async with Server(said(answer(), seconds=0.01), traits) as server:
        await Told(server)(CARDS[:8])
    assert (len(server.asked), len(server.heard)) == (9, 8)


@pytest.mark.asyncio
async def test_a_budget_stops_it_with_all_that_was_paid_for_kept_and_a_second_run_goes_on():
    memory = DictMemory()
    async with Server(said(answer(), usage=(1200, 300))) as server:
        told = Told(server, memory, tokens=20_000)
        with pytest.raises(BudgetSpent):
            await told(CARDS)
        done = len(told.kept)
        assert told.run is not None
        spent = told.run.spent
        assert 8 <= done == spent.by_model == spent.calls
        assert spent.tokens_in + spent.tokens_out <= 20_000
        asked = len(server.asked)
        again = Told(server, memory)
        spent = await again(CARDS)
    assert (spent.remembered, spent.by_model) == (done, 30 - done)
    assert len(server.asked) == asked + 30 - done


@pytest.mark.asyncio
async def test_a_server_that_fails_in_a_row_is_left_alone():
    async with Server(
        lambda a: failing(500) if len(server.asked) > 10 else said(answer())
    ) as server:
        told = Told(server)
        with pytest.raises(RefinerFailed, match="500"):
            await told(CARDS)
        assert len(told.kept) == 10
        assert (
            PATIENCE <= len(server.asked) - 10 <= PATIENCE + 6
        )  # four at a time: three may reset the count, three may end
        assert [t.how for t in told.told].count("failed") == told.run.spent.failed >= PATIENCE  # pyright: ignore[reportOptionalMemberAccess] - it ran


@pytest.mark.asyncio
async def test_failures_between_successes_leave_their_cards_for_another_time():
    async with Server(
        lambda a: failing(500) if len(server.asked) % 3 == 0 else said(answer())
    ) as server:
        told = Told(server)
        spent = await told(CARDS, concurrency=1)
    assert (spent.by_model, spent.failed) == (20, 10)
    assert len(told.kept) == 20


@pytest.mark.asyncio
async def test_a_wrong_key_is_found_out_at_once():
    async with Server(said(answer()), Traits(key="sk-right")) as server:
        told = Told(server)
        with pytest.raises(RefinerFailed, match=r"refuses \(401\): Incorrect API key provided: …"):
            await told(CARDS)
        assert len(server.asked) <= 4
    assert not told.kept


@pytest.mark.asyncio
async def test_bad_answers_are_no_failures():
    async with Server(said("I would rather not.")) as server:
        spent = await Told(server)(CARDS)
    assert (spent.by_rules, spent.calls) == (30, 60)


@pytest.mark.asyncio
async def test_a_full_disk_ends_it():
    def keep(card_id, described):
        raise DiskFull(path="x", why="full")

    async with Server(said(answer())) as server:
        with pytest.raises(DiskFull):
            await Told(server)(CARDS, keep=keep)
        assert len(server.asked) <= 8


@pytest.mark.asyncio
async def test_it_can_be_cancelled_and_lets_go():
    async with Server(said(answer(), seconds=5)) as server:
        told = Told(server)
        task = asyncio.create_task(told(CARDS))
        await server.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert told.run is not None
        assert told.run.spent.guessed >= 1


@pytest.mark.asyncio
async def test_with_a_real_catalogue(tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    items = tuple(Item(card=card.said, stamp="1") for card in CARDS)
    catalogue.take("test", Page(items=items), "2026-01-01T00:00:00Z")

    def keep(card_id, described):
        catalogue.learn(card_id, described=described)

    async with Server(said(answer())) as server:
        held = purse()
        async with server_at(server.url, held) as ours:
            refiner = refiner_of(ours, memory=catalogue)
            run = Run(refiner, held, keep, lambda told: None)
            await run.all(catalogue.walk(lacking="described"), 4)
            assert list(catalogue.walk(lacking="described")) == []
            card = catalogue.get("test:3:1")
            assert (card.described_by, card.weight, card.weight_high) == ("a-model", 0.8, 1.1)


@pytest.mark.asyncio
async def test_the_estimate_is_not_below_the_bill():
    cards = [known(f"Dragon {n}", examples=prompted(*["a dragon"] * 3)) for n in range(10)]
    before = estimate(cards, Prices(price_in=2.5, price_out=15.0), pictures=2)
    async with Server(said(answer())) as server:
        held = purse()
        async with server_at(server.url, held) as ours:
            run = Run(refiner_of(ours, PNG, PNG), held, {}.__setitem__, [].append)
            spent = await run.all(cards, 4)
    assert (before.cards, before.pictures) == (10, 20)
    assert before.tokens_in >= spent.tokens_in
    assert before.tokens_out >= spent.tokens_out
    assert before.money == pytest.approx((before.tokens_in * 2.5 + before.tokens_out * 15) / 1e6)
