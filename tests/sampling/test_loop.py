"""admit -> step -> finished, with a studio that draws nothing: only order, errors and what is given back."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from threading import Thread
from types import MappingProxyType

import pytest
import torch

from stylus_engine.errors import (
    AdapterFileEmpty,
    Busy,
    DiskFull,
    DrawFailed,
    MemoryRanOut,
    StylusError,
)
from stylus_engine.model import Drawn, Event, Failed, Picture, Recipe, Shot, Started, Stepped
from stylus_engine.model.manifest import Manifest
from stylus_engine.planning.turns import Bill, Room
from stylus_engine.sampling.inbox import Inbox
from stylus_engine.sampling.loop import Loop
from stylus_engine.sampling.schedules import schedule
from stylus_engine.sampling.slots import Line, Slot, alike, row_table
from stylus_engine.sampling.text import Encoded
from tests.sampling.trace import check_trace, trace


def shot(name: str, steps: int = 2, size: int = 16, guidance: float = 1.0) -> Shot:
    return Shot(
        id=name,
        job=name[0],
        index=0,
        recipe=Recipe(prompt=name),
        seed=1,
        width=size,
        height=size,
        steps=steps,
        guidance=guidance,
        sampler="ddim",
    )


class PaperStudio:
    """A `Studio` of nothing but bookkeeping. `fails` maps (verb, shot) to the error to raise there.

    `memory`: the most rows of a forward, and texts of an encoding, that it has room for;
    `widths`: shot -> the ranks that it turns out to wear.
    """

    usual = 64
    most_area = 0

    def __init__(self) -> None:
        self.fails: dict[tuple[str, str], Exception] = {}
        self.widths: dict[str, dict[str, int]] = {}
        self.squares: dict[str, int] = {}
        self.memory = 1000
        self.pieces = 0
        self.seated: Counter[str] = Counter()
        self.forwards: list[list[str]] = []
        self.reliefs = 0
        self.spend: Callable[[str], None] = lambda _: None  # hears of what takes time

    def _at(self, verb: str, name: str) -> None:
        if (verb, name) in self.fails:
            raise self.fails[verb, name]

    def bill(self, shot: Shot) -> Bill:
        rows = 2 if shot.guidance > 1 else 1
        return Bill(rows, (shot.height // 2, shot.width // 2), shot.steps)

    def seat(self, shot: Shot) -> Slot:
        self.spend("seat")
        self._at("seat", shot.id)
        self.seated[shot.id] += 1
        latents = torch.zeros(1, 4, shot.height // 2, shot.width // 2)
        plan = schedule("ddim", {}, shot.steps)
        slot = Slot(shot, (), plan, torch.Generator(), latents, latents)
        slot.ranks = self.widths.get(shot.id, {})
        slot.tile = self.squares.get(shot.id, 0)
        return slot

    def encode(self, slots: Sequence[Slot]) -> None:
        if len(slots) > self.memory:
            raise MemoryRanOut(why="x")
        for slot in slots:
            self._at("encode", slot.shot.id)
            slot.positive = Encoded(torch.ones(1, 2, 3), slot.shot.id)

    def predict(self, lines: Sequence[Line]) -> list[torch.Tensor]:
        self.spend("predict")
        self.forwards.append([line.slot.shot.id for line in lines])
        if len(lines) > self.memory:
            raise MemoryRanOut(why="x")
        for line in lines:
            self._at("predict", line.slot.shot.id)
        return [line.box.of(line.slot.latents)[0] for line in lines]

    def relieve(self) -> None:
        self.reliefs += 1

    def preview(self, slot: Slot) -> bytes | None:
        self._at("preview", slot.shot.id)
        return None

    def develop(self, slot: Slot, seconds: float) -> Generator[None, None, Picture]:
        for _ in range(self.pieces):
            self.spend("piece")
            yield
        self._at("develop", slot.shot.id)
        manifest = Manifest(shot=slot.shot, checkpoint="", encoded="")
        return Picture(id="", path="", width=1, height=1, manifest=manifest)

    def leave(self, slot: Slot) -> None:
        self.seated[slot.shot.id] -= 1


NOTHING: Mapping[str, StylusError] = MappingProxyType({})


class House:
    """A loop, its studio and its inbox."""

    def __init__(
        self,
        seats: int = 4,
        room: int = 8,
        fails: Mapping[str, StylusError] = NOTHING,
        rows: int = 16,
    ) -> None:
        self.studio = PaperStudio()
        self.studio.fails |= {(verb, "bad"): error for verb, error in fails.items()}
        self.inbox = Inbox(room=room, slots=seats)
        self.clock = 0.0  # stands still unless a test moves it
        self.loop = Loop(self.studio, self.inbox, Room(seats, rows), clock=lambda: self.clock)

    def walk(self, *shots: Shot, hear: Callable[[Event], None] = lambda _: None) -> list[Event]:
        for each in shots:
            self.inbox.admit(each)
        seen: list[Event] = []
        with closing(self.loop.run()) as events:
            for event in events:
                seen.append(event)
                hear(event)
        return seen

    @property
    def empty(self) -> bool:
        free = self.inbox._open == 0 and self.inbox.empty
        return free and not self.loop._guests and not +self.studio.seated


def test_slots_of_equal_shape_share_one_forward_and_others_have_their_turn_after():
    house = House()
    events = house.walk(shot("a"), shot("b", size=24), shot("c", steps=3))
    check_trace(events, {"a": 2, "b": 2, "c": 3})
    assert house.studio.forwards == [["a", "c"], ["a", "c"], ["c"], ["b"], ["b"]]
    assert house.empty


def test_a_free_slot_is_taken_at_the_next_step():
    house = House(seats=2)
    house.walk(shot("a", steps=1), shot("b", steps=3), shot("c", steps=3))
    assert house.studio.forwards == [["a", "b"], ["b", "c"], ["b", "c"], ["c"]]


@pytest.mark.parametrize(
    ("verb", "error"),
    [
        ("seat", AdapterFileEmpty(name="x")),
        ("preview", DrawFailed(why="x")),
        ("develop", DiskFull(path="x", why="x")),
    ],
)
def test_an_error_of_one_shot_is_its_own(verb, error):
    house = House(fails={verb: error})
    events = house.walk(shot("a"), shot("bad"), shot("c"))
    check_trace(events, {"a": 2, "bad": 2, "c": 2})
    (failed,) = (event for event in events if isinstance(event, Failed))
    assert (failed.shot, failed.kind) == ("bad", type(error).__name__)
    assert [line for line in trace(events) if line[0] == "drawn"] == [
        ("drawn", "a", 0),
        ("drawn", "c", 0),
    ]
    assert house.empty


@pytest.mark.parametrize("verb", ["encode", "predict"])
def test_a_forward_that_fails_takes_those_who_shared_it_and_no_others(verb):
    house = House(fails={verb: DrawFailed(why="the memory ran out")})
    late = shot("late")

    def hear(event: Event) -> None:
        if isinstance(event, Failed) and event.shot == "bad":
            house.inbox.admit(late)

    events = house.walk(shot("bad"), shot("beside"), hear=hear)
    check_trace(events, {"bad": 2, "beside": 2, "late": 2})
    assert [event.shot for event in events if isinstance(event, Failed)] == ["bad", "beside"]
    assert trace(events)[-1] == ("drawn", "late", 0)
    assert house.empty


def test_mail_is_read_between_steps_and_never_within_one():
    house = House()

    def hear(event: Event) -> None:
        if isinstance(event, Stepped) and (event.shot, event.step) == ("a", 1):
            house.inbox.cancel("b")  # b's own first step is still told, as it was taken

    events = house.walk(shot("a", steps=3), shot("b", steps=3), hear=hear)
    lines = trace(events)
    assert lines[2:5] == [("stepped", "a", 1), ("stepped", "b", 1), ("failed", "b", 0)]
    assert house.studio.forwards == [["a", "b"], ["a"], ["a"]]


def test_a_cancel_for_nobody_is_forgotten():
    house = House()
    house.inbox.cancel("a")
    house.walk(shot("z"))
    assert trace(house.walk(shot("a")))[-1] == ("drawn", "a", 0)


def test_the_walk_of_a_closed_loop_leaves_nothing_behind():
    house = House(seats=2)
    for name in "abc":
        house.inbox.admit(shot(name, steps=5))
    with closing(house.loop.run()) as events:
        while not isinstance(next(events), Stepped):
            pass
        house.inbox.admit(shot("d"))
        house.inbox.cancel("again")
    assert house.empty
    assert trace(house.walk(shot("again")))[-1] == ("drawn", "again", 0)
    assert house.walk() == []


def test_a_bug_ends_the_walk_loudly_and_leaves_nothing_behind():
    house = House()
    house.studio.fails["predict", "bad"] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        house.walk(shot("a"), shot("bad"))
    assert house.empty
    house.studio.fails.clear()
    check_trace(house.walk(shot("a")), {"a": 2})


def test_what_comes_after_the_last_look_is_drawn_by_the_next_walk():
    house = House()
    walk = house.loop.run()
    assert list(walk) == []
    house.inbox.admit(shot("a"))
    walk.close()
    check_trace(house.walk(), {"a": 2})


def test_many_threads_admit_while_one_draws():
    house = House(seats=3, room=100)
    seen: list[Event] = []

    def send(number: int) -> None:
        for index in range(10):
            house.inbox.admit(shot(f"{number}.{index}", steps=1 + index % 3))

    threads = [Thread(target=send, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen += house.walk()
    seen += house.walk()
    check_trace(seen, {f"{n}.{i}": 1 + i % 3 for n in range(5) for i in range(10)})
    assert house.empty


def test_busy_counts_what_has_not_ended_wherever_it_is():
    house = House(seats=1, room=3)

    def hear(event: Event) -> None:
        if isinstance(event, Started) and event.shot == "a":
            with pytest.raises(Busy):
                house.inbox.admit(shot("d"))
        if isinstance(event, Drawn) and event.shot == "a":
            house.inbox.admit(shot("d"))

    events = house.walk(shot("a"), shot("b"), shot("c"), hear=hear)
    check_trace(events, dict.fromkeys("abcd", 2))


def seated(name: str, guidance: float, size: int = 16) -> Slot:
    slot = PaperStudio().seat(shot(name, size=size, guidance=guidance))
    slot.positive = Encoded(torch.ones(1, 2, 3), name)
    if slot.guided:
        slot.negative = Encoded(torch.zeros(1, 2, 3), "not " + name)
    return slot


def test_the_row_table_gives_a_negative_row_only_to_those_who_are_guided():
    slots = [seated("a", 5.0), seated("b", 1.0), seated("c", 1.5), seated("d", 0.0)]
    rows = [(line.slot.shot.id, line.text.text) for line in row_table(slots)]
    assert rows == [
        ("a", "not a"),
        ("a", "a"),
        ("b", "b"),
        ("c", "not c"),
        ("c", "c"),
        ("d", "d"),
    ]


def test_guidance_is_the_pipelines_formula():
    negative, positive = torch.tensor([1.0]), torch.tensor([3.0])
    assert seated("a", 5.0).guide([negative, positive]) == 11.0
    assert seated("b", 1.0).guide([positive]) == 3.0


def test_alike_keeps_the_order_of_arrival():
    lines = row_table([seated("a", 1.0), seated("b", 1.0, size=24), seated("c", 1.0)])
    groups = alike(lines)
    assert [[line.slot.shot.id for line in group] for group in groups] == [["a", "c"], ["b"]]
