"""The grids of `benchmarks.grid`: four shots of one plan on a checkpoint, who else draws them, and the bars."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks import sd15, sdxl
from benchmarks.contenders import Grid, Peer, plain, reference, run
from benchmarks.table import NOT_RUN, Report, Row
from stylus_engine.model import Mask, Recipe, Shot, Weighted
from stylus_engine.sampling.families import Parts, family_of
from tests.sampling.draws import Pool, adapters, folder_pool
from tests.sampling.oracle import Oracle, sampled_by

DATA = Path(__file__).parents[1] / "miniature" / "data"
PEERS = {
    "switch": "(b) diffusers + peft, set_adapters per picture",
    "fuse": "(c) diffusers, fuse → draw → unfuse per picture",
    "merge": "(d) pristine merge per picture",
    "compiled": "(f) pristine merge per picture, compiled",
    "floor": "(e) the bare checkpoint as one batch",
}
CASES = ("miniature", "sd15", "sdxl", "sd15-64")
NEVER_SLOWER = {"switch": 1.0, "fuse": 1.0, "compiled": 1.0}
ON_ACCELERATOR = {"switch": 1 / 3, "fuse": 1 / 2, "compiled": 1 / 1.3}
EIGHT = ((1, 1, 1, 1, 0, 0, 0, 0), (0, 0, 1, 1, 1, 1, 0, 0), (0, 0, 0, 0, 1, 1, 1, 1), (1, 0) * 4)
FOUR = ((1, 1, 0, 0), (0, 1, 1, 0), (0, 0, 1, 1), (1, 1, 1, 1))


@dataclass(frozen=True)
class Case:
    """A checkpoint, a grid, and the bars of its rows by peer."""

    name: str
    parts: Parts
    files: Mapping[str, Path]
    shots: Sequence[Shot]
    bars: Mapping[str, float]
    taxed: bool  # whether the bar against the floor is for ours / (1 + tax)
    truth: Callable[[], Grid]
    peer: Callable[[], Peer] | None = None
    compiles: bool = False


def cases(asked: argparse.Namespace, report: Report, device: str, folder: Path) -> Iterator[Case]:
    """One after the other: two networks of that size do not fit beside each other."""
    wanted = (asked.only,) if asked.only else CASES[: 2 if asked.quick else 3]
    if "miniature" in wanted and (case := _miniature(asked, report)):
        yield case
    if "sd15" in wanted:
        yield _sd15(device, folder, asked.quick)
    if "sdxl" in wanted:
        yield _sdxl(device, folder, asked.quick)
    if "sd15-64" in wanted:
        for what in (sd15.attention, sd15.every_layer):
            yield _lighter(device, folder, what, asked.quick)


# --- the miniature ---------------------------------------------------------------


def _miniature(asked: argparse.Namespace, report: Report) -> Case | None:
    steps = 6 if asked.quick else 20
    name = f"miniature, 8 adapters, {steps} steps, guidance 5"
    pool = folder_pool(asked.checkpoint, asked.adapters)
    oracle = Oracle(pool.folder, pool.files)
    eight = [name for name in pool.files if oracle.fused_by_diffusers(name)][:8]
    if len(eight) < 8:
        report.notes.append(f"{name}: {NOT_RUN}, {len(eight)} files that diffusers can load.")
        report.rows += _not_run(name)
        return None
    files = {card: pool.files[card] for card in eight}
    return _miniature_case(name, pool, oracle, files, steps)


def _miniature_case(
    name: str, pool: Pool, oracle: Oracle, files: Mapping[str, Path], steps: int
) -> Case:
    parts = family_of(pool.checkpoint).load(pool.checkpoint)
    size = pool.checkpoint.size
    shots = _shots(pool, files, EIGHT, size=size, steps=steps, guidance=5.0)

    def truth() -> Grid:
        alone = [
            run(sampled_by(oracle.merged(shot.recipe), shot.sampler), [shot]) for shot in shots
        ]
        return np.concatenate(alone)

    def peer() -> Peer:
        own = family_of(pool.checkpoint).load(pool.checkpoint)
        return Peer(plain(own, shots[0].sampler), files)

    bars = NEVER_SLOWER | {"floor": 1.25}
    return Case(name, parts, files, shots, bars, True, truth, peer, compiles=steps > 6)


# --- networks of real size ----------------------------------------------------------


def _sd15(device: str, folder: Path, quick: bool) -> Case:
    parts = sd15.big_parts(folder, device)
    files = sd15.big_adapters(folder, parts, sd15.attention, rank=32, count=8)
    case = _big("SD 1.5 size, 8 adapters r32 on attention", parts, files, EIGHT, quick)
    return replace(case, peer=_peer(case, lambda: sd15.big_parts(None, device), quick))


def _sdxl(device: str, folder: Path, quick: bool) -> Case:
    parts = sdxl.big_parts(device)
    files = sd15.big_adapters(folder, parts, sd15.attention, rank=32, count=8, prefix="xl-")
    what = "" if device == "cuda" else f" ({sdxl.LAYERS} of 10 inner layers)"
    case = _big(f"SDXL size{what}, 8 adapters r32 on attention", parts, files, EIGHT, quick)
    return replace(case, peer=_peer(case, lambda: sdxl.big_parts(device), quick))


def _lighter(device: str, folder: Path, wanted: sd15.Wanted, quick: bool) -> Case:
    """Against the floor alone: the bar of four adapters of rank 16."""
    parts = sd15.big_parts(folder, device)
    files = sd15.big_adapters(folder, parts, wanted, rank=16, count=4)
    name = f"SD 1.5 size, ΣR = 64 on {wanted.__name__.replace('_', ' ')}"
    return replace(_big(name, parts, files, FOUR, quick), bars={"floor": 1.35}, compiles=False)


def _peer(case: Case, own: Callable[[], Parts], quick: bool) -> Callable[[], Peer] | None:
    """On a CPU, loading eight adapters through peft takes longer than `--quick` has."""
    if quick and case.parts.device.type == "cpu":
        return None
    return lambda: Peer(plain(own(), case.shots[0].sampler), case.files)


def _big(
    name: str,
    parts: Parts,
    files: Mapping[str, Path],
    masks: Sequence[Sequence[int]],
    quick: bool,
) -> Case:
    pool = Pool(parts.checkpoint, adapters(parts.checkpoint, files), files, ("a red cat",), (0,))
    fast = parts.device.type == "cuda"
    latents, steps = (parts.checkpoint.size // 8, 10) if fast else (16, 1 if quick else 2)
    shots = _shots(pool, files, masks, size=latents * 8, steps=steps, guidance=1.0)
    bare = plain(parts, shots[0].sampler)

    def truth() -> Grid:
        return reference(bare, files, shots)

    bars = ON_ACCELERATOR if fast else NEVER_SLOWER
    case = f"{name}, {latents}×{latents} latents, {steps} steps, {str(parts.dtype)[6:]}"
    return Case(case, parts, files, shots, bars, False, truth, compiles=not quick or fast)


# --- their shots, or why there are none -----------------------------------------


def _shots(
    pool: Pool,
    files: Mapping[str, Path],
    masks: Sequence[Sequence[int]],
    *,
    size: int,
    steps: int,
    guidance: float,
) -> list[Shot]:
    """Four shots of one plan: each wears the adapters of its mask, 1.2 in all."""
    known = {adapter.card_id: adapter for adapter in pool.adapters}
    shots: list[Shot] = []
    for index, mask in enumerate(masks):
        lit = [known[card] for card, bit in zip(files, mask, strict=True) if bit]
        worn = tuple(Weighted(adapter=adapter, weight=1.2 / len(lit)) for adapter in lit)
        recipe = Recipe(
            adapters=worn, prompt=pool.prompts[0], mask=Mask(bits=(tuple(map(bool, mask)),))
        )
        shots.append(
            Shot(
                id=f"grid.{index}",
                job="grid",
                index=index,
                recipe=recipe,
                seed=1 + index,
                width=size,
                height=size,
                steps=steps,
                guidance=guidance,
                sampler="dpmpp_2m_karras",
            )
        )
    return shots


def _not_run(case: str) -> list[Row]:
    bars = NEVER_SLOWER | {"floor": 1.25}
    return [
        Row(case, "seconds for a grid of four", "s", NOT_RUN, peer, NOT_RUN, bars.get(name))
        for name, peer in PEERS.items()
    ]
