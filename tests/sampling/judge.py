"""Walks the real drawer, and holds what it draws against the oracle.

The bounds are those of DESIGN §5.  Where a file had to be truncated to become
factors (`residual` > 0: LoHa, LoKr and DoRA of high rank) the recorded residual,
times the weight it is worn at, is added to a bound: a relative error of the layers.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from stylus_engine.model import (
    Adapter,
    Event,
    Failed,
    Manifest,
    Picture,
    Shot,
    Start,
    Started,
    Stepped,
)
from stylus_engine.ports import Ground, Pixels
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.executors import EXECUTORS, Compiled, Executor
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.slots import Slot
from stylus_engine.sampling.store import FactorStore
from tests.sampling.draws import Pool, sane
from tests.sampling.oracle import Oracle, Truth

PER_STEP = 1e-5  # ‖ours − oracle‖ / ‖oracle‖ after one step from the oracle's latents
END_TO_END = 1e-4  # max |Δ latent|, latents of a trained checkpoint (standard deviation 1)
ELSEWHERE = 10.0  # times what the bare pipeline differs from itself
MAKERS = {
    **EXECUTORS,
    "compiled": partial(Compiled, backend="eager"),
}  # kernels would take minutes
EXACT = 1e-6  # a residual below this is rounding: nothing was truncated


class Files:
    """The `AdapterFiles` port over a mapping. `fetches` counts."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = dict(files)
        self.fetches = 0

    def fetch(self, adapter: Adapter) -> tuple[Path, str]:
        self.fetches += 1
        path = self.files[adapter.card_id]
        return path, hashlib.sha256(path.read_bytes()).hexdigest()


class Nowhere:
    """The `Pictures` port that keeps nothing but the last pixels of each shot."""

    def __init__(self) -> None:
        self.kept: dict[str, Pixels] = {}
        self.brought: dict[str, Pixels] = {}

    def keep(self, pixels: Pixels, manifest: Manifest) -> Picture:
        self.kept[manifest.shot.id] = pixels
        height, width, _ = pixels.shape
        name = hashlib.sha256(pixels.tobytes()).hexdigest()
        return Picture(id=name, path="", width=width, height=height, manifest=manifest)

    def ground(self, start: Start, width: int, height: int) -> Ground:
        mask = None if start.mask is None else self.brought[start.mask][..., 0] > 127
        return Ground(self.brought[start.picture], mask)

    def read(self, address: str) -> tuple[Pixels, Manifest | None]:
        raise LookupError(address)  # kept by shot, asked for by nobody


@dataclass
class Stage:
    """A drawer, and all of it that can be counted."""

    parts: Parts
    store: FactorStore
    files: Files
    pictures: Nowhere
    executor: Executor
    drawer: Drawer

    @property
    def slots(self) -> list[Slot]:
        return self.drawer._loop.slots

    def slot(self, shot_id: str) -> Slot:
        return next(slot for slot in self.slots if slot.shot.id == shot_id)


def stage(
    pool: Pool,
    *,
    slots: int = 8,
    capacity: int = 2**30,
    merge: bool = False,
    executor: str = "stack",
    parts: Parts | None = None,
) -> Stage:
    """Build the drawer as assembly does, its pictures kept nowhere."""
    parts = parts or family_of(pool.checkpoint).load(pool.checkpoint)
    files, pictures = Files(pool.files), Nowhere()
    store = FactorStore(files, capacity)
    made = MAKERS["merge" if merge else executor](parts.modules)
    drawer = Drawer(parts, store, pictures, slots=slots, waiting=4096, executor=made)
    return Stage(parts, store, files, pictures, made, drawer)


Watch = Callable[[Slot, int], None]  # a slot, and how many steps it has taken


def walk(
    on: Stage, shots: Iterable[Shot], watch: Watch, late: Iterable[Shot] = (), after: int = 3
) -> list[Event]:
    """Draw `shots` through `Drawer.events`; `late` ones are admitted after the first shot's step `after`."""
    waiting = list(late)
    seen: list[Event] = []
    for shot in shots:
        on.drawer.admit(shot)
    with closing(on.drawer.events()) as events:
        for event in events:
            seen.append(event)
            assert not isinstance(event, Failed), event.sentence
            if isinstance(event, Started):
                watch(on.slot(event.shot), 0)
            if isinstance(event, Stepped):
                watch(on.slot(event.shot), event.step)
                if event.step == after:
                    for shot in waiting:
                        on.drawer.admit(shot)
                    waiting.clear()
    return seen


def finals(
    on: Stage, shots: Iterable[Shot], late: Iterable[Shot] = (), after: int = 3
) -> dict[str, Tensor]:
    """Latents of each shot after its last step, end to end."""
    ends: dict[str, Tensor] = {}

    def watch(slot: Slot, _: int) -> None:
        if slot.done:
            ends[slot.shot.id] = slot.latents.clone()

    walk(on, shots, watch, late, after)
    return ends


@dataclass
class Forced:
    """One walk whose every step starts from the oracle's latents."""

    steps: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    residuals: dict[str, float] = field(default_factory=dict[str, float])


def forced(on: Stage, shots: Iterable[Shot], truths: Mapping[str, Truth]) -> Forced:
    """Relative error of each step taken from the oracle's latents; entry 0 is the first noise."""
    result = Forced()

    def watch(slot: Slot, step: int) -> None:
        truth = truths[slot.shot.id].latents[step]
        error = float((slot.latents - truth).norm() / truth.norm())
        result.steps.setdefault(slot.shot.id, []).append(error)
        result.residuals[slot.shot.id] = residual(slot)
        slot.latents = truth.clone()

    walk(on, shots, watch)
    return result


def residual(slot: Slot) -> float:
    """What truncation may cost: the recorded residuals, each times its weight."""
    return sum(
        abs(weight) * factors.residual for factors, weight in slot.row if factors.residual > EXACT
    )


def step_bound(cut: float) -> float:
    """The most a step may differ, given `residual` of the slot."""
    return PER_STEP + cut


def end_bound(oracle: Oracle, shot: Shot, truth: Truth, cut: float) -> float:
    """The most the last latents may differ anywhere.

    The fixed bound is meant for latents of a trained checkpoint; one with random
    weights leaves its noise (up to 15 times as large) in the picture, so the bound
    is in units of the latents' own standard deviation where that exceeds 1.
    """
    unit = max(1.0, float(truth.final.std()))
    limit = END_TO_END * unit if sane(shot) else ELSEWHERE * oracle.spread(shot)
    return limit + cut * shot.steps * unit


def apart(ours: Tensor, truth: Truth) -> float:
    """max |Δ latent|; infinite when there is NaN."""
    gap = (ours - truth.final).abs().max()
    return float(gap.nan_to_num(nan=torch.inf))
