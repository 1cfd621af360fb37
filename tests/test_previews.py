"""What adapters are looked at with passes the floor of safety: their pictures are shown to everybody."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import safety, wordlists
from stylus_engine.catalog import CardFile
from stylus_engine.catalog.health import plan
from stylus_engine.model import Adapter
from tests.house.source import HOUSE

SEXUAL = [*sorted(wordlists.SEXUAL), *(" ".join(p) for p in sorted(wordlists.SEXUAL_PHRASES))]
MINORS = [*sorted(wordlists.MINORS), *(" ".join(p) for p in sorted(wordlists.MINOR_PHRASES))]
CATEGORIES = ("subject", "style")
words = st.sampled_from(
    [*SEXUAL, *MINORS, *sorted(wordlists.ALONE), "ink", "sks", "a fox", "15 yo"]
)


def card(category: str = "style", **fields: object) -> Adapter:
    known: dict[str, object] = {
        "card_id": "t:1:1", "name": "Ink", "family_declared": "sd1", "category": category,
    }  # fmt: skip
    return Adapter(**(known | fields))  # pyright: ignore[reportArgumentType] - the noun checks itself


def drawn(one: Adapter, *more: str) -> tuple[str, ...]:
    prompts = plan.prompts(one, lambda prompt: safety.fit(prompt, words=more))
    for prompt in prompts:
        safety.check(prompt, words=more)
    return prompts


def test_the_miniatures_own_are_called_by_their_own_words():
    cards = list(CardFile(HOUSE / "miniature" / "data" / "cards.jsonl").cards())
    assert all(drawn(one) == plan.prompts(one) for one in cards)


@pytest.mark.parametrize("category", CATEGORIES)
def test_words_that_are_refused_together_are_not_said_together(category: str):
    for number, (sexual, minor) in enumerate(product(SEXUAL, MINORS)):
        if number % 37 == 0:  # each word of both lists, in one pair or another
            one = card(category, triggers=(sexual, minor))
            assert not safety.fit(plan.prompts(one)[0])
            assert drawn(one)[0] != plan.prompts(one)[0]


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_card_all_of_whose_words_are_refused_is_looked_at_without_them(category: str):
    one = card(category, name="lolicon", triggers=("nude child",), tags=("csam",), concepts=())
    assert drawn(one) == (*plan.THINGS, plan.NEUTRAL)


def test_words_of_the_settings_count():
    assert drawn(card(triggers=("wyrm", "glow")), "wyrm")[0].endswith(", glow")


@given(st.lists(words, max_size=4), st.lists(words, max_size=3), words, st.sampled_from(CATEGORIES))
def test_whatever_a_card_says(triggers, tags, name, category):
    drawn(card(category, name=name, triggers=tuple(triggers), tags=tuple(tags)))
