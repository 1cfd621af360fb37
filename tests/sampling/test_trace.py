"""The walk of the slot loop, heard from outside: what `Drawer.events` says and in which order."""

from collections.abc import Callable
from contextlib import closing

import pytest

from stylus_engine.errors import Busy
from stylus_engine.model import Drawn, Event, Failed, Shot, Started, Stepped
from tests.sampling.draws import Pool
from tests.sampling.judge import Stage, stage
from tests.sampling.small import BROKEN, shot, small_pool
from tests.sampling.trace import check_trace, trace


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def on(pool: Pool) -> Stage:
    return stage(pool, slots=4)


def nothing(_: Event) -> None:
    pass


def walk(on: Stage, shots: list[Shot], hear: Callable[[Event], None] = nothing) -> list[Event]:
    seen: list[Event] = []
    for each in shots:
        on.drawer.admit(each)
    with closing(on.drawer.events()) as events:
        for event in events:
            seen.append(event)
            hear(event)
    return seen


def test_one_shot_from_start_to_picture(pool, on):
    only = shot(pool, "a", {"peft-0": 1.0}, steps=3)
    events = walk(on, [only])
    assert trace(events) == [
        ("started", "a", 0),
        *(("stepped", "a", step) for step in (1, 2, 3)),
        ("drawn", "a", 0),
    ]
    assert all(event.of == 3 for event in events if isinstance(event, Stepped))
    (drawn,) = (event for event in events if isinstance(event, Drawn))
    manifest = drawn.picture.manifest
    assert (manifest.shot.id, manifest.shot.seed) == (only.id, only.seed)
    assert [(lit.name, lit.weight) for lit in manifest.adapters] == [("peft-0", 1.0)]


def test_two_jobs_step_together(pool, on):
    a = [shot(pool, f"a{i}", {"peft-0": 0.5 + i}, steps=4, job="A") for i in range(2)]
    b = [shot(pool, f"b{i}", {"lokr-0": 0.5}, steps=4, job="B", sampler="ddim") for i in range(2)]
    events = walk(on, a + b)
    check_trace(events, {each.id: 4 for each in a + b})
    names = [each.id for each in a + b]
    assert trace(events) == [
        *(("started", name, 0) for name in names),
        *(("stepped", name, step) for step in (1, 2, 3, 4) for name in names),
        *(("drawn", name, 0) for name in names),
    ]
    assert {event.job for event in events} == {"A", "B"}


def test_a_late_joiner_steps_with_the_rest_from_the_next_step_on(pool, on):
    early, late = shot(pool, "early", {}, steps=5), shot(pool, "late", {"loha-1": 1.0}, steps=3)

    def hear(event: Event) -> None:
        if isinstance(event, Stepped) and (event.shot, event.step) == ("early", 2):
            on.drawer.admit(late)

    events = walk(on, [early], hear)
    check_trace(events, {"early": 5, "late": 3})
    assert trace(events)[3:] == [
        ("started", "late", 0),
        ("stepped", "early", 3),
        ("stepped", "late", 1),
        ("stepped", "early", 4),
        ("stepped", "late", 2),
        ("stepped", "early", 5),
        ("stepped", "late", 3),
        ("drawn", "early", 0),
        ("drawn", "late", 0),
    ]


def test_more_shots_than_slots_wait_their_turn(pool, on):
    shots = [shot(pool, str(index), {}, steps=1 + index % 3) for index in range(11)]
    on.drawer._loop._clock = lambda: 0.0  # a turn has time to seat everybody
    most = 0

    def hear(event: Event) -> None:
        nonlocal most
        most = max(most, len(on.slots))

    events = walk(on, shots, hear)
    check_trace(events, {each.id: each.steps for each in shots})
    assert most == 4
    started = [event.shot for event in events if isinstance(event, Started)]
    short_first = sorted(shots, key=lambda each: each.steps)
    assert started == [each.id for each in short_first]


def test_a_cancelled_shot_leaves_at_the_next_step_and_the_others_never_notice(pool, on):
    shots = [shot(pool, name, {"kohya-0": 0.7}, steps=4) for name in ("goes", "stays")]

    def hear(event: Event) -> None:
        if isinstance(event, Stepped) and (event.shot, event.step) == ("goes", 2):
            on.drawer.cancel("goes")

    alone = [line for line in trace(walk(on, shots[1:])) if line[1] == "stays"]
    events = walk(on, shots, hear)
    check_trace(events, {"goes": 4, "stays": 4})
    lines = trace(events)
    assert [line for line in lines if line[1] == "stays"] == alone
    assert [line[0] for line in lines if line[1] == "goes"] == ["started"] + ["stepped"] * 2 + [
        "failed"
    ]
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert failed.kind == "Cancelled"


def test_a_shot_cancelled_before_it_was_read_never_starts(pool, on):
    on.drawer.admit(shot(pool, "never", {}))
    on.drawer.cancel("never")
    assert trace(walk(on, [])) == [("failed", "never", 0)]


def test_a_bad_file_fails_its_own_shot_alone(pool, on):
    shots = [
        shot(pool, "fine", {"peft-1": 1.0}, steps=2),
        shot(pool, "bad", {BROKEN: 1.0}, steps=2),
        shot(pool, "fine too", {"dora-0": 1.0}, steps=2),
    ]
    events = walk(on, shots)
    check_trace(events, {each.id: 2 for each in shots})
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert (failed.shot, failed.kind) == ("bad", "AdapterFileTruncated")
    assert BROKEN in failed.sentence
    assert ("started", "bad", 0) not in trace(events)


def test_the_line_is_capped_and_the_cap_is_lifted_when_shots_end(pool):
    on = stage(pool, slots=2)
    on.drawer._inbox.room = 3
    for index in range(3):
        on.drawer.admit(shot(pool, str(index), {}))
    with pytest.raises(Busy):
        on.drawer.admit(shot(pool, "too many", {}))
    check_trace(walk(on, []), {str(index): 1 for index in range(3)})
    on.drawer.admit(shot(pool, "again", {}))
    check_trace(walk(on, []), {"again": 1})


def test_previews_come_when_they_are_due(pool, on):
    events = walk(on, [shot(pool, "p", {}, steps=5, preview_every=2)])
    shown = [event.step for event in events if isinstance(event, Stepped) and event.preview]
    assert shown == [2, 4]


@pytest.mark.parametrize("broken", ["twice", "jump", "early", "lost", "after"])
def test_the_check_itself_notices(pool, on, broken):
    good = walk(on, [shot(pool, "a", {}, steps=2)])
    started, first, second, drawn = good
    bad = {
        "twice": [started, *good],
        "jump": [started, second, drawn],
        "early": [started, first, drawn],
        "lost": [started, first, second],
        "after": [*good, drawn],
    }
    check_trace(good, {"a": 2})
    with pytest.raises(AssertionError):
        check_trace(bad[broken], {"a": 2})
