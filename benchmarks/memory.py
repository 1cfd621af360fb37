"""How much memory a grid of four takes on a small card, whole and with models that wait.

`python -m benchmarks.memory [--quick]`.  On a CUDA card: a network of SDXL's shape with
random weights and VAE and text encoders of the real shapes, fp16, a grid of four pictures at
1024² with eight adapters of rank 32 on all attention; torch may take 11 GiB for the first
row, 7.5 GiB for those with `sampling.offload` (`set_per_process_memory_fraction`).  A row
completes and its peak is printed, or it says what ran out.  Elsewhere nothing of that can
be run, and those rows say so; the same code then draws a tiny checkpoint and prints the most resident memory (mostly libraries: a
check of the program, of no card).  Each drawing is a process of its own.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from benchmarks import sdxl
from benchmarks.sd15 import attention, big_adapters
from benchmarks.table import NOT_RUN, Report, Row, Spread
from stylus_engine.model import Drawn, Failed, Mask, Recipe, Shot, Weighted
from stylus_engine.planning.executors import kept_by
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.executors import executor
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.offload import placed
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.selfcheck import peak
from stylus_engine.sampling.store import FactorStore
from tests.sampling.draws import Pool, adapters, tiny_checkpoint
from tests.sampling.judge import Files, Nowhere
from tests.sampling.small import small_pool

GIB = 2**30
CASES = (("none", 11.0), ("models", 7.5), ("blocks", 7.5))  # sampling.offload, GiB
ADAPTERS, RANK = 8, 32
MISSED = "not completed"


def on_a_card(folder: Path, offload: str) -> tuple[Parts, Pool]:
    """Loaded on the CPU, then placed as `offload` says."""
    parts = sdxl.whole_parts()
    files = big_adapters(folder, parts, attention, RANK, ADAPTERS)
    parts = dataclasses.replace(parts, device=torch.device("cuda"))
    pool = Pool(parts.checkpoint, adapters(parts.checkpoint, files), files, ("a fox",), (1024,))
    return placed(parts, offload), pool


def tiny(folder: Path, offload: str) -> tuple[Parts, Pool]:
    """The tests' checkpoint, on the CPU and on its way to it."""
    pool = small_pool(folder)
    parts = family_of(pool.checkpoint).load(tiny_checkpoint(folder))
    sound = tuple(each for each in pool.adapters if each.name != "broken")
    return placed(parts, offload), dataclasses.replace(pool, adapters=sound)


def grid(pool: Pool, steps: int) -> list[Shot]:
    """Four pictures, two adapters each: eight in all."""
    return [
        Shot(
            id=str(at),
            job="grid",
            index=at,
            recipe=Recipe(
                adapters=tuple(
                    Weighted(adapter=each, weight=0.6)
                    for each in pool.adapters[2 * at : 2 * at + 2]
                ),
                prompt=pool.prompts[0],
                mask=Mask(),
            ),
            seed=at,
            width=pool.sizes[0],
            height=pool.sizes[0],
            steps=steps,
            guidance=5.0,
            sampler="euler",
        )
        for at in range(4)
    ]


def draw(offload: str, most: float, steps: int) -> dict[str, object]:
    """What one process tells: its peak in bytes, or why a picture failed."""
    card = torch.cuda.is_available()
    with tempfile.TemporaryDirectory() as name:
        if card:
            _, total = torch.cuda.mem_get_info()
            torch.cuda.set_per_process_memory_fraction(min(1.0, most * GIB / total))
        parts, pool = (on_a_card if card else tiny)(Path(name), offload)
        rack, kept = Rack(), kept_by(offload, "none")
        made = executor("stack", parts.modules, rack, parts.device, kept)
        store = FactorStore(Files(pool.files), GIB)
        drawer = Drawer(parts, store, Nowhere(), slots=4, executor=made, rack=rack)
        with torch.inference_mode():
            for shot in grid(pool, steps):
                drawer.admit(shot)
            ends = [end for end in drawer.events() if isinstance(end, Drawn | Failed)]
    failed = [end.sentence for end in ends if isinstance(end, Failed)]
    return {"peak": most_held(parts.device), "failed": failed, "drawn": len(ends) - len(failed)}


def most_held(device: torch.device) -> int:
    """Of this process alone: what `getrusage` says on Linux is at least the peak of whoever started it."""
    status = Path("/proc/self/status")
    if device.type == "cuda" or not status.exists():
        return peak(device)
    (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def apart(offload: str, most: float, steps: int) -> Mapping[str, object]:
    """`draw` in a process of its own: a peak is a process's."""
    words = [sys.executable, "-m", "benchmarks.memory", "--one", offload, str(most), str(steps)]
    told = subprocess.run(words, capture_output=True, text=True, check=False, env=dict(os.environ))
    if told.returncode:
        last = (told.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        return {"failed": [last[:200]], "peak": 0, "drawn": 0}
    return json.loads(told.stdout.strip().splitlines()[-1])


def rows(runs: int, steps: int) -> list[Row]:
    card = torch.cuda.is_available()
    found: list[Row] = []
    for offload, most in CASES:
        asked = f"SDXL size, grid of four at 1024², 8 adapters r32, offload {offload}"
        if not card:
            found.append(Row(asked, f"peak, capped to {most} GiB", "GiB", NOT_RUN, bar=most))
            asked = f"tiny checkpoint on the CPU, offload {offload}"
        told = [apart(offload, most, steps) for _ in range(runs)]
        found.append(row(asked, told, most if card else None))
    return found


def row(asked: str, told: Sequence[Mapping[str, object]], most: float | None) -> Row:
    """A peak is told of grids that were completed only."""
    metric = "peak of the card" if most else "most resident memory of the process"
    why = [sentence for one in told for sentence in one["failed"]]  # pyright: ignore[reportGeneralTypeIssues] - what JSON holds
    if why:
        return Row(asked, metric, "GiB", f"{MISSED}: {why[0]}", bar=most)
    peaks = [float(str(one["peak"])) / GIB for one in told]
    return Row(asked, metric, "GiB", Spread.of(peaks), bar=most)


def main() -> int:
    """Print the table, write the JSON; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="once each, two steps")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        offload, most, steps = asked.one
        print(json.dumps(draw(offload, float(most), int(steps))))
        return 0
    card = torch.cuda.is_available()
    report = Report("memory", torch.cuda.get_device_name() if card else "")
    report.rows = rows(1 if asked.quick else 3, 2 if asked.quick else 8)
    if not card:
        report.notes = ["There is no CUDA card here: nothing is known of 11 GiB and 7.5 GiB."]
    report.print()
    report.write()
    missed = (each.holds is False or str(each.ours).startswith(MISSED) for each in report.rows)
    return int(any(missed))


if __name__ == "__main__":
    sys.exit(main())
