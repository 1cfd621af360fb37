"""`python -m tests.sampling.campaign` (= `make oracle`): a long trial of ours against plain diffusers.

Draws batches of eight random shots on a trained checkpoint with its real adapter
files; each is judged step by step from the oracle's latents, and end to end alone,
in the batch, joining late, and by merging.  Every finished batch is kept at once,
so that a campaign that was stopped goes on where it was (`--fresh` forgets).
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.table import RESULTS, Report, Row, Spread, machine
from stylus_engine.model import Shot
from tests.sampling.draws import Pool, batches, fingerprint, folder_pool, sane
from tests.sampling.judge import (
    ELSEWHERE,
    END_TO_END,
    PER_STEP,
    Stage,
    apart,
    finals,
    forced,
    stage,
)
from tests.sampling.oracle import Oracle, Truth

# ruff: noqa: T201 - a program: it prints how far it is
DATA = Path(__file__).parents[2] / "miniature" / "data"
WAYS = ("alone", "in a batch of eight", "joining late", "merged")


def main() -> int:
    """Run, print, write; 1 when a bound is broken."""
    asked = _arguments()
    pool = folder_pool(asked.checkpoint, asked.adapters)
    if not pool.files:
        print(f"There is no adapter file in {asked.adapters}.", file=sys.stderr)
        return 2
    torch.set_num_threads(asked.threads)
    found = run(pool, asked.draws, asked.steps, asked.seed, _journal(asked, pool))
    report = told(found, pool, asked.steps)
    report.print()
    if asked.write:
        print(f"Written to {report.write(by_machine=False)}.")
    return 0 if all(row.holds is not False for row in report.rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sampling.campaign", description=__doc__)
    parser.add_argument("--draws", type=int, default=200, help="shots in all (200)")
    parser.add_argument("--steps", type=int, default=20, help="steps of each (20)")
    parser.add_argument("--seed", type=int, default=1, help="which random draws (1)")
    parser.add_argument("--threads", type=int, default=2, help="torch's threads (2)")
    parser.add_argument("--checkpoint", type=Path, default=DATA / "checkpoint")
    parser.add_argument("--adapters", type=Path, default=DATA / "adapters")
    parser.add_argument("--fresh", action="store_true", help="forget a half-done campaign")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


class Journal:
    """Finished batches, one line each; lines of another campaign are not ours."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self.done: dict[int, list[dict[str, object]]] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            entry = json.loads(line)
            if entry["campaign"] == name:
                self.done[entry["batch"]] = entry["draws"]

    def keep(self, batch: int, draws: list[dict[str, object]]) -> None:
        self.done[batch] = draws
        self._path.parent.mkdir(parents=True, exist_ok=True)
        entry = {"campaign": self._name, "batch": batch, "draws": draws}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def _journal(asked: argparse.Namespace, pool: Pool) -> Journal:
    path = RESULTS / "oracle.journal.part"  # `*.part` is not committed
    if asked.fresh:
        path.unlink(missing_ok=True)
    name = f"{asked.seed} {asked.steps} {machine()} {_code()} {fingerprint(pool)}"
    return Journal(path, name)


def _code() -> str:
    """What draws and what judges: after a change to either, nothing counts that was drawn before."""
    root = Path(__file__).parents[2]
    sources = [*root.glob("stylus_engine/sampling/**/*.py"), *root.glob("tests/sampling/*.py")]
    whole = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(sources)))
    return whole.hexdigest()[:12]


def run(pool: Pool, draws: int, steps: int, seed: int, journal: Journal) -> list[dict[str, object]]:
    """One dict for each draw: relative errors of the steps, gaps of the ends, what they may be."""
    wanted = -(-draws // 8)
    oracle = Oracle(pool.folder, pool.files)
    ours = stage(pool)
    merging = stage(pool, merge=True, parts=ours.parts)
    began = time.monotonic()
    for number, shots in enumerate(islice(batches(pool, steps, seed), wanted)):
        if number not in journal.done:
            journal.keep(number, _judge(oracle, ours, merging, shots))
            spent = time.monotonic() - began
            print(f"batch {number + 1} of {wanted}, {spent:.0f} s", file=sys.stderr, flush=True)
    return [draw for number in range(wanted) for draw in journal.done[number]][:draws]


def _judge(
    oracle: Oracle, ours: Stage, merging: Stage, shots: list[Shot]
) -> list[dict[str, object]]:
    truths = {shot.id: oracle.draw(shot) for shot in shots}
    steps = forced(ours, shots, truths)
    half = len(shots) // 2
    ends = {
        "alone": {shot.id: finals(ours, [shot])[shot.id] for shot in shots},
        "in a batch of eight": finals(ours, shots),
        "joining late": finals(ours, shots[:half], late=shots[half:]),
        "merged": finals(merging, shots),
    }
    return [
        {
            "shot": shot.id,
            "sampler": shot.sampler,
            "sane": sane(shot),
            "cut": steps.residuals[shot.id],
            "noise": steps.steps[shot.id][0],
            "steps": steps.steps[shot.id][1:],
            "unit": max(1.0, float(truths[shot.id].final.std())),
            "spread": 0.0 if sane(shot) else oracle.spread(shot),
            "ends": _gaps(shot, truths[shot.id], ends),
        }
        for shot in shots
    ]


def _gaps(shot: Shot, truth: Truth, ends: Mapping[str, Mapping[str, Tensor]]) -> dict[str, float]:
    return {way: apart(ends[way][shot.id], truth) for way in WAYS}


def told(draws: Iterable[Mapping[str, object]], pool: Pool, steps: int) -> Report:
    """The rows: errors by sampler, gaps by way; gaps are in units of what each draw may have."""
    draws = list(draws)
    report = Report("oracle", rows=[_noise(draws)])
    for sampler in sorted({str(draw["sampler"]) for draw in draws}):
        report.rows += _step_rows(sampler, [draw for draw in draws if draw["sampler"] == sampler])
    for way in WAYS:
        report.rows += _end_rows(way, draws)
    report.notes.append(
        f"{len(draws)} draws of {steps} steps on {pool.checkpoint.name} ({pool.checkpoint.id[:12]}), "
        f"{len(pool.files)} adapter files; oracle: plain diffusers, fp32, recipe fused, alone."
    )
    report.notes.append(
        "Wild: Σ|weight| > 2 or guidance > 7.5; the bare spread is what plain diffusers differs from "
        "itself, alone and in a batch, with the same merged weights."
    )
    return report


def _noise(draws: list[Mapping[str, object]]) -> Row:
    values = [float(str(draw["noise"])) for draw in draws]
    return Row("all samplers", "first noise, relative error", "", Spread.of(values), bar=0.0)


def _step_rows(sampler: str, draws: list[Mapping[str, object]]) -> list[Row]:
    rows: list[Row] = []
    for cut in (False, True):
        mine = [draw for draw in draws if bool(draw["cut"]) == cut]
        values = [step - _number(draw, "cut") for draw in mine for step in _steps(draw)]
        what = "relative error of a step" + (", beyond the recorded residual" if cut else "")
        if values:
            spread = Spread.of([max(0.0, value) for value in values])
            rows.append(Row(sampler, what, "", spread, bar=PER_STEP))
    return rows


def _end_rows(way: str, draws: list[Mapping[str, object]]) -> list[Row]:
    plain = [draw for draw in draws if draw["sane"] and not draw["cut"]]
    cut = [draw for draw in draws if draw["sane"] and draw["cut"]]
    wild = [draw for draw in draws if not draw["sane"]]
    rows: list[Row] = []
    if plain:
        values = [_gap(draw, way) / _number(draw, "unit") for draw in plain]
        rows.append(
            Row(way, "|Δ latent|, largest of a picture", "", Spread.of(values), bar=END_TO_END)
        )
    if cut:
        values = [_gap(draw, way) / _allowed(draw) for draw in cut]
        what = "|Δ| / (1e-4 + recorded residual)"
        rows.append(Row(way, what, "", Spread.of(values), bar=1.0))
    if wild:
        values = [_gap(draw, way) / _allowed(draw) for draw in wild]
        what = "wild: |Δ| / (10 × bare spread)"
        rows.append(Row(way, what, "", Spread.of(values), bar=1.0))
    return rows


def _allowed(draw: Mapping[str, object]) -> float:
    """As `judge.end_bound`, from what the journal kept."""
    unit = _number(draw, "unit")
    limit = END_TO_END * unit if draw["sane"] else ELSEWHERE * _number(draw, "spread")
    return limit + _number(draw, "cut") * len(_steps(draw)) * unit


def _number(draw: Mapping[str, object], name: str) -> float:
    return float(str(draw[name]))


def _steps(draw: Mapping[str, object]) -> list[float]:
    steps = draw["steps"]
    assert isinstance(steps, list)
    return steps


def _gap(draw: Mapping[str, object], way: str) -> float:
    ends = draw["ends"]
    assert isinstance(ends, dict)
    return ends[way]


if __name__ == "__main__":
    sys.exit(main())
