"""The rack against a plain model of an LRU, and what a stack owes it."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from torch import nn

from stylus_engine.sampling.executors import Slotting, Stacking
from stylus_engine.sampling.factors import Factors, Layer
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.stack import Row

ROOM = 10
NAMES = st.integers(0, 7)


class Model(RuleBasedStateMachine):
    """A list in order of use, counted anew each time; thing `n` has `n` bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.rack = Rack(ROOM)
        self.order: list[int] = []
        self.held: list[int] = []
        self.made = self.gone = self.asked = 0

    def make_room(self, wanted: int) -> None:
        for each in [name for name in self.order if name not in self.held]:
            if sum(self.order) + wanted > ROOM:
                self.order.remove(each)
                self.gone += 1

    @rule(name=NAMES)
    def hold(self, name: int) -> None:
        self.asked += 1
        if name in self.order:
            self.order.remove(name)
        else:
            self.make_room(name)
            self.made += 1
        self.order.append(name)
        self.held.append(name)
        assert self.rack.hold(name, name, lambda: f"thing {name}") == f"thing {name}"

    @rule(name=NAMES)
    def fail(self, name: int) -> None:
        if name in self.order:
            return
        self.make_room(name)
        with pytest.raises(MemoryError):
            self.rack.hold(name, name, _no_memory)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.held))
        self.held.remove(name)
        self.make_room(0)
        self.rack.release(name)

    @rule()
    def clear(self) -> None:
        spare = [name for name in self.order if name not in self.held]
        assert self.rack.clear() == bool(spare)
        self.order = [name for name in self.order if name in self.held]

    @invariant()
    def same(self) -> None:
        assert list(self.rack) == self.order
        assert self.rack.nbytes == sum(self.order)
        assert set(self.held) <= set(self.order)
        assert self.rack.nbytes <= max(ROOM, sum(set(self.held)))
        assert (self.rack.made, self.rack.evictions) == (self.made, self.gone)
        assert self.rack.hits == self.asked - self.made


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def _no_memory() -> str:
    raise MemoryError


@pytest.fixture
def module() -> Iterator[nn.Sequential]:
    torch.manual_seed(0)
    with torch.no_grad():
        yield nn.Sequential(nn.Linear(6, 6), nn.Conv2d(4, 4, 3))


def adapter(name: str, rank: int = 2) -> Factors:
    linear = Layer(down=torch.randn(rank, 6), up=torch.randn(6, rank))
    conv = Layer(down=torch.randn(rank, 4, 3, 3), up=torch.randn(4, rank))
    return Factors(name, name, {("unet", "0"): linear, ("unet", "1"): conv})


def wear(executor: Stacking | Slotting, *rows: Row) -> None:
    with executor.applied("unet", rows):
        pass


@pytest.mark.parametrize("kind", [Stacking, Slotting])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_gathered_is_counted_by_the_byte_and_found_again(module, kind, dtype):
    rack, rows = Rack(), [((adapter(name), 0.5),) for name in "ab"]
    executor = kind({"unet": module.to(dtype)}, rack)
    for row in rows * 2:
        wear(executor, row)
    assert (rack.made, rack.hits, rack.evictions) == (2, 2, 0)
    numbers = 2 * (6 + 6) + 2 * (4 * 9 + 4)
    assert rack.nbytes == 2 * numbers * dtype.itemsize == 2 * _held(rack)


def _held(rack: Rack) -> int:
    """Bytes of the tensors of one thing."""
    thing: Any = next(iter(rack._things.values()))[0]
    pairs = thing.values() if isinstance(thing, dict) else thing.patches.values()
    return sum(pair.down.nbytes + pair.up.nbytes for pair in pairs)


@pytest.mark.parametrize("kind", [Stacking, Slotting])
def test_without_room_only_what_is_worn_stays(module, kind):
    rack = Rack(0)
    executor = kind({"unet": module}, rack)
    for name in "aba":
        wear(executor, ((adapter(name), 0.5),))
        assert len(list(rack)) == 1
    executor.close()
    assert (rack.nbytes, rack.made, rack.evictions) == (0, 3, 3)


def test_a_crowd_that_serves_is_taken_from_the_rack(module):
    rack, a, b, c = Rack(), *map(adapter, "abc")
    executor = Stacking({"unet": module}, rack)
    wear(executor, ((a, 0.5), (b, 0.5)))
    wear(executor, ((c, 0.5),))
    wear(executor, ((b, 1.0),))
    assert (rack.made, rack.hits) == (2, 1)


def test_one_rack_serves_several_components_and_confuses_none(module):
    rack, other = Rack(), nn.Sequential(nn.Linear(6, 6))
    text = adapter("b").layers["unet", "0"]
    both = Factors("a", "a", {**adapter("a").layers, ("text_encoder", "0"): text})
    executor = Stacking({"unet": module, "text_encoder": other}, rack)
    for component in ("unet", "text_encoder"):
        executor.stacks[component].wear([((both, 1.0),)])
    assert rack.made == 2
    executor.close()
    assert rack.clear()
    assert not rack.clear()
