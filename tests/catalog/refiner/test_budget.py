"""The purse: sums, and who waits for whom."""

import asyncio

import pytest

from stylus_engine.catalog.refiner.budget import Prices, Used, tokens
from stylus_engine.errors import BadSettings, BudgetSpent
from tests.catalog.refiner.cards import purse


async def pay(held, estimate: Used, used: Used | None, seconds: float = 0.0) -> None:
    async with held.paying(estimate) as bill:
        await asyncio.sleep(seconds)
        if used is None:
            bill.failed(0)
        else:
            bill.used = used


def test_money_is_by_the_million():
    # Two and a half dollars in and fifteen out, by hand: 3,000 x 2.5 + 250 x 15 = 11,250 of a million.
    assert Prices(price_in=2.5, price_out=15).of(3000, 250) == pytest.approx(0.01125)


@pytest.mark.parametrize(
    ("text", "least"), [("", 0), ("abc", 1), ("a word or two here", 4), ("竜" * 10, 10)]
)
def test_estimates_err_on_the_dear_side(text: str, least: int):
    assert tokens(text) >= least
    assert tokens(text) == -(-len(text.encode()) // 3)


@pytest.mark.asyncio
async def test_what_was_used_counts_and_not_the_estimate():
    held = purse(tokens=1000, price_in=1.0, price_out=10.0)
    await pay(held, Used(100, 50), Used(80, 20))
    await pay(held, Used(100, 50), None)
    assert (held.tokens_in, held.tokens_out, held.calls, held.guessed) == (80, 20, 1, 0)
    assert held.money == pytest.approx(280e-6)


@pytest.mark.asyncio
async def test_a_call_that_does_not_fit_is_not_made():
    held = purse(tokens=400)
    await pay(held, Used(200, 100), Used(200, 100))
    with pytest.raises(BudgetSpent, match="300 tokens of 400 tokens"):
        await pay(held, Used(50, 51), Used(0, 0))
    await pay(held, Used(50, 50), Used(50, 50))
    assert held.tokens_in + held.tokens_out == 400


@pytest.mark.asyncio
async def test_money_is_a_limit_as_well():
    held = purse(money=0.001, price_in=1.0)
    await pay(held, Used(900, 0), Used(900, 0))
    with pytest.raises(BudgetSpent, match=r"0\.0009 of 0\.001"):
        await pay(held, Used(101, 0), Used(0, 0))


def test_a_limit_in_money_needs_prices():
    with pytest.raises(BadSettings, match="price_in"):
        purse(money=5.0)


@pytest.mark.asyncio
async def test_who_does_not_fit_waits_for_what_comes_back():
    held = purse(tokens=500)
    await asyncio.gather(*(pay(held, Used(200, 100), Used(50, 0), 0.01) for _ in range(4)))
    assert (held.tokens_in, held.calls) == (200, 4)


@pytest.mark.asyncio
async def test_estimates_learn_from_servers_that_count_more():
    held = purse(tokens=1000)
    await pay(held, Used(100, 0), Used(300, 0))
    with pytest.raises(BudgetSpent):
        await pay(held, Used(234, 0), Used(0, 0))  # x 3 = 702 of the 700 that are left


@pytest.mark.asyncio
async def test_a_call_that_is_cancelled_has_cost_its_estimate_and_frees_its_place():
    held = purse(tokens=300)
    task = asyncio.create_task(pay(held, Used(100, 100, guessed=True), Used(0, 0), 10))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (held.tokens_in, held.tokens_out, held.guessed) == (100, 100, 1)
    await pay(held, Used(50, 50), Used(50, 50))
