"""Mask orders against the plain product that they must never build."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.planning.masks import (
    PaperOrder,
    StylusOrder,
    best_mask,
    dark_mask,
    first_masks,
)
from stylus_engine.planning.shuffle import Shuffle

small = st.lists(st.integers(1, 3), max_size=4).map(tuple)
seeds = st.integers(0, 2**32 - 1)


def states(size: int) -> set[str]:
    """The paper's states of one topic, written out: one-hot, all ones, all zeros."""
    one_hot = {"".join("1" if i == j else "0" for j in range(size)) for i in range(size)}
    return one_hot | {"1" * size, "0" * size}


def crossed(sizes: tuple[int, ...]) -> set[str]:
    return {".".join(groups) for groups in product(*(states(size) for size in sizes))}


@given(small, seeds)
def test_the_paper_order_is_the_whole_product_once(sizes: tuple[int, ...], seed: int) -> None:
    order = PaperOrder(sizes, seed)
    codes = [order[number].code for number in range(order.total)]
    assert len(codes) == len(set(codes))
    assert set(codes) == crossed(sizes)


@given(small, seeds, st.booleans())
def test_our_order_is_the_product_once_and_dark_only_when_asked(
    sizes: tuple[int, ...], seed: int, bare: bool
) -> None:
    order = StylusOrder(sizes, seed, bare)
    codes = [order[number].code for number in range(order.total)]
    dark = dark_mask(sizes).code
    assert len(codes) == len(set(codes))
    assert set(codes) == (crossed(sizes) - {dark} if sizes and not bare else crossed(sizes))


@given(small.filter(bool), seeds)
def test_ours_begins_with_the_best_and_darkens_only_when_it_must(
    sizes: tuple[int, ...], seed: int
) -> None:
    order = StylusOrder(sizes, seed)
    dark = [sum(not any(g) for g in order[n].bits) for n in range(order.total)]
    assert order[0] == best_mask(sizes)
    assert dark == sorted(dark)


def test_the_dark_mask_comes_second_when_asked() -> None:
    order = StylusOrder((2, 1), seed=3, bare=True)
    assert [order[n].lit for n in range(2)] == [2, 0]


@given(st.lists(st.integers(1, 60), min_size=20, max_size=40).map(tuple), seeds, st.data())
def test_a_mask_of_an_immense_plan_costs_no_memory(
    sizes: tuple[int, ...], seed: int, data: st.DataObject
) -> None:
    order = StylusOrder(sizes, seed)
    number = data.draw(st.integers(0, order.total - 1))
    mask = order[number]
    assert [len(group) for group in mask.bits] == list(sizes)
    assert mask == StylusOrder(sizes, seed)[number]


def test_another_seed_is_another_order() -> None:
    orders = [StylusOrder((3, 3, 3), seed) for seed in range(8)]
    assert len({tuple(order[n].code for n in range(1, 6)) for order in orders}) > 4


def test_the_best_mask_fills_up_a_grid_that_has_too_few() -> None:
    order = StylusOrder((1, 1), seed=1)
    assert [mask.code for mask in first_masks(order, 5)][3:] == ["1.1", "1.1"]
    assert {mask.code for mask in first_masks(order, 3)} == {"1.1", "1.0", "0.1"}


@pytest.mark.parametrize("number", [-1, 3])
def test_a_number_beyond_the_last_mask_is_refused(number: int) -> None:
    with pytest.raises(IndexError):
        StylusOrder((1, 1), seed=1)[number]


@given(st.integers(1, 300), seeds)
def test_a_shuffle_is_a_bijection(size: int, seed: int) -> None:
    shuffle = Shuffle(size, seed)
    assert sorted(shuffle[i] for i in range(size)) == list(range(size))


def test_a_shuffle_reaches_every_place_about_equally_often() -> None:
    firsts = [Shuffle(10, seed)[0] for seed in range(2000)]
    assert all(140 <= firsts.count(place) <= 260 for place in range(10))
