"""Recall over 76,724 and 1,000,000 cards: how fast, how true, how soon a new card is found.

`python -m benchmarks.catalog [--quick] [--rows N ...]`.  The real store, LanceDB and
embedder; synthetic cards (`catalogue/cards.py`) with the embedder's real vectors, which
are kept in `--scratch`; a million are those and seeded perturbations of them.  One recall
is a whole prompt and four concepts, by meaning and by words, under policy, fused, k = 40;
its questions are embedded before.  The bars are issue 4's.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.catalogue import ground as g
from benchmarks.catalogue.cards import PAPER_ROWS
from benchmarks.catalogue.ground import Ground
from benchmarks.catalogue.peers import PAPER_DIMENSIONS, Exact, Paper
from benchmarks.catalogue.vectors import vectors
from benchmarks.table import NOT_RUN, Report, Row, Spread
from stylus_engine.model import Query
from stylus_engine.ports import Vectors
from stylus_engine.retrieval.embedder import LocalEmbedder
from stylus_engine.retrieval.retriever import IndexRetriever
from stylus_engine.retrieval.where import allowed

MILLION = 1_000_000
QUICK_REAL, QUICK_ROWS = 512, 12_000
ROUNDS = 5  # of one caller: each gives a p50 and a p99
CALLERS = (1, 8, 32)
MISSED, P50, P99, EACH_AT_32, SOON = 0.02, 60.0, 120.0, 1000 / 40, 2.0  # bars; ms, seconds
PAPER_RATIO, MILLION_RATIO = 0.2, 4.0
Asked = Sequence[tuple[Query, Vectors]]


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    asked = _arguments()
    report = Report("catalog-quick" if asked.quick else "catalog")
    real = vectors(QUICK_REAL if asked.quick else PAPER_ROWS, asked.scratch)
    sizes = [QUICK_ROWS] if asked.quick else asked.rows
    with tempfile.TemporaryDirectory(dir=asked.scratch) as folder:
        for rows in sizes:
            asyncio.run(_measure(report, rows, real, Path(folder) / str(rows), asked.quick))
        if {PAPER_ROWS, MILLION} <= set(sizes):
            asyncio.run(_together(report, Path(folder)))
    report.print()
    if asked.write:
        print(f"Written to {report.write()}.")
    return 0 if all(row.holds is not False for row in report.rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalog", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most a minute, 12,000 rows")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    parser.add_argument("--rows", type=int, nargs="+", default=[PAPER_ROWS, MILLION])
    scratch = Path(tempfile.gettempdir()) / "stylus-bench"
    parser.add_argument("--scratch", type=Path, default=scratch, help="where vectors are kept")
    return parser.parse_args()


async def _measure(
    report: Report, rows: int, real: NDArray[np.float32], folder: Path, quick: bool
) -> None:
    embedder, case = LocalEmbedder(), f"{rows} cards"
    load = os.getloadavg()[0]
    ground = await g.lay(rows, real, folder, embedder)
    report.rows += _made(case, ground)
    asked = await g.questions(24 if quick else 120, embedder)
    report.rows += await _recalls(case, ground, asked, 2 if quick else ROUNDS)
    own = sum(piece.nbytes for piece in ground.vectors) / 2**20
    report.rows.append(_one(case, "memory at most, building and asked", "MiB", g.memory()))
    exact = Exact(ground.vectors)
    report.rows += await _truth(case, ground, asked[: 12 if quick else 60], exact)
    report.rows += await _peers(case, ground, asked, exact, paper=rows == PAPER_ROWS)
    del exact
    soon = await g.found_after(ground, 3 if quick else 10)
    report.rows.append(Row(case, "added card found", "s", Spread.of(soon), bar=SOON))
    report.notes.append(
        f"{case}: {embedder.dimensions} dimensions, {len(real)} real vectors, {len(asked)} questions"
        f" of 5 parts, caches warm; the memory holds {own:.0f} MiB of the benchmark's own vectors, the"
        f" disk the versions of the last hour; load average {load:.1f} before,"
        f" {os.getloadavg()[0]:.1f} after."
    )


def _made(case: str, ground: Ground) -> list[Row]:
    disk = g.disk(ground.folder / "index")
    return [
        _one(case, "store: rows in", "rows/s", ground.rows / ground.storing),
        _one(case, "index: rows in, indices built", "rows/s", ground.rows / ground.indexing),
        _one(case, "index built", "s", ground.indexing),
        _one(case, "index on disk", "MiB", disk),
    ]


async def _recalls(case: str, ground: Ground, asked: Asked, rounds: int) -> list[Row]:
    retriever = IndexRetriever(ground.index)
    await g.asked_by(1, retriever, asked, len(asked))  # warm
    found: list[Row] = []
    for callers in CALLERS:
        each = max(2, len(asked) // callers)
        turns = [await g.asked_by(callers, retriever, asked, each) for _ in range(rounds)]
        held = ground.rows <= PAPER_ROWS  # a million has its bar against these
        found += _latency(f"{case}, {callers} at once", callers, turns, held=held)
    return found


def _latency(
    case: str, callers: int, turns: list[tuple[list[float], float]], *, held: bool
) -> list[Row]:
    """p50 and p99 over all recalls of all rounds; the spread is of the rounds."""
    alone = held and callers == 1
    halves = Spread.of([1000 * statistics.median(taken) for taken, _ in turns])
    every = sorted(1000 * one for taken, _ in turns for one in taken)
    last = every[min(len(every) - 1, round(0.99 * len(every)))]
    slow = Spread(last, last, last, len(every))
    middle = Spread(every[len(every) // 2], halves.min, halves.max, len(every))
    each = Spread.of([1000 / rate for _, rate in turns])
    bar = EACH_AT_32 if held and callers == CALLERS[-1] else None
    return [
        Row(case, "recall, p50", "ms", middle, bar=P50 if alone else None),
        Row(case, "recall, p99", "ms", slow, bar=P99 if alone else None),
        Row(case, "time for each recall (1000 / recalls a second)", "ms", each, bar=bar),
    ]


async def _truth(case: str, ground: Ground, asked: Asked, exact: Exact) -> list[Row]:
    """How much of the true nearest 40 is missed, policy and all."""
    view = await ground.index.view()
    missed: list[float] = []
    for query, questions in asked:
        found = await view.dense(questions, allowed(query), g.K)
        told = await view.told(sorted({number for numbers in found for number in numbers}))
        rows = [[int(told[n].card_id.rsplit(":", 1)[1]) for n in numbers] for numbers in found]
        missed += (1 - share for share in exact.share(query, questions, rows))
    mean = statistics.mean(missed)
    whole = Spread(mean, min(missed), max(missed), len(missed))
    return [
        Row(case, "missed of the true nearest 40, worst question beside", "", whole),
        _one(case, "missed of the true nearest 40", "", mean, bar=MISSED, n=len(missed)),
    ]


async def _peers(
    case: str, ground: Ground, asked: Asked, exact: Exact, *, paper: bool
) -> list[Row]:
    retriever, published = IndexRetriever(ground.index), Paper(ground.rows) if paper else None
    ours, numpys, papers = list[float](), list[float](), list[float]()
    for query, questions in asked[:10]:
        async with g.timed(ours):
            await retriever.answer(query, questions)
        async with g.timed(numpys):
            exact.nearest(query, questions, g.K)
        if published:
            async with g.timed(papers):
                published.five()
    told = f"float64 × {PAPER_DIMENSIONS}, five questions, sorted"
    return [
        Row(case, "recall", "s", Spread.of(ours), "numpy float32, policy, k = 40", Spread.of(numpys)),
        Row(
            case, "recall", "s", Spread.of(ours), f"the paper's way: {told}",
            Spread.of(papers) if papers else NOT_RUN, bar=PAPER_RATIO,
        ),
    ]  # fmt: skip


async def _together(report: Report, folder: Path) -> None:
    """The million against the paper's size, round by round, so that both meet the same moments."""
    embedder = LocalEmbedder()
    asked = await g.questions(60, embedder)
    halves: dict[int, list[float]] = {PAPER_ROWS: [], MILLION: []}
    for number in range(ROUNDS + 1):
        for rows in sorted(halves, reverse=number % 2 == 1):
            retriever = IndexRetriever(Ground(rows, folder / str(rows), embedder).index)
            taken, _ = await g.asked_by(1, retriever, asked, len(asked))
            if number:  # the first round warms both
                halves[rows].append(1000 * statistics.median(taken))
    large, small = Spread.of(halves[MILLION]), Spread.of(halves[PAPER_ROWS])
    peer = f"{PAPER_ROWS} cards, the same moments"
    report.rows.append(
        Row(
            f"{MILLION} cards",
            "recall, p50 of a round",
            "ms",
            large,
            peer,
            small,
            bar=MILLION_RATIO,
        )
    )


def _one(
    case: str, metric: str, unit: str, value: float, *, bar: float | None = None, n: int = 1
) -> Row:
    return Row(case, metric, unit, Spread(value, value, value, n), bar=bar)


if __name__ == "__main__":
    began = time.perf_counter()
    code = main()
    print(f"{time.perf_counter() - began:.0f} s")
    sys.exit(code)
