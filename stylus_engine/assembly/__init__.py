"""Names every concrete class, and is the only place that does.

Importers: the doors (`bot.__main__`, `bot.worker`, `miniature.drawing`), nobody else.
A room is imported and a part is made when it is first asked for: listing cards
loads no torch, planning loads no checkpoint.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING

from stylus_engine.assembly.setup import Chooser, Describer, Embedding, Places, Reranking, Setup
from stylus_engine.assembly.stock import Stock
from stylus_engine.mending import second_of
from stylus_engine.model import (
    Adapter,
    Candidate,
    Checkpoint,
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
    Composer,
    Pictures,
    Retriever,
    Sampler,
    Scorer,
)

if TYPE_CHECKING:
    from stylus_engine.assembly.arriving import Arriving
    from stylus_engine.assembly.infirmary import Infirmary
    from stylus_engine.assembly.library import Library
    from stylus_engine.catalog.importing import Summary
    from stylus_engine.catalog.orders import Arrived, Brought, Round, TellFetching, TellStep
    from stylus_engine.catalog.pinning import Pins
    from stylus_engine.engine import Arrangement, Engine, Method
    from stylus_engine.mending import Mender
    from stylus_engine.sampling.drawer import Drawer
    from stylus_engine.sampling.store import FactorStore
    from stylus_engine.sampling.switch import Switch
    from stylus_engine.walking import Walker


__all__ = ["Chooser", "Describer", "Embedding", "House", "Places", "Reranking", "Setup", "engine"]


def engine(setup: Setup, scorer: Callable[[], Scorer] | None = None) -> "House":
    """A house with everything in it, built as it is used. Raises nothing; its methods do.

    `scorer` looks at finished pictures; None: nobody does.
    """
    return House(setup, scorer=scorer)


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
        self._kept = pictures
        self._look = scorer

    async def plan(self, request: Request) -> Plan:
        """See `Engine.plan`."""
        return await self._engine.plan(request)

    def shots(self, request: Request, plan: Plan, job: str) -> Sequence[Shot]:
        """See `Engine.shots`."""
        return self._engine.shots(request, plan, job)

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
            return await self._engine.arrange(
                request, job, plan=plan, masks=masks, order_seed=order_seed, likes=likes
            )

    def drop(self, job: str) -> None:
        """Nobody wants this job any more: nothing is fetched for it ahead."""
        self._stock.early.drop(job)

    async def absent(self, shots: Sequence[Shot]) -> Sequence[Adapter]:
        """See `Engine.absent`."""
        return await self._engine.absent(shots)

    def bring(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """See `Engine.bring`."""
        return self._engine.bring(job, shots)

    async def add(self, brought: "Brought", tell: "TellFetching") -> "Arrived":
        """See `Arriving.add`."""
        return await self._arriving.add(brought, tell)

    async def checks(self, ended: Sequence[Event]) -> Sequence[Shot]:
        """See `Infirmary.shots`."""
        return await self._infirmary.shots(ended)

    async def check(self, names: Sequence[str], most: int, tell: "TellStep") -> "Round":
        """See `Infirmary.check`."""
        return await self._infirmary.check(names, most, self.draw, tell)

    def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """See `Mender.draw` where pictures are looked at, else `Walker.draw`."""
        return (self._mender or self._walker).draw(job, shots)

    def cancel(self, shot: str) -> None:
        """See `Sampler.cancel`; a second drawing of the shot ends with it."""
        for name in (shot, second_of(shot)):
            self._sampler.cancel(name)

    def warm(self) -> None:
        """Load the libraries that draw, but no checkpoint: the first picture comes seconds sooner."""
        for room in ("drawer", "executors", "families"):
            import_module(f"stylus_engine.sampling.{room}")

    async def rest(self) -> bool:
        """Let checkpoint and adapters go; whether the memory is free now.

        Waits until what is being drawn has ended; a shot that came meanwhile keeps all.
        """
        if "_sampler" not in vars(self):
            return True
        return await asyncio.wrap_future(self._walker.between(self._unload))

    @property
    def loaded(self) -> bool:
        """Whether a checkpoint is in memory."""
        return "_sampler" in vars(self) and self._sampler.loaded

    def imagine(self, request: Request, job: str) -> AsyncGenerator[Event, None]:
        """See `Engine.imagine`."""
        return self._engine.imagine(request, job)

    def again(self, manifest: Manifest, job: str) -> AsyncGenerator[Event, None]:
        """See `Engine.again`."""
        return self._engine.again(manifest, job)

    def redraw(self, manifests: Sequence[Manifest], job: str) -> AsyncGenerator[Event, None]:
        """See `Engine.redraw`."""
        return self._engine.redraw(manifests, job)

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
        return await self._stock.follow(anew=anew, walk=walk)

    @property
    def moved(self) -> int:
        """Grows while an index is built."""
        return self._stock.moved

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

    def close(self) -> None:
        """Give the sampler's thread back, if anything was ever drawn."""
        if "_walker" in vars(self):
            self._walker.close()

    @property
    def library(self) -> "Library":
        """What `stylus catalog` asks: cards in, learned of, told of."""
        return self._library

    @property
    def pins(self) -> "Pins":
        """What `stylus adapters pin` asks."""
        return self._stock.pins

    @cached_property
    def _arriving(self) -> "Arriving":
        from stylus_engine.assembly.arriving import Arriving

        return Arriving(self._stock, self.checkpoints)

    @cached_property
    def _infirmary(self) -> "Infirmary":
        from stylus_engine.assembly.infirmary import Infirmary

        return Infirmary(self._stock, self.checkpoints, self._pictures)

    @cached_property
    def _library(self) -> "Library":
        from stylus_engine.assembly.library import Library

        return Library(self._stock, self.check)

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
        return self._checkpoints

    @property
    def sampler(self) -> Sampler:
        """Draws with whatever checkpoint a shot names."""
        return self._sampler

    @cached_property
    def _checkpoints(self) -> Checkpoints:
        from stylus_engine.catalog.checkpoints import LocalCheckpoints

        known, default = self._setup.checkpoints, self._setup.default_checkpoint
        return LocalCheckpoints(known, default, self._stock.digests)

    @cached_property
    def _sampler(self) -> "Switch":
        from stylus_engine.sampling.switch import Switch

        return Switch(
            self.checkpoints, self._drawer, waiting=self._setup.slots + self._setup.waiting
        )

    @cached_property
    def _walker(self) -> "Walker":
        from stylus_engine.walking import Walker

        return Walker(self.sampler)

    @cached_property
    def _mender(self) -> "Mender | None":
        """Looks at pictures, where the setup says so and there is something that can."""
        from stylus_engine.mending import Mender
        from stylus_engine.pictures.store import forget

        if self._look is None:
            return None
        return Mender(self._walker, self._pictures, self._look, forget)

    @cached_property
    def _engine(self) -> "Engine":
        from stylus_engine.engine import Engine
        from stylus_engine.sampling.tokens import ClipTokens

        return Engine(
            checkpoints=self.checkpoints,
            cards=self.cards,
            methods=self._methods,
            tokens=ClipTokens(),
            walker=self._walker,
            preview_every=self._setup.preview_every,
            bringer=self._stock.bringer,
            measures=self._stock.cards if self._setup.heed_health else None,
            mender=self._mender,
        )

    @cached_property
    def _methods(self) -> "dict[str, Method]":
        from stylus_engine.composition.presets import BaseComposer, PaperRules
        from stylus_engine.engine import Method
        from stylus_engine.planning.presets import presets
        from stylus_engine.planning.weights import Budgets
        from stylus_engine.retrieval.retriever import NoRetriever, PaperRetriever

        budgets = Budgets(task=self._setup.task_budget, total=self._setup.total_budget)
        rooms: dict[str, tuple[Retriever, Composer]] = {
            "stylus": (self._stock.retriever, self._stock.composer),
            "paper": (PaperRetriever(self._stock.retriever), self._stock.paper),
            "paper-rules": (PaperRetriever(self._stock.retriever), PaperRules()),
            "base": (NoRetriever(), BaseComposer()),
        } | self._stock.baselines
        return {
            name: Method(*rooms[name], preset, heeds_health=name == "stylus")
            for name, preset in presets(budgets, self._setup.null_space).items()
        }

    @cached_property
    def _pictures(self) -> Pictures:
        from stylus_engine.pictures.store import PictureStore

        return self._kept or PictureStore(self._setup.pictures)

    @cached_property
    def _factors(self) -> "FactorStore":
        from stylus_engine.sampling.overlap import kept
        from stylus_engine.sampling.store import FactorStore

        made = partial(kept, self._stock.sketches) if self._setup.sketches else None
        return FactorStore(self._stock.files, self._setup.factor_cache_mib << 20, made=made)

    def _unload(self) -> bool:
        """Called by the thread that draws."""
        from stylus_engine.sampling.devices import give_memory_back

        unloaded = self._sampler.unload()
        if unloaded:
            self._factors.clear()
            give_memory_back()
        return unloaded

    def _drawer(self, checkpoint: Checkpoint) -> "Drawer":
        """Load a checkpoint; called by the thread that draws."""
        from stylus_engine.assembly.drawing import drawer

        return drawer(self._setup, checkpoint, self._factors, self._pictures)
