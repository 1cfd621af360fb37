"""What to feed, what to plan, whom to kill: rules that hold for every snapshot."""

from collections import deque
from dataclasses import replace

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bot.crew.deciding import Kitchen, Table, next_fed, plans_more, takes_more
from bot.crew.hands import Hands, hand_of
from bot.crew.watching import (
    HEALTHY,
    LONGEST_PAUSE,
    Patience,
    Watch,
    failures_after,
    pause_before,
    verdict,
)
from stylus_engine.model import Drawn, Event, Failed, Picture, Shot, Started, Stepped
from tests.model.nouns import MANIFEST, SHOT

SIZES = st.integers(1, 9)
SLOTS = st.integers(1, 8)
PATIENCE = Patience(silence=30, stall=300, idle=1800)


@given(SLOTS, st.lists(SIZES, min_size=1, max_size=30))
def test_a_drawer_is_never_without_work_while_there_is_some(slots: int, jobs: list[int]) -> None:
    """Feed, draw up to `slots` pictures at a time: a slot is free only when nothing waits."""
    waiting, hand = deque(jobs), list[int]()
    while waiting or hand:
        while waiting and takes_more(Table(slots, tuple(hand))):
            hand.append(waiting.popleft())
        assert sum(hand) >= slots or not waiting
        assert sum(hand[:-1]) >= slots or not waiting, "one job ahead is always there"
        assert sum(hand[:-2]) < slots, "at most one job ahead of those that fill the slots"
        hand[0] -= 1
        hand = [left for left in hand if left]


@given(SLOTS, st.lists(SIZES, max_size=9))
def test_an_empty_drawer_takes_more_and_a_full_one_with_a_job_ahead_does_not(
    slots: int, jobs: list[int]
) -> None:
    assert takes_more(Table(slots))
    assert not takes_more(Table(slots, (*jobs, slots, 1)))
    assert not takes_more(Table(slots, (1,), alone=True))


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.lists(SIZES, max_size=4), max_size=5))
def test_an_idle_drawer_goes_before_a_busy_one(hands: dict[str, list[int]]) -> None:
    tables = {name: Table(4, tuple(hand)) for name, hand in hands.items()}
    fed = next_fed(tables)
    able = {name for name in tables if takes_more(tables[name])}
    assert (fed in able) if able else fed is None
    if fed is not None:
        assert sum(tables[fed].open_shots) == min(sum(tables[name].open_shots) for name in able)


LINES = st.lists(st.tuples(SIZES, st.booleans()), max_size=12)


@given(SLOTS, st.lists(st.lists(SIZES, max_size=3), min_size=1, max_size=4), LINES)
def test_whoever_must_be_alone_is_alone_and_soon(
    slots: int, hands: list[list[int]], line: list[tuple[int, bool]]
) -> None:
    """The drawers draw at one pace; while others come without end, nobody who is lonely waits for them."""
    tables = [Table(slots, tuple(hand)) for hand in hands]
    soon = max(sum(table.open_shots) for table in tables) + sum(size for size, _ in line)
    for _ in range(soon + 1):
        tables, line = fed(tables, [*line, (9, False)])
        tables = [drawn_on(table) for table in tables]
    assert not any(lonely for _, lonely in line)


def fed(
    tables: list[Table], line: list[tuple[int, bool]]
) -> tuple[list[Table], list[tuple[int, bool]]]:
    """Who is lonely goes first, as whoever lost a worker does."""
    tables, line = list(tables), sorted(line, key=lambda job: not job[1])
    while (name := fed_next(tables, line)) is not None:
        table = tables[int(name)]
        job = next((job for job in line if not (job[1] and table.open_shots)), None)
        if job is None:
            break
        line.remove(job)
        assert not table.alone
        tables[int(name)] = Table(
            slots=table.slots, open_shots=(*table.open_shots, job[0]), alone=job[1]
        )
    return tables, line


def fed_next(tables: list[Table], line: list[tuple[int, bool]]) -> str | None:
    named = {str(number): table for number, table in enumerate(tables)}
    return next_fed(named, lonely=any(lonely for _, lonely in line))


def drawn_on(table: Table) -> Table:
    """One picture of the oldest job is finished."""
    first, *others = table.open_shots or (0,)
    left = tuple(size for size in (first - 1, *others) if size > 0)
    return replace(table, open_shots=left, alone=table.alone and bool(left))


@given(st.integers(0, 8), st.integers(0, 50))
def test_planning_stays_a_little_ahead_and_never_lets_a_drawer_starve(
    drawers: int, waiting: int
) -> None:
    assert plans_more(Kitchen(drawers, waiting, hungry=True))
    ahead = plans_more(Kitchen(drawers, waiting, hungry=False))
    assert ahead == (waiting < max(2, 2 * drawers))


MOMENTS = st.floats(0, 10_000)


@given(MOMENTS, MOMENTS, st.booleans(), st.booleans(), st.booleans(), MOMENTS)
def test_verdicts(
    heard: float, moved: float, busy: bool, loaded: bool, answered: bool, now: float
) -> None:
    for role in ("planner", "drawer"):
        watch = Watch(
            role=role, heard=heard, moved=moved, busy=busy, loaded=loaded, answered=answered
        )
        said = verdict(watch, now, PATIENCE)
        assert (said == "silent") == (now - heard > 30)
        if said == "stalled":
            assert busy
            assert now - moved > 300
        if said == "idle":
            assert loaded
            assert not busy
            assert now - moved > 1800
        if busy and role == "drawer" and now - moved > 300:
            assert said in {"silent", "stalled"}


def test_a_planner_may_take_long_over_its_first_answer_only() -> None:
    first = Watch(role="planner", heard=1000, moved=0, busy=True)
    later = Watch(role="planner", heard=1000, moved=0, busy=True, answered=True)
    assert verdict(first, 1000, PATIENCE) == "sound"
    assert verdict(later, 1000, PATIENCE) == "stalled"
    assert verdict(first, 4000, Patience(5000, 300, 1)) == "stalled"


@given(st.integers(1, 500), st.floats(0.01, 10))
def test_pauses_double_and_end_at_a_minute(failures: int, first: float) -> None:
    now, after = pause_before(failures, first), pause_before(failures + 1, first)
    assert first <= now <= after <= LONGEST_PAUSE
    assert after in {LONGEST_PAUSE, 2 * now}
    assert pause_before(1, first) == first


@given(st.integers(0, 100), st.floats(0, 1000))
def test_a_healthy_minute_forgives(failures: int, lived: float) -> None:
    assert failures_after(failures, lived) == (1 if lived >= HEALTHY else failures + 1)


def shots(count: int) -> list[Shot]:
    return [
        msgspec.structs.replace(SHOT, id=f"j-{n + 1}", job="j", index=n, steps=5)
        for n in range(count)
    ]


EVENTS = st.lists(
    st.tuples(st.sampled_from(["start", "step", "drawn", "failed", "all"]), st.integers(0, 5)),
    max_size=40,
)


def event(kind: str, number: int) -> Event:
    shot = f"j-{number + 1}"
    picture = Picture(id="a", path="/a", width=8, height=8, manifest=MANIFEST)
    return {
        "start": Started(job="j", shot=shot),
        "step": Stepped(job="j", shot=shot, step=min(number + 1, 5), of=5),
        "drawn": Drawn(job="j", shot=shot, picture=picture),
        "failed": Failed(job="j", shot=shot, kind="Busy", sentence=""),
        "all": Failed(job="j", shot="", kind="Busy", sentence=""),
    }[kind]


@given(st.integers(1, 4), EVENTS)
def test_each_position_ends_once_whatever_a_drawer_says(
    count: int, said: list[tuple[str, int]]
) -> None:
    hand = hand_of("j", 3, shots(count), count=count + 1, done=1)
    ended: list[int] = []
    for kind, number in said:
        happened = event(kind, number)
        ended += hand.ended_by(happened)
        hand = hand.after(happened)
        news = hand.news()
        assert 0 <= news.step <= news.of == 5 * count
        assert 1 <= news.done <= count + 1
    assert len(ended) == len(set(ended))
    assert len(ended) + len(hand.open_shots) == count
    assert hand.unwritten == len(ended)
    assert hand.done == 1, "a picture counts once the line has it"
    assert all(0 <= position < count for position in ended)


def test_a_hand_under_another_fence_is_not_there() -> None:
    hands = Hands()
    hands.put("w", hand_of("j", 3, shots(2), count=2, done=0))
    assert hands.get("w", "j", 2) is None
    assert hands.get("v", "j", 3) is None
    assert hands.get("w", "j", 3) is not None
    assert hands.holders("j") == ("w",)


def test_a_call_off_is_not_undone_by_what_happened_meanwhile() -> None:
    hands = Hands()
    before = hand_of("j", 3, shots(2), count=2, done=0)
    hands.put("w", before)
    hands.call_off("w", "j")
    hands.renew("w", before.after(event("drawn", 0)))
    now = hands.get("w", "j", 3)
    assert now is not None
    assert now.dropped
    assert len(now.open_shots) == 1
    hands.take("w", "j")
    hands.renew("w", before)
    assert hands.get("w", "j", 3) is None, "what was taken away does not come back"


def test_a_hand_with_nothing_open_is_put_away_once_the_line_knows_of_it() -> None:
    hands = Hands()
    hand = hand_of("j", 3, shots(1), count=1, done=0)
    hands.put("w", hand)
    hands.renew("w", hand.after(event("drawn", 0)))
    assert hands.table("w", 4) == Table(4), "its drawer has room again"
    assert hands.jobs == {"j"}
    told = hands.written("w", "j", 3, drawn=True)
    assert told is not None
    assert (told.over, told.done) == (True, 1)
    assert hands.jobs == frozenset()


def test_a_drawer_that_is_gone_leaves_what_the_line_does_not_know_yet() -> None:
    hands = Hands()
    for job, heard in (("j", ("drawn",)), ("k", ())):
        hand = replace(hand_of("j", 3, shots(2), count=2, done=0), job=job)
        hands.put("w", hand)
        for number, kind in enumerate(heard):
            hands.renew("w", hand.after(event(kind, number)))
    assert hands.leave("w", "counted") == {"j"}
    assert hands.leave("w", "uncounted") == {"j"}
    told = hands.written("w", "j", 3, drawn=True)
    assert told is not None
    assert (told.over, told.left) == (True, "counted")
    assert hands.jobs == {"j"}, "in nobody's hand it could go back as no attempt"
    assert hands.leave("w", "uncounted") == {"j"}
    hands.take("w", "j")
    assert hands.jobs == frozenset()
