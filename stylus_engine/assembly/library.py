"""What `stylus catalog` asks, each answer built of the rooms that know it. Implements the bot's `Library`."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from stylus_engine.assembly.following import Following
from stylus_engine.assembly.sourcing import folder_of, source_of
from stylus_engine.assembly.stock import Stock
from stylus_engine.catalog.checking import Checkup, Trouble, troubles
from stylus_engine.catalog.dead import dead_addresses
from stylus_engine.catalog.importing import Progress, Summary, bring_in
from stylus_engine.catalog.orders import FromCivitai, FromHub, Order, Round, Step, TellStep
from stylus_engine.catalog.rounds import describe_all, probe_all
from stylus_engine.catalog.rows import Known
from stylus_engine.catalog.stats import Stats, stats
from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter

if TYPE_CHECKING:
    from stylus_engine.assembly.refining import Refining
    from stylus_engine.catalog.sources.folder import Folder

    Check = Callable[[Sequence[str], int, TellStep], Coroutine[Any, Any, Round]]

TURN = 500  # cards between two words of how far a check is
QUIET = 1.0  # seconds that a file must not have changed


class Library:
    """See `bot.cli.library`: each method keeps what came before an error or a stop."""

    def __init__(self, stock: Stock, following: Following, check: "Check") -> None:
        """`check` draws with adapters: see `House.check`."""
        self._stock = stock
        self._following = following
        self._check = check

    async def bring_in(self, order: Order, tell: Callable[[Progress], None]) -> Summary:
        """See `catalog.importing.bring_in`."""
        async with source_of(order, self._stock) as source:
            whole = isinstance(order, FromCivitai | FromHub) and order.whole
            return await bring_in(self._stock.catalogue, source, tell, whole=whole)

    async def follow(self, tell: TellStep) -> int:
        """Bring the index in line with the cards."""
        tell(Step(done=0))
        return await self._following.follow()

    async def watch(self, folders: Sequence[Path]) -> AsyncGenerator[Summary, None]:
        """Whatever changes in these folders, once it is in the index; for ever."""
        from stylus_engine.catalog.sources.watching import watch

        told: asyncio.Queue[Summary] = asyncio.Queue()

        async def walk(folder: "Folder") -> None:
            summary = await bring_in(self._stock.catalogue, folder)
            if await self._following.follow() or summary.skipped:
                told.put_nowait(summary)

        async with self._stock.web() as web:
            asked = web if self._stock.setup.places.allow_enrichment else None
            watched = [folder_of(path, self._stock, asked, quiet=QUIET) for path in folders]
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

    async def refine(self, most: int, tell: TellStep, *, model: bool, batch: bool = False) -> Round:
        """By rules, or by the model that the settings name."""
        await asyncio.to_thread(self._stock.settle)
        if model:
            return await self._refining.refine(most, tell, batch=batch)
        return await describe_all(self._stock.catalogue, tell, most)

    async def estimate(self, most: int, *, batch: bool = False) -> str:
        """What the model would cost, in one sentence. Raises `BadSettings`."""
        from stylus_engine.assembly.refining import sentence

        await asyncio.to_thread(self._stock.settle)
        found = await asyncio.to_thread(self._refining.estimate, most, batch=batch)
        return sentence(found)

    async def health(self, names: Sequence[str], most: int, tell: TellStep) -> Round:
        """See `Infirmary.check`."""
        return await self._check(names, most, tell)

    @cached_property
    def _refining(self) -> "Refining":
        from stylus_engine.assembly.refining import Refining

        return Refining(self._stock)

    def stats(self) -> Stats:
        """Everything counted."""
        return stats(self._stock.cards.cards())

    def plot(self, stats: Stats, path: Path) -> None:
        """The same as a picture. Raises `StoreFailed`."""
        from stylus_engine.catalog.plotting import plot

        plot(stats, path)

    async def check(self, tell: TellStep, *, network: bool) -> Checkup:
        """Cards and files; with `network` also what addresses answer."""
        stop = Event()
        try:
            found = await asyncio.to_thread(self._seen, tell, stop)
        finally:
            stop.set()  # a thread goes on after whoever waited for it has gone
        asked, gone = await self._asked(tell) if network else (0, ())
        return Checkup(looked=len(self._stock.catalogue), asked=asked, troubles=(*gone, *found))

    def _seen(self, tell: TellStep, stop: Event) -> tuple[Trouble, ...]:
        of = len(self._stock.cards)

        def cards() -> Iterator[Known]:
            for number, known in enumerate(self._stock.cards.walk(), start=1):
                if stop.is_set():
                    return
                if not number % TURN:
                    tell(Step(done=number, of=of))
                yield known

        return tuple(troubles(cards()))

    async def _asked(self, tell: TellStep) -> tuple[int, tuple[Trouble, ...]]:
        """Every address that is a card's only way to its file."""
        cards = [card for card in self._stock.cards.cards() if card.url and not card.path]
        async with self._stock.web() as web:
            gone = [trouble async for trouble in dead_addresses(web, cards, tell)]
        return len(cards), tuple(gone)

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

    async def drop_snapshot(self, name: str) -> None:
        """See `retrieval.snapshots.drop`."""
        from stylus_engine.retrieval import snapshots

        await snapshots.drop(self._stock.index, name)

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
