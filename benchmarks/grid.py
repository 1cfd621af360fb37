"""A grid of four pictures with four masks: ours against diffusers, and against what four bare pictures cost.

`python -m benchmarks.grid [--quick]`.  Contenders are named (a) to (e) as in issue 2:
ours; diffusers + peft `set_adapters` per picture; fuse, draw, unfuse per picture;
pristine merge per picture; the bare checkpoint as one batch, which is the floor.
Each is first compared with the reference; one that draws something else gets no time.
The miniature runs on the CPU; the network of SD 1.5's size, with random weights,
runs on the accelerator where there is one (fp16, 64x64 latents), else at 16x16.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import diffusers
import numpy as np
import peft
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.contenders import (
    Contender,
    Grid,
    Ours,
    Peer,
    difference,
    floor,
    merging,
    plain,
    reference,
    run,
)
from benchmarks.sd15 import attention, big_adapters, big_parts, every_layer
from benchmarks.table import NOT_RUN, Report, Row, Spread, interleaved
from stylus_engine.model import Mask, Recipe, Shot, Weighted
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.stack import Row as Worn
from tests.sampling.draws import Pool, adapters, folder_pool
from tests.sampling.oracle import Oracle, sampled_by

DATA = Path(__file__).parents[1] / "miniature" / "data"
PEERS = {
    "switch": "(b) diffusers + peft, set_adapters per picture",
    "fuse": "(c) diffusers, fuse → draw → unfuse per picture",
    "merge": "(d) pristine merge per picture",
    "floor": "(e) the bare checkpoint as one batch",
}
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
    peer: Callable[[], Peer | None]


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    asked = _arguments()
    device = "cuda" if torch.cuda.is_available() and not asked.cpu else "cpu"
    report = Report("grid", _accelerator(device), _settings(device))
    with TemporaryDirectory() as folder:
        for rows in (_miniature(asked, report), _sd15(asked, report, device, Path(folder))):
            report.rows += rows
    report.print()
    if asked.write:
        print(f"Written to {report.write()}.")
    return 0 if all(row.holds is not False for row in report.rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grid", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most a minute, fewer rounds")
    parser.add_argument("--cpu", action="store_true", help="leave an accelerator alone")
    parser.add_argument("--only", choices=("miniature", "sd15"), help="one half of it")
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
    ]


# --- the miniature ---------------------------------------------------------------


def _miniature(asked: argparse.Namespace, report: Report) -> Iterable[Row]:
    if asked.only == "sd15":
        return []
    steps = 6 if asked.quick else 20
    name = f"miniature, 8 adapters, {steps} steps, guidance 5"
    if not any(asked.adapters.glob("*.safetensors")):
        return _not_run(name, "the miniature has no adapter files yet", report)
    pool = folder_pool(asked.checkpoint, asked.adapters)
    oracle = Oracle(pool.folder, pool.files)
    eight = [name for name in pool.files if oracle.fused_by_diffusers(name)][:8]
    if len(eight) < 8:
        return _not_run(name, f"only {len(eight)} files that diffusers can load", report)
    files = {card: pool.files[card] for card in eight}
    case = _miniature_case(name, pool, oracle, files, steps)
    return _measure(case, report, seconds=10 if asked.quick else 150)


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

    bars = {"floor": 1.25, "switch": 1.0, "fuse": 1.0}
    return Case(name, parts, files, shots, bars, taxed=True, truth=truth, peer=peer)


# --- a network of SD 1.5's size ---------------------------------------------------


def _sd15(asked: argparse.Namespace, report: Report, device: str, folder: Path) -> Iterable[Row]:
    if asked.only == "miniature":
        return []
    rows: list[Row] = []
    parts = big_parts(folder, device)
    targets = {"attention": attention, "all linear + conv": every_layer}
    for what, wanted in targets.items():
        if asked.quick and what != "attention":
            continue
        files = big_adapters(folder, parts, wanted, rank=16, count=4)
        case = _sd15_case(f"SD 1.5 size, ΣR = 64 on {what}", parts, files, device, asked.quick)
        rows += _measure(case, report, seconds=8 if asked.quick else 240)
    return rows


def _sd15_case(
    name: str, parts: Parts, files: Mapping[str, Path], device: str, quick: bool
) -> Case:
    pool = Pool(parts.checkpoint, adapters(parts.checkpoint, files), files, ("a red cat",), (0,))
    latents, steps = (64, 10) if device == "cuda" else (16, 1 if quick else 2)
    shots = _shots(pool, files, FOUR, size=latents * 8, steps=steps, guidance=1.0)
    bare = plain(parts, shots[0].sampler)

    def peer() -> Peer | None:
        if quick and device == "cpu":
            return None  # loading four adapters through peft alone takes longer than a minute has
        own = big_parts(None, device)
        return Peer(plain(own, shots[0].sampler), files)

    bars = {"floor": 1.35} | ({"switch": 1.0, "fuse": 1.0} if device == "cuda" else {})
    case = f"{name}, {latents}×{latents} latents, {steps} steps, {str(parts.dtype)[6:]}"

    def truth() -> Grid:
        return reference(bare, files, shots)

    return Case(case, parts, files, shots, bars, taxed=False, truth=truth, peer=peer)


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


def _measure(case: Case, report: Report, seconds: float) -> Iterable[Row]:
    ours = Ours.of(case.parts, case.files, case.shots)
    bare = plain(case.parts, case.shots[0].sampler)
    contenders: dict[str, Contender] = {
        "ours": lambda: ours.draw(case.shots),
        "merge": lambda: merging(case.parts, bare, ours.rows, case.shots),
        "floor": lambda: floor(bare, case.shots),
    }
    if peer := case.peer():
        contenders["switch"] = lambda: peer.switched(case.shots)
        contenders["fuse"] = lambda: peer.fused(case.shots)
    strangers = _gate(case, contenders, report)
    honest = {name: draw for name, draw in contenders.items() if name not in strangers}
    settle = torch.cuda.synchronize if case.parts.device.type == "cuda" else lambda: None
    spreads = interleaved(honest, 40, seconds, settle)
    share = tax(case.parts, case.shots, ours.rows)
    report.notes.append(f"{case.name}: arithmetic tax of the factors {share:.1%}.")
    return _rows(case, spreads, strangers, share)


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


def _not_run(case: str, why: str, report: Report) -> Iterable[Row]:
    report.notes.append(f"{case}: {NOT_RUN}, {why}.")
    bars = {"floor": 1.25, "switch": 1.0, "fuse": 1.0}
    return [
        Row(case, "seconds for a grid of four", "s", NOT_RUN, peer, NOT_RUN, bars.get(name))
        for name, peer in PEERS.items()
    ]


# --- arithmetic -------------------------------------------------------------------


@torch.inference_mode()
def tax(parts: Parts, shots: Sequence[Shot], rows: Sequence[Worn]) -> float:
    """FLOPs of the stacked factors in one UNet forward / FLOPs of the bare UNet."""
    ranks: dict[str, int] = {}
    union = {factors.id: factors for row in rows for factors, _ in row}
    for factors in union.values():
        for (component, path), layer in factors.layers.items():
            if component == "unet":
                ranks[path] = ranks.get(path, 0) + layer.rank
    extra = 0

    def watch(path: str) -> Callable[[nn.Module, object, torch.Tensor], None]:
        def hook(module: nn.Module, _: object, output: torch.Tensor) -> None:
            nonlocal extra
            weight = module.get_parameter("weight")
            places = output.numel() // weight.shape[0]
            extra += 2 * places * ranks[path] * (weight[0].numel() + weight.shape[0])

        return hook

    hooks = [parts.unet.get_submodule(path).register_forward_hook(watch(path)) for path in ranks]
    try:
        base = _flops(parts, shots)
    finally:
        for hook in hooks:
            hook.remove()
    return extra / base


def _flops(parts: Parts, shots: Sequence[Shot]) -> int:
    """Of one bare forward over the shots; attention as plain products, so that it is counted on a CPU too."""
    here = {"device": parts.device, "dtype": parts.dtype}
    _, channels, height, width = family_of(parts.checkpoint).latent_shape(
        parts, shots[0].width, shots[0].height
    )
    latents = torch.zeros(len(shots), channels, height, width, **here)
    texts = torch.zeros(len(shots), 77, parts.unet.config["cross_attention_dim"], **here)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        parts.unet(latents, torch.ones(len(shots), device=parts.device), texts)
    return counter.get_total_flops()


if __name__ == "__main__":
    sys.exit(main())
