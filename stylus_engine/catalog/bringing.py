"""Files that a job needs and this machine lacks are fetched before it is drawn. Implements `Bringer`.

One file after the other, each told as it comes.  What cannot be had costs the pictures
that light it, and no other.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from typing import TypeAlias

from stylus_engine.catalog.weights import Fetching as Piece
from stylus_engine.catalog.weights import Weights
from stylus_engine.errors import BadAdapter, BadSource, StoreFailed, StylusError, public
from stylus_engine.model import Adapter, Event, Failed, Fetching, Shot

QUIET = 30.0  # seconds; whoever watches takes longer silence for standing still
Open: TypeAlias = Callable[[], AbstractAsyncContextManager[Weights]]


class WeightsBringer:
    """`store` answers what is here; `opened` is the same store with a way to the web."""

    def __init__(self, store: Weights, opened: Open) -> None:
        self._store = store
        self._opened = opened

    async def bring(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """See `ports.Bringer`."""
        absent = await asyncio.to_thread(self._absent, shots)
        if not absent:
            return
        failed: dict[str, Failed] = {}
        async with self._opened() as weights:
            for adapter in absent:
                try:
                    async with aclosing(_pieces(weights, adapter)) as pieces:
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


async def _pieces(weights: Weights, adapter: Adapter) -> AsyncGenerator[Piece, None]:
    """What is told of one download, until it is done. Raises what `Weights.bring` raises."""
    told: asyncio.Queue[Piece | None] = asyncio.Queue()
    coming = asyncio.create_task(weights.bring(adapter, told.put_nowait))
    coming.add_done_callback(lambda _: told.put_nowait(None))
    piece: Piece | None = Piece(adapter.name, 0, adapter.file_bytes)
    try:
        while piece is not None:
            yield piece
            piece = await _following(told, piece)
        await coming
    finally:
        coming.cancel()
        with suppress(asyncio.CancelledError, StylusError):
            await coming


async def _following(told: "asyncio.Queue[Piece | None]", last: Piece) -> Piece | None:
    """What is told next; `last` once more when somebody else fetches the same file, and tells nothing."""
    try:
        async with asyncio.timeout(QUIET):
            piece = await told.get()
    except TimeoutError:
        return last
    return None if piece is None else _newest(piece, told)


def _told(job: str, adapter: Adapter, piece: Piece) -> Fetching:
    return Fetching(job=job, name=adapter.name, done=piece.done, of=piece.of)


def _newest(piece: Piece, told: "asyncio.Queue[Piece | None]") -> Piece:
    """Of many pieces in a row only the last is told; the end stays where it is."""
    while not told.empty():
        following = told.get_nowait()
        if following is None:
            told.put_nowait(None)
            break
        piece = following
    return piece


def _lost(
    job: str, shots: Sequence[Shot], adapter: Adapter, error: StylusError
) -> dict[str, Failed]:
    """The shots that light this adapter."""
    return {
        shot.id: Failed(job=job, shot=shot.id, kind=type(error).__name__, sentence=public(error))
        for shot in shots
        if any(one.adapter.card_id == adapter.card_id for one in shot.recipe.adapters)
    }
