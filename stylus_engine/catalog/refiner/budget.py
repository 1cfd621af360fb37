"""Tokens and money: told before, held to on the way, counted after.

Before a call its estimate is set aside; when that does not fit, calls that are still
under way are waited for, because they seldom use all of theirs.  What a server says it
used replaces the estimate, and the estimates to come learn from it.
"""

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NamedTuple

from msgspec.structs import replace

from stylus_engine.errors import BadSettings, BudgetSpent
from stylus_engine.model.noun import Noun

BYTES_A_TOKEN = 3  # of UTF-8; English has about 4, and an estimate should err on the dear side
MOST_FACTOR = 10.0  # by which a server may teach us that our estimates are low
PICTURE_TOKENS = 307  # 512 px: 256 patches of 32 px x 1.2, as the smaller patch models count


class Prices(Noun, frozen=True, kw_only=True):
    """For a million tokens, in whatever money the bill is in; 0 = costs nothing, or nobody said."""

    price_in: float = 0.0
    price_out: float = 0.0

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost."""
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1e6


class Budget(Noun, frozen=True, kw_only=True):
    """The most that may be spent; 0 = no limit."""

    tokens: int = 0
    money: float = 0.0


class Spent(Noun, frozen=True, kw_only=True):
    """What a run has cost and done. `guessed`: calls whose server did not say what they used."""

    by_model: int = 0
    remembered: int = 0
    by_rules: int = 0
    failed: int = 0
    calls: int = 0
    guessed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0


class Estimate(Noun, frozen=True, kw_only=True):
    """What a run may cost, on the dear side: bytes divided by three, every picture there, nothing remembered."""

    cards: int = 0
    pictures: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0

    def at(self, share: float) -> "Estimate":
        """The same at this share of the prices."""
        return replace(self, money=self.money * share)


class Used(NamedTuple):
    """Tokens of one call."""

    tokens_in: int
    tokens_out: int
    guessed: bool = False


class Bill:
    """One call under way: `used` is what it turns out to have cost, its estimate until then."""

    def __init__(self, estimate: Used) -> None:
        self.used = estimate
        self.sent = True

    def failed(self, tries: int) -> None:
        """No answer came. So many tries were taken in and read; nothing of their answers was heard."""
        self.used = Used(tries * self.used.tokens_in, 0, guessed=True)
        self.sent = tries > 0


def tokens(text: str) -> int:
    """About how many tokens a text is: a rule of thumb, no tokenizer."""
    return math.ceil(len(text.encode("utf-8", "replace")) / BYTES_A_TOKEN)


class Purse:
    """What is left of a budget."""

    def __init__(self, budget: Budget, prices: Prices) -> None:
        """Raises `BadSettings` for a limit in money that no price could ever reach."""
        if budget.money > 0 and not (prices.price_in or prices.price_out):
            why = "without price_in and price_out nobody can tell when it is spent"
            raise BadSettings(where="refiner.budget_money", why=why)
        self._budget = budget
        self._prices = prices
        self._aside: dict[Bill, Used] = {}
        self._calm = asyncio.Condition()
        self._factor = 1.0
        self.tokens_in = 0
        self.tokens_out = 0
        self.calls = 0
        self.guessed = 0
        self._off = 0.0  # by how much batches were cheaper than their calls one by one

    @property
    def money(self) -> float:
        """Spent so far."""
        return self._prices.of(self.tokens_in, self.tokens_out) - self._off

    def room(self, wanted: Used, share: float) -> bool:
        """Whether so much more may be spent, at this share of the prices; calls under way not counted."""
        wanted = self._learned(wanted)
        tokens = self.tokens_in + self.tokens_out + wanted.tokens_in + wanted.tokens_out
        money = self.money + share * self._prices.of(wanted.tokens_in, wanted.tokens_out)
        return not (0 < self._budget.tokens < tokens or 0 < self._budget.money < money)

    def paid(self, used: Used, share: float, *, calls: int, guessed: int) -> None:
        """What a batch has cost; it may have been sent by an earlier run, under another budget."""
        self.calls += calls
        self.guessed += guessed
        self.tokens_in += used.tokens_in
        self.tokens_out += used.tokens_out
        self._off += (1 - share) * self._prices.of(used.tokens_in, used.tokens_out)

    @asynccontextmanager
    async def paying(self, estimate: Used) -> AsyncGenerator[Bill]:
        """Room for one call. Raises `BudgetSpent` when there is none and nobody will give any back."""
        bill = Bill(estimate)
        await self._set_aside(bill, self._learned(estimate))
        try:
            yield bill
        finally:
            async with self._calm:
                self._settle(bill, estimate)
                self._calm.notify_all()

    async def _set_aside(self, bill: Bill, wanted: Used) -> None:
        async with self._calm:
            await self._calm.wait_for(lambda: self._fits(wanted) or not self._aside)
            if not self._fits(wanted):
                raise self.spent()
            self._aside[bill] = wanted

    def _learned(self, estimate: Used) -> Used:
        return Used(math.ceil(estimate.tokens_in * self._factor), estimate.tokens_out)

    def _settle(self, bill: Bill, estimate: Used) -> None:
        del self._aside[bill]
        if not bill.sent:
            return
        self.calls += 1
        self.guessed += bill.used.guessed
        self.tokens_in += bill.used.tokens_in
        self.tokens_out += bill.used.tokens_out
        if not bill.used.guessed:
            learned = bill.used.tokens_in / max(estimate.tokens_in, 1)
            self._factor = min(max(self._factor, learned), MOST_FACTOR)

    def _fits(self, wanted: Used) -> bool:
        waiting = (*self._aside.values(), wanted)
        tokens_in = self.tokens_in + sum(used.tokens_in for used in waiting)
        tokens_out = self.tokens_out + sum(used.tokens_out for used in waiting)
        money = self._prices.of(tokens_in, tokens_out) - self._off
        return not (
            0 < self._budget.tokens < tokens_in + tokens_out or 0 < self._budget.money < money
        )

    def spent(self) -> BudgetSpent:
        """The error that says so. Of a budget that has a limit."""
        told = (
            (f"{self.tokens_in + self.tokens_out} tokens", f"{self._budget.tokens} tokens"),
            (f"{self.money:.4f}", f"{self._budget.money:g}"),
        )
        limits = (self._budget.tokens, self._budget.money)
        used, most = zip(
            *(pair for pair, limit in zip(told, limits, strict=True) if limit), strict=True
        )
        return BudgetSpent(spent=" and ".join(used), limit=" and ".join(most))
