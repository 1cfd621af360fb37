"""The shelf of adapters as people go through it: by name, by meaning, or page by page."""

from collections.abc import Sequence

from stylus_engine.model import Candidate, Query
from stylus_engine.ports import CardStore
from stylus_engine.retrieval.retriever import IndexRetriever


async def browse(
    retriever: IndexRetriever, cards: CardStore, query: Query, offset: int = 0
) -> tuple[Sequence[Candidate], int]:
    """The cards from `offset` to `query.k`, and how many there are; each card once.

    Those whose name holds the text come first, in the shelf's order, then those nearest
    in meaning.  No text: the whole shelf.  Raises `BadIndex`.
    """
    text = query.prompt.strip()
    found = _named(cards, await retriever.shelf(query), text)
    if text and len(found) < query.k:
        found += _others(await retriever.recall(query), found)
    return found[offset : query.k], len(found)


def _named(cards: CardStore, shelf: frozenset[str], text: str) -> list[Candidate]:
    """Every card of `shelf` whose name holds `text`, in any case."""
    wanted = text.casefold()
    mine = (card for card in cards.cards() if card.card_id in shelf)
    same = (card for card in mine if wanted in card.name.casefold())
    return [
        Candidate(adapter=card, concept="", similarity=1.0, rank=rank)
        for rank, card in enumerate(same, start=1)
    ]


def _others(near: Sequence[Candidate], found: Sequence[Candidate]) -> list[Candidate]:
    """The best candidate of each card that was not found yet, nearest first."""
    known = {one.adapter.card_id for one in found}
    best: dict[str, Candidate] = {}
    for one in sorted(near, key=lambda one: -one.similarity):
        best.setdefault(one.adapter.card_id, one)
    return [one for card, one in best.items() if card not in known]
