"""The posterior: bounded, monotone, and nothing at all without evidence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stylus_engine.model import Liking
from stylus_engine.planning.learning import (
    SPAN,
    by_liking,
    concerned,
    factor,
    known,
    liked_order,
    mean,
    pairs,
)
from stylus_engine.planning.lexicon import phrase
from stylus_engine.planning.masks import StylusOrder, sizes
from tests.planning.plans import plan

COUNTS = st.floats(0, 1e6)
SIZES = st.lists(st.integers(1, 3), min_size=1, max_size=4)


def liking(made, task, place, good, bad):
    part = made.tasks[task]
    return Liking(
        card_id=part.choices[place].adapter.card_id,
        concept=phrase(part.concept),
        good=good,
        bad=bad,
    )


@given(COUNTS, COUNTS)
def test_it_is_bounded_and_the_mean_of_its_beta(good, bad):
    """The mean of a Beta distribution with these parameters, by its definition a / (a + b)."""
    one = Liking(card_id="x", concept="fox", good=good, bad=bad)
    assert mean(one) == pytest.approx((2 + good) / ((2 + good) + (2 + bad)))
    assert 1 - SPAN <= factor(known([one]), "x", "Foxes") <= 1 + SPAN


@given(COUNTS, COUNTS, st.floats(0.1, 100))
def test_more_likes_never_lower_it_and_more_dislikes_never_raise_it(good, bad, more):
    one = Liking(card_id="x", concept="fox", good=good, bad=bad)
    assert mean(replace(one, good=good + more)) >= mean(one) >= mean(replace(one, bad=bad + more))


def test_no_evidence_is_exactly_nothing():
    made = plan(2, 3)
    assert factor({}, "x", "fox") == 1.0
    assert factor(known([Liking(card_id="x", concept="fox")]), "x", "fox") == 1.0
    assert factor(known([Liking(card_id="x", concept="owl", good=9)]), "x", "fox") == 1.0
    assert by_liking(made.tasks, ()) == made.tasks
    order = StylusOrder(sizes(made), 7)
    assert liked_order(order, made, 1) is order


def test_of_several_words_the_one_that_most_was_said_of_counts():
    likes = known(
        [
            Liking(card_id="x", concept="fox", good=1),
            Liking(card_id="x", concept="redfox", bad=5),
        ]
    )
    assert factor(likes, "x", "fox", "red foxes") < 1 < factor(likes, "x", "fox")


def test_a_disliked_first_alternative_goes_back():
    made = plan(2)
    first, second = made.tasks[0].choices
    [turned] = by_liking(made.tasks, [liking(made, 0, 0, 0, 5)])
    assert turned.choices == (second, first)
    [kept] = by_liking(made.tasks, [liking(made, 0, 1, 0, 5)])
    assert kept.choices == (first, second)


@given(SIZES, st.integers(0, 2**32 - 1), st.data())
def test_the_order_is_a_permutation_and_image_one_stays(many, seed, data):
    made = plan(*many)
    likes = tuple(
        liking(made, task, place, data.draw(COUNTS), data.draw(COUNTS))
        for task, size in enumerate(many)
        for place in range(size)
    )
    inner = StylusOrder(tuple(many), seed)
    order = liked_order(inner, replace(made, likes=likes), 1)
    codes = [order[number].code for number in range(order.total)]
    assert sorted(codes) == sorted(inner[number].code for number in range(inner.total))
    assert order[0] == inner[0]
    again = liked_order(inner, replace(made, likes=likes), 1)
    assert [again[number].code for number in range(order.total)] == codes


def test_the_mask_that_is_expected_to_be_liked_comes_first():
    made = plan(3)
    likes = (liking(made, 0, 1, 0, 9), liking(made, 0, 2, 9, 0))
    order = liked_order(StylusOrder((3,), 5), replace(made, likes=likes), 1)
    codes = [order[number].code for number in range(order.total)]
    assert codes[:2] == ["100", "001"]
    assert codes[-1] == "010"


def test_a_plan_keeps_what_concerns_it():
    made = plan(2, 1)
    mine, other = liking(made, 1, 0, 3, 1), Liking(card_id="elsewhere", concept="t1", good=4)
    assert concerned(made.tasks, [other, mine]) == (mine,)


def test_pairs_of_a_mask():
    made = plan(2, 1)
    cards = [choice.adapter.card_id for choice in made.choices]
    words = [phrase(task.concept) for task in made.tasks]
    assert pairs(made, "01.1") == ((cards[1], words[0]), (cards[2], words[1]))
    assert pairs(made, "") == ()
