"""Files that stay on this machine whatever room is needed: fetched once, remembered beside the file."""

import asyncio
from contextlib import aclosing, suppress

from stylus_engine.catalog.downloads import Downloads
from stylus_engine.catalog.orders import Pinned, TellFetching
from stylus_engine.catalog.weights import Weights
from stylus_engine.errors import AdapterFileMissing, UnknownName
from stylus_engine.model import Fetching
from stylus_engine.ports import CardStore


class Pins:
    """`files` is the store, `downloads` brings what is not in it."""

    def __init__(self, cards: CardStore, files: Weights, downloads: Downloads) -> None:
        self._cards = cards
        self._files = files
        self._downloads = downloads

    async def pin(self, name: str, tell: TellFetching) -> Pinned:
        """Fetch the file unless it is here, and keep it. Raises `UnknownName`, what `Weights.bring` does."""
        card = await asyncio.to_thread(self._cards.find, name)
        if card.path is not None:
            return Pinned(card_id=card.card_id, name=card.name, own=True)
        async with aclosing(self._downloads.pieces(card)) as pieces:
            async for piece in pieces:
                tell(Fetching(job="", name=card.name, done=piece.done, of=piece.of))
        size = await asyncio.to_thread(self._files.pin, card)
        if not size:
            raise AdapterFileMissing(name=card.name, path=card.url or "the card names no file")
        return Pinned(card_id=card.card_id, name=card.name, file_bytes=size)

    def unpin(self, name: str) -> tuple[Pinned, bool]:
        """Whose file may go again when room is needed, and whether it was pinned. Raises `UnknownName`.

        A card that left the catalogue is told by its id, as `pinned` does.
        """
        try:
            card = self._cards.find(name)
        except UnknownName:
            if not self._files.unpin(name):
                raise
            return Pinned(card_id=name, name=name), True
        return Pinned(card_id=card.card_id, name=card.name), self._files.unpin(card.card_id)

    def pinned(self) -> list[Pinned]:
        """What stays, the largest first."""
        found = sorted(self._files.pinned(), key=lambda each: -each[1])
        return [
            Pinned(card_id=card_id, name=self._name(card_id), file_bytes=size)
            for card_id, size in found
        ]

    def _name(self, card_id: str) -> str:
        with suppress(UnknownName):
            return self._cards.get(card_id).name
        return card_id
