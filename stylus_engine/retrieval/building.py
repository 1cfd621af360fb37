# pyarrow ships no types; tables pass through here from `rows` to LanceDB.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false
"""The index of cards: how it is written, by one writer at a time.

A build goes into a new generation and becomes current by one rename, so a reader
or a kill in the middle meets the old index or the new one.  Concurrent upserts
would double keys (measured, lancedb 0.40), hence the lock around every write, the
primary key and `use_index(False)`.
"""

import os
import shutil
import uuid
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
from filelock import AsyncFileLock
from lancedb import AsyncTable
from lancedb.index import FTS, Bitmap, BTree, IvfFlat

from stylus_engine.errors import IndexBroken, IndexMissing, StoreFailed
from stylus_engine.model import Adapter
from stylus_engine.retrieval import rows
from stylus_engine.retrieval.index import POINTER, TABLE, CardIndex, connected
from stylus_engine.retrieval.where import among

MANY = 10_000  # rows from which scans cost more than indices
GENERATIONS = 2  # kept on disk: the current one, and the one a reader may still be in
REBUILD = 0.2  # share of changed cards from which a new generation is cheaper
CHUNK = 4096  # cards embedded and written at once
FILTERED = ("family", "kind", "rating", "commercial", "drawable", "health")
EXACT_WORDS = FTS(base_tokenizer="whitespace", stem=False, remove_stop_words=False)


async def ensure(index: CardIndex, cards: Iterable[Adapter]) -> int:
    """Make the index hold exactly `cards`; return how many rows were written or removed.

    Nothing is written when nothing changed.  An index that another version wrote is
    theirs to read: `build` replaces it, this does not.  Raises `IndexSchema`,
    `StoreFailed`, `BadEmbedder`.
    """
    wanted = {card.card_id: card for card in cards}
    if await _news(index, wanted) == set():
        return 0
    async with _writing(index.folder):
        news = await _news(index, wanted)  # another process may have been quicker
        if news is None or len(news) > REBUILD * len(wanted):
            await _build(index, tuple(wanted.values()))
            return len(wanted)
        await _change(index, news, wanted)
        return len(news)


async def build(index: CardIndex, cards: Sequence[Adapter]) -> None:
    """Write a new generation and make it current. Raises `StoreFailed`; `ValueError` for an id twice."""
    if len({card.card_id for card in cards}) != len(cards):
        raise ValueError("a card store listed an id twice")
    async with _writing(index.folder):
        await _build(index, cards)


async def upsert(index: CardIndex, cards: Sequence[Adapter]) -> None:
    """Add cards to the current generation, or replace them. Raises `BadIndex`, `StoreFailed`."""
    async with _writing(index.folder):
        await _merge(index, cards)


async def _news(index: CardIndex, wanted: dict[str, Adapter]) -> set[str] | None:
    """Ids whose row must be written or removed; None when there is no index to change."""
    try:
        known = await index.digests()
    except (IndexMissing, IndexBroken):
        return None
    ids = known.keys() | wanted.keys()
    return {i for i in ids if i not in wanted or known.get(i) != rows.digest_of(wanted[i])}


async def _change(index: CardIndex, news: set[str], wanted: dict[str, Adapter]) -> None:
    gone = tuple(news - wanted.keys())
    if gone:
        await (await index.table()).delete(among("card_id", gone))
    await _merge(index, [wanted[i] for i in sorted(news & wanted.keys())])


async def _merge(index: CardIndex, cards: Sequence[Adapter]) -> None:
    """Upsert by id, then index the new words: `optimize` or every search scans them."""
    table = await index.table()
    for first in range(0, len(cards), CHUNK):
        merge = (
            table.merge_insert("card_id").when_matched_update_all().when_not_matched_insert_all()
        )
        await merge.use_index(False).execute(await _rows(index, cards[first : first + CHUNK]))
    await table.optimize(cleanup_older_than=timedelta(hours=1))


async def _build(index: CardIndex, cards: Sequence[Adapter]) -> None:
    generation = f"cards-{uuid.uuid4().hex[:12]}"
    place = index.folder / generation
    try:
        await _fill(index, place, cards)
        _point(index.folder, generation)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    _sweep(index.folder, generation)


async def _fill(index: CardIndex, place: Path, cards: Sequence[Adapter]) -> None:
    first = await _rows(index, cards[:CHUNK])
    table = await (await connected(place)).create_table(TABLE, first, schema=first.schema)
    await table.set_unenforced_primary_key(["card_id"])
    for start in range(CHUNK, len(cards), CHUNK):
        await table.add(await _rows(index, cards[start : start + CHUNK]))
    await _indices(table, len(cards))


async def _rows(index: CardIndex, cards: Sequence[Adapter]) -> pa.Table:
    vectors = await index.embedder.embed([rows.text_of(card) for card in cards])
    return rows.table(cards, vectors, index.embedder.name)


async def _indices(table: AsyncTable, count: int) -> None:
    """Words always; the rest where a scan of so many rows would cost more.

    IVF_FLAT: 4 s for 75,000 rows and recall 1.000 (measured); the default IVF_PQ
    took 121 s for .886.
    """
    await table.create_index("heads", config=EXACT_WORDS)
    await table.create_index("description", config=FTS())
    await table.create_index("card_id", config=BTree())
    if count < MANY:
        return
    for column in FILTERED:
        await table.create_index(column, config=Bitmap())
    await table.create_index("vector", config=IvfFlat(distance_type="cosine"))


def _point(folder: Path, generation: str) -> None:
    """Make a generation current: write, fsync, rename, fsync of the folder."""
    fresh = folder / f".{POINTER}"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(f"{generation}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / POINTER)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path, generation: str) -> None:
    """Remove all generations but the newest; what cannot be removed is removed next time."""
    old = [place for place in folder.glob("cards-*") if place.name != generation]
    old.sort(key=lambda place: place.stat().st_mtime_ns, reverse=True)
    for place in old[GENERATIONS - 1 :]:
        shutil.rmtree(place, ignore_errors=True)


@asynccontextmanager
async def _writing(folder: Path) -> AsyncGenerator[None]:
    """The one writer's lock; what the disk says no to becomes `StoreFailed`."""
    try:
        async with AsyncFileLock(_made(folder) / ".writer"):
            yield
    except (OSError, RuntimeError) as error:
        raise StoreFailed(path=str(folder), why=str(error)[:120]) from error


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
