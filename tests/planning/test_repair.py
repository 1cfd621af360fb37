"""What is tried when a concept is lost: never more than the ranges allow, never a concept for another."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stylus_engine.model import Recipe, Weighted
from stylus_engine.planning.repair import (
    Questions,
    Verdict,
    lit_concepts,
    mended,
    questions,
    verdict,
)
from tests.planning.plans import adapter


def lit(name: str, concept: str, at: float = 0.8, **card: object) -> Weighted:
    known = {"weight_low": 0.5, "weight_high": 1.2} | card
    return Weighted(adapter=adapter(name, **known), weight=at, concept=concept)


DRAGON = lit("storybook dragon", "dragon")
INK = lit("ink wash", "ink drawing")
RECIPE = Recipe(
    adapters=(DRAGON, INK),
    prompt="an ink drawing of a dragon by the sea, storybook dragon, ink wash",
)


def test_a_concept_is_asked_for_beside_a_prompt_that_has_none_of_them() -> None:
    asked = questions(RECIPE)
    assert asked.texts[0] == "an of a by the sea"
    assert asked.texts[1:] == (
        "an of a by the sea, dragon",
        "an of a by the sea, storybook dragon",
        "an of a by the sea, ink drawing",
        "an of a by the sea, ink wash",
    )
    assert asked.concepts == ("dragon", "dragon", "ink drawing", "ink drawing")


def test_a_prompt_that_is_nothing_but_its_concept_is_held_against_any_picture() -> None:
    assert questions(Recipe(adapters=(DRAGON,), prompt="Dragon")).texts[0] == "a picture"


def test_a_concept_is_taken_out_of_no_longer_word() -> None:
    """ "ink" cut out of "pink" left a picture of ink to be held against one of ink."""
    recipe = Recipe(adapters=(lit("x", "ink", triggers=("ink",)),), prompt="a pink cat, in ink")
    assert questions(recipe).texts == ("a pink cat, in", "a pink cat, in, ink")


def test_letters_that_grow_when_folded_break_nothing() -> None:
    told = questions(Recipe(adapters=(lit("x", "drache"),), prompt="ein großer DRACHE İ"))
    assert told.texts[1].endswith(", drache")


def test_of_a_concept_s_wordings_the_best_counts_and_what_cannot_be_told_is_there() -> None:
    asked = Questions(("a", "a", "b", "c"), ("", "", "", "", ""))
    found = verdict(asked, [0.5, 0.4, 0.6, 0.4, math.nan])
    assert found.margins["a"] == pytest.approx(0.1)
    assert found.lost == ("b",)


def test_fewer_lost_is_better_and_then_the_weakest_decides() -> None:
    assert Verdict({"a": 0.1, "b": 0.1}).rank > Verdict({"a": 0.9, "b": -0.1}).rank
    assert Verdict({"a": -0.1, "b": 0.2}).rank > Verdict({"a": -0.3, "b": 0.9}).rank
    assert Verdict({"a": math.nan, "b": 0.2}).rank == (0, 0.2)
    assert Verdict({"a": math.nan}).rank == Verdict({}).rank == (0, 0.0)


def test_the_lost_one_is_raised_and_the_others_lowered_within_their_ranges() -> None:
    tried = mended(RECIPE, ["dragon"])
    assert tried is not None
    assert [each.weight for each in tried.adapters] == [pytest.approx(1.12), pytest.approx(0.56)]
    far = mended(
        replace(RECIPE, adapters=(lit("a", "dragon", 1.1), lit("b", "ink", 0.55))), ["dragon"]
    )
    assert far is not None
    assert [each.weight for each in far.adapters] == [1.2, 0.5]


def test_where_no_weight_can_move_one_of_several_for_another_concept_goes() -> None:
    full = lit("a", "dragon", 1.2)
    low, lower = lit("b", "ink", 0.5), lit("c", "ink", 0.5)
    tried = mended(replace(RECIPE, adapters=(full, low, lower)), ["dragon"])
    assert tried is not None
    assert tried.adapters == (full, lower)
    assert mended(replace(RECIPE, adapters=(full, low)), ["dragon"]) is None


def test_of_several_for_another_concept_the_strongest_goes_and_never_one_of_the_lost() -> None:
    twins = (lit("a", "dragon", 1.2), lit("b", "dragon", 1.2))
    weak, strong = (
        lit("c", "ink", 0.5),
        lit("d", "ink", -0.8, weight=-0.8, weight_low=-0.8, weight_high=-0.8),
    )
    tried = mended(replace(RECIPE, adapters=(*twins, weak, strong)), ["dragon"])
    assert tried is not None
    assert tried.adapters == (*twins, weak)
    assert mended(replace(RECIPE, adapters=(*twins, weak)), ["dragon"]) is None


weights = st.lists(st.floats(-4, 4), min_size=3, max_size=3).map(sorted)
adapters = st.lists(st.tuples(weights, st.sampled_from("abc")), min_size=1, max_size=5)


@given(adapters, st.sets(st.sampled_from("abc"), min_size=1))
def test_no_weight_leaves_its_range_and_every_concept_stays_lit(
    shape: list[tuple[list[float], str]], lost: set[str]
) -> None:
    all_lit = tuple(
        lit(f"{n}", concept, w, weight=w, weight_low=low, weight_high=high)
        for n, ((low, w, high), concept) in enumerate(shape)
    )
    before = replace(RECIPE, adapters=all_lit)
    tried = mended(before, sorted(lost))
    if tried is None:
        return
    assert set(lit_concepts(tried)) == set(lit_concepts(before))
    assert tried != before
    for each in tried.adapters:
        assert each.adapter.weight_low - 1e-4 <= each.weight <= each.adapter.weight_high + 1e-4
