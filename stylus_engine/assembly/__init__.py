"""Names every concrete class, and is the only place that does.

Importers: the doors (`bot.__main__`, `bot.worker`, `miniature.drawing`), nobody else.
A room is imported and a part is made when it is first asked for: listing cards
loads no torch, planning loads no checkpoint.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from stylus_engine.model import (
    Candidate,
    Checkpoint,
    Event,
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
    Embedder,
    Pictures,
    Retriever,
    Sampler,
)

if TYPE_CHECKING:
    from stylus_engine.catalog.catalogue import Catalogue
    from stylus_engine.catalog.digests import Digests
    from stylus_engine.engine import Arrangement, Engine, Method
    from stylus_engine.retrieval.index import CardIndex
    from stylus_engine.retrieval.retriever import IndexRetriever
    from stylus_engine.sampling.drawer import Drawer
    from stylus_engine.sampling.families import Parts
    from stylus_engine.sampling.store import FactorStore
    from stylus_engine.sampling.switch import Switch
    from stylus_engine.walking import Walker


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that a house is built from: plain values, no path need exist yet."""

    checkpoints: Mapping[str, Path]
    default_checkpoint: str
    cards: tuple[Path, ...]
    shelves: tuple[Path, ...] = ()
    pictures: Path
    index: Path
    catalog: Path
    cache: Path
    embedder: Path | None = None
    slots: int = 4
    waiting: int = 60
    device: str = "auto"
    dtype: str = "auto"
    executor: str = "stack"
    factor_cache_mib: int = 512
    preview_every: int = 0
    threads: int = 0
    k: int = 40
    task_budget: float = 1.0
    total_budget: float = 2.5


def engine(setup: Setup) -> "House":
    """A house with everything in it, built as it is used. Raises nothing; its methods do."""
    return House(setup)


class House:
    """The engine and what people ask around it."""

    def __init__(self, setup: Setup, pictures: Pictures | None = None) -> None:
        self._setup = setup
        self._kept = pictures

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
    ) -> "Arrangement":
        """See `Engine.arrange`."""
        return await self._engine.arrange(
            request, job, plan=plan, masks=masks, order_seed=order_seed
        )

    def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """See `Walker.draw`."""
        return self._walker.draw(job, shots)

    def cancel(self, shot: str) -> None:
        """See `Sampler.cancel`."""
        self._sampler.cancel(shot)

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

    async def search(self, text: str, k: int) -> Sequence[Candidate]:
        """The cards nearest to `text` among those the default checkpoint can wear."""
        from stylus_engine.planning.concepts import concepts

        family = self.checkpoints.find("").family
        query = Query(prompt=text, concepts=concepts(text), family=family, policy=Policy(), k=k)
        return await self._retriever.recall(query)

    async def browse(
        self, text: str, policy: Policy, k: int, offset: int = 0
    ) -> "tuple[Sequence[Candidate], int]":
        """See `retrieval.shelf.browse`; for the default checkpoint."""
        from stylus_engine.retrieval.shelf import browse

        family = self.checkpoints.find("").family
        query = Query(prompt=text, concepts=(), family=family, policy=policy, k=k + offset)
        return await browse(self._retriever, self.cards, query, offset)

    async def index(self, *, anew: bool = False) -> int:
        """Make the index hold exactly the cards of today; rows written or removed.

        `anew` writes all of it, whatever lies there.  Raises `BadIndex`, `StoreFailed`.
        """
        from stylus_engine.retrieval.building import build, ensure

        await asyncio.to_thread(self._settle)
        cards = tuple(self._catalogue.cards())
        if not anew:
            return await ensure(self._index, cards)
        await build(self._index, cards)
        return len(cards)

    async def indexed(self) -> int:
        """How many cards the index holds. Raises `BadIndex`."""
        return len(await self._index.digests())

    def embedder(self) -> str:
        """The name of the embedding space. Raises `BadEmbedder`."""
        return self._embedder.name

    def close(self) -> None:
        """Give the sampler's thread back, if anything was ever drawn."""
        if "_walker" in vars(self):
            self._walker.close()

    @property
    def cards(self) -> CardStore:
        """Every card this installation knows."""
        return self._cards

    @property
    def checkpoints(self) -> Checkpoints:
        """Every checkpoint this installation may draw with."""
        return self._checkpoints

    @property
    def sampler(self) -> Sampler:
        """Draws with whatever checkpoint a shot names."""
        return self._sampler

    def _settle(self) -> None:
        """Bring what the settings name into the catalogue. Raises `BadCards`, `BadCatalogue`."""
        from stylus_engine.catalog.importing import clock
        from stylus_engine.catalog.settling import settle

        settle(self._catalogue, self._setup.cards, self._setup.shelves, clock())

    @cached_property
    def _cards(self) -> "Catalogue":
        self._settle()
        return self._catalogue

    @cached_property
    def _catalogue(self) -> "Catalogue":
        from stylus_engine.catalog.catalogue import Catalogue

        return Catalogue(self._setup.catalog / "catalog.db")

    @cached_property
    def _checkpoints(self) -> Checkpoints:
        from stylus_engine.catalog.checkpoints import LocalCheckpoints

        known, default = self._setup.checkpoints, self._setup.default_checkpoint
        return LocalCheckpoints(known, default, self._digests)

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
        )

    @cached_property
    def _methods(self) -> "dict[str, Method]":
        from stylus_engine.composition.offline import OfflineComposer
        from stylus_engine.composition.presets import BaseComposer, PaperRules
        from stylus_engine.engine import Method
        from stylus_engine.planning.presets import presets
        from stylus_engine.planning.weights import Budgets
        from stylus_engine.retrieval.retriever import NoRetriever, PaperRetriever

        budgets = Budgets(task=self._setup.task_budget, total=self._setup.total_budget)
        rooms: dict[str, tuple[Retriever, Composer]] = {
            "stylus": (self._retriever, OfflineComposer()),
            "paper-rules": (PaperRetriever(self._retriever), PaperRules()),
            "base": (NoRetriever(), BaseComposer()),
        }
        return {name: Method(*rooms[name], preset) for name, preset in presets(budgets).items()}

    @cached_property
    def _retriever(self) -> "IndexRetriever":
        from stylus_engine.retrieval.retriever import IndexRetriever

        return IndexRetriever(self._index)

    @cached_property
    def _index(self) -> "CardIndex":
        from stylus_engine.retrieval.index import CardIndex

        return CardIndex(self._setup.index, self._embedder)

    @cached_property
    def _embedder(self) -> Embedder:
        from stylus_engine.retrieval.embedder import LocalEmbedder

        return LocalEmbedder(self._setup.embedder)

    @cached_property
    def _pictures(self) -> Pictures:
        from stylus_engine.pictures.store import PictureStore

        return self._kept or PictureStore(self._setup.pictures)

    @cached_property
    def _digests(self) -> "Digests":
        from stylus_engine.catalog.digests import Digests

        return Digests(self._setup.cache / "digests.json")

    @cached_property
    def _factors(self) -> "FactorStore":
        from stylus_engine.catalog.files import LocalFiles
        from stylus_engine.sampling.store import FactorStore

        return FactorStore(LocalFiles(self._digests), self._setup.factor_cache_mib << 20)

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
        from stylus_engine.sampling.drawer import Drawer
        from stylus_engine.sampling.executors import Merging, Stacking

        executors = {"stack": Stacking, "merge": Merging}
        parts = self._parts(checkpoint)
        return Drawer(
            parts,
            self._factors,
            self._pictures,
            slots=self._setup.slots,
            waiting=self._setup.waiting,
            executor=executors[self._setup.executor](parts.modules),
        )

    def _parts(self, checkpoint: Checkpoint) -> "Parts":
        from stylus_engine.sampling.devices import choose, use_threads
        from stylus_engine.sampling.families import family_of

        use_threads(self._setup.threads)
        device, dtype = choose(self._setup.device, self._setup.dtype)
        return family_of(checkpoint).load(checkpoint, dtype=dtype, device=device)
