"""Recall: the whole prompt and each concept, by meaning and by words, under one policy."""

import asyncio
from collections.abc import Sequence
from itertools import chain

import msgspec
import numpy as np

from stylus_engine.model import Adapter, Candidate, Query
from stylus_engine.planning.concepts import chunks, span_of
from stylus_engine.planning.lexicon import keys
from stylus_engine.ports import Vectors
from stylus_engine.retrieval.fusion import Pair, chosen, clusters, fused
from stylus_engine.retrieval.index import CardIndex, Found
from stylus_engine.retrieval.where import allowed

DEPTH = 20  # rows of one recall of one part
MOST_WORDS = 64  # of the whole prompt, on the full-text side
PAPER_DEPTH = 150  # the paper's K


class IndexRetriever:
    """Candidates from the index. Implements `Retriever`.

    A part is the whole prompt (concept "") or one concept.  Each part is recalled
    by cosine and by full text, ranks fused; one `Candidate` for each adapter and
    concept, at most `query.k` in all, in the order of the prompt.  Pinned adapters
    that the policy allows come first of all into the `k`.
    """

    def __init__(self, index: CardIndex) -> None:
        self._index = index

    async def recall(self, query: Query) -> Sequence[Candidate]:
        """Raises `BadIndex`, `BadEmbedder`."""
        where = allowed(query)
        questions = await self._questions(query)
        (dense, pinned), lexical = await asyncio.gather(
            asyncio.gather(
                self._index.dense(questions, where, DEPTH),
                self._index.rows(query.pinned, where),
            ),
            asyncio.gather(
                *(self._index.lexical(words, where, DEPTH) for words in _words(query)),
            ),
        )
        pool = {row.card_id: row for row in chain(pinned, *dense, *lexical)}
        pairs = _pairs(questions, dense, lexical, pool)
        held = [_pin(row, questions) for row in pinned][: query.k]
        rest = [pair for pair in pairs if (pair.card_id, pair.part) not in _places(held)]
        return _candidates(query, [*held, *chosen(rest, query.k - len(held))], pool)

    async def shelf(self, query: Query) -> frozenset[str]:
        """The ids of all cards that may answer `query` at all. Raises `BadIndex`."""
        return await self._index.ids(allowed(query))

    async def paper_recall(self, query: Query) -> Sequence[Candidate]:
        """The paper's rule: the whole prompt's cosine, top 150, here after policy, no words, no quota.

        Each adapter is told once for the prompt and once for the concept nearest to it.
        """
        questions = await self._questions(query)
        where = allowed(query)
        (nearest, *_), pinned = await asyncio.gather(
            self._index.dense(questions[:1], where, PAPER_DEPTH),
            self._index.rows(query.pinned, where),
        )
        pool = {row.card_id: row for row in chain(pinned, nearest)}
        pairs = [_pair(row, 0, rank, questions) for rank, row in enumerate(nearest, start=1)]
        parts = [_pin(row, questions) for row in pool.values()] if query.concepts else []
        return _candidates(query, [*pairs, *parts], pool)

    async def _questions(self, query: Query) -> Vectors:
        """One row for the prompt and one for each concept."""
        texts = [query.prompt, *(span.text for span in query.concepts)]
        return await self._index.embedder.embed(texts)


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


def _asked(text: str) -> list[str]:
    return list(dict.fromkeys((*text.casefold().split(), *keys(text))))


def _pairs(
    questions: Vectors,
    dense: list[list[Found]],
    lexical: list[list[Found]],
    pool: dict[str, Found],
) -> list[Pair]:
    found: list[Pair] = []
    for part, (near, worded) in enumerate(zip(dense, lexical, strict=True)):
        ranking = fused([row.card_id for row in near], [row.card_id for row in worded])
        for rank, card_id in enumerate(ranking, start=1):
            found.append(_pair(pool[card_id], part, rank, questions))
    return found


def _pair(row: Found, part: int, rank: int, questions: Vectors) -> Pair:
    return Pair(row.card_id, part, rank, float(questions[part] @ row.vector))


def _pin(row: Found, questions: Vectors) -> Pair:
    """For the concept nearest to the card; for the whole prompt when there is no concept."""
    near = questions[1:] @ row.vector
    return _pair(row, int(np.argmax(near)) + 1 if len(near) else 0, 1, questions)


def _places(pairs: list[Pair]) -> set[tuple[str, int]]:
    return {(pair.card_id, pair.part) for pair in pairs}


def _candidates(query: Query, pairs: list[Pair], pool: dict[str, Found]) -> tuple[Candidate, ...]:
    concepts = ("", *(span.text for span in query.concepts))
    ids = list(dict.fromkeys(pair.card_id for pair in pairs))
    alike = clusters(ids, np.stack([pool[i].vector for i in ids])) if ids else {}
    cards = {i: msgspec.json.decode(pool[i].card, type=Adapter) for i in ids}
    return tuple(
        Candidate(
            adapter=cards[pair.card_id],
            concept=concepts[pair.part],
            similarity=min(1.0, max(-1.0, pair.similarity)),
            rank=pair.rank,
            cluster=alike[pair.card_id],
        )
        for pair in sorted(pairs, key=lambda p: (p.part, p.rank))
    )
