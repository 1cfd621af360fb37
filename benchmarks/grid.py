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
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import diffusers
import peft
import torch

from benchmarks.contenders import (
    Contender,
    Ours,
    compiled,
    difference,
    floor,
    merging,
    plain,
)
from benchmarks.grids import CASES, DATA, ON_ACCELERATOR, PEERS, Case, cases
from benchmarks.limits import limits, tax
from benchmarks.table import NOT_RUN, Report, Row, Spread, interleaved

SAME_FP32, SAME_HALF = 0.5, 3.0  # levels of 255, mean of the worst picture


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    asked = _arguments()
    device = "cuda" if torch.cuda.is_available() and not asked.cpu else "cpu"
    report = Report("grid", _accelerator(device), _settings(device))
    with TemporaryDirectory() as folder:
        for case in cases(asked, report, device, Path(folder)):
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
    parser.add_argument(
        "--executor", default="", help="ours; the one that ships where none is named"
    )
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


def _measure(case: Case, report: Report, asked: argparse.Namespace) -> Iterable[Row]:
    ours = Ours.of(case.parts, case.files, case.shots, asked.executor)
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
