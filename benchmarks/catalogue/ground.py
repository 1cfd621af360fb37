"""What is measured: a catalogue and an index of so many cards, questions, and who asks them."""

import asyncio
import resource
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.catalogue import cards
from benchmarks.catalogue.vectors import perturbed
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.model import Policy, Query
from stylus_engine.model.query import Span
from stylus_engine.ports import Embedder, Vectors
from stylus_engine.retrieval.following import follow
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.retriever import IndexRetriever

PAGE = 1000
K = 40
FAMILIES = ("sd1", "sdxl", "flux1", "sd3")
POLICIES = (Policy(most_rating="pg13"), Policy(most_rating="x"), Policy(commercial_only=True))
SOURCE = "bench"
PEAK = Path("/proc/self/clear_refs")


@dataclass
class Ground:
    """A catalogue, its index, and what making them took, in seconds."""

    rows: int
    folder: Path
    embedder: Embedder
    vectors: list[NDArray[np.float32]] = field(default_factory=list[NDArray[np.float32]])
    storing: float = 0.0
    indexing: float = 0.0

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.folder / "catalog.db")

    @property
    def index(self) -> CardIndex:
        return CardIndex(self.folder / "index", self.embedder)


async def lay(rows: int, real: NDArray[np.float32], folder: Path, embedder: Embedder) -> Ground:
    """Bring `rows` cards with their vectors in, page by page, and follow them."""
    ground = Ground(rows, folder, embedder)
    began = time.perf_counter()
    store(ground, real)
    ground.storing = time.perf_counter() - began
    forget_peak()
    began = time.perf_counter()
    written = await follow(ground.index, ground.catalogue)
    ground.indexing = time.perf_counter() - began
    if written != rows:
        raise RuntimeError(f"{written} changes were written, not {rows}")
    return ground


def store(ground: Ground, real: NDArray[np.float32]) -> None:
    """The store's part: cards and vectors, a page a transaction."""
    catalogue, first = ground.catalogue, 0
    for piece in perturbed(real, ground.rows):
        ground.vectors.append(piece)
        for start in range(0, len(piece), PAGE):
            part = piece[start : start + PAGE]
            items = tuple(
                Item(card=card, vector=vector.tobytes(), space=ground.embedder.name)
                for card, vector in zip(cards.cards(len(part), first), part, strict=True)
            )
            catalogue.take(SOURCE, Page(items=items, cursor=str(first)), "2024-04-04T00:00:00")
            first += len(part)


async def questions(count: int, embedder: Embedder) -> list[tuple[Query, Vectors]]:
    """Prompts with four concepts each, under four families and three policies, embedded."""
    asked: list[tuple[Query, Vectors]] = []
    for number, (prompt, parts) in enumerate(cards.prompts(count)):
        spans = tuple(Span(text=part, start=prompt.index(part)) for part in parts)
        query = Query(
            prompt=prompt,
            concepts=spans,
            family=FAMILIES[number % len(FAMILIES)],
            policy=POLICIES[number % len(POLICIES)],
            k=K,
        )
        asked.append((query, await embedder.embed([prompt, *parts])))
    return asked


async def asked_by(
    callers: int, retriever: IndexRetriever, asked: Sequence[tuple[Query, Vectors]], each: int
) -> tuple[list[float], float]:
    """Seconds of each recall, and recalls per second, of so many callers at once."""
    taken: list[float] = []

    async def one(caller: int) -> None:
        for turn in range(each):
            query, vectors = asked[(caller * each + turn) % len(asked)]
            began = time.perf_counter()
            await retriever.answer(query, vectors)
            taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one(caller) for caller in range(callers)))
    return taken, callers * each / (time.perf_counter() - began)


async def found_after(ground: Ground, turns: int) -> list[float]:
    """Seconds from the moment a new card is written until a recall tells of it; it is embedded too."""
    retriever, taken = IndexRetriever(ground.index), list[float]()
    for turn in range(turns):
        name = f"Quorvexil {turn} Zanthe"
        card = cards.fresh(ground.rows + turn, name)
        ground.catalogue.take(SOURCE, Page(items=(Item(card=card),)), "2024-04-05T00:00:00")
        began = time.perf_counter()
        await follow(ground.index, ground.catalogue)
        query = Query(prompt=name, concepts=(), family=card.family)
        told = await retriever.recall(query)
        taken.append(time.perf_counter() - began)
        if card.card_id not in {one.adapter.card_id for one in told}:
            raise RuntimeError(f"{name} was written and not found")
    return taken


def disk(folder: Path) -> float:
    """MiB below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**20


def forget_peak() -> None:
    """Let the kernel count this process's peak from now on; elsewhere it stays that of the whole run."""
    if PEAK.exists():
        PEAK.write_text("5")


def memory() -> float:
    """MiB this process had at most since `forget_peak`; where nobody can forget, since it began."""
    if not PEAK.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


@asynccontextmanager
async def timed(into: list[float]) -> AsyncGenerator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        into.append(time.perf_counter() - began)
