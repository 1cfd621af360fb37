"""`/adapters add`: from what somebody brings to a card that is found, or one sentence why not."""

import asyncio
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from stylus_engine.assembly.following import Following
from stylus_engine.assembly.sourcing import one
from stylus_engine.assembly.stock import Stock
from stylus_engine.catalog.arriving import SOURCE, Arrivals
from stylus_engine.catalog.importing import clock
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.catalog.orders import Arrived, Brought, TellFetching
from stylus_engine.catalog.rounds import probed_or_refused
from stylus_engine.catalog.sources.looking import Eyes
from stylus_engine.errors import BadArchive, UnsafeAddress
from stylus_engine.model import Adapter, Fetching, Policy, Query
from stylus_engine.ports import Checkpoints

if TYPE_CHECKING:
    from stylus_engine.catalog.web import Web
    from stylus_engine.catalog.weights import Fetching as Piece

ENDING = ".safetensors"


class Arriving:
    """Takes in one adapter at a time."""

    def __init__(self, stock: Stock, following: Following, checkpoints: Checkpoints) -> None:
        self._stock = stock
        self._following = following
        self._checkpoints = checkpoints

    async def add(self, brought: Brought, tell: TellFetching) -> Arrived:
        """On the shelf and in the index when it returns. Raises `BadAdapter`, `BadSource`, `StoreFailed`."""
        adapter, fresh = await self._taken(brought, tell)
        await self._following.follow()
        return Arrived(adapter=adapter, fresh=fresh, why_not=await self._why_not(adapter))

    async def _taken(self, brought: Brought, tell: TellFetching) -> tuple[Adapter, bool]:
        if brought.url:
            return await self._fetched(brought.url, tell)
        arrivals = self._arrivals()
        return await asyncio.to_thread(arrivals.take_bytes, brought.data, brought.name, clock())

    async def _fetched(self, url: str, tell: TellFetching) -> tuple[Adapter, bool]:
        """From a page of a source we know, or by a link to the file itself."""
        async with self._stock.web() as web:
            item = await one(url, self._stock, web)
            if item is not None:
                _require_harmless(item.card)
                return await self._kept(item, web, tell)
            return await self._downloaded(url, web, tell)

    async def _kept(self, item: Item, web: "Web", tell: TellFetching) -> tuple[Adapter, bool]:
        """The file first: a card whose file cannot be had is not taken in."""
        catalogue, card = self._stock.catalogue, item.card
        path = await self._stock.weights(web).bring(card, partial(_heard, tell))
        probed = await asyncio.to_thread(probed_or_refused, card, path)
        taken = await asyncio.to_thread(catalogue.take, SOURCE, Page(items=(item,)), clock())
        await asyncio.to_thread(partial(catalogue.learn, card.card_id, probed=probed))
        return await asyncio.to_thread(catalogue.get, card.card_id), bool(taken.new)

    async def _downloaded(self, url: str, web: "Web", tell: TellFetching) -> tuple[Adapter, bool]:
        name = unquote(PurePosixPath(urlsplit(url).path).name)
        from stylus_engine.catalog.web.addresses import place

        if not name.lower().endswith(ENDING):
            raise UnsafeAddress(source=place(url), why=f"it is no link to a {ENDING} file")
        arrivals, most = self._arrivals(), await asyncio.to_thread(self._room)

        def heard(done: int, of: int) -> None:
            tell(Fetching(job="", name=name, done=done, of=of))

        with arrivals.unnamed() as path:
            await web.save(url, path, most=most, tell=heard)
            return await asyncio.to_thread(arrivals.take_file, path, name, clock()), True

    def _room(self) -> int:
        return self._stock.files.room

    def _arrivals(self) -> Arrivals:
        folder = self._stock.setup.adapters_folder
        eyes, room = Eyes(self._stock.digests), self._stock.files.make_room
        return Arrivals(self._stock.catalogue, folder, eyes, room)

    async def _why_not(self, card: Adapter) -> str:
        """Asked of the index itself: "" when a prompt finds it, for whoever may see its rating."""
        query = Query(
            prompt=card.name, concepts=(), family=card.family, policy=Policy(most_rating="x")
        )
        found = await self._stock.retriever.named([card.card_id], query)
        return self._unfit(card) if card.card_id in found else hidden(card)

    def _unfit(self, card: Adapter) -> str:
        """No checkpoint here draws with files of its family."""
        known = {
            self._checkpoints.find(name).family for name in ("", *self._stock.setup.checkpoints)
        }
        if card.family in known:
            return ""
        return f"It is made for {card.family}; here are checkpoints of {', '.join(sorted(known))}."


def _heard(tell: TellFetching, piece: "Piece") -> None:
    tell(Fetching(job="", name=piece.name, done=piece.done, of=piece.of))


def _require_harmless(card: Adapter) -> None:
    """Raise `BadArchive` for what is never drawn with: nothing of it is fetched."""
    if card.real_person or card.minor:
        why = "it shows a real person or a minor; such adapters are never drawn with"
        raise BadArchive(source=card.name, why=why)


def hidden(card: Adapter) -> str:
    """Why nobody is ever offered this card."""
    if card.health == "quarantined":
        return card.quarantine or "It is quarantined."
    if card.real_person or card.minor:
        return "It shows a real person or a minor; such adapters are never drawn with."
    if not card.drawable:
        return "There is no file to draw with."
    if card.category == "speed":
        return "It changes how fast pictures are drawn and not what is in them; such files are not chosen yet."
    return f"Files of the kind {card.kind} are not drawn with."
