"""What is chosen by meaning and by mended spelling, with a stand-in that says what means what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.composition.elsewhere import Elsewhere
from stylus_engine.composition.fits import Hold, called, hold_of
from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.composition.spelling import respelt
from stylus_engine.model import Candidate, Query, Request, Span
from stylus_engine.planning.concepts import concepts
from stylus_engine.planning.lexicon import phrase
from tests.composition.asked import card, lit

pytestmark = pytest.mark.asyncio


class Meanings:
    """`near`: (span, name of the card) -> likeness."""

    def __init__(self, near=None, words=(), names=()):
        self.near, self.words, self.names = near or {}, set(words), names

    def knows(self, word):
        return word.casefold() in self.words

    def apart(self, text, words):
        return text in self.names

    async def likeness(self, spans, cards):
        return [[self.near.get((span, one.name), 0.0) for one in cards] for span in spans]


async def plan_of(prompt, cards, meanings, concept=None, similarity=0.2):
    query = Query(prompt=prompt, concepts=concepts(prompt), family="f")
    asked = [span.text for span in query.concepts] if concept is None else [concept]
    found = [
        Candidate(adapter=one, concept=text, similarity=similarity, rank=1, cluster=number)
        for number, one in enumerate(cards)
        for text in asked
    ]
    composer = OfflineComposer(meanings=meanings)
    return await composer.compose(Request(prompt=prompt), query, found)


async def test_a_span_gets_the_card_that_it_means_whatever_its_cosine():
    near = {("wyvern", "Ember"): 1.0, ("wyvern", "Mist"): 0.7}
    plan = await plan_of("a red wyvern", [card("Ember"), card("Mist")], Meanings(near))
    assert lit(plan) == [("wyvern", ["Ember"])]
    assert "close to what its card says" in plan.choices[0].reason


async def test_of_two_that_say_different_things_the_nearer_is_meant():
    near = {("doodle", "Chalk"): 1.01, ("doodle", "Pencil"): 1.0}
    cards = [card("Chalk", "style", tags=("chalk",)), card("Pencil", "style", tags=("pencil",))]
    assert lit(await plan_of("a doodle", cards, Meanings(near))) == [("doodle", ["Chalk"])]
    twins = [card("Chalk", "style", tags=("board",)), card("Pencil", "style", tags=("board",))]
    assert lit(await plan_of("a doodle", twins, Meanings(near)))[0][1] == ["Chalk", "Pencil"]


async def test_half_a_title_is_no_name():
    wet = card("Wet Paper", "style", tags=("watercolour",))
    assert lit(await plan_of("a paper boat", [wet], Meanings())) == []


async def test_what_words_decide_is_not_asked_again():
    ember, mist = card("Ember", tags=("dragon",)), card("Mist")
    query = Query(prompt="a dragon", concepts=concepts("a dragon"), family="f")
    found = [
        Candidate(adapter=one, concept="dragon", similarity=near, rank=1, cluster=number)
        for number, (one, near) in enumerate(((ember, 0.6), (mist, 0.6)))
    ]
    composer = OfflineComposer(meanings=Meanings({("dragon", "Mist"): 2.0}))
    plan = await composer.compose(Request(prompt="a dragon"), query, found)
    assert lit(plan) == [("dragon", ["Ember"])]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("dragn", "dragon"), ("dragno", "dragon"), ("octupus", "octopus"), ("crossstich", "crossstitch"),
     ("robin", ""), ("dragon", ""), ("drgn", ""), ("forrest", ""), ("xylophone", ""),
     ("rabot", ""), ("drogen", ""), ("golm", ""), ("gollem", "golem"), ("wizzerd", "wizard"),
     ("nymff", ""), ("mechaxy", ""), ("unter", "hunter"), ("under", "")],
)  # fmt: skip
async def test_only_words_that_are_none_are_mended_and_only_by_a_slip_or_two(typed, meant):
    names = ("dragon", "octopus", "robot", "cross-stitch", "fortress", "golem", "nymf", "mecha77", "hunter", "wizard")  # fmt: skip
    cards = [card(name, tags=(name,)) for name in names]
    query = Query(prompt=f"a {typed}", concepts=(), family="f")
    found = respelt(query, cards, Meanings(words={"robin", "rabot", "xylophone"}).knows)
    assert found.get(typed, "") == meant


async def test_a_misspelt_word_finds_its_card_however_far_its_vector_is():
    plan = await plan_of("a dragn", [card("Ember", tags=("dragon",))], Meanings())
    assert lit(plan) == [("dragn", ["Ember"])]
    assert plan.choices[0].reason == "the words ‘dragn’ match its tags"


@pytest.mark.parametrize(
    ("prompt", "asked"),
    [("a fish; leave out any castle", ["fish"]), ("a bird, nothing neon about it", ["bird"]),
     ("nothing but dunes", ["dunes"])],
)  # fmt: skip
async def test_what_a_prompt_leaves_out(prompt, asked):
    assert [span.text for span in concepts(prompt)] == asked


LION = card("Savanna", tags=("lion", "mane"))


@pytest.mark.parametrize("similarity", [0.2, 0.6])  # held by meaning alone, and by words
async def test_a_word_within_the_name_of_something_else_asks_for_nothing(similarity):
    sure = {(text, "Savanna"): 1.0 for text in ("sea lion", "lion", "sea")}
    told = await plan_of("a sea lion", [LION], Meanings(sure), similarity=similarity)
    assert [choice.adapter.name for choice in told.choices] == ["Savanna"]
    other = Meanings(sure, names={"sea lion"})
    assert lit(await plan_of("a sea lion", [LION], other, similarity=similarity)) == []
    both = await plan_of("a lion and a sea lion", [LION], other, similarity=similarity)
    assert [(task.concept, task.start) for task in both.tasks] == [("lion", 2)]


async def test_a_word_within_the_name_of_another_card_asks_for_that_one():
    cards = [
        card("Reading Room", "place", tags=("books",)),
        card("Dots", "style", tags=("comic book",)),
    ]
    plan = await plan_of("a fox, comic book", cards, Meanings(), similarity=0.6)
    assert [choice.adapter.name for choice in plan.choices] == ["Dots"]
    alike = [card("Ember", tags=("dragon",)), card("Mist", tags=("winged dragon", "dragon"))]
    plan = await plan_of("a winged dragon", alike, Meanings(), similarity=0.6)
    assert {choice.adapter.name for choice in plan.choices} == {"Ember", "Mist"}


@pytest.mark.parametrize(
    ("called", "fields"),
    [
        ("Sea Lion", {"tags": ("lion", "ocean")}),
        ("Beach Friends", {"tags": ("sea lion", "lion")}),
        ("Beach Friends", {"tags": ("lion",), "triggers": ("sea lion pup",)}),
    ],
)
async def test_what_a_card_is_called_itself_is_no_name_of_something_else(called, fields):
    one = card(called, **fields)
    meanings = Meanings(names={"sea lion"})
    for prompt in ("a sea lion pup", "a lion", "sea lion pup, oil painting"):
        plan = await plan_of(prompt, [one], meanings, similarity=0.7)
        assert [choice.adapter.name for choice in plan.choices] == [called], prompt


async def test_a_title_takes_no_word_from_other_cards():
    """Titles are anybody's words; only what a card is tagged with is a name of its own."""
    plain = card("Keep", tags=("castle",))
    for stranger in (card("Old Castle", tags=("gothic",)), card("Frost", triggers=("old castle",))):
        plan = await plan_of("an old castle", [plain, stranger], Meanings(), similarity=0.7)
        assert "Keep" in [choice.adapter.name for choice in plan.choices]


async def test_words_that_a_prompt_says_again_and_again_are_looked_at_a_few_times():
    asked: list[str] = []

    def apart(text, _words):
        asked.append(text)
        return False

    elsewhere = Elsewhere("lion " * 400, [LION], apart)
    assert not elsewhere(LION, Span(text="lion", start=0))
    assert 1 <= len(asked) <= 100


async def test_a_pin_is_kept_whatever_its_words_are_said_of():
    query = Query(
        prompt="a sea lion", concepts=concepts("a sea lion"), family="f", pinned=(LION.card_id,)
    )
    found = [Candidate(adapter=LION, concept="lion", similarity=0.6, rank=1, cluster=0)]
    composer = OfflineComposer(meanings=Meanings(names={"sea lion"}))
    plan = await composer.compose(Request(prompt="a sea lion"), query, found)
    assert [choice.adapter.name for choice in plan.choices] == ["Savanna"]


@given(st.lists(st.sampled_from(["winged", "dragon", "dragons", "at", "sunset", "Sun-Set", "ember", "the"]), max_size=4).map(" ".join))  # fmt: skip
async def test_what_a_card_is_called_holds_it(text):
    one = card("The Ember", triggers=("at sunset", "winged dragon"), tags=("Dragon", "sun set"))
    assert (phrase(text) in called(one)) == (hold_of(one, text)[0] >= Hold.NAMED)
