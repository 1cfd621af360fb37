"""The switch: which checkpoint is in memory, and no shot lost while that changes."""

import weakref
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from stylus_engine.errors import BadCheckpoint, Busy, UnknownName
from stylus_engine.model import Checkpoint, Event, Failed, Recipe, Shot, Started
from stylus_engine.sampling.switch import Switch
from tests.house.source import fresh

NAMES = ("one", "two")


def shot(name: str, checkpoint: str = "one") -> Shot:
    return Shot(
        id=name, job=name, index=0, recipe=Recipe(prompt="a"), seed=0, checkpoint=checkpoint,
        width=16, height=16, steps=2, guidance=1.0, sampler="ddim",
    )  # fmt: skip


class Known:
    """Names are ids, unless a test writes other files under a name; "" is the first."""

    def __init__(self) -> None:
        self.ids = {name: name for name in NAMES}

    def find(self, name: str) -> Checkpoint:
        name = name or NAMES[0]
        for known, content in self.ids.items():
            if name in {known, content}:
                return Checkpoint(
                    id=content, name=known, path="/", family="sd1", size=16, multiple=8
                )
        raise UnknownName(kind="checkpoint", name=name, known="")


@dataclass(eq=False)
class Fake:
    """Implements `Loaded`: a shot starts, then ends in `Failed`, which is terminal."""

    checkpoint: str
    shots: list[Shot] = field(default_factory=list[Shot])
    off: set[str] = field(default_factory=set[str])
    asked: list[str] = field(default_factory=list[str])

    @property
    def idle(self) -> bool:
        return not self.shots

    def admit(self, shot: Shot) -> None:
        if shot.id == "busy":
            raise Busy(slots=1)
        self.shots.append(shot)
        self.asked.append(shot.checkpoint)

    def cancel(self, shot_id: str) -> None:
        self.off.add(shot_id)

    def events(self) -> Generator[Event, None, None]:
        while self.shots:
            one = self.shots[0]
            yield Started(job=one.job, shot=one.id)
            self.shots.pop(0)
            kind = "Cancelled" if one.id in self.off else f"Drawn by {self.checkpoint}"
            yield Failed(job=one.job, shot=one.id, kind=kind, sentence="")


@dataclass
class Loader:
    """Opens fakes, and lets a test do something while a checkpoint is being loaded."""

    loads: list[str] = field(default_factory=list[str])
    drawers: list[Fake] = field(default_factory=list[Fake])
    broken: bool = False

    def meanwhile(self) -> None:
        """Nothing, unless a test says otherwise."""

    def __call__(self, checkpoint: Checkpoint) -> Fake:
        self.loads.append(checkpoint.id)
        self.meanwhile()
        if self.broken:
            raise BadCheckpoint(path="/", why="it is broken")
        self.drawers.append(Fake(checkpoint.id))
        return self.drawers[-1]


def switched(known: Known | None = None) -> tuple[Switch, Loader]:
    loader = Loader()
    return Switch(known or Known(), loader, waiting=4), loader


def ends(switch: Switch) -> dict[str, str]:
    with closing(switch.events()) as events:
        return {event.shot: event.kind for event in events if isinstance(event, Failed)}


def test_each_shot_is_drawn_by_its_own_checkpoint() -> None:
    switch, loader = switched()
    for number, name in enumerate(("one", "two", "one")):
        switch.admit(shot(str(number), name))
    assert ends(switch) == {"0": "Drawn by one", "2": "Drawn by one", "1": "Drawn by two"}
    assert loader.loads == ["one", "two"]


def test_one_checkpoint_under_two_names_is_loaded_once() -> None:
    known = Known()
    known.ids["two"] = "one"
    switch, loader = switched(known)
    for number, name in enumerate(("one", "", "two")):
        switch.admit(shot(str(number), name))
    assert set(ends(switch).values()) == {"Drawn by one"}
    assert loader.loads == ["one"]
    assert loader.drawers[0].asked == ["one"] * 3, "a drawer hears of content alone"


def test_other_files_under_the_same_name_are_another_checkpoint() -> None:
    known = Known()
    switch, loader = switched(known)
    switch.admit(shot("a"))
    assert ends(switch) == {"a": "Drawn by one"}
    known.ids["one"] = "one, edited"
    switch.admit(shot("b"))
    assert ends(switch) == {"b": "Drawn by one, edited"}
    assert loader.loads == ["one", "one, edited"]


@pytest.mark.parametrize("when", ["in the line", "while they are read"])
def test_files_that_change_under_a_waiting_shot_fail_it_in_one_sentence(when: str) -> None:
    known = Known()
    switch, loader = switched(known)

    def edit() -> None:
        known.ids["one"] = "one, edited"

    switch.admit(shot("a"))
    if when == "in the line":
        edit()
        switch.admit(shot("b"))
    else:
        loader.meanwhile = edit
    with closing(switch.events()) as events:
        failed = {event.shot: event for event in events if isinstance(event, Failed)}
    assert failed["a"].kind == "BadCheckpoint"
    assert "its files are no longer those" in failed["a"].sentence
    assert [each.kind for each in failed.values()][1:] == (
        ["Drawn by one, edited"] if when == "in the line" else []
    )
    switch.admit(shot("c"))
    assert ends(switch) == {"c": "Drawn by one, edited"}
    read = [] if when == "in the line" else ["one"]  # what is known to be gone is not read
    assert loader.loads == [*read, "one, edited"]


def test_a_checkpoint_that_was_loaded_ahead_is_not_loaded_again() -> None:
    switch, loader = switched()
    switch.load("one")
    switch.load("two")  # one is enough
    switch.admit(shot("a"))
    assert ends(switch) == {"a": "Drawn by one"}
    assert loader.loads == ["one"]


def test_a_shot_that_came_while_its_checkpoint_was_loaded_ahead_loads_nothing() -> None:
    switch, loader = switched()
    loader.meanwhile = lambda: switch.admit(shot("a"))
    switch.load("one")
    assert ends(switch) == {"a": "Drawn by one"}
    assert loader.loads == ["one"]


def test_a_cancel_while_its_checkpoint_is_loaded_is_heard() -> None:
    switch, loader = switched()
    switch.admit(shot("a"))
    switch.admit(shot("b"))
    loader.meanwhile = lambda: switch.cancel("a")
    assert ends(switch) == {"a": "Cancelled", "b": "Drawn by one"}
    switch.admit(shot("a"))
    assert ends(switch) == {"a": "Drawn by one"}, "a cancel is for once"


def test_a_cancel_before_its_checkpoint_is_loaded_is_heard() -> None:
    switch, _ = switched()
    switch.admit(shot("a"))
    switch.cancel("a")
    assert ends(switch) == {"a": "Cancelled"}


def test_a_cancel_of_a_shot_that_is_being_drawn_is_heard() -> None:
    switch, _ = switched()
    switch.admit(shot("a"))
    switch.admit(shot("b"))
    with closing(switch.events()) as events:
        next(events)  # it has started
        switch.cancel("a")
        left = {event.shot: event.kind for event in events if isinstance(event, Failed)}
    assert left == {"a": "Cancelled", "b": "Drawn by one"}


def test_a_checkpoint_that_does_not_load_fails_its_shots_and_forgets_their_cancels() -> None:
    switch, loader = switched()
    loader.broken = True
    switch.admit(shot("a"))
    loader.meanwhile = lambda: switch.cancel("a")
    assert ends(switch) == {"a": "BadCheckpoint"}
    loader.broken = False
    loader.meanwhile = lambda: None
    switch.admit(shot("a"))
    assert ends(switch) == {"a": "Drawn by one"}


def test_a_shot_that_the_loaded_one_refuses_fails_alone() -> None:
    switch, _ = switched()
    switch.admit(shot("busy"))
    switch.admit(shot("b"))
    assert ends(switch) == {"busy": "Busy", "b": "Drawn by one"}


def test_unloaded_it_holds_nothing_and_loads_again() -> None:
    switch, loader = switched()
    assert switch.unload()
    switch.admit(shot("a"))
    assert not switch.loaded
    ends(switch)
    assert switch.loaded
    held = weakref.ref(loader.drawers.pop())
    assert held() is not None
    assert switch.unload()
    assert not switch.loaded
    assert held() is None
    switch.admit(shot("b"))
    assert ends(switch) == {"b": "Drawn by one"}
    assert loader.loads == ["one", "one"]


def test_a_shot_that_came_before_the_unloading_keeps_the_checkpoint() -> None:
    switch, loader = switched()
    switch.admit(shot("a"))
    ends(switch)
    switch.admit(shot("b"))
    assert not switch.unload()
    assert ends(switch) == {"b": "Drawn by one"}
    assert loader.loads == ["one"]


def test_too_many_waiting_shots_are_refused() -> None:
    switch, _ = switched()
    for number in range(4):
        switch.admit(shot(str(number)))
    with pytest.raises(Busy):
        switch.admit(shot("5"))


def test_whoever_only_hands_shots_on_loads_no_torch() -> None:
    program = (
        "import json, sys, stylus_engine.sampling.switch; print(json.dumps('torch' in sys.modules))"
    )
    assert fresh(program) is False


def test_a_stream_for_the_loaded_checkpoint_does_not_keep_another_one_waiting_for_ever() -> None:
    loader = Loader()
    switch = Switch(Known(), loader, waiting=4, passing=3)
    order: list[str] = []
    switch.admit(shot("0"))
    with closing(switch.events()) as events:
        for event in events:
            if isinstance(event, Started) and event.shot == "0":
                switch.admit(shot("other", "two"))
            if isinstance(event, Failed):
                order.append(event.shot)
                if len(order) < 9 and event.shot != "other":
                    switch.admit(shot(str(len(order))))
    assert order.index("other") == 4, order
    assert len(set(order)) == len(order)
    assert loader.loads == ["one", "two", "one"]
