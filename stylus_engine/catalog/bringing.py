"""Files that a job needs and this machine lacks are fetched before it is drawn. Implements `Bringer`.

One file of a job after the other, several jobs beside each other, each told as it comes.
What cannot be had costs the pictures that light it, and no other.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from stylus_engine.catalog.downloads import Downloads
from stylus_engine.catalog.weights import Fetching as Piece
from stylus_engine.catalog.weights import Weights
from stylus_engine.errors import BadAdapter, BadSource, StoreFailed, StylusError, public
from stylus_engine.model import Adapter, Event, Failed, Fetching, Shot


class WeightsBringer:
    """`store` answers what is here, `downloads` fetches the rest."""

    def __init__(self, store: Weights, downloads: Downloads) -> None:
        self._store = store
        self._downloads = downloads

    async def absent(self, shots: Sequence[Shot]) -> Sequence[Adapter]:
        """See `ports.Bringer`."""
        return await asyncio.to_thread(self._absent, shots)

    async def bring(
        self, job: str, shots: Sequence[Shot], whose: str = ""
    ) -> AsyncGenerator[Event, None]:
        """See `ports.Bringer`."""
        failed: dict[str, Failed] = {}
        for adapter in await self.absent(shots):
            try:
                async with aclosing(self._downloads.pieces(adapter, whose or job)) as pieces:
                    async for piece in pieces:
                        yield _told(job, adapter, piece)
            except (BadAdapter, BadSource, StoreFailed) as error:
                failed |= _lost(job, shots, adapter, error)
        for each in failed.values():
            yield each

    def _absent(self, shots: Sequence[Shot]) -> list[Adapter]:
        """Adapters with an address and without a file, each once, in the order of the shots."""
        lit = {one.adapter.card_id: one.adapter for shot in shots for one in shot.recipe.adapters}
        return [each for each in lit.values() if each.url and not self._store.holds(each)]


def _told(job: str, adapter: Adapter, piece: Piece) -> Fetching:
    return Fetching(job=job, name=adapter.name, done=piece.done, of=piece.of)


def _lost(
    job: str, shots: Sequence[Shot], adapter: Adapter, error: StylusError
) -> dict[str, Failed]:
    """The shots that light this adapter."""
    return {
        shot.id: Failed(job=job, shot=shot.id, kind=type(error).__name__, sentence=public(error))
        for shot in shots
        if any(one.adapter.card_id == adapter.card_id for one in shot.recipe.adapters)
    }
