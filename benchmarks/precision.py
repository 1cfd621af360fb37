"""How much sooner a processor draws a grid in bfloat16 than in fp32, and how far apart the pictures are.

`python -m benchmarks.precision [--quick] [--only CASE]`.  The grids are those of
`benchmarks.grid`: four masks over eight adapters, with the executor that ships; the peer is
ourselves in fp32.  Networks of SD 1.5's and SDXL's size have random weights: they take one step at
the size that people draw at (`--quick`: at 128 pixels, SD 1.5's alone), and how far pictures lie
apart is told of the miniature alone, beside how far adapters move them at all.  The
limit is how many times as fast the processor multiplies.  About ten minutes.
"""

import argparse
import copy
import gc
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from msgspec.structs import replace as changed

from benchmarks.contenders import Grid, Ours, difference
from benchmarks.grids import CASES, DATA, Case, cases
from benchmarks.table import Report, Row, Spread, interleaved
from stylus_engine.model import Mask
from stylus_engine.sampling.families import Parts
from stylus_engine.sampling.machine import half_gain

HALF = torch.bfloat16
FP32 = "the same in fp32"
MINIATURE = "miniature"


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.precision", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer steps and rounds")
    parser.add_argument("--only", choices=CASES[:3], help="one case")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    asked = parser.parse_args(namespace=argparse.Namespace(**vars(_where())))
    report = Report("precision-quick" if asked.quick else "precision")
    report.notes.append(f"torch {torch.__version__}, {torch.get_num_threads()} threads, CPU.")
    report.rows.append(_limit())
    with TemporaryDirectory() as folder:
        for case in cases(asked, report, "cpu", Path(folder)):
            report.rows += _measured(case if asked.quick else _as_people_draw(case))
            gc.collect()  # the next network needs the room
    report.print()
    if asked.write:
        print(f"Written to {report.write()}.")
    return 0


def _where() -> argparse.Namespace:
    """The miniature, as `benchmarks.grids` asks for it."""
    return argparse.Namespace(checkpoint=DATA / "checkpoint", adapters=DATA / "adapters")


def _limit() -> Row:
    gain = half_gain()
    return Row("limit: a matrix product", "times as fast", "×", Spread(gain, gain, gain, 1))


def _as_people_draw(case: Case) -> Case:
    """Large networks at their own size, one step of it."""
    if case.name.startswith(MINIATURE):
        return case
    size = case.parts.checkpoint.size
    shots = [changed(shot, width=size, height=size, steps=1) for shot in case.shots]
    what = f"{case.name.partition(',')[0]}, a step of four pictures at {size}²"
    return replace(case, shots=shots, name=what)


def _measured(case: Case) -> Iterator[Row]:
    half = replace(case, parts=_halved(case.parts))
    ours = Ours.of(half.parts, half.files, half.shots)
    whole = Ours.of(case.parts, case.files, case.shots)
    grids = ours.draw(case.shots), whole.draw(case.shots)  # warms both
    both = {"half": lambda: ours.draw(case.shots), "whole": lambda: whole.draw(case.shots)}
    spent = interleaved(both, 7, 60)
    name = case.name.replace(", float32", "")
    yield Row(name, "seconds for a grid of four", "s", spent["half"], FP32, spent["whole"])
    if name.startswith(MINIATURE):
        away, bare = difference(*grids), difference(_bare(whole, case), grids[1])
        gaps = Spread(away, away, away, 1), Spread(bare, bare, bare, 1)
        metric = "levels of 255 from fp32, mean of the worst picture"
        yield Row(name, metric, "", gaps[0], "without adapters", gaps[1])


def _halved(parts: Parts) -> Parts:
    """A copy with everything in bfloat16."""
    names = ("unet", "vae", "text_encoder", "text_encoder_2", "text_encoder_3")
    models = {name: model for name in names if (model := getattr(parts, name)) is not None}
    return replace(parts, dtype=HALF, **{n: copy.deepcopy(m).to(HALF) for n, m in models.items()})


def _bare(ours: Ours, case: Case) -> Grid:
    """The same pictures without an adapter."""
    recipes = [changed(shot.recipe, adapters=(), mask=Mask()) for shot in case.shots]
    return ours.draw([changed(s, recipe=r) for s, r in zip(case.shots, recipes, strict=True)])


if __name__ == "__main__":
    sys.exit(main())
