"""Who steps, how full a forward is, and what running out of memory costs: with the studio that draws nothing."""

from collections.abc import Callable

import pytest

from stylus_engine.errors import DiskFull, MemoryRanOut
from stylus_engine.model import Drawn, Event, Failed, Stepped
from tests.sampling.test_loop import House, shot
from tests.sampling.trace import check_trace, trace


def on(
    what: type[Stepped], name: str, step: int, act: Callable[[], None]
) -> Callable[[Event], None]:
    """Act once, when this is heard."""

    def hear(event: Event) -> None:
        if isinstance(event, what) and (event.shot, event.step) == (name, step):
            act()

    return hear


def test_a_short_job_passes_a_crowd_of_long_ones_and_they_go_on_where_they_were():
    house = House(seats=2, room=20)
    crowd = [shot(f"a{number}", steps=150) for number in range(4)]
    short = shot("short", steps=4)
    hear = on(Stepped, "a0", 10, lambda: house.inbox.admit(short))
    events = house.walk(*crowd, hear=hear)
    check_trace(events, {**{each.id: 150 for each in crowd}, "short": 4})
    lines = trace(events)
    since = lines.index(("stepped", "a0", 10))
    assert lines.index(("drawn", "short", 0)) - since < 15
    assert max(map(len, house.studio.forwards)) == 2
    assert house.empty


def test_a_long_one_is_not_passed_for_ever():
    """One seat, and a new short one whenever a short one ends: the long one still ends soon after its due."""
    house = House(seats=1, room=400)
    number = 0

    def another() -> None:
        nonlocal number
        number += 1
        if number < 200:
            house.inbox.admit(shot(f"s{number}", steps=2))

    def hear(event: Event) -> None:
        if isinstance(event, Drawn) and event.shot.startswith("s"):
            another()
        if isinstance(event, Stepped) and (event.shot, event.step) == ("long", 1):
            another()

    lines = trace(house.walk(shot("long", steps=30), hear=hear))
    at = lines.index(("drawn", "long", 0))
    assert sum(line[0] == "stepped" for line in lines[:at]) <= 30 + 30
    assert number == 200


def test_a_wide_union_of_ranks_waits_for_its_turn():
    house = House(seats=4)
    house.studio.widths = {"a": {"x": 500}, "b": {"y": 500}, "c": {"x": 500}}
    check_trace(house.walk(shot("a"), shot("b"), shot("c")), {"a": 2, "b": 2, "c": 2})
    assert house.studio.forwards == [["a", "c"], ["a", "c"], ["b"], ["b"]]


def test_a_picture_in_squares_does_not_hold_up_the_others():
    """16 squares of a step and 4 rows in a turn: whoever draws beside it steps every turn."""
    house = House(rows=4)
    house.studio.squares = {"big": 8}
    big, small = shot("big", steps=2, size=52), shot("small", steps=5, size=16)
    events = house.walk(big, small)
    check_trace(events, {"big": 2, "small": 5})
    most = [len(forward) for forward in house.studio.forwards]
    assert max(most) <= 4
    first = trace(events).index(("stepped", "big", 1))
    assert ("stepped", "small", 3) in trace(events)[:first]
    alone = [forward for forward in house.studio.forwards if forward == ["big"] * 4]
    assert alone, "without company it fills the turn"


def test_when_memory_runs_out_the_batch_is_halved_and_what_fitted_is_remembered():
    house = House()
    house.studio.memory = 2
    events = house.walk(*(shot(name, steps=3) for name in "abcd"))
    check_trace(events, dict.fromkeys("abcd", 3))
    assert not [event for event in events if isinstance(event, Failed)]
    sizes = [len(forward) for forward in house.studio.forwards]
    assert sizes == [4, 2, 2, 2, 2, 2, 2]
    assert house.studio.reliefs == 1 + 1  # texts of four did not fit either
    assert house.empty


def test_a_picture_that_does_not_fit_alone_fails_after_a_second_try_and_the_others_go_on():
    house = House()
    big = shot("big", size=64)
    house.studio.fails["predict", "big"] = MemoryRanOut(why="x")
    events = house.walk(shot("a"), big, shot("c"))
    check_trace(events, {"a": 2, "big": 2, "c": 2})
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert (failed.shot, failed.kind) == ("big", "MemoryRanOut")
    assert house.studio.forwards == [["a", "c"], ["a", "c"], ["big"], ["big"]]


def test_a_second_try_that_fits_draws_the_picture():
    house = House()
    house.studio.fails["predict", "a"] = MemoryRanOut(why="x")
    house.studio.relieve = house.studio.fails.clear
    check_trace(house.walk(shot("a")), {"a": 2})
    assert house.studio.forwards == [["a"], ["a"], ["a"]]


@pytest.mark.parametrize("verb", ["seat", "encode"])
def test_a_newcomer_alone_has_a_second_try_in_memory_that_was_swept(verb):
    """Two have it because they are halved; one must not fare worse."""
    house = House()
    house.studio.fails[verb, "a"] = MemoryRanOut(why="x")
    house.studio.relieve = house.studio.fails.clear
    events = house.walk(shot("a"))
    check_trace(events, {"a": 2})
    assert trace(events)[-1] == ("drawn", "a", 0)
    assert house.empty


@pytest.mark.parametrize("verb", ["seat", "encode"])
def test_a_newcomer_that_fits_into_no_memory_fails_alone(verb):
    house = House()
    house.studio.fails[verb, "big"] = MemoryRanOut(why="x")
    events = house.walk(shot("a"), shot("big"), shot("c"))
    check_trace(events, {"a": 2, "big": 2, "c": 2})
    assert [event.shot for event in events if isinstance(event, Failed)] == ["big"]
    assert house.empty


@pytest.mark.parametrize("seconds", [0.0, 1.0, 2.5])
def test_between_two_steps_there_is_at_most_a_steps_worth_of_developing(seconds):
    """Ten pieces of a second each for every picture; a turn takes `seconds`, so that many and one fit between two."""
    house = House(seats=4)
    house.studio.pieces = 10
    spent: list[float] = []

    def spend(verb: str) -> None:
        if verb == "predict":
            spent.append(0.0)
            house.clock += seconds
        if verb == "piece":
            spent[-1] += 1.0
            house.clock += 1.0

    house.studio.spend = spend
    events = house.walk(shot("a", steps=1), shot("b", steps=1), shot("long", steps=40))
    check_trace(events, {"a": 1, "b": 1, "long": 40})
    assert seconds <= max(spent[:-1]) <= seconds + 1.0
    assert sum(spent) == 30.0


def test_all_that_fit_into_a_steps_worth_are_developed_before_the_next_step():
    house = House(seats=4)
    costs = {"predict": 10.0, "piece": 1.0}

    def spend(verb: str) -> None:
        house.clock += costs.get(verb, 0.0)

    house.studio.spend = spend
    lines = trace(house.walk(*(shot(name, steps=1) for name in "abc"), shot("long", steps=3)))
    drawn = {lines.index(("drawn", name, 0)) for name in "abc"}
    assert max(drawn) < lines.index(("stepped", "long", 2))


def test_one_that_is_called_off_while_it_is_developed_leaves_at_once():
    house = House()
    house.studio.pieces = 10

    def tick() -> float:
        house.clock += 1.0
        return house.clock

    house.loop._clock = tick
    hear = on(Stepped, "long", 3, lambda: house.inbox.cancel("a"))
    events = house.walk(shot("a", steps=1), shot("long", steps=9), hear=hear)
    kinds = {event.shot: event for event in events if isinstance(event, Drawn | Failed)}
    assert isinstance(kinds["a"], Failed)
    assert kinds["a"].kind == "Cancelled"
    assert isinstance(kinds["long"], Drawn)
    assert house.empty


def test_newcomers_are_seated_one_after_the_other_while_somebody_steps():
    """Each takes a second to fetch, a turn takes half of one: the one who steps never waits for two."""
    house = House(seats=8, room=20)
    costs = {"seat": 1.0, "predict": 0.5}

    def spend(verb: str) -> None:
        house.clock += costs.get(verb, 0.0)

    house.studio.spend = spend

    def more() -> None:
        for name in "bcde":
            house.inbox.admit(shot(name, steps=9))

    events = house.walk(shot("a", steps=9), hear=on(Stepped, "a", 1, more))
    check_trace(events, dict.fromkeys("abcde", 9))
    lines = trace(events)
    for name, step in (("b", 1), ("c", 2), ("d", 3), ("e", 4)):
        before = lines[: lines.index(("started", name, 0))]
        assert ("stepped", "a", step) in before
        assert ("stepped", "a", step + 1) not in before


def test_a_failure_while_developing_is_that_shots_own():
    house = House(fails={"develop": DiskFull(path="x", why="x")})
    house.studio.pieces = 3
    events = house.walk(shot("bad"), shot("b", steps=4))
    check_trace(events, {"bad": 2, "b": 4})
    assert house.empty


def test_everybody_is_told_that_he_was_started_once_though_he_was_put_aside():
    house = House(seats=1)
    hear = on(Stepped, "long", 2, lambda: house.inbox.admit(shot("s", steps=1)))
    lines = trace(house.walk(shot("long", steps=9), hear=hear))
    assert [line for line in lines if line[0] == "started"] == [
        ("started", "long", 0),
        ("started", "s", 0),
    ]
    assert lines.index(("drawn", "s", 0)) < lines.index(("stepped", "long", 4))
