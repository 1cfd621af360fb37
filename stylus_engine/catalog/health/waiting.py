"""Who waits to be checked, called in one after the other while nobody else wants to draw.

One adapter is under check at a time.  Whoever draws may stop at any moment and come
back hours later with what was finished: pictures that are there are not drawn again.
What is found is kept at once; what cannot be checked now is not asked for again before
this process ends.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from stylus_engine.catalog.health import plan
from stylus_engine.catalog.health.checking import Kept, Practice
from stylus_engine.catalog.health.examining import Examination
from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter, Event, Rating, Shot

LOG = logging.getLogger("stylus.health")
CALLED = 50  # cards that are looked up in one walk over the shelf


@dataclass(eq=False)
class WaitingRoom:
    """The queue of checks. `shelf` gives whose record is new since the last check."""

    shelf: Callable[[], Iterable[plan.Known]]
    kept: Kept
    practice: Practice
    local: Callable[[Adapter], bool]
    most_rating: Rating = "pg13"
    _now: Examination | None = None
    _next: list[Adapter] = field(default_factory=list[Adapter])
    _put_off: set[str] = field(default_factory=set[str])

    async def shots(self, ended: Sequence[Event]) -> tuple[Shot, ...]:
        """What to draw next, once it is known how earlier shots have `ended`; () when nobody waits.

        A file that is not here is not fetched for this: only what is local is called in.
        """
        self._hear(ended)
        while (now := await self._called_in()) is not None:
            try:
                if shots := await asyncio.to_thread(now.shots):
                    return shots
                await asyncio.to_thread(self._keep, now)
            except StylusError as error:
                self._send_away(now.card, error)
            self._now = None
        return ()

    def _hear(self, ended: Sequence[Event]) -> None:
        """Words about a check that is not the one under way are of no use any more."""
        for event in ended:
            if self._now is not None and event.job == self._now.job:
                self._now.heard(event)

    async def _called_in(self) -> Examination | None:
        """The adapter under check, else the next one."""
        while self._now is None and (card := await asyncio.to_thread(self._first)) is not None:
            try:
                self._now = await self.practice.examine(card, job=f"check-{card.card_id}")
            except StylusError as error:
                self._send_away(card, error)
        return self._now

    def _first(self) -> Adapter | None:
        if not self._next:
            self._next = self._due()
        return self._next.pop(0) if self._next else None

    def _due(self) -> list[Adapter]:
        here = (
            known
            for known in self.shelf()
            if known.card is not None
            and known.card.card_id not in self._put_off
            and self.local(known.card)
        )
        family = self.practice.checkpoint.family
        return plan.due(here, family, CALLED, self.local, self.most_rating)

    def _keep(self, done: Examination) -> None:
        checked = done.verdict()
        self.kept.learn(done.card.card_id, checked=checked)
        LOG.info(
            "checked %s: %s", done.card.card_id, checked.broken or f"good at {checked.scale:g}"
        )

    def _send_away(self, card: Adapter, error: StylusError) -> None:
        LOG.info("%s is not checked now: %s", card.card_id, error)
        self._put_off.add(card.card_id)
        self._now = None
