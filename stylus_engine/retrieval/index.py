# pyarrow ships no types; its tables become `Found` before they leave this file.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false
"""The index of cards in a LanceDB folder: how it is read.

On disk: `current` names a generation, each generation is a folder with the table
`cards`.  A reader follows `current` at every question, so a rebuild by another
process is seen at once.
"""

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import lancedb
import numpy as np
import pyarrow as pa
from lancedb import AsyncTable
from lancedb.expr import Expr
from lancedb.query import FullTextOperator, MultiMatchQuery

from stylus_engine.errors import IndexBroken, IndexMissing, IndexSchema
from stylus_engine.ports import Embedder, Vectors
from stylus_engine.retrieval import rows
from stylus_engine.retrieval.where import among

POINTER = "current"
TABLE = "cards"
SHOWN = ["card_id", "card", "vector"]
BOOSTS = {"heads": 3.0, "description": 1.0}  # a title's word says more than a description's


class Found(NamedTuple):
    """One row: the card's JSON and its vector."""

    card_id: str
    card: bytes
    vector: Vectors


class CardIndex:
    """Reads the index in `folder`, whose vectors must be of `embedder`'s space.

    Nothing is opened before the first question.  Raises `IndexMissing`,
    `IndexSchema` (another version or embedding space), `IndexBroken`.
    """

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.folder = folder
        self.embedder = embedder
        self._open: tuple[str, AsyncTable] | None = None

    async def dense(self, vectors: Vectors, where: Expr, limit: int) -> list[list[Found]]:
        """For each row of `vectors` (n, d) the `limit` nearest by cosine, nearest first."""
        if not len(vectors):
            return []
        asked = (await self.table()).query().nearest_to(list(vectors)).distance_type("cosine")
        answer = await asked.where(where).limit(limit).select([*SHOWN, "_distance"]).to_arrow()
        return _by_question(answer, len(vectors))

    async def lexical(self, words: str, where: Expr, limit: int) -> list[Found]:
        """The `limit` best by BM25 over titles, trigger words, tags and descriptions."""
        if not words:
            return []
        question = MultiMatchQuery(
            words, list(BOOSTS), boosts=list(BOOSTS.values()), operator=FullTextOperator.OR
        )
        asked = (await self.table()).query().nearest_to_text(question)
        answer = await asked.where(where).limit(limit).select([*SHOWN, "_score"]).to_arrow()
        return _found(answer)

    async def rows(self, card_ids: tuple[str, ...], where: Expr) -> list[Found]:
        """The rows with these ids, those that `where` allows."""
        if not card_ids:
            return []
        clause = among("card_id", card_ids) & where
        asked = (await self.table()).query().where(clause).limit(len(card_ids))
        return _found(await asked.select(SHOWN).to_arrow())

    async def ids(self, where: Expr) -> frozenset[str]:
        """The ids of all rows that `where` allows."""
        asked = (await self.table()).query().where(where).select(["card_id"])
        return frozenset((await asked.to_arrow())["card_id"].to_pylist())

    async def digests(self) -> dict[str, str]:
        """Card id -> digest of the card it was built from, for every row."""
        answer = await (await self.table()).query().select(["card_id", "digest"]).to_arrow()
        ids, digests = answer["card_id"].to_pylist(), answer["digest"].to_pylist()
        if len(ids) != len(set(ids)):
            raise IndexBroken(path=str(self.folder), why="a card is in it twice")
        return dict(zip(ids, digests, strict=True))

    async def table(self) -> AsyncTable:
        """The table of the current generation, checked once when it is opened."""
        generation = current(self.folder)
        if self._open is None or self._open[0] != generation:
            self._open = generation, await self._opened(generation)
        return self._open[1]

    async def _opened(self, generation: str) -> AsyncTable:
        place = self.folder / generation
        if not place.is_dir():
            raise IndexBroken(path=str(self.folder), why=f"{generation} is not there")
        try:
            table = await (await connected(place)).open_table(TABLE)
            self._check(await table.schema())
        except (ValueError, RuntimeError, OSError) as error:
            raise IndexBroken(path=str(self.folder), why=str(error)[:120]) from error
        return table

    def _check(self, found: pa.Schema) -> None:
        """Raise `IndexSchema` unless version and embedding space are ours."""
        told = {key.decode(): value.decode() for key, value in (found.metadata or {}).items()}
        version = told.get("stylus.schema", "unknown"), told.get("stylus.embedder", "unknown")
        needed = rows.VERSION, self.embedder.name
        if version != needed:
            raise IndexSchema(
                path=str(self.folder), found=" of ".join(version), needed=" of ".join(needed)
            )


def current(folder: Path) -> str:
    """The generation in use. Raises `IndexMissing`."""
    try:
        return (folder / POINTER).read_text("utf-8").strip()
    except OSError as error:
        raise IndexMissing(path=str(folder)) from error


async def connected(place: Path) -> lancedb.AsyncConnection:
    """A connection whose tables are never stale (the default is: until told)."""
    return await lancedb.connect_async(place, read_consistency_interval=timedelta(0))


def _by_question(answer: pa.Table, count: int) -> list[list[Found]]:
    """LanceDB numbers the questions only when there are several."""
    if "query_index" not in answer.schema.names:
        return [_found(answer)]
    numbers = answer["query_index"].to_numpy()
    return [_found(answer.filter(pa.array(numbers == number))) for number in range(count)]


def _found(answer: pa.Table) -> list[Found]:
    if not answer.num_rows:
        return []
    flat = answer["vector"].combine_chunks().flatten().to_numpy()
    vectors = np.asarray(flat, np.float32).reshape(answer.num_rows, -1)
    ids, cards = answer["card_id"].to_pylist(), answer["card"].to_pylist()
    return [Found(*row) for row in zip(ids, cards, vectors, strict=True)]
