"""The shelf of adapters as people meet it: names while they type, ids when they have chosen.

The planner knows the cards.  Suggestions must be there within three seconds or not at
all; a wish is taken even when no planner is up, and the names are looked at later.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence

from discord import app_commands

from bot import origins, wishes
from bot.refusals import NoWorker
from bot.routing.reply import Interaction
from bot.services import Services
from bot.texts.escape import clean
from stylus_engine.errors import StylusError, UnknownName
from stylus_engine.model import Adapter
from stylus_engine.workers.frames import Cards, Found, Lookup, Search

MOST_CHOICES = 25
MOST_VALUE = 100  # Discord's limit for the name and for the value of a choice
QUICK = 1.0  # seconds that a wish waits for a planner to know its names
PATIENCE = 2.0  # seconds that suggestions may take


class Shelf:
    """Asks the planner; holds nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def search(
        self, text: str, interaction: Interaction, *, k: int, offset: int = 0
    ) -> Found:
        """What fits a text among what may be used in this channel. Raises `NoWorker`."""
        settings = self._services.settings
        policy = wishes.policy(settings, origins.ceiling(interaction, settings))
        frame = Search(call=0, text=text, policy=policy, k=k, offset=offset)
        found = await self._services.supervisor.consult(frame)
        if not isinstance(found, Found):
            raise NoWorker
        return found

    async def lookup(self, names: Sequence[str]) -> tuple[Adapter, ...]:
        """The cards of these names or ids; those that nobody knows are left out. Raises `Told` of a `SharedName`."""
        found = await self._services.supervisor.consult(Lookup(call=0, names=tuple(names)))
        return found.adapters if isinstance(found, Cards) else ()

    async def card(self, name: str) -> Adapter:
        """One card. Raises `UnknownName`, `Told` of a `SharedName`."""
        for card in await self.lookup([name]) if name else ():
            return card
        raise UnknownName(kind="adapter", name=name[:80], known="")

    async def known(self, names: Sequence[str]) -> tuple[str, ...]:
        """Card ids for what was picked. Raises `UnknownName`; without a planner names stay names."""
        if not names:
            return ()
        try:
            async with asyncio.timeout(QUICK):
                return tuple([(await self.card(name)).card_id for name in names])
        except (NoWorker, TimeoutError):
            return tuple(names)

    async def suggestions(
        self, interaction: Interaction, typed: str, *, several: bool = False
    ) -> list[app_commands.Choice[str]]:
        """At most 25. `several`: auto and off first, and earlier names stay in front."""
        before, _, last = typed.rpartition(",") if several else ("", "", typed)
        fixed = [
            _choice(word, word) for word in (wishes.AUTO, wishes.OFF) if several and not before
        ]
        fixed = [one for one in fixed if one.value.startswith(last.strip().lower())]
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self.search(last.strip(), interaction, k=MOST_CHOICES)
        except (StylusError, TimeoutError):
            return fixed
        cards = [candidate.adapter for candidate in found.candidates]
        return (fixed + offered(cards, before))[:MOST_CHOICES]


def offered(cards: Sequence[Adapter], before: str) -> list[app_commands.Choice[str]]:
    """Names to read, ids to send; the name where the id is too long for a choice, and nothing where that is, too.

    Where several have one name, the id says which is which.
    """
    offered: list[app_commands.Choice[str]] = []
    chosen = before.split(",") if before else []
    called = Counter(card.name.casefold() for card in cards)
    for card in cards:
        alone = called[card.name.casefold()] == 1
        value = next(_short(chosen, card, alone=alone), None)
        if value is None or {card.card_id, card.name} & {*chosen}:
            continue
        name = f"{', '.join([*chosen, card.name])} · {card.category if alone else card.card_id}"
        offered.append(_choice(name, value))
    return offered


def _short(chosen: Sequence[str], card: Adapter, *, alone: bool) -> Iterator[str]:
    """What may be sent for this card behind those that were chosen, the best first."""
    called = [card.name] if alone and "," not in card.name else []
    values = (",".join([*chosen, each]) for each in (card.card_id, *called))
    return (value for value in values if 0 < len(value) <= MOST_VALUE)


def _choice(name: str, value: str) -> app_commands.Choice[str]:
    return app_commands.Choice(name=clean(name, MOST_VALUE) or value[:MOST_VALUE], value=value)
