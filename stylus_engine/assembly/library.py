"""What `stylus catalog` asks, each answer built of the rooms that know it. Implements the bot's `Library`."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stylus_engine.assembly.sourcing import folder_of, source_of
from stylus_engine.assembly.stock import Stock
from stylus_engine.catalog.checking import Checkup, Trouble, troubles
from stylus_engine.catalog.importing import Progress, Summary, bring_in
from stylus_engine.catalog.orders import Order, Round, Step, TellStep
from stylus_engine.catalog.rounds import describe_all, probe_all
from stylus_engine.catalog.stats import Stats, stats
from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter

if TYPE_CHECKING:
    from stylus_engine.catalog.sources.folder import Folder

QUIET = 1.0  # seconds that a file must not have changed


class Library:
    """See `bot.cli.library`: each method keeps what came before an error or a stop."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    async def bring_in(self, order: Order, tell: Callable[[Progress], None]) -> Summary:
        """See `catalog.importing.bring_in`."""
        async with source_of(order, self._stock) as source:
            return await bring_in(self._stock.catalogue, source, tell)

    async def follow(self, tell: TellStep) -> int:
        """Bring the index in line with the cards."""
        tell(Step(done=0))
        return await self._stock.follow()

    async def watch(self, folders: Sequence[Path]) -> AsyncGenerator[Summary, None]:
        """Whatever changes in these folders, once it is in the index; for ever."""
        from stylus_engine.catalog.sources.watching import watch

        told: asyncio.Queue[Summary] = asyncio.Queue()
        watched = [folder_of(path, self._stock, quiet=QUIET) for path in folders]

        async def walk(folder: "Folder") -> None:
            summary = await bring_in(self._stock.catalogue, folder)
            if await self._stock.follow() or summary.skipped:
                told.put_nowait(summary)

        watching = asyncio.create_task(watch(watched, walk))
        try:
            async for summary in _until(watching, told):
                yield summary
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def probe(self, most: int, tell: TellStep) -> Round:
        """See `catalog.rounds.probe_all`."""
        await asyncio.to_thread(self._stock.settle)
        return await probe_all(self._stock.catalogue, tell, most)

    async def refine(self, most: int, tell: TellStep, *, model: bool) -> Round:
        """By rules, or by the model that the settings name."""
        await asyncio.to_thread(self._stock.settle)
        return await describe_all(self._stock.catalogue, tell, most)

    def stats(self) -> Stats:
        """Everything counted."""
        return stats(self._stock.cards.cards())

    def plot(self, stats: Stats, path: Path) -> None:
        """The same as a picture. Raises `StoreFailed`."""
        from stylus_engine.catalog.plotting import plot

        plot(stats, path)

    async def check(self, tell: TellStep, *, network: bool) -> Checkup:
        """Cards and files; with `network` also what addresses answer."""
        found = await asyncio.to_thread(self._seen)
        return Checkup(looked=len(self._stock.catalogue), asked=0, troubles=found)

    def _seen(self) -> tuple[Trouble, ...]:
        return tuple(troubles(self._stock.cards.walk()))

    def cards(self) -> Iterable[Adapter]:
        """Every card, in the order in which they first came."""
        return self._stock.cards.cards()

    async def snapshots(self) -> Sequence[str]:
        """The names of what can be rolled back to, the newest first."""
        from stylus_engine.retrieval import snapshots

        return [one.name for one in await snapshots.listed(self._stock.index)]

    async def snapshot(self, name: str) -> None:
        """See `retrieval.snapshots.take`."""
        from stylus_engine.retrieval import snapshots

        await snapshots.take(self._stock.index, name)

    async def rollback(self, name: str) -> None:
        """See `retrieval.snapshots.back_to`."""
        from stylus_engine.retrieval import snapshots

        await snapshots.back_to(self._stock.index, name)


async def _until(
    work: "asyncio.Task[None]", told: "asyncio.Queue[Summary]"
) -> AsyncGenerator[Summary, None]:
    """What is told, until the work ends, which only an error makes it do; raises that."""
    while True:
        following = asyncio.ensure_future(told.get())
        try:
            await asyncio.wait((work, following), return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                break
            yield following.result()
        finally:
            following.cancel()
    try:
        await work
    except* StylusError as group:
        raise group.exceptions[0] from group
