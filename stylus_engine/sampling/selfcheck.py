"""Ours against merged, on people's own files: how far a stacked adapter is from one written into the weights.

A stacked row shares its forward with a bare one; the reference is merged into pristine
weights, alone.  Where diffusers reads the file, what is merged is diffusers' reading of
it; elsewhere our own formula is the reference, and the answer says so.
"""

import resource
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from stylus_engine.errors import StylusError, Unsupported, public
from stylus_engine.model import Adapter, Drawn, Failed, Mask, Recipe, Shot, Weighted
from stylus_engine.model.checked import Checked, Timed
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.executors import Executor, by_row
from stylus_engine.sampling.executors.merging import Merging
from stylus_engine.sampling.executors.stacking import Stacking
from stylus_engine.sampling.factors import Factors
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.families.parts import Told
from stylus_engine.sampling.flow import flow, flows
from stylus_engine.sampling.judging import judged
from stylus_engine.sampling.rehearsing import Config, astray
from stylus_engine.sampling.schedules import Schedule, schedule
from stylus_engine.sampling.stack import Row
from stylus_engine.sampling.store import Bases, FactorStore
from stylus_engine.sampling.text import Words, encode

STEPS = 3  # of the compared draw
PROMPT = "a picture"
BOUNDS: Mapping[torch.dtype, float] = {torch.float32: 1e-3, torch.float16: 0.05}
LOOSE = 0.2  # relative, of bf16, which has eight bits
SEED = 1


class Inspector:
    """Checks adapters for one loaded checkpoint. Belongs to the thread that draws."""

    def __init__(self, parts: Parts, factors: FactorStore) -> None:
        self.parts = parts
        self._family = family_of(parts.checkpoint)
        self._factors = factors
        self._bases = Bases(parts.checkpoint.id, parts.checkpoint.family, parts.modules)
        self._bound = BOUNDS.get(parts.dtype, LOOSE)

    @torch.inference_mode()
    def check(self, adapter: Adapter) -> Checked:
        """Compare one adapter at weight 1. Raises nothing of ours: a refusal is an answer."""
        try:
            self._rehearse()
            ours = self._factors.get(adapter, self._bases)
            return self._compared(adapter, ours)
        except StylusError as error:
            return Checked(name=adapter.name, sentence=public(error))

    def _compared(self, adapter: Adapter, ours: Factors) -> Checked:
        theirs = judged(Path(adapter.path or ""), self.parts, ours)
        stacked = self._results(Stacking(self.parts.modules), ((ours, 1.0),))
        merged = self._results(Merging(self.parts.modules), ((theirs or ours, 1.0),))
        one, few = (_apart(*pair) for pair in zip(stacked, merged, strict=True))
        return Checked(
            name=adapter.name,
            layers=len(ours.layers),
            kept=ours.kept,
            judge="diffusers" if theirs else "formula",
            forward=one,
            draw=few,
            good=max(one, few) <= self._bound,
        )

    def _rehearse(self) -> None:
        if why := astray(self._planned, self.parts.scheduler_config, self._noise().shape[1]):
            name = self.parts.checkpoint.name
            raise Unsupported(what=f"Drawing with euler by the scheduler config of {name} ({why})")

    def _results(self, executor: Executor, row: Row) -> tuple[Tensor, Tensor]:
        """Of one forward, and of a draw; the executor leaves the modules as they were."""
        try:
            return self._forward(executor, row), self._draw(executor, row)
        finally:
            executor.close()

    def _noise(self) -> Tensor:
        edge = self.parts.checkpoint.size
        shape = self._family.latent_shape(self.parts, edge, edge)
        dice = torch.Generator().manual_seed(SEED)
        return torch.randn(shape, generator=dice).to(self.parts.device)

    def _forward(self, executor: Executor, row: Row) -> Tensor:
        plan = self._plan()
        return self._predict(executor, row, plan.scaled(plan.start(self._noise())), plan)

    def _draw(self, executor: Executor, row: Row) -> Tensor:
        plan, dice = self._plan(), torch.Generator().manual_seed(SEED)
        latents = plan.start(self._noise())
        while not plan.done:
            predicted = self._predict(executor, row, plan.scaled(latents), plan)
            latents, _ = plan.step(predicted, latents, dice)
        return latents

    def _plan(self) -> Schedule:
        return self._planned(self.parts.scheduler_config)

    def _planned(self, config: Config) -> Schedule:
        if flows(self.parts.scheduler_config):
            *_, high, wide = self._noise().shape
            return flow(config, STEPS, high * wide // 4, self.parts.spaced)
        return schedule("euler", config, STEPS)

    def _predict(self, executor: Executor, row: Row, latents: Tensor, plan: Schedule) -> Tensor:
        """The prediction of `row`; a stacked one shares its forward with a bare row."""
        rows = [row, ()]
        words = [Words(PROMPT, each) for each in rows]
        told = encode(self.parts, self._family, executor, words)
        time_ = plan.timestep.float().to(self.parts.device)

        def denoise(group: list[int]) -> Tensor:
            pooled = [p for p in (told[each].pooled for each in group) if p is not None]
            states = torch.cat([told[each].states for each in group])
            guidance = torch.full((len(group),), 3.5, device=self.parts.device)
            inner = latents.expand(len(group), *latents.shape[1:]).contiguous()
            said = Told(states, torch.cat(pooled) if pooled else None, guidance)
            return self._family.denoise(self.parts, inner, time_.expand(len(group)), said)

        return by_row(executor, self.parts.denoiser, rows, denoise)[0][None]


def _apart(ours: Tensor, reference: Tensor) -> float:
    """Max |Δ|, relative to the largest number there is; infinity where a number is none."""
    gap = float((ours - reference).abs().max() / reference.abs().max().clamp_min(1e-9))
    return gap if gap == gap else float("inf")  # noqa: PLR0124 - NaN is the one that is not itself


def sheet(
    drawer: Drawer, adapters: Sequence[Adapter], steps: int, size: int
) -> Generator[Timed, None, None]:
    """Draw each adapter once, four at a time; tells of each grid what it took."""
    for at in range(0, len(adapters), 4):
        began = time.perf_counter()
        for adapter in adapters[at : at + 4]:
            drawer.admit(_shot(adapter, steps, size))
        ends = [e for e in drawer.events() if isinstance(e, Drawn | Failed)]
        drawn = {e.shot: e.picture.path for e in ends if isinstance(e, Drawn)}
        failed = {e.shot: e.sentence for e in ends if isinstance(e, Failed)}
        yield Timed(seconds=time.perf_counter() - began, pictures=drawn, failed=failed)


def _shot(adapter: Adapter, steps: int, size: int) -> Shot:
    words = ", ".join((PROMPT, *adapter.triggers[:1]))
    recipe = Recipe(adapters=(Weighted(adapter=adapter, weight=1.0),), prompt=words, mask=Mask())
    return Shot(
        id=adapter.card_id,
        job="selfcheck",
        index=0,
        recipe=recipe,
        seed=SEED,
        width=size,
        height=size,
        steps=steps,
        guidance=5.0,
        sampler="euler",
    )


def peak(device: torch.device) -> int:
    """The most bytes that this process ever held: the card's where one draws, else the machine's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024  # kilobytes but on a Mac
