"""What a language model is told of each card, and how it is made to fit."""

import pytest

from stylus_engine.composition.menu import LINE, menu
from stylus_engine.composition.plain import tokens
from tests.composition.asked import candidate, card, query

LONG = " ".join(f"word{number}" for number in range(40))


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"description": "Loose ink.", "concepts": ("ink",), "tags": ("wash",)}, "Loose ink."),
        ({"description": "", "concepts": ("ink", "paper"), "tags": ("wash",)}, "ink, paper"),
        ({"description": "", "tags": ("wash", "brush")}, "wash, brush"),
    ],
)
def test_a_card_is_told_by_the_best_that_is_known_of_it(known, said):
    offered = menu(query(), [candidate(card("A", **known), "dragon")], 2000)
    assert offered.lines == (f"a1 | A | subject | {said}",)


def test_lines_become_shorter_before_there_are_fewer():
    cards = [candidate(card(f"C{number}", description=LONG), "dragon") for number in range(10)]
    wide, narrow, tight = (menu(query(), cards, room) for room in (2000, 300, 100))
    assert 40 < max(map(tokens, wide.lines)) <= LINE
    assert (len(narrow.lines), len(narrow.left)) == (10, 0)
    assert sum(map(tokens, narrow.lines)) <= 300
    assert (len(tight.lines), len(tight.left)) == (5, 5)


def test_of_one_card_the_nearest_find_is_told():
    adapter = card("A")
    found = [candidate(adapter, "dragon", 0.4), candidate(adapter, "sunset", 0.7), candidate(adapter, "", 0.7)]  # fmt: skip
    assert [(one.concept, one.similarity) for one in menu(query(), found, 2000).offers] == [("sunset", 0.7)]  # fmt: skip
