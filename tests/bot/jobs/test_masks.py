"""Serials: no mask twice in a round, holes first, then a new round."""

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.masks import first_serials, next_serials, seen_of


@given(st.integers(1, 64), st.integers(1, 8), st.integers(1, 40))
def test_pressing_for_ever_draws_every_mask_once_a_round(n, wanted, presses):
    taken: set[int] = set()
    for _ in range(presses):
        new = next_serials(taken, n, wanted)
        assert 1 <= len(new) <= wanted
        assert not taken & set(new)
        assert len({serial // n for serial in new}) == 1
        taken |= set(new)
    assert taken == set(range(len(taken)))


@given(st.integers(1, 64), st.sets(st.integers(0, 200)), st.integers(1, 8))
def test_a_serial_is_never_given_twice(n, taken, wanted):
    assert not taken & set(next_serials(taken, n, wanted))


def test_a_hole_of_this_round_is_filled_first():
    assert next_serials({0, 1, 4, 5}, 8, 4) == (2, 3, 6, 7)


def test_a_round_ends_with_what_is_left():
    assert next_serials({0, 1, 2}, 4, 4) == (3,)
    assert next_serials({0, 1, 2, 3}, 4, 4) == (4, 5, 6, 7)


def test_fill_ups_of_a_root_have_no_serial():
    assert first_serials(("10", "01"), ("10", "01", "10", "10")) == (0, 1, None, None)
    assert first_serials(("",), ("", "")) == (0, None)


def test_seen_counts_the_newest_round():
    assert seen_of({0, 1, 2}, 4) == 3
    assert seen_of({0, 1, 2, 3, 4}, 4) == 1
    assert seen_of(set(), 4) == 0
