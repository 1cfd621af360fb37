"""A grid of four pictures with four masks: ours against diffusers, and against what four bare pictures cost.

`python -m benchmarks.grid [--quick] [--only CASE]`.  Contenders: ours; (b) diffusers +
peft `set_adapters` per picture; (c) fuse, draw, unfuse per picture; (d) pristine merge
per picture; (e) the bare checkpoint as one batch, which is the floor; (f) pristine
merge with a compiled denoiser, the strongest that people run.
Each is first compared with the reference; one that draws something else gets no time.
The miniature runs on the CPU; networks of SD 1.5's and SDXL's size, with random weights,
run on the accelerator where there is one (fp16, full latents), else at 16x16 latents.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import diffusers
import numpy as np
import peft
import torch

from benchmarks import sd15, sdxl
from benchmarks.contenders import (
    Contender,
    Grid,
    Ours,
    Peer,
    compiled,
    difference,
    floor,
    merging,
    plain,
    reference,
    run,
)
from benchmarks.limits import limits, tax
from benchmarks.table import NOT_RUN, Report, Row, Spread, interleaved
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
SAME_FP32, SAME_HALF = 0.5, 3.0  # levels of 255, mean of the worst picture


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


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    asked = _arguments()
    device = "cuda" if torch.cuda.is_available() and not asked.cpu else "cpu"
    report = Report("grid", _accelerator(device), _settings(device))
    with TemporaryDirectory() as folder:
        for case in _cases(asked, report, device, Path(folder)):
            began = time.perf_counter()
            report.rows += _measure(case, report, asked)
            report.notes.append(f"{case.name}: {time.perf_counter() - began:.0f} s in all.")
            del case
            gc.collect()  # the next network needs the room
    if device == "cpu":
        report.rows += _wanting()
    report.print()
    if asked.write:
        print(f"Written to {report.write()}.")
    return 0 if all(row.holds is not False for row in report.rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grid", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most a minute, fewer rounds")
    parser.add_argument("--cpu", action="store_true", help="leave an accelerator alone")
    parser.add_argument("--no-compile", dest="compile", action="store_false", help="leave (f) out")
    parser.add_argument("--only", choices=CASES, help="one case; the last is only run so")
    parser.add_argument("--checkpoint", type=Path, default=DATA / "checkpoint")
    parser.add_argument("--adapters", type=Path, default=DATA / "adapters")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


def _accelerator(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else ""


def _settings(device: str) -> list[str]:
    where = _accelerator(device) or "CPU"
    versions = f"diffusers {diffusers.__version__}, peft {peft.__version__}"
    return [
        f"torch {torch.__version__} ({torch.get_num_threads()} threads, {where}), {versions}.",
        "Peers: adapters loaded beforehand as fp32, no progress bar, inference mode, one picture at a time (masks differ).",
        "(f): torch.compile in its default mode, static shapes, compiled before it is timed.",
    ]


def _cases(asked: argparse.Namespace, report: Report, device: str, folder: Path) -> Iterator[Case]:
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


# --- measuring --------------------------------------------------------------------


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


def _measure(case: Case, report: Report, asked: argparse.Namespace) -> Iterable[Row]:
    ours = Ours.of(case.parts, case.files, case.shots)
    contenders = _contenders(case, ours, compiles=case.compiles and asked.compile)
    strangers = _gate(case, contenders, report)
    honest = {name: draw for name, draw in contenders.items() if name not in strangers}
    settle = torch.cuda.synchronize if case.parts.device.type == "cuda" else lambda: None
    spreads = interleaved(honest, 40, 6 if asked.quick else 60, settle)
    share = tax(case.parts, case.shots, ours.rows)
    report.notes.append(f"{case.name}: arithmetic tax of the factors {share:.1%}.")
    whole = limits(case.name, case.parts, case.shots, spreads.get("ours", NOT_RUN), settle)
    return [*_rows(case, spreads, strangers, share), *whole]


def _contenders(case: Case, ours: Ours, *, compiles: bool) -> dict[str, Contender]:
    sampler = case.shots[0].sampler
    bare = plain(case.parts, sampler)
    contenders: dict[str, Contender] = {
        "ours": lambda: ours.draw(case.shots),
        "merge": lambda: merging(case.parts, bare, ours.rows, case.shots),
        "floor": lambda: floor(bare, case.shots),
    }
    if compiles:
        quick = compiled(case.parts, sampler)
        contenders["compiled"] = lambda: merging(case.parts, quick, ours.rows, case.shots)
    if case.peer:
        peer = case.peer()
        contenders["switch"] = lambda: peer.switched(case.shots)
        contenders["fuse"] = lambda: peer.fused(case.shots)
    return contenders


def _gate(case: Case, contenders: Mapping[str, Contender], report: Report) -> dict[str, str]:
    """Who draws something else than the reference, and by how much; they are not timed.

    It warms everybody up as well.  The floor is bare on purpose: its distance tells
    how much the adapters change.
    """
    truth = case.truth()
    same = SAME_FP32 if case.parts.dtype == torch.float32 else SAME_HALF
    gaps = {name: difference(draw(), truth) for name, draw in contenders.items()}
    bare = gaps.pop("floor")
    most = min(same, bare / 4)
    told = ", ".join(f"{name} {gap:.3f}" for name, gap in gaps.items())
    report.notes.append(
        f"{case.name}: mean difference from the reference in levels of 255: {told} "
        f"(at most {most:.3f}; without adapters it is {bare:.1f})."
    )
    return {name: f"{NOT_RUN}: off by {gap:.1f}" for name, gap in gaps.items() if gap > most}


def _rows(
    case: Case, spreads: Mapping[str, Spread], strangers: Mapping[str, str], share: float
) -> Iterable[Row]:
    metric, ours = "seconds for a grid of four", spreads.get("ours", strangers.get("ours", NOT_RUN))
    for name, peer in PEERS.items():
        theirs = spreads.get(name, strangers.get(name, NOT_RUN))
        bar = case.bars.get(name)
        if bar and name == "floor" and case.taxed:
            bar *= 1 + share
        yield Row(case.name, metric, "s", ours, peer, theirs, bar)
    yield Row(case.name, "arithmetic tax of the factors", "", Spread.of([share]), "base FLOPs")


def _not_run(case: str) -> list[Row]:
    bars = NEVER_SLOWER | {"floor": 1.25}
    return [
        Row(case, "seconds for a grid of four", "s", NOT_RUN, peer, NOT_RUN, bars.get(name))
        for name, peer in PEERS.items()
    ]


def _wanting() -> list[Row]:
    """What only an accelerator can tell."""
    return [
        Row(f"{size} size, on an accelerator", "seconds for a grid of four", "s", NOT_RUN,
            PEERS[name], NOT_RUN, bar)
        for size in ("SD 1.5", "SDXL")
        for name, bar in ON_ACCELERATOR.items()
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
