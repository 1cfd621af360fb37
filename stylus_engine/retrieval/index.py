# pyarrow ships no types; its tables become plain values before they leave this file.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false
"""The index of cards: how it is read.

A reader asks a `View`: one version of one generation, so all questions of one recall
meet the same rows, whatever a writer does meanwhile.  `CardIndex.view` looks at every
call whether there is a newer one.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from lancedb import AsyncTable
from lancedb.expr import Expr
from lancedb.query import AsyncQueryBase, FullTextOperator, MultiMatchQuery

from stylus_engine.errors import IndexBroken, IndexSchema
from stylus_engine.model import Adapter
from stylus_engine.ports import Embedder, Vectors
from stylus_engine.retrieval import rows
from stylus_engine.retrieval.home import TABLE, Home, connected, home_of
from stylus_engine.retrieval.where import among

BOOSTS = {"heads": 3.0, "description": 1.0}  # a title's word says more than a description's
PROBES = 65_536  # all partitions: short questions lie between them, see docs/decisions.md
AT_ONCE = 2  # calls for the questions of one recall, where an index is coarse
COARSE = 5  # times the limit: what coarse distances must hand over for exact ones (measured)
WIDE = 2000  # nearest by coarse distance, policy unasked
KEY = "card_id"
REACHED = "stylus.seq"  # a mark on the key's field: it goes back when a version does
FOLLOWED = "stylus.catalogue"  # whose changes these numbers count
NEWEST = "stylus.newest"  # the card whose change it came to
COARSE_MARK = "stylus.coarse"  # another: what the vector index of this version is


class Found(NamedTuple):
    """One row, told in full."""

    card_id: str
    card: Adapter
    vector: Vectors


class Standing(NamedTuple):
    """How far an index is in which sequence of changes."""

    identity: str
    reached: int
    newest: str = ""  # the card of that change; "" = not noted


class View:
    """One version of the index. Rows go by their number, which holds within a view alone.

    Raises `IndexBroken`, from all of its methods.
    """

    def __init__(self, table: AsyncTable, path: str, *, coarse: bool = False) -> None:
        """`coarse`: the vector index knows one bit of each number, see `building.HUGE`."""
        self._table = table
        self._path = path
        self._coarse = coarse

    async def dense(self, vectors: Vectors, where: Expr, limit: int) -> list[list[int]]:
        """For each row of `vectors` (n, d) the `limit` nearest by cosine, nearest first.

        LanceDB walks the questions of one call on one thread.  Two calls take two, which
        pays for a coarse index alone: at 76,724 rows one call was the quicker (measured).
        """
        if not len(vectors):
            return []
        if not self._coarse:
            return await self._nearest(vectors, where, limit)
        parts = (part for part in np.array_split(vectors, AT_ONCE) if len(part))
        found = await asyncio.gather(*(self._through_coarse(one, where, limit) for one in parts))
        return [numbers for part in found for numbers in part]

    async def _through_coarse(self, vectors: Vectors, where: Expr, limit: int) -> list[list[int]]:
        """Of the nearest by coarse distance those that `where` allows, then compared exactly.

        To look at policy for each row of a million costs four times the search; to look at
        it for the nearest `WIDE` is the same answer wherever enough of them are allowed.
        Where not, the question is asked again with policy inside: nothing starves.
        """
        enough = COARSE * limit
        found = await self._nearest(vectors, where, WIDE, late=True)
        short = [at for at, numbers in enumerate(found) if len(numbers) < enough]
        again = await self._nearest(vectors[short], where, enough) if short else []
        for at, numbers in zip(short, again, strict=True):
            found[at] = numbers
        return await self._ranked(vectors, [numbers[:enough] for numbers in found], limit)

    async def _ranked(
        self, vectors: Vectors, found: list[list[int]], limit: int
    ) -> list[list[int]]:
        """The `limit` nearest of each list, by the vectors themselves."""
        numbers = sorted({number for each in found for number in each})
        if not numbers:
            return found
        asked = self._table.take_row_ids(numbers).select(["vector"]).with_row_id()
        answer = await self._answer(asked)
        near = np.einsum("id,qd->qi", vectors_in(answer), vectors)
        place = {number: at for at, number in enumerate(_numbers(answer))}
        return [
            sorted(each, key=lambda number: -row[place[number]])[:limit]
            for row, each in zip(near, found, strict=True)
        ]

    async def _nearest(
        self, vectors: Vectors, where: Expr, limit: int, *, late: bool = False
    ) -> list[list[int]]:
        """By the index's own distances. `late`: policy on the answer, which may leave fewer."""
        asked = self._table.query().nearest_to(list(vectors)).distance_type("cosine")
        asked = asked.nprobes(PROBES).where(where).limit(limit)
        asked = asked.postfilter() if late else asked
        answer = await self._answer(asked.with_row_id().select(["_distance"]))
        return _by_question(answer, len(vectors))

    async def lexical(self, words: str, where: Expr, limit: int) -> list[int]:
        """The `limit` best by BM25 over titles, trigger words, tags and descriptions."""
        if not words:
            return []
        question = MultiMatchQuery(
            words, list(BOOSTS), boosts=list(BOOSTS.values()), operator=FullTextOperator.OR
        )
        asked = self._table.query().nearest_to_text(question).where(where).limit(limit)
        return _numbers(await self._answer(asked.with_row_id().select(["_score"])))

    async def among(self, card_ids: tuple[str, ...], where: Expr | None) -> list[int]:
        """The rows with these ids, those that `where` allows."""
        if not card_ids:
            return []
        clause = among(KEY, card_ids)
        clause = clause if where is None else clause & where
        asked = self._table.query().where(clause).limit(len(card_ids))
        return _numbers(await self._answer(asked.with_row_id().select([KEY])))

    async def told(self, numbers: list[int]) -> dict[int, Found]:
        """What stands in these rows, by number."""
        if not numbers:
            return {}
        asked = self._table.take_row_ids(numbers).select([KEY, "card", "vector"])
        answer = await self._answer(asked.with_row_id())
        cards = (_READ.decode(card) for card in answer["card"].to_pylist())
        found = map(Found, answer[KEY].to_pylist(), cards, vectors_in(answer))
        return dict(zip(_numbers(answer), found, strict=True))

    async def texts(self, card_ids: tuple[str, ...]) -> dict[str, tuple[str, Vectors]]:
        """Card id -> fingerprint of the text that was embedded, and its vector."""
        if not card_ids:
            return {}
        asked = self._table.query().where(among(KEY, card_ids)).select([KEY, "text", "vector"])
        answer = await self._answer(asked)
        told = zip(answer["text"].to_pylist(), vectors_in(answer), strict=True)
        return dict(zip(answer[KEY].to_pylist(), told, strict=True))

    async def ids(self, where: Expr | None = None) -> list[str]:
        """The id of every row, or of those that `where` allows."""
        asked = self._table.query().select([KEY])
        answer = await self._answer(asked.where(where) if where is not None else asked)
        return answer[KEY].to_pylist()

    async def count(self, where: Expr | None = None) -> int:
        """How many rows there are, or how many `where` allows."""
        with broken(self._path):
            return await self._table.count_rows(where.to_sql() if where is not None else None)

    async def _answer(self, asked: AsyncQueryBase) -> pa.Table:
        with broken(self._path):
            return await asked.to_arrow()


class CardIndex:
    """Reads the index at `place`, whose vectors must be of `embedder`'s space.

    `place` is a folder, or an address of an object store.  Nothing is opened before the
    first question.  Raises `IndexMissing`, `IndexSchema` (another version or embedding
    space), `IndexBroken`.
    """

    def __init__(self, place: Path | str, embedder: Embedder, locks: Path | None = None) -> None:
        self.home: Home = home_of(place, locks)
        self.embedder = embedder
        self._newest: tuple[str, AsyncTable] | None = None
        self._seen: tuple[str, int, View] | None = None

    async def view(self) -> View:
        """The newest version there is."""
        generation, table = await self._current()
        with broken(self.home.path):
            version = await table.version()
            if self._seen is None or self._seen[:2] != (generation, version):
                pinned = await opened(self.home, generation)
                await pinned.checkout(version)
                coarse = marks(await pinned.schema()).get(COARSE_MARK) == "yes"
                view = View(pinned, self.home.path, coarse=coarse)
                self._seen = generation, version, view
        return self._seen[2]

    async def reached(self) -> int:
        """The number of the last change that is in. Raises as `view` does."""
        return (await self.standing()).reached

    async def standing(self) -> "Standing":
        """Whose changes it followed, and how far. Raises as `view` does."""
        _, table = await self._current()
        with broken(self.home.path):
            return standing(marks(await table.schema()))

    async def outgrown(self) -> bool:
        """Whether it is of our embedding space and of an older version: ours to write anew."""
        with broken(self.home.path):
            table = await opened(self.home, await self.home.current())
            version, space = _told(await table.schema())
        return (
            space == self.embedder.name and version.isdecimal() and int(version) < int(rows.VERSION)
        )

    async def _current(self) -> tuple[str, AsyncTable]:
        generation = await self.home.current()
        if self._newest is None or self._newest[0] != generation:
            table = await opened(self.home, generation)
            with broken(self.home.path):
                check(await table.schema(), self.embedder.name, self.home.path)
            self._newest = generation, table
        return self._newest


async def opened(home: Home, generation: str) -> AsyncTable:
    """The table of a generation, whatever it holds. Raises `IndexBroken`."""
    with broken(home.path):
        return await (await connected(home.place(generation))).open_table(TABLE)


def check(found: pa.Schema, embedder: str, path: str) -> None:
    """Raise `IndexSchema` unless version and embedding space are ours."""
    told, needed = _told(found), (rows.VERSION, embedder)
    if told != needed:
        raise IndexSchema(path=path, found=" of ".join(told), needed=" of ".join(needed))


def marks(schema: pa.Schema) -> dict[str, str]:
    """What a writer noted at this version: how far it had come."""
    told = schema.field(KEY).metadata or {}
    return {key.decode(): value.decode() for key, value in told.items()}


def standing(told: dict[str, str]) -> Standing:
    """What the marks of a version say of it."""
    return Standing(told.get(FOLLOWED, ""), int(told.get(REACHED, "0")), told.get(NEWEST, ""))


def vectors_in(answer: pa.Table) -> Vectors:
    """The column of vectors as float32 of shape (rows, d)."""
    if not answer.num_rows:
        return np.zeros((0, 0), np.float32)
    flat = answer["vector"].combine_chunks().flatten().to_numpy()
    return np.asarray(flat, np.float32).reshape(answer.num_rows, -1)


@contextmanager
def broken(path: str) -> Generator[None]:
    """What LanceDB cannot read becomes `IndexBroken`."""
    try:
        yield
    except (ValueError, RuntimeError, OSError, msgspec.DecodeError) as error:
        raise IndexBroken(path=path, why=str(error)[:120]) from error


def _told(schema: pa.Schema) -> tuple[str, str]:
    told = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    return told.get("stylus.schema", "unknown"), told.get("stylus.embedder", "unknown")


def _numbers(answer: pa.Table) -> list[int]:
    return answer["_rowid"].to_pylist()


def _by_question(answer: pa.Table, count: int) -> list[list[int]]:
    """LanceDB numbers the questions only when there are several."""
    if "query_index" not in answer.schema.names:
        return [_numbers(answer)]
    lists: list[list[int]] = [[] for _ in range(count)]
    for question, number in zip(answer["query_index"].to_pylist(), _numbers(answer), strict=True):
        lists[question].append(number)
    return lists


_READ = msgspec.json.Decoder(Adapter)
