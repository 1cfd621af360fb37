"""What the settings name, into the catalogue; what the catalogue holds, into the index."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from stylus_engine.assembly.loading import unswept
from stylus_engine.assembly.sourcing import folder_of
from stylus_engine.assembly.stock import Stock
from stylus_engine.errors import SourceSilent
from stylus_engine.ports import Change, Changes


class Following:
    """Brings the index of one stock in line with its cards."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self.moved = 0  # stretches of cards that went into the index: whether a long build goes on

    async def follow(self, *, anew: bool = False, walk: bool = False) -> int:
        """Make the index hold exactly the cards of today; how many rows were written or removed.

        `anew` writes all of it, whatever lies there; `walk` looks into the folders of
        adapters first.  Raises `BadCards`, `BadCatalogue`, `BadIndex`, `StoreFailed`.
        """
        with unswept():
            from stylus_engine.retrieval import following

        await asyncio.to_thread(self._stock.settle)
        if walk:
            await self._walk()
        changes = Counted(self._stock.catalogue, self._move)
        if anew:
            return await following.anew(self._stock.index, changes)
        return await following.follow(self._stock.index, changes)

    async def _walk(self) -> None:
        """Bring the folders of adapters that the settings name into the catalogue.

        The first time each file is read once, for its sha256.  A folder that is not there
        keeps its cards.  Raises `BadCatalogue`, `StoreFailed`.
        """
        from stylus_engine.catalog.importing import bring_in

        for path in self._stock.setup.shelves:
            with suppress(SourceSilent):
                await bring_in(self._stock.catalogue, folder_of(path, self._stock))

    def _move(self) -> None:
        self.moved += 1


class Counted:
    """Changes, and a word for each stretch of them that is read. Implements `ports.Changes`."""

    def __init__(self, changes: Changes, tell: Callable[[], None]) -> None:
        self._changes = changes
        self._tell = tell

    def identity(self) -> str:
        """See `Changes.identity`."""
        return self._changes.identity()

    def last(self) -> int:
        """See `Changes.last`."""
        return self._changes.last()

    def card_of(self, seq: int) -> str:
        """See `Changes.card_of`."""
        return self._changes.card_of(seq)

    def number_of(self, card_id: str) -> int:
        """See `Changes.number_of`."""
        return self._changes.number_of(card_id)

    def after(self, seq: int, limit: int, vectors_of: str = "") -> Sequence[Change]:
        """See `Changes.after`."""
        self._tell()
        return self._changes.after(seq, limit, vectors_of)
