"""The shelf of adapters as people go through it: by name, by meaning, or page by page.

The store knows names and what is popular, the index knows policy.  Where policy leaves
few, the index names them and the store puts them in order; where it leaves many, names
come in stretches from the store and pass the index.  So no page walks over all cards.
"""

import asyncio
from collections.abc import Sequence

from stylus_engine.model import Adapter, Candidate, Query
from stylus_engine.ports import CardStore
from stylus_engine.retrieval.retriever import IndexRetriever

STRETCH = 250  # names that are read at once
FEW = 2000  # cards that policy leaves; they are put in order as they are
MOST_NAMED = 500  # names that hold a text and are counted; nobody turns to page 50


async def browse(
    retriever: IndexRetriever, cards: CardStore, query: Query, offset: int = 0
) -> tuple[Sequence[Candidate], int]:
    """The cards from `offset` to `query.k`, and how many there are; each card once.

    Those whose name holds the text come first, the most popular of them leading, then
    those nearest in meaning.  No text: the whole shelf.  Raises `BadIndex`.
    """
    text = query.prompt.strip()
    count = await retriever.count(query)
    most = max(query.k, MOST_NAMED) if text else query.k
    if count <= FEW:
        named = await _few(retriever, cards, query, text)
    else:
        named = await _many(retriever, cards, query, text, most)
    found = _ranked(named[:most])
    if not text:
        return found[offset : query.k], count
    if len(found) < query.k:
        found += _others(await retriever.recall(query), found)
    return found[offset : query.k], len(found)


async def _few(
    retriever: IndexRetriever, cards: CardStore, query: Query, text: str
) -> Sequence[Adapter]:
    """Of the cards that policy allows those whose name holds `text`."""
    ids = await retriever.allowed_ids(query)
    return await asyncio.to_thread(cards.among, ids, text)


async def _many(
    retriever: IndexRetriever, cards: CardStore, query: Query, text: str, most: int
) -> Sequence[Adapter]:
    """The first cards whose name holds `text` and that policy allows, `most` or a few more."""
    found: list[Adapter] = []
    last = ""
    while len(found) < most:
        stretch = await asyncio.to_thread(cards.named, text, STRETCH, last)
        if not stretch:
            break
        mine = await retriever.named([card.card_id for card in stretch], query)
        found += (card for card in stretch if card.card_id in mine)
        last = stretch[-1].card_id
    return found


def _ranked(found: Sequence[Adapter]) -> list[Candidate]:
    return [
        Candidate(adapter=card, concept="", similarity=1.0, rank=rank)
        for rank, card in enumerate(found, start=1)
    ]


def _others(near: Sequence[Candidate], found: Sequence[Candidate]) -> list[Candidate]:
    """The best candidate of each card that was not found yet, nearest first."""
    known = {one.adapter.card_id for one in found}
    best: dict[str, Candidate] = {}
    for one in sorted(near, key=lambda one: -one.similarity):
        best.setdefault(one.adapter.card_id, one)
    return [one for card, one in best.items() if card not in known]
