"""Tokens of a day: booked before a question, put right after it, kept where a store is given.

A question is booked at its estimate, on the dear side, so that a kill in the middle
forgets nothing; what it turns out to have cost replaces that.  One value is shared by all
processes that share a store.  Days are those of UTC.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec
from msgspec.structs import replace

from stylus_engine.errors import BudgetSpent, StylusError
from stylus_engine.model.noun import Noun

DAY = 86_400  # seconds
KEY = "composer's day"


class Purse(Noun, frozen=True, kw_only=True):
    """What a day has cost so far, what is under way included. Pure."""

    day: int = 0
    spent: int = 0
    guessed: int = 0  # of these, by our own estimate: a server that failed does not tell

    def at(self, day: int) -> "Purse":
        """The purse of that day: a new day begins with nothing spent, a clock put back begins none."""
        return self if day <= self.day else Purse(day=day)

    def booked(self, tokens: int) -> "Purse":
        """A question that may cost so much begins."""
        return replace(self, spent=self.spent + tokens, guessed=self.guessed + tokens)

    def settled(self, day: int, booked: int, cost: int, guessed: int) -> "Purse":
        """It ended, and did cost this. One of another day was that day's."""
        if day != self.day:
            return self
        spent = max(self.spent - booked + cost, 0)
        return replace(self, spent=spent, guessed=max(self.guessed - booked + guessed, 0))


class Store(Protocol):
    """Bytes by key, beyond this process. May block, and raise a `StylusError`."""

    def change(self, key: str, change: Callable[[bytes | None], bytes]) -> bytes:
        """Replace what is kept by what `change` makes of it, nobody else in between; the new bytes."""
        ...


class Bill:
    """What one question costs, in tokens: all that was booked, until it is known."""

    def __init__(self, day: int, booked: int) -> None:
        self.day = day
        self.booked = booked
        self.cost = booked
        self.guessed = booked
        self.thinks = False  # whether room for thoughts was booked


class Till:
    """Hands out room for questions. `limit` 0 = there is none, and nothing is counted."""

    def __init__(self, limit: int, now: Callable[[], float], store: Store | None = None) -> None:
        self._limit = limit
        self._now = now
        self._store = store
        self._purse = Purse()

    @asynccontextmanager
    async def paying(self, estimate: int) -> AsyncGenerator[Bill]:
        """Room for one question. Raises `BudgetSpent`."""
        day = int(self._now() // DAY)
        await self._book(day, estimate)
        bill = Bill(day, estimate)
        try:
            yield bill
        finally:
            await self._change(lambda p: p.settled(day, bill.booked, bill.cost, bill.guessed))

    async def more(self, bill: Bill, tokens: int) -> None:
        """Further room for the same question. Raises `BudgetSpent`."""
        await self._book(bill.day, tokens, own=bill.booked)
        bill.booked += tokens

    async def _book(self, day: int, tokens: int, own: int = 0) -> None:
        """Looked at and booked in one step: two that ask at once do not both get the last of it.

        `own`: what this question has booked before, which is not what stands in its way.
        """
        if not self._limit:
            return
        before = Purse()

        def booked(purse: Purse) -> Purse:
            nonlocal before
            before = purse.at(day)
            return before.booked(tokens) if before.spent + tokens <= self._limit else before

        if (await self._change(booked)).spent == before.spent and tokens:
            raise _none_left(before.settled(before.day, own, 0, 0), self._limit)

    async def _change(self, change: Callable[[Purse], Purse]) -> Purse:
        """A store that fails is no reason not to draw: then this process counts for itself."""
        if not self._limit:
            return self._purse
        if self._store is not None:
            try:
                return await asyncio.to_thread(self._kept, self._store, change)
            except StylusError:
                pass
        self._purse = change(self._purse)
        return self._purse

    def _kept(self, store: Store, change: Callable[[Purse], Purse]) -> Purse:
        raw = store.change(KEY, lambda raw: msgspec.json.encode(change(_purse(raw))))
        self._purse = _purse(raw)
        return self._purse


def _purse(raw: bytes | None) -> Purse:
    """A new one for what is none, or what a disk spoiled."""
    try:
        return msgspec.json.decode(raw, type=Purse) if raw else Purse()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Purse()


def _none_left(purse: Purse, limit: int) -> BudgetSpent:
    guessed = f", {purse.guessed} of them by estimate" if purse.guessed else ""
    return BudgetSpent(spent=f"{purse.spent}", limit=f"{limit} tokens{guessed}")
