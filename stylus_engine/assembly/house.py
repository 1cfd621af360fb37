"""The engine and what people ask around it, behind one face."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from stylus_engine.assembly.household import Household
from stylus_engine.assembly.setup import Setup
from stylus_engine.assembly.stock import Stock
from stylus_engine.model import (
    Adapter,
    Candidate,
    Event,
    Liking,
    Manifest,
    Plan,
    Policy,
    Query,
    Request,
    Shot,
)
from stylus_engine.ports import (
    CardStore,
    Checkpoints,
    Pictures,
    Sampler,
    Scorer,
)

if TYPE_CHECKING:
    from stylus_engine.assembly.library import Library
    from stylus_engine.assembly.selfcheck import Selfcheck
    from stylus_engine.catalog.importing import Summary
    from stylus_engine.catalog.orders import Arrived, Brought, Round, TellFetching, TellStep
    from stylus_engine.catalog.pinning import Pins
    from stylus_engine.engine import Arrangement
    from stylus_engine.model.need import Compiling, Need, Precision


ASKING = frozenset({"stylus", "paper"})  # presets that ask a language model where there is one


class House:
    """The engine and what people ask around it."""

    def __init__(
        self,
        setup: Setup,
        pictures: Pictures | None = None,
        scorer: Callable[[], Scorer] | None = None,
    ) -> None:
        """`pictures` and `scorer` are used instead of the setup's own."""
        self._setup = setup
        self._stock = Stock(setup)
        self._own = Household(self._stock, pictures, scorer)

    async def plan(self, request: Request) -> Plan:
        """See `Engine.plan`."""
        return await self._own.engine.plan(request)

    def shots(self, request: Request, plan: Plan, job: str) -> Sequence[Shot]:
        """See `Engine.shots`."""
        return self._own.engine.shots(request, plan, job)

    async def arrange(
        self,
        request: Request,
        job: str,
        *,
        plan: Plan | None = None,
        masks: Sequence[str] | None = None,
        order_seed: int | None = None,
        likes: Sequence[Liking] = (),
    ) -> "Arrangement":
        """See `Engine.arrange`."""
        await asyncio.to_thread(lambda: self.cards)  # their files may be read whole
        with self._stock.early.drawing(job):
            return await self._own.engine.arrange(
                request, job, plan=plan, masks=masks, order_seed=order_seed, likes=likes
            )

    def drop(self, job: str) -> None:
        """Nobody wants this job any more: nothing is fetched or made ready for it ahead."""
        self._stock.early.drop(job)
        self._own.atelier.drop(job)

    @property
    def counts(self) -> dict[str, int]:
        """See `Atelier.counts`."""
        return self._own.atelier.counts

    def prepare(self, job: str, adapter: Adapter, *, likely: bool = False) -> None:
        """See `Atelier.prepare`."""
        self._own.atelier.prepare(job, adapter, likely=likely)

    def hear_named(self, listener: Callable[[str, Adapter, bool], None]) -> None:
        """Tell of each adapter that a language model names for a job, or is likely to, once its file is here."""
        self._stock.early.ready = listener

    async def absent(self, shots: Sequence[Shot]) -> Sequence[Adapter]:
        """See `Engine.absent`."""
        return await self._own.engine.absent(shots)

    def bring(
        self, job: str, shots: Sequence[Shot], whose: str = ""
    ) -> AsyncGenerator[Event, None]:
        """See `Engine.bring`."""
        return self._own.engine.bring(job, shots, whose)

    async def add(self, brought: "Brought", tell: "TellFetching") -> "Arrived":
        """See `Arriving.add`."""
        return await self._own.arriving.add(brought, tell)

    async def checks(self, ended: Sequence[Event]) -> Sequence[Shot]:
        """See `Infirmary.shots`."""
        return await self._own.infirmary.shots(ended)

    async def check(self, names: Sequence[str], most: int, tell: "TellStep") -> "Round":
        """See `Infirmary.check`."""
        return await self._own.check(names, most, tell)

    def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """See `Atelier.draw`."""
        return self._own.atelier.draw(job, shots)

    def cancel(self, shot: str) -> None:
        """See `Atelier.cancel`."""
        self._own.atelier.cancel(shot)

    def warm(self) -> None:
        """See `Atelier.warm`."""
        self._own.atelier.warm()

    async def rest(self) -> bool:
        """See `Atelier.rest`."""
        return await self._own.atelier.rest()

    @property
    def loaded(self) -> bool:
        """Whether a checkpoint is in memory."""
        return self._own.atelier.loaded

    async def imagine(self, request: Request, job: str) -> AsyncGenerator[Event, None]:
        """See `Engine.imagine`. While a language model thinks, the checkpoint is loaded, and what it names made ready."""
        if self._setup.chooser.model and request.preset in ASKING:
            self._own.atelier.expect(request.checkpoint)
            self.hear_named(lambda job, card, likely: self.prepare(job, card, likely=likely))
        try:
            async with aclosing(self._own.engine.imagine(request, job)) as events:
                async for event in events:
                    yield event
        finally:
            self.drop(job)

    def again(self, manifest: Manifest, job: str) -> AsyncGenerator[Event, None]:
        """See `Engine.again`."""
        return self._own.engine.again(manifest, job)

    def redraw(self, manifests: Sequence[Manifest], job: str) -> AsyncGenerator[Event, None]:
        """See `Engine.redraw`."""
        return self._own.engine.redraw(manifests, job)

    async def search(self, text: str, k: int) -> Sequence[Candidate]:
        """The cards nearest to `text` among those the default checkpoint can wear."""
        from stylus_engine.planning.concepts import concepts

        family = self.checkpoints.find("").family
        query = Query(prompt=text, concepts=concepts(text), family=family, policy=Policy(), k=k)
        return await self._stock.retriever.recall(query)

    async def browse(
        self, text: str, policy: Policy, k: int, offset: int = 0
    ) -> "tuple[Sequence[Candidate], int]":
        """See `retrieval.shelf.browse`; for the default checkpoint."""
        from stylus_engine.retrieval.shelf import browse

        cards = await asyncio.to_thread(lambda: self.cards)
        family = (await asyncio.to_thread(self.checkpoints.find, "")).family
        query = Query(prompt=text, concepts=(), family=family, policy=policy, k=k + offset)
        return await browse(self._stock.retriever, cards, query, offset)

    async def index(self, *, anew: bool = False, walk: bool = True) -> int:
        """Make the index hold exactly the cards of today; rows written or removed.

        `anew` writes all of it, whatever lies there; `walk` looks into the folders of
        adapters first.  Raises `BadIndex`, `StoreFailed`.
        """
        return await self._own.following.follow(anew=anew, walk=walk)

    @property
    def moved(self) -> int:
        """Grows while an index is built."""
        return self._own.following.moved

    async def watch(self) -> "AsyncGenerator[Summary, None]":
        """What changes in the folders that the settings name, for ever; at once all that is new."""
        if not self._setup.shelves:
            return
        async with aclosing(self.library.watch(self._setup.shelves)) as news:
            async for summary in news:
                yield summary

    async def indexed(self) -> int:
        """How many cards the index holds. Raises `BadIndex`."""
        return await (await self._stock.index.view()).count()

    def embedder(self) -> str:
        """The name of the embedding space. Raises `BadEmbedder`."""
        return self._stock.embedder.name

    def inspecting(self) -> "Selfcheck":
        """Checks files with the default checkpoint, loaded now. Raises `BadCheckpoint`."""
        from stylus_engine.assembly.selfcheck import Selfcheck

        return Selfcheck(self._setup, self.checkpoints.find(""), self._own.atelier.pictures)

    def needs(self, guidance: float | None) -> "Need":
        """What the default checkpoint takes of the memory. Raises `BadCheckpoint`, `BadSettings`."""
        from stylus_engine.assembly.needing import needed

        return needed(self._setup, self.checkpoints.find(""), guidance)

    def compiling(self) -> "Compiling":
        """Whether torch can compile where pictures are drawn; tries it. Raises `BadSettings`."""
        from stylus_engine.assembly.needing import compiling

        return compiling(self._setup)

    def precision(self, *, trying: bool) -> "Precision":
        """What pictures are drawn in; `trying` half of it tells what that would gain. Raises `BadSettings`."""
        from stylus_engine.assembly.needing import precision

        return precision(self._setup, trying=trying)

    def close(self) -> None:
        """See `Atelier.close`."""
        self._own.atelier.close()

    @property
    def library(self) -> "Library":
        """What `stylus catalog` asks: cards in, learned of, told of."""
        return self._own.library

    @property
    def pins(self) -> "Pins":
        """What `stylus adapters pin` asks."""
        return self._stock.pins

    @property
    def known(self) -> int:
        """How many cards the catalogue has as it lies; what the settings name may be missing yet."""
        return len(self._stock.catalogue)

    @property
    def cards(self) -> CardStore:
        """Every card this installation knows."""
        return self._stock.cards

    @property
    def checkpoints(self) -> Checkpoints:
        """Every checkpoint this installation may draw with."""
        return self._own.checkpoints

    @property
    def sampler(self) -> Sampler:
        """Draws with whatever checkpoint a shot names."""
        return self._own.atelier.sampler
