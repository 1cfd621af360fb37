# pyarrow ships no types; tables pass through here from `rows` to LanceDB.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false
"""One generation as its writer sees it: rows go in and out, then a mark says how far it came.

The writer's lock is held by whoever calls.  Concurrent upserts would double keys
(measured, lancedb 0.40): hence the lock, the primary key and `use_index(False)`.
A kill between rows and mark leaves rows that the next turn writes once more.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
from lancedb import AsyncTable
from lancedb.index import FTS, Bitmap, BTree, IvfRq, IvfSq

from stylus_engine.model import Adapter
from stylus_engine.ports import Change, Embedder, Vectors
from stylus_engine.retrieval import rows
from stylus_engine.retrieval.home import TABLE, Home, connected
from stylus_engine.retrieval.index import (
    COARSE_MARK,
    KEY,
    NEWEST,
    REACHED,
    View,
    broken,
    check,
    marks,
    opened,
)
from stylus_engine.retrieval.where import among

MANY = 10_000  # rows from which scans cost more than indices
HUGE = 300_000  # rows from which one bit a dimension and exact comparison of the best is quicker
STALE_LEAST = 2000  # rows outside the indices that every search may scan
STALE_SHARE = 0.02  # of the rows; above both, the indices take them in
SLOW = timedelta(hours=1)  # no compaction takes longer; ages are counted from its end
PIECES = 64  # small fragments from which a table is compacted
KEPT = timedelta(hours=1)  # old versions; a reader holds one for the length of a recall
WHOLE = "stylus.whole"  # the mark of a generation whose build was finished
UNIT = 1e-3  # how far from 1 a vector's length may be
PARTITION = 20_000  # rows
FILTERED = ("shelf", "commercial")
Kind: TypeAlias = FTS | BTree | Bitmap | IvfSq | IvfRq
ALWAYS: dict[str, Kind] = {
    "heads": FTS(base_tokenizer="whitespace", stem=False, remove_stop_words=False),
    "description": FTS(),
    KEY: BTree(),
}


class Generation:
    """A table that is being written. Raises `IndexSchema` when it is not ours, `IndexBroken`."""

    def __init__(self, table: AsyncTable, embedder: Embedder, path: str) -> None:
        self._table = table
        self._embedder = embedder
        self._path = path
        self._view = View(table, path)

    @classmethod
    async def begin(cls, home: Home, generation: str, embedder: Embedder) -> "Generation":
        """A new one, without rows."""
        await home.begin(generation)
        shape = rows.schema(embedder.name, embedder.dimensions)
        database = await connected(home.place(generation))
        table = await database.create_table(TABLE, schema=shape)
        await table.set_unenforced_primary_key([KEY])
        return cls(table, embedder, home.path)

    @classmethod
    async def resume(cls, home: Home, generation: str, embedder: Embedder) -> "Generation":
        """One that lies there."""
        table = await opened(home, generation)
        check(await table.schema(), embedder.name, home.path)
        return cls(table, embedder, home.path)

    async def marks(self) -> dict[str, str]:
        """What was noted last."""
        return marks(await self._table.schema())

    async def reached(self) -> int:
        """The number of the last change that is in."""
        return int((await self.marks()).get(REACHED, "0"))

    async def empty(self) -> bool:
        """Whether no card is here: a writer that was killed leaves rows without their number."""
        return not await self._view.count()

    async def note(self, **told: str) -> None:
        """Leave marks at this version."""
        await self._table.update_field_metadata({"path": KEY, "metadata": told})

    async def take(
        self, changes: Sequence[Change], known: View | None = None, *, fresh: bool = False
    ) -> None:
        """Write some changes, then the number of the last one.

        `known` is where vectors of unchanged texts are looked up, by default here;
        `fresh`: none of these cards can be here yet.
        """
        last = {change.card_id: change for change in changes}
        gone = tuple(card_id for card_id, change in last.items() if change.card is None)
        if gone and not fresh:
            await self._table.delete(among(KEY, gone))
        await self._put([change for change in last.values() if change.card], known, fresh=fresh)
        await self.note(**{REACHED: str(changes[-1].seq), NEWEST: changes[-1].card_id})

    async def tidy(self) -> None:
        """Build the indices that this size asks for; let those that are there take in what is new."""
        count = await self._view.count()
        there = {index.columns[0]: index for index in await self._table.list_indices()}
        for column, kind in wanted(count).items():
            if column not in there or _outgrown(there[column].index_type, kind):
                await self._create(column, kind)
        behind = max((index.num_unindexed_rows or 0 for index in there.values()), default=0)
        stats: Any = await self._table.stats()  # its type is not what it returns
        pieces = int(stats["fragment_stats"]["num_small_fragments"])
        if behind > max(STALE_LEAST, STALE_SHARE * count) or pieces > PIECES:
            await self.compact()

    async def _create(self, column: str, kind: Kind) -> None:
        """Build one index, in the place of one that is there; readers know of a coarse one before it is.

        To compare exactly what a fine index found costs time; to trust a coarse one costs
        candidates.  One that has shrunk again stays coarse: it is right, and it may grow.
        """
        if isinstance(kind, IvfRq):
            await self.note(**{COARSE_MARK: "yes"})
        await self._table.create_index(column, config=kind, replace=True)  # pyright: ignore[reportArgumentType] - two kinds are missing from its signature

    async def finish(self) -> None:
        """Of a build: one large piece instead of one for each chunk, then the indices, then the mark."""
        await self.compact()
        await self.tidy()
        await self.note(**{WHOLE: "yes"})

    async def compact(self) -> None:
        """Merge small files, index all rows, and forget old versions, but none that a snapshot needs."""
        kept = await self._age_of_tags()
        await self._table.optimize(cleanup_older_than=max(KEPT, kept))

    async def _put(self, news: list[Change], known: View | None, *, fresh: bool) -> None:
        if not news:
            return
        cards = [change.card for change in news if change.card]
        vectors = await self._vectors(news, cards, known or (None if fresh else self._view))
        written = await asyncio.to_thread(rows.table, cards, vectors, self._embedder.name)
        if fresh:
            await self._table.add(written)
            return
        merge = self._table.merge_insert(KEY)
        merge = merge.when_matched_update_all().when_not_matched_insert_all()
        await merge.use_index(False).execute(written)

    async def _vectors(
        self, news: list[Change], cards: list[Adapter], known: View | None
    ) -> Vectors:
        """Of shape (cards, d): as the source brought them, as they were, or embedded now."""
        texts = [rows.text_of(card) for card in cards]
        before = await known.texts(tuple(card.card_id for card in cards)) if known else {}
        vectors = np.zeros((len(cards), self._embedder.dimensions), np.float32)
        unknown: list[int] = []
        for at, change in enumerate(news):
            text, old = before.get(change.card_id, ("", None))
            brought = change.vector if self._sound(change.vector) else None
            vector = old if brought is None and text == rows.fingerprint(texts[at]) else brought
            if vector is None:
                unknown.append(at)
            else:
                vectors[at] = vector
        if unknown:
            vectors[unknown] = await self._embedder.embed([texts[at] for at in unknown])
        return vectors

    def _sound(self, vector: Vectors | None) -> bool:
        """Whether a vector from outside is of this space's shape, finite, and of length 1."""
        if vector is None or vector.shape != (self._embedder.dimensions,):
            return False
        return bool(abs(float(np.linalg.norm(vector)) - 1) < UNIT)

    async def _age_of_tags(self) -> timedelta:
        """How old the oldest version with a tag is, and a little; LanceDB refuses to clean one away."""
        with broken(self._path):
            tags = await self._table.tags.list()
        if not tags:
            return timedelta(0)
        oldest = min(tag["version"] for tag in tags.values())
        made = {v["version"]: v["timestamp"] for v in await self._table.list_versions()}
        return datetime.now(made[oldest].tzinfo) - made[oldest] + SLOW


def _outgrown(known: str, kind: Kind) -> bool:
    """Whether a vector index of the finer kind has become too large for it."""
    return isinstance(kind, IvfRq) and not known.upper().replace("_", "").startswith("IVFRQ")


def wanted(count: int) -> dict[str, Kind]:
    """The indices of a table of `count` rows: words always, the rest where a scan would cost more."""
    if count < MANY:
        return ALWAYS
    kind = IvfRq if count >= HUGE else IvfSq
    vectors = kind(distance_type="cosine", num_partitions=partitions(count))
    return {**ALWAYS, **{column: Bitmap() for column in FILTERED}, "vector": vectors}


def partitions(count: int) -> int:
    """Of the vector index: pieces that threads search side by side; all of them are searched."""
    return max(1, count // PARTITION)
