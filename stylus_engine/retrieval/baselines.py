"""Recall of the paper's baselines: the nearest cards ranked anew by somebody else, or cards by lot."""

import hashlib
from collections.abc import Sequence
from itertools import chain
from random import Random
from typing import Protocol

import numpy as np
from msgspec.structs import replace

from stylus_engine.model import Adapter, Candidate, Query
from stylus_engine.ports import Embedder
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.retriever import IndexRetriever
from stylus_engine.retrieval.rows import text_of
from stylus_engine.retrieval.where import allowed

LOTS = 12  # cards drawn by lot; more than any policy lets one concept have


class Reranker(Protocol):
    """Says how well each text answers a question; only the order counts."""

    async def scores(self, question: str, cards: Sequence[Adapter]) -> Sequence[float]:
        """One number in -1 … 1 for each card. Raises `BadEmbedder`."""
        ...


class RerankRetriever:
    """The paper's nearest 150, ranked anew. Implements `Retriever`."""

    def __init__(self, retriever: IndexRetriever, reranker: Reranker) -> None:
        self._retriever = retriever
        self._reranker = reranker

    async def recall(self, query: Query) -> Sequence[Candidate]:
        """Raises `BadIndex`, `BadEmbedder`."""
        found = [c for c in await self._retriever.paper_recall(query) if not c.concept]
        if not found:
            return ()
        scores = await self._reranker.scores(query.prompt, [c.adapter for c in found])
        order = sorted(zip(found, scores, strict=True), key=lambda pair: -pair[1])
        return tuple(
            replace(candidate, rank=rank, similarity=min(1.0, max(-1.0, score)))
            for rank, (candidate, score) in enumerate(order, start=1)
        )


class PhraseReranker:
    """Without a cross-encoder: how near the best phrases of a card come to the prompt. Implements `Reranker`.

    The mean of the whole card's cosine and of its nearest name, tag or trigger.  It
    stands in where nobody has named a cross-encoder, and is called what it is.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    async def scores(self, question: str, cards: Sequence[Adapter]) -> Sequence[float]:
        """See `Reranker`."""
        texts = [[text_of(card), card.name, *card.tags, *card.triggers] for card in cards]
        flat = list(dict.fromkeys(chain.from_iterable(texts)))
        asked, *told = await self._embedder.embed([question, *flat])
        near = dict(zip(flat, np.einsum("id,d->i", np.stack(told), asked).tolist(), strict=True))
        return [(near[whole] + max(near[p] for p in rest)) / 2 for whole, *rest in texts]


class RandomRetriever:
    """Cards of the right family by lot, the same ones for the same request. Implements `Retriever`."""

    def __init__(self, index: CardIndex) -> None:
        self._index = index

    async def recall(self, query: Query) -> Sequence[Candidate]:
        """Raises `BadIndex`."""
        where, view = allowed(query), await self._index.view()
        seed = hashlib.sha256(f"{query.seed} {query.prompt}".encode("utf-8", "surrogatepass"))
        ids = sorted(await view.ids(where))
        drawn = Random(seed.digest()).sample(ids, min(LOTS, len(ids)))
        numbers = await view.among(tuple(dict.fromkeys((*query.pinned, *drawn))), where)
        cards = {row.card_id: row.card for row in (await view.told(numbers)).values()}
        order = [i for i in dict.fromkeys((*query.pinned, *drawn)) if i in cards]
        return tuple(
            Candidate(adapter=cards[i], concept="", similarity=0.0, rank=rank, cluster=rank)
            for rank, i in enumerate(order, start=1)
        )
