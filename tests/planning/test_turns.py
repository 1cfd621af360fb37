"""Whose turn it is: bounds are kept, somebody always steps, nobody waits for ever."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.planning.turns import Bill, Room, chosen, halves, shares


@dataclass(eq=False)
class One:
    """A picture of a made-up crowd."""

    came: int
    left: int
    number: int
    ranks: Mapping[str, int] = field(default_factory=dict[str, int])
    shape: tuple[int, int] = (8, 8)
    steps: int = 0
    ended: int | None = None

    def __post_init__(self) -> None:
        self.steps = self.left

    @property
    def due(self) -> tuple[float, int]:
        return self.came + self.steps, self.number


adapters = st.dictionaries(st.sampled_from("abcdef"), st.just(100), max_size=4)
shapes = st.sampled_from([(8, 8), (8, 12), (12, 8)])
crowds = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30), adapters, shapes), max_size=25)
rooms = st.builds(Room, seats=st.integers(1, 5), rows=st.integers(1, 40), ranks=st.just(350))


def crowd(given_: list[tuple[int, int, dict[str, int], tuple[int, int]]]) -> list[One]:
    return [One(came, left, n, ranks, shape) for n, (came, left, ranks, shape) in enumerate(given_)]


@given(crowds, rooms)
def test_bounds_are_kept_and_somebody_always_steps(people, room):
    standing = crowd(people)
    taken = chosen(standing, room)
    assert bool(taken) == bool(standing)
    assert len(taken) <= room.seats
    assert len(set(map(id, taken))) == len(taken)
    assert len({one.shape for one in taken}) <= 1
    union = {name: rank for one in taken for name, rank in one.ranks.items()}
    assert sum(union.values()) <= room.ranks or union.keys() == taken[0].ranks.keys()
    assert not standing or min(standing, key=lambda one: one.due) is taken[0]


@given(crowds, rooms)
def test_whoever_fits_is_not_left_out(people, room):
    standing = crowd(people)
    taken = chosen(standing, room)
    union = {name: rank for one in taken for name, rank in one.ranks.items()}
    if len(taken) < room.seats:
        for one in (each for each in standing if each.shape == taken[0].shape):
            assert one in taken or sum((union | dict(one.ranks)).values()) > room.ranks


@given(crowds, rooms)
def test_a_wait_is_bounded_by_the_work_that_is_due_before(people, room):
    """Whatever comes later: nobody ends after its arrival and the steps of all who are due no later."""
    everyone = crowd(people)
    for turn in range(10_000):
        here = [one for one in everyone if one.came <= turn and one.left]
        for one in chosen(here, room):
            one.left -= 1
            one.ended = turn + 1
        if not any(one.left for one in everyone):
            break
    for one in everyone:
        before = sum(other.steps for other in everyone if other.due <= one.due)
        assert one.ended is not None
        assert one.ended <= one.came + before


def test_a_short_one_passes_a_crowd_of_long_ones_and_a_long_one_is_passed_no_more_after_its_due():
    long = [One(0, 150, number) for number in range(8)]
    short = One(5, 4, 99)
    assert short in chosen([*long, short], Room(seats=4))
    late = One(150 - 3, 4, 100)
    assert late not in chosen([*long, late], Room(seats=4))


def test_the_earliest_due_takes_along_whoever_shares_its_forward():
    wide, small, later = One(0, 9, 0, shape=(8, 16)), One(0, 10, 1), One(0, 20, 2, shape=(8, 16))
    assert chosen([small, later, wide], Room(seats=4)) == [wide, later]
    assert chosen([small, later], Room(seats=4)) == [small]


def test_equals_keep_the_order_in_which_they_came():
    equals = [One(number // 3, 20, number) for number in range(9)]
    assert [one.number for one in chosen(reversed(equals), Room(seats=5))] == [0, 1, 2, 3, 4]


def test_a_wide_union_waits_and_what_is_worn_already_joins():
    heavy = One(0, 10, 0, {"a": 300, "b": 300})
    other = One(0, 10, 1, {"c": 10})
    twin = One(0, 10, 2, {"b": 300})
    bare = One(0, 10, 3)
    assert chosen([heavy, other, twin, bare], Room(seats=4)) == [heavy, twin, bare]


@given(st.lists(st.integers(1, 60), max_size=8), rooms)
def test_everybody_gets_a_share_and_a_turn_is_never_fuller_than_its_rows(rows, room):
    shared = shares(rows, room)
    assert all(1 <= share <= wanted for share, wanted in zip(shared, rows, strict=True))
    assert sum(shared) <= max(room.rows, len(rows))
    assert shared == rows or sum(shared) > max(room.rows, len(rows)) - len(rows)


def test_a_picture_in_squares_fills_a_turn_alone_and_takes_several_in_company():
    assert shares([50], Room(seats=4, rows=16)) == [16]
    assert shares([50, 2, 2, 2], Room(seats=4, rows=16)) == [10, 2, 2, 2]


@given(st.integers(0, 100), st.integers(0, 20))
def test_parts_are_few_and_nearly_equal(count, most):
    parts = [list(range(count))[part] for part in halves(count, most)]
    assert [row for part in parts for row in part] == list(range(count))
    assert all(len(part) <= max(1, most) for part in parts)
    assert len(parts) == -(-count // max(1, most))


def test_a_bill_counts_in_steps_of_a_usual_guided_picture():
    assert Bill(rows=2, shape=(8, 8), steps=20).turns(usual=64) == 20
    assert Bill(rows=1, shape=(8, 8), steps=4).turns(usual=64) == 2
    assert Bill(rows=2, shape=(12, 12), steps=8).turns(usual=64) == 18
