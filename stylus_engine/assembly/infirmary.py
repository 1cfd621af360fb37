"""Where adapters are seen by drawing: by hand now, or while nobody else wants to draw."""

import asyncio
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

from stylus_engine.assembly.following import Following
from stylus_engine.assembly.stock import Stock
from stylus_engine.catalog.health import plan
from stylus_engine.catalog.health.checking import Draw, Practice, Summary, Told, check_all
from stylus_engine.catalog.health.waiting import WaitingRoom
from stylus_engine.catalog.nouns import Skipped
from stylus_engine.catalog.orders import Round, Step, TellStep
from stylus_engine.model import Adapter, Event, Shot
from stylus_engine.ports import Checkpoints, Pictures

ALL = 1_000_000_000
MOST_EXAMPLES = 10


class Infirmary:
    """Checks over one stock, with the default checkpoint."""

    def __init__(
        self, stock: Stock, following: Following, checkpoints: Checkpoints, pictures: Pictures
    ) -> None:
        self._stock = stock
        self._following = following
        self._checkpoints = checkpoints
        self._pictures = pictures

    async def shots(self, ended: Sequence[Event]) -> tuple[Shot, ...]:
        """See `WaitingRoom.shots`; what was learned is found by the next recall."""
        before = await asyncio.to_thread(self._stock.cards.last)
        shots = await self._waiting.shots(ended)
        if await asyncio.to_thread(self._stock.catalogue.last) != before:
            await self._following.follow()
        return shots

    async def check(self, names: Sequence[str], most: int, draw: Draw, tell: TellStep) -> Round:
        """These adapters, or without names all that are due, at most `most` (0 = no limit).

        Who is named is checked whatever was found before.  Raises `UnknownName`.
        """
        cards = await asyncio.to_thread(self._called, names, most)
        put_off: list[Told] = []

        def hear(told: Told) -> None:
            put_off.extend([told] if told.checked is None else [])
            tell(Step(done=told.number, of=told.of, skipped=len(put_off), name=told.name))

        try:
            found = await check_all(cards, self._stock.catalogue, draw, self._practice, hear)
        finally:
            await self._following.follow()
        return _round(found, put_off)

    def _called(self, names: Sequence[str], most: int) -> list[Adapter]:
        if names:
            return [self._stock.cards.find(name) for name in names]
        shelf, family = self._stock.cards.walk(lacking="checked"), self._practice.checkpoint.family
        return plan.due(shelf, family, most or ALL, local, most_rating="x")

    @cached_property
    def _practice(self) -> Practice:
        found = self._checkpoints.find("")
        sketched = self._stock.sketches.find
        fit = self._stock.setup.fit
        return Practice(found, self._pictures, self._stock.files, sketched=sketched, fit=fit)

    @cached_property
    def _waiting(self) -> WaitingRoom:
        cards = self._stock.cards
        return WaitingRoom(partial(cards.walk, lacking="checked"), cards, self._practice, local)


def _round(found: Summary, put_off: Sequence[Told]) -> Round:
    """For people: what was found, and what could not be looked at now."""
    return Round(
        learned=found.good + found.broken,
        skipped={"not now": found.put_off} if found.put_off else {},
        examples=tuple(
            Skipped(what=told.name, reason="not reachable", detail=told.why)
            for told in put_off[:MOST_EXAMPLES]
        ),
        facts={"good": f"{found.good}", "quarantined": f"{found.broken}"},
    )


def local(card: Adapter) -> bool:
    """Whether its file lies on this machine."""
    return card.path is not None and Path(card.path).is_file()
