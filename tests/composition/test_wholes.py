"""What a card says as a whole with a colour or a count in it, from the prompt to the plan."""

import asyncio

import pytest

from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.model import Query, Request
from stylus_engine.planning.concepts import concepts
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.retriever import DEPTH, IndexRetriever
from tests.retrieval.fakes import FAMILY, WordEmbedder, build, card

OTHERS = ("matter", "gravity", "stars", "orbit", "telescope")


@pytest.fixture(scope="module")
def retriever(tmp_path_factory):
    """Many a card of a hole, the whole ones among other words."""
    index = CardIndex(tmp_path_factory.mktemp("wholes"), WordEmbedder())
    cards = [
        card(1, "Horizon", tags=("black hole", *OTHERS)),
        card(2, "Pandas", triggers=("red panda", *OTHERS)),
        card(3, "Three Kingdoms"),
        card(4, "Ember", tags=("dragon",)),
        *(card(number, "burrow hole") for number in range(10, 10 + 2 * DEPTH)),
    ]
    asyncio.run(build(index, cards))
    return IndexRetriever(index)


def planned(retriever, prompt):
    query = Query(prompt=prompt, concepts=concepts(prompt), family=FAMILY)
    seen = asyncio.run(retriever.recall(query))
    plan = asyncio.run(OfflineComposer().compose(Request(prompt=prompt), query, seen))
    return [(task.concept, task.choices[0].adapter.name) for task in plan.tasks]


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("a black hole", [("black hole", "Horizon")]),
        ("two Red Pandas, a black  hole", [("Red Pandas", "Pandas"), ("black  hole", "Horizon")]),
        ("the three kingdoms", [("three kingdoms", "Three Kingdoms")]),
        ("a black dragon", [("dragon", "Ember")]),
        ("a hole, painted black", [("hole", "burrow hole")]),
    ],
)
def test_what_a_card_says_as_a_whole_finds_it(retriever, prompt, told):
    assert planned(retriever, prompt) == told
