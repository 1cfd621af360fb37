"""Executors side by side: the planner's regret, the tax of adapters on a grid, and a base that stays what it was.

`python -m benchmarks.executors [--quick] [--only miniature|sd15|sdxl|jobs] [--rounds 5]`.  Every executor is
held against weights that are merged by the formula written here, row by row, before it is
timed.  Times are of one denoiser forward over the whole batch, with what it wears put on
before; merging is paid once a draw.  The miniature is the trained
checkpoint, the networks of SD 1.5's and SDXL's size have random weights and 16x16 latents on a CPU
(`--rounds` is theirs).
"""

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks import sd15, sdxl
from benchmarks.lasting import MANY, jobs
from benchmarks.sd15 import Wanted, attention, every_layer
from benchmarks.table import NOT_RUN, Report, Row, Spread
from stylus_engine.planning.executors import bare, costs
from stylus_engine.sampling.executors import EXECUTORS, Executor, Outlook, Planned, by_row
from stylus_engine.sampling.factors import Component, Factors, Layer
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.machine import probe
from stylus_engine.sampling.stack import Row as Worn
from tests.sampling.draws import folder_pool

DATA = Path(__file__).parents[1] / "miniature" / "data"
STEPS = 20  # of the draw that the planner is told of
WRONG = 1e-4  # of the largest number of the prediction: who differs by more is not timed
Masks = Sequence[Sequence[int]]
SAME: Masks = ((1, 1, 1, 1),) * 4
FOUR: Masks = ((1, 1, 0, 0), (0, 1, 1, 0), (0, 0, 1, 1), (1, 1, 1, 1))
CORE: Masks = ((1, 1, 1, 0), (1, 1, 0, 1), (1, 1, 1, 1), (1, 1, 0, 0))
CROWD: Masks = tuple(tuple(int(at // 8 == job) for at in range(32)) for job in range(4))

EIGHT: Masks = tuple(  # pictures of eight people: one, two or three of eight adapters each
    tuple(int((at - job) % 8 in range(0, 3 * (1 + job % 3), 3)) for at in range(8))
    for job in range(8)
)


@dataclass(frozen=True)
class Case:
    """A batch: masks over adapters of one rank on some layers, each row twice where guided."""

    name: str
    masks: Masks
    wanted: Wanted
    rank: int
    rows: int = 2


MINIATURE = (
    Case("grid, same masks, r8 on attention", SAME, attention, 8),
    Case("grid, four masks, r8 on attention", FOUR, attention, 8),
    Case("grid, a common core, r8 on every layer", CORE, every_layer, 8),
    Case("one picture, r8 on attention", SAME[:1], attention, 8),
    Case("4 jobs x 8 adapters, r8 on attention", CROWD, attention, 8),
    Case("8 jobs of 8 adapters, r8 on every layer", EIGHT, every_layer, 8),
)
BIG = (
    Case("grid, same masks, r16 on attention", SAME, attention, 16, rows=1),
    Case("grid, four masks, r16 on attention", FOUR, attention, 16, rows=1),
)


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    asked = _arguments()
    report = Report("executors")
    figures = probe(torch.device("cpu"), torch.float32)
    report.notes.append(
        f"The probe: {figures.flops / 1e9:.0f} GFLOP/s, {figures.thin / 1e9:.0f} at low rank, "
        f"{figures.bytes / 1e9:.1f} GB/s, {figures.call * 1e6:.1f} µs a call, "
        f"{figures.slide * 1e6:.0f} µs a further run of a sliding kernel; {torch.get_num_threads()} threads."
    )
    if asked.only in (None, "miniature"):
        pool = folder_pool(DATA / "checkpoint", DATA / "adapters")
        parts = family_of(pool.checkpoint).load(pool.checkpoint)
        for case in MINIATURE[: 2 if asked.quick else None]:
            report.rows += measured(
                "miniature", parts, case, 16, report, rounds=3 if asked.quick else 15
            )
    if asked.only in (None, "sd15"):
        report.rows += _big("SD 1.5 size", lambda: sd15.big_parts(None, "cpu"), asked, report)
    if asked.only in (None, "sdxl"):
        name = f"SDXL size ({sdxl.LAYERS} of 10 inner layers)"
        report.rows += _big(name, lambda: sdxl.big_parts("cpu"), asked, report)
    if asked.only in (None, "jobs"):
        report.rows += jobs(48 if asked.quick else MANY)
    report.rows += accelerator()
    report.print()
    if asked.write:
        print(f"Written to {report.write()}.")
    return 0 if all(row.holds is not False for row in report.rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.executors", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most a minute")
    parser.add_argument("--only", choices=("miniature", "sd15", "sdxl", "jobs"), help="a part")
    parser.add_argument("--rounds", type=int, default=5, help="of the large networks")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


def _big(
    name: str, parts: Callable[[], Parts], asked: argparse.Namespace, report: Report
) -> Iterable[Row]:
    """A network of real size; it is made here, so that it is gone before the next one."""
    if asked.quick:
        return [Row(f"{name}, {case.name}", "regret", "s", NOT_RUN, bar=1.05) for case in BIG]
    made = parts()
    return [row for case in BIG for row in measured(name, made, case, 16, report, asked.rounds)]


def accelerator() -> Iterable[Row]:
    """The bars of the issue are for one; here none is at hand."""
    for size in ("SD 1.5 size", "SDXL size"):
        for masks, bar in (("same masks", 1.10), ("mixed masks", 1.25)):
            case = f"{size}, {masks}, on an accelerator"
            yield Row(case, "tax: a step of the grid", "s", NOT_RUN, "the bare batch", NOT_RUN, bar)


# --- one case ---------------------------------------------------------------------


@torch.inference_mode()
def measured(
    where: str, parts: Parts, case: Case, edge: int, report: Report, rounds: int
) -> list[Row]:
    """Gate, time, and say what the planner took."""
    unet, name = parts.unet, f"{where}, {case.name}"
    rows = worn(unet, case)
    forward = forwards(unet, len(rows), edge)
    truth = by_formula(unet, rows, forward)
    modules: dict[Component, nn.Module] = {"unet": unet}
    ways: dict[str, Executor] = {kind: make(modules) for kind, make in EXECUTORS.items()}
    ways["auto"] = planned = Planned(modules)
    outlook = Outlook(edge * edge, STEPS, STEPS)

    def step(way: Executor) -> Tensor:
        return torch.stack(by_row(way, "unet", rows, forward, outlook))

    for kind, way in ways.items():
        step(way)  # the planner watches in this one
        gap = float((step(way) - truth).abs().max() / truth.abs().max())
        way.rest("unet")
        if gap > WRONG:
            raise RuntimeError(f"{kind} draws something else: {gap:.1e}")
    taken = interleaved(ways, step, lambda: forward(list(range(len(rows)))), rounds)
    report.notes.append(
        f"{name}: auto took {planned.choice.executor}.{_expected(planned, rows, edge)}"
    )
    for way in ways.values():
        way.close()
    return _rows(name, planned.choice.executor, taken)


def _expected(planned: Planned, rows: Sequence[Worn], edge: int) -> str:
    batch = planned.facts("unet", rows, Outlook(edge * edge, STEPS, STEPS))
    figures = probe(torch.device("cpu"), torch.float32)
    told = ", ".join(f"{kind} {1e3 * cost:.1f}" for kind, cost in costs(figures, batch).items())
    return f" Expected ms a step beside the bare {1e3 * bare(figures, batch):.0f}: {told}."


def interleaved(
    ways: Mapping[str, Executor],
    step: Callable[[Executor], object],
    naked: Callable[[], object],
    rounds: int,
) -> dict[str, Spread]:
    """Seconds of a step, forth and back; what is worn is put on by a step that is not timed."""
    taken: dict[str, list[float]] = {kind: [] for kind in ("bare", *ways)}
    for number in range(rounds):
        order = list(taken) if number % 2 == 0 else list(taken)[::-1]
        for kind in order:
            run = naked if kind == "bare" else lambda kind=kind: step(ways[kind])
            run()
            began = time.perf_counter()
            run()
            taken[kind].append(time.perf_counter() - began)
            if kind != "bare":
                ways[kind].rest("unet")
    return {kind: Spread.of(values) for kind, values in taken.items()}


def _rows(name: str, chosen: str, taken: Mapping[str, Spread]) -> list[Row]:
    fixed = {kind: spread for kind, spread in taken.items() if kind not in {"bare", "auto"}}
    best = min(fixed, key=lambda kind: fixed[kind].median)
    auto, least = taken["auto"], fixed[best]
    within = auto.median <= least.max and least.median >= auto.min
    told = f"regret (auto: {chosen})"
    bar: float | None = 1.05
    if auto.median > 1.05 * least.median and within:  # too noisy to say either
        told, bar = f"{told}, beyond 1.05 but within the spread", None
    found = [
        Row(name, told, "s", auto, f"the best: {best}", least, bar),
        Row(name, "tax: a step of the grid (auto)", "s", auto, "the bare batch", taken["bare"]),
    ]
    for kind, spread in fixed.items():
        found.append(Row(name, f"a step with {kind}", "s", spread, "the bare batch", taken["bare"]))
    return found


def worn(unet: nn.Module, case: Case) -> list[Worn]:
    """The rows of a case; weights of a row sum to 1.2."""
    adapters = [random_factors(unet, case, seed) for seed in range(len(case.masks[0]))]
    return [
        tuple((each, 1.2 / sum(mask)) for each, bit in zip(adapters, mask, strict=True) if bit)
        for mask in case.masks
        for _ in range(case.rows)
    ]


def random_factors(unet: nn.Module, case: Case, seed: int) -> Factors:
    dice = torch.Generator().manual_seed(seed)
    layers: dict[tuple[Component, str], Layer] = {}
    for path, module in unet.named_modules():
        if case.wanted(path, module):
            out, *into = module.get_parameter("weight").shape
            down = torch.randn(case.rank, *into, generator=dice) / math.sqrt(math.prod(into))
            up = torch.randn(out, case.rank, generator=dice) * 0.1 / math.sqrt(case.rank)
            layers["unet", path] = Layer(down, up)
    return Factors(f"{case.wanted.__name__}-{case.rank}-{seed}", "", layers)


def forwards(unet: nn.Module, count: int, edge: int) -> Callable[[list[int]], Tensor]:
    dice = torch.Generator().manual_seed(7)
    latents = torch.randn(count, 4, edge, edge, generator=dice)
    texts = torch.randn(count, 77, unet.config["cross_attention_dim"], generator=dice)  # pyright: ignore[reportIndexIssue, reportArgumentType] - diffusers' own dict
    times = torch.full((count,), 500.0)
    more = {
        "text_embeds": torch.randn(count, sdxl.WIDTHS[1], generator=dice),
        "time_ids": torch.zeros(count, 6),
    }

    def forward(rows: list[int]) -> Tensor:
        said = {name: values[rows] for name, values in more.items()}  # SD 1.5 does not look
        return unet(
            latents[rows], times[rows], texts[rows], added_cond_kwargs=said, return_dict=False
        )[0]

    return forward


def by_formula(
    unet: nn.Module, rows: Sequence[Worn], forward: Callable[[list[int]], Tensor]
) -> Tensor:
    """Each row alone in W + Σ weight · up · down, written in place and put back; imports no executor."""
    drawn: list[Tensor] = []
    for at, row in enumerate(rows):
        saved: dict[str, Tensor] = {}
        for factors, weight in row:
            for (_, path), layer in factors.layers.items():
                base = unet.get_submodule(path).get_parameter("weight").data
                saved.setdefault(path, base.clone())
                base += weight * (layer.up @ layer.down.flatten(1)).reshape(base.shape)
        drawn.append(forward([at])[0])
        for path, base in saved.items():
            unet.get_submodule(path).get_parameter("weight").data.copy_(base)
    return torch.stack(drawn)


if __name__ == "__main__":
    sys.exit(main())
