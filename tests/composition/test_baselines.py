"""The paper's presets: what they choose, what they ask, how they are drawn."""

import pytest

from stylus_engine.composition.asking import question
from stylus_engine.composition.baselines import FirstOf
from stylus_engine.composition.paper import PAPER, NoModel
from stylus_engine.errors import BadSettings
from stylus_engine.model import PRESETS, Candidate, Policy, Query, Request
from stylus_engine.planning.concepts import concepts
from stylus_engine.planning.masks import first_masks
from stylus_engine.planning.presets import BASELINES, presets
from stylus_engine.planning.weights import Budgets
from tests.composition.asked import answer, candidate, card, composing, lit, told
from tests.openai_server import Said

pytestmark = pytest.mark.asyncio
PROMPT = "a dragon, no snow"


def found(*names, **fields):
    """Candidates of the whole prompt, each a little further away than the one before."""
    pairs = enumerate(names, start=1)
    return tuple(candidate(card(name, **fields), "", 0.5 - n / 1000) for n, name in pairs)


async def planned(name, candidates, **fields):
    query = Query(prompt=PROMPT, concepts=concepts(PROMPT), family="f", **fields)
    return await FirstOf(name).compose(Request(prompt=PROMPT, preset=name), query, candidates)


@pytest.mark.parametrize("name", BASELINES)
async def test_the_first_three_each_in_a_topic_of_its_own(name):
    ranked = [
        Candidate(adapter=card(f"C{rank}"), concept="", similarity=0.5, rank=rank, cluster=rank)
        for rank in (4, 2, 1, 3)
    ]
    plan = await planned(name, ranked)
    assert lit(plan) == [(PROMPT, ["C1"]), (PROMPT, ["C2"]), (PROMPT, ["C3"])]
    assert (plan.preset, plan.composer) == (name, name)
    fewer = await planned(name, ranked, policy=Policy(per_task=1))
    assert len(fewer.tasks) == 1
    last = card("C4")
    pinned = await planned(name, ranked, pinned=(last.card_id,))
    assert lit(pinned)[0] == (PROMPT, ["C4"])
    assert pinned.choices[0].reason.startswith("pinned: ")


@pytest.mark.parametrize("name", BASELINES)
async def test_baselines_light_everything_at_the_papers_weight(name):
    plan = await planned(name, found("A", "B", "C"))
    preset = presets(Budgets())[name]
    order = preset.masks(plan, Request(prompt=PROMPT))
    assert order.total == 1
    assert {mask.code for mask in first_masks(order, 4)} == {"1.1.1"}
    with pytest.raises(IndexError):
        order[1]
    weights = [one.weight for one in preset.weigh(plan, order[0], 1.0)]
    assert weights == pytest.approx([0.8 * c.adapter.weight for c in plan.choices])


async def test_every_preset_that_may_be_asked_for_has_its_rules():
    assert set(presets(Budgets())) == set(PRESETS)


async def test_the_paper_without_a_model_says_what_to_take_instead():
    query = Query(prompt=PROMPT, concepts=concepts(PROMPT), family="f")
    with pytest.raises(BadSettings, match="paper-rules"):
        await NoModel().compose(Request(prompt=PROMPT, preset="paper"), query, ())


async def test_the_paper_offers_150_cards_in_full_and_asks_twice():
    cards = found(*(f"Card {n:03}" for n in range(160)), description="word " * 300)
    said = answer(("dragon", "a1"), ("snow", "a2"))
    async with composing(Said(said), self_check=True, book=PAPER) as asked:
        plan = await asked.plan(PROMPT, cards)
    assert len(asked.server.heard) == 2
    text = asked.server.heard[0].body["messages"][1]["content"]
    assert "a150 |" in text
    assert "a151 |" not in text
    assert text.count("word word") > 1000
    # no rule of ours: the paper's has none on what a prompt leaves out
    assert lit(plan) == [("dragon", ["Card 000"]), ("snow", ["Card 001"])]
    assert told(plan) == ["10 candidates: no room in the question to the language model"]


async def test_our_own_question_is_as_short_as_ever():
    cards = found(*(f"Card {n:03}" for n in range(160)), description="word " * 300)
    query = Query(prompt=PROMPT, concepts=concepts(PROMPT), family="f")
    assert question(query, cards).tokens <= 3000
    assert question(query, cards, PAPER).tokens > 20_000
