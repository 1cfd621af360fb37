"""Recall: the whole prompt and each concept, by meaning and by words, under one policy."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import TypeAlias

import numpy as np

from stylus_engine.model import Adapter, Candidate, Query
from stylus_engine.planning.concepts import chunks, led, span_of
from stylus_engine.planning.lexicon import keys, phrase
from stylus_engine.ports import Vectors
from stylus_engine.retrieval.fusion import Pair, chosen, clusters, fused
from stylus_engine.retrieval.index import CardIndex, Found, View
from stylus_engine.retrieval.rows import heads_of
from stylus_engine.retrieval.where import allowed, among

DEPTH = 20  # rows of one recall of one part
MOST_WORDS = 64  # of the whole prompt, on the full-text side
PAPER_DEPTH = 150  # the paper's K
ABSENT = 0.05  # cosine that a card loses whose file would have to be fetched first

Present: TypeAlias = Callable[[Adapter], bool]


def local(card: Adapter) -> bool:
    """Whether the card itself names a file of this machine."""
    return bool(card.path)


class IndexRetriever:
    """Candidates from the index. Implements `Retriever`.

    A part is the whole prompt (concept "") or one concept.  Each part is recalled
    by cosine and by full text, ranks fused; one `Candidate` for each adapter and
    concept, at most `query.k` in all, in the order of the prompt.  Pinned adapters
    that the policy allows come first of all into the `k`.  Who says a concept with the colour
    or count before it ("black hole") is as near to the concept as to all of that.

    `present` tells whether a card's file is on this machine.  A card whose file is not
    must be nearer by `ABSENT` to be preferred: its similarity is told without it.
    """

    def __init__(self, index: CardIndex, present: Present = local) -> None:
        self._index = index
        self._present = present

    async def recall(self, query: Query) -> Sequence[Candidate]:
        """Raises `BadIndex`, `BadEmbedder`."""
        questions = await self._questions(query)
        return await self.answer(query, questions)

    async def answer(self, query: Query, questions: Vectors) -> Sequence[Candidate]:
        """`recall` for vectors that are known: the prompt's, then one for each concept. Raises as it does."""
        where, view = allowed(query), await self._index.view()
        wholes = _wholes(query)
        worded = (view.lexical(words, where, DEPTH) for words in _words(query))
        dense, pinned, lexical, calling = await asyncio.gather(
            view.dense(questions, where, DEPTH),
            view.among(query.pinned, where),
            asyncio.gather(*worded),
            view.lexical(" ".join(filter(None, map(phrase, wholes))), where, DEPTH),
        )
        pool = await self._pool(view, questions, chain(pinned, *dense, *lexical, calling))
        said = pool.saying(calling, wholes)
        await self._draw_near(pool, wholes, said)
        pairs = _pairs(pool, dense, lexical, said)
        held = [pool.pin(number) for number in pinned][: query.k]
        rest = [pair for pair in pairs if (pair.card_id, pair.part) not in _places(held)]
        return _candidates(query, [*held, *chosen(rest, query.k - len(held))], pool)

    async def named(self, card_ids: Sequence[str], query: Query) -> frozenset[str]:
        """Those of these cards that may answer `query` at all. Raises `BadIndex`."""
        if not card_ids:
            return frozenset()
        view = await self._index.view()
        return frozenset(await view.ids(among("card_id", tuple(card_ids)) & allowed(query)))

    async def allowed_ids(self, query: Query) -> Sequence[str]:
        """The ids of all that may answer `query` at all. Raises `BadIndex`."""
        return await (await self._index.view()).ids(allowed(query))

    async def count(self, query: Query) -> int:
        """How many cards may answer `query` at all. Raises `BadIndex`."""
        return await (await self._index.view()).count(allowed(query))

    async def paper_recall(self, query: Query) -> Sequence[Candidate]:
        """The paper's rule: the whole prompt's cosine, top 150, here after policy, no words, no quota.

        Each adapter is told once for the prompt and once for the concept nearest to it.
        """
        questions = await self._questions(query)
        where, view = allowed(query), await self._index.view()
        (nearest, *_), pinned = await asyncio.gather(
            view.dense(questions[:1], where, PAPER_DEPTH),
            view.among(query.pinned, where),
        )
        pool = await self._pool(view, questions, chain(pinned, nearest))
        ranked = pool.ranked(nearest, 0)
        pairs = [pool.pair(number, 0, rank) for rank, number in enumerate(ranked, start=1)]
        parts = [pool.pin(number) for number in pool.rows] if query.concepts else []
        return _candidates(query, [*pairs, *parts], pool)

    async def _questions(self, query: Query) -> Vectors:
        """One row for the prompt and one for each concept."""
        texts = [query.prompt, *(span.text for span in query.concepts)]
        return await self._index.embedder.embed(texts)

    async def _draw_near(
        self, pool: "_Pool", wholes: Sequence[str], said: Sequence[Sequence[int]]
    ) -> None:
        """Embeds only what a card says: most colours are no part of a name."""
        parts = [part for part, numbers in enumerate(said) if numbers]
        vectors = await self._index.embedder.embed([wholes[part] for part in parts])
        for part, vector in zip(parts, vectors, strict=True):
            pool.draw_near(said[part], part, vector)

    async def _pool(self, view: View, questions: Vectors, numbers: Iterable[int]) -> "_Pool":
        rows = await view.told(list(dict.fromkeys(numbers)))
        return _Pool(rows, questions, self._present)


class _Pool:
    """All rows that were found for one query, and how near each is to each part."""

    def __init__(self, rows: dict[int, Found], questions: Vectors, present: Present) -> None:
        self.rows = rows
        self.by_id = {row.card_id: row for row in rows.values()}
        self._lost = {at: 0.0 if present(row.card) else ABSENT for at, row in rows.items()}
        lost = np.asarray(list(self._lost.values()), np.float32)[:, None]
        vectors = np.stack([row.vector for row in rows.values()]) if rows else questions[:0]
        near = np.einsum("id,qd->iq", vectors, questions) - lost
        self._near = dict(zip(rows, near, strict=True))

    def saying(self, numbers: Sequence[int], wholes: Iterable[str]) -> list[list[int]]:
        """For each text those of these rows whose card says it."""
        heads = {number: heads_of(self.rows[number].card).split() for number in numbers}
        return [[at for at in numbers if phrase(whole) in heads[at]] for whole in wholes]

    def draw_near(self, numbers: Iterable[int], part: int, vector: Vectors) -> None:
        """Let these be as near to the part as they are to `vector`, where that is nearer."""
        for number in numbers:
            near = np.einsum("d,d->", self.rows[number].vector, vector) - self._lost[number]
            self._near[number][part] = max(self._near[number][part], near)

    def ranked(self, numbers: Iterable[int], part: int) -> list[int]:
        """Nearest first."""
        return sorted(numbers, key=lambda number: -self._near[number][part])

    def pair(self, number: int, part: int, rank: int) -> Pair:
        return Pair(self.rows[number].card_id, part, rank, float(self._near[number][part]))

    def pin(self, number: int) -> Pair:
        """For the concept nearest to the card; for the whole prompt when there is no concept."""
        near = self._near[number][1:]
        return self.pair(number, int(np.argmax(near)) + 1 if len(near) else 0, 1)


class PaperRetriever:
    """`IndexRetriever.paper_recall` behind the port, for the preset `paper-rules`."""

    def __init__(self, retriever: IndexRetriever) -> None:
        self._retriever = retriever

    async def recall(self, query: Query) -> Sequence[Candidate]:
        """Raises `BadIndex`, `BadEmbedder`."""
        return await self._retriever.paper_recall(query)


class NoRetriever:
    """Finds nothing, without an index: for the preset `base`. Implements `Retriever`."""

    async def recall(self, query: Query) -> Sequence[Candidate]:  # noqa: ARG002 - the port's
        """Nothing."""
        return ()


def _words(query: Query) -> list[str]:
    """What each part asks the full-text side: its words and their keys."""
    asked = [span_of(query.prompt, chunk).text for chunk in chunks(query.prompt)]
    whole = chain.from_iterable(_asked(text) for text in asked)
    parts = (" ".join(_asked(span.text)) for span in query.concepts)
    return [" ".join(list(dict.fromkeys(whole))[:MOST_WORDS]), *parts]


def _wholes(query: Query) -> list[str]:
    """For each part its words with what leads them, "" where nothing does."""
    parts = zip(query.concepts, led(query.prompt, query.concepts), strict=True)
    return ["", *(whole.text if whole != span else "" for span, whole in parts)]


def _asked(text: str) -> list[str]:
    return list(dict.fromkeys((*text.casefold().split(), *keys(text))))


def _pairs(pool: _Pool, dense: list[list[int]], *worded: list[list[int]]) -> list[Pair]:
    found: list[Pair] = []
    for part, (near, *others) in enumerate(zip(dense, *worded, strict=True)):
        ranking = fused(pool.ranked(near, part), *others)
        found += (pool.pair(number, part, rank) for rank, number in enumerate(ranking, start=1))
    return found


def _places(pairs: list[Pair]) -> set[tuple[str, int]]:
    return {(pair.card_id, pair.part) for pair in pairs}


def _candidates(query: Query, pairs: list[Pair], pool: _Pool) -> tuple[Candidate, ...]:
    concepts = ("", *(span.text for span in query.concepts))
    ids = list(dict.fromkeys(pair.card_id for pair in pairs))
    alike = clusters(ids, np.stack([pool.by_id[i].vector for i in ids])) if ids else {}
    return tuple(
        Candidate(
            adapter=pool.by_id[pair.card_id].card,
            concept=concepts[pair.part],
            similarity=min(1.0, max(-1.0, pair.similarity)),
            rank=pair.rank,
            cluster=alike[pair.card_id],
        )
        for pair in sorted(pairs, key=lambda p: (p.part, p.rank))
    )
