"""Cards in the rules' words are found as well as in their authors'. On the miniature."""

import asyncio

import pytest
from msgspec.structs import replace

from miniature import cards as miniature_cards
from stylus_engine.catalog import CardFile
from stylus_engine.catalog.layers import merged
from stylus_engine.catalog.refiner import describe
from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.retrieval.embedder import LocalEmbedder
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.retriever import IndexRetriever
from tests.catalog.refiner.cards import known
from tests.composition.labelled import HELD
from tests.composition.test_selection import measured
from tests.retrieval.fakes import build


@pytest.mark.slow
def test_selection_in_the_rules_words_is_as_good(tmp_path):
    """The floor is the one that `tests/composition/test_selection.py` sets for their own words."""
    miniature_cards.write(tmp_path / "cards.jsonl")
    cards = [card for card in CardFile(tmp_path / "cards.jsonl").cards() if card.drawable]
    cards = [merged(card, None, describe(replace(known(), said=card))) for card in cards]
    index = CardIndex(tmp_path / "index", LocalEmbedder())
    asyncio.run(build(index, tuple(cards)))
    f1, spared = measured(IndexRetriever(index), OfflineComposer(), HELD)
    assert f1 >= 0.97
    assert spared == 0
