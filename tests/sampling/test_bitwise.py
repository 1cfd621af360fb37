"""A thousand admits and evictions later the checkpoint is what it was, to the last bit and the last hook."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import product

import pytest
from torch import nn

from stylus_engine.model import Drawn, Event, Failed, Shot, Started, Stepped
from stylus_engine.sampling.executors import Merging, Stacking
from stylus_engine.sampling.families import Parts
from tests.sampling.draws import Pool
from tests.sampling.judge import MAKERS, Stage, finals, stage
from tests.sampling.small import BROKEN, shot, small_pool
from tests.sampling.trace import check_trace

ADMITS, BATCH = 1000, 8
DICTS = [name for name in vars(nn.Module()) if name.endswith(("_hooks", "_hooks_with_kwargs"))]


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return small_pool(tmp_path_factory.mktemp("small"))


def bits(parts: Parts) -> dict[str, str]:
    """One hash over names, types, shapes and bytes for each model."""
    return {name: _digest(module) for name, module in modules(parts)}


def modules(parts: Parts) -> list[tuple[str, nn.Module]]:
    return [("unet", parts.unet), ("text_encoder", parts.text_encoder), ("vae", parts.vae)]


def _digest(module: nn.Module) -> str:
    whole = hashlib.sha256()
    for name, tensor in module.state_dict(keep_vars=True).items():
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} {tensor.requires_grad}".encode())
        whole.update(tensor.detach().contiguous().numpy().tobytes())
    return whole.hexdigest()


def furniture(parts: Parts) -> list[object]:
    """The module tree: names, identities, own attributes, the size of every dict of hooks, forwards."""
    return [
        (
            f"{root}.{path}",
            id(module),
            type(module),
            sorted(vars(module)),
            [len(getattr(module, name)) for name in DICTS],
            getattr(module.forward, "__func__", None),
        )
        for root, model in modules(parts)
        for path, module in model.named_modules()
    ]


@dataclass
class Toll:
    """What happened on the way."""

    drawn: int = 0
    failed: dict[str, int] = field(default_factory=dict[str, int])

    def count(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Drawn):
                self.drawn += 1
            if isinstance(event, Failed):
                self.failed[event.kind] = self.failed.get(event.kind, 0) + 1


def rounds(pool: Pool) -> Iterator[list[Shot]]:
    """Batches of random recipes; in every tenth one shot has a broken file and one is to be cancelled."""
    dice = random.Random(7)
    good = [name for name in pool.files if name != BROKEN]
    for number in range(ADMITS // BATCH):
        shots = [
            shot(
                pool,
                f"{number}.{index}",
                {name: dice.uniform(-1, 1) for name in dice.sample(good, dice.choice((0, 1, 2)))},
                guidance=dice.choice((1.0, 1.0, 5.0)),
            )
            for index in range(BATCH)
        ]
        if number % 10 == 0:
            shots[1] = shot(pool, f"{number}.1", {"loha-0": 0.5, BROKEN: 1.0})
            shots[2] = shot(pool, f"{number}.2", {"lokr-1": 0.5}, steps=4)
        yield shots


def walk(on: Stage, shots: list[Shot]) -> list[Event]:
    """Draw, and cancel whatever has more than one step in the middle of a step."""
    seen: list[Event] = []
    for each in shots:
        on.drawer.admit(each)
    with closing(on.drawer.events()) as events:
        for event in events:
            seen.append(event)
            if isinstance(event, Stepped) and event.step == 1 < event.of:
                on.drawer.cancel(event.shot)
    return seen


@pytest.mark.slow
def test_a_thousand_admits_leave_every_bit_and_every_hook(pool):
    stacked = stage(pool, capacity=40_000)
    merging = stage(pool, capacity=40_000, merge=True, parts=stacked.parts)
    before = bits(stacked.parts), furniture(stacked.parts)
    toll = Toll()
    for number, shots in enumerate(rounds(pool)):
        events = walk(merging if number % 5 == 4 or number == 10 else stacked, shots)
        check_trace(events, {each.id: each.steps for each in shots})
        toll.count(events)
    assert (bits(stacked.parts), furniture(stacked.parts)) == before
    assert toll.failed == {"AdapterFileTruncated": 13, "Cancelled": 13}
    assert toll.drawn + 26 == ADMITS
    evictions = stacked.store.evictions + merging.store.evictions
    assert evictions > ADMITS / 2
    assert isinstance(merging.executor, Merging)
    assert merging.executor.merges > 100


@pytest.mark.parametrize(("executor", "when"), list(product(MAKERS, (Started, Stepped))))
def test_a_walk_closed_in_the_middle_gives_everything_back(pool, executor, when):
    on = stage(pool, executor=executor)
    before = bits(on.parts), furniture(on.parts)
    for index, name in enumerate(("peft-0", "loha-0", "dora-1")):
        on.drawer.admit(shot(pool, str(index), {name: 0.8}, steps=3))
    with closing(on.drawer.events()) as events:
        next(event for event in events if isinstance(event, when))
    assert (bits(on.parts), furniture(on.parts)) == before
    assert not on.slots


def test_adapters_do_change_the_picture_while_they_are_worn(pool):
    # Or else the tests above would prove nothing.
    on = stage(pool)
    ends = [finals(on, [shot(pool, "x", worn)])["x"] for worn in ({}, {"locon-1": 1.0}, {})]
    assert (ends[0] == ends[2]).all()
    assert (ends[0] - ends[1]).abs().max() > 1e-3


def test_another_mask_is_another_vector(pool):
    """No file is read, nothing converted, nothing gathered, nothing merged: counted, not timed."""
    on = stage(pool)
    assert isinstance(on.executor, Stacking)
    plan = {"peft-0": 0.8, "kohya-1": 0.6, "lokr-0": 0.7}
    finals(on, grid(pool, plan, [(1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 1, 1)]))
    loads, gathers = on.store.loads, gathered(on)
    updates = on.executor.stacks["unet"].weight_updates
    finals(on, grid(pool, plan, [(1, 1, 0), (1, 0, 1), (0, 0, 1), (1, 1, 1)]))
    assert (on.store.loads, gathered(on)) == (loads, gathers) == (3, [1, 1])
    assert on.executor.stacks["unet"].weight_updates == updates + 1


@pytest.mark.parametrize("mask", [mask for mask in product((0, 1), repeat=3) if any(mask)])
def test_a_single_picture_of_another_mask_gathers_nothing(pool, mask):
    on = stage(pool)
    plan = {"peft-0": 0.8, "kohya-1": 0.6, "lokr-0": 0.7}
    finals(on, grid(pool, plan, [(1, 1, 1)]))
    finals(on, grid(pool, plan, [mask]))
    assert (on.store.loads, gathered(on)) == (3, [1, 1])


def gathered(on: Stage) -> list[int]:
    assert isinstance(on.executor, Stacking)
    return [stack.gathers for stack in on.executor.stacks.values()]


def grid(pool: Pool, plan: dict[str, float], masks: list[tuple[int, ...]]) -> list[Shot]:
    return [
        shot(pool, str(index), {name: weight for name, weight, bit in lit if bit})
        for index, mask in enumerate(masks)
        for lit in [[(*pair, bit) for pair, bit in zip(plan.items(), mask, strict=True)]]
    ]
