"""People come at random: how long they wait and how many are served, three ways to let them share the engine.

`python -m benchmarks.poisson [--quick] [--crowd NAME] [--backlog] [--slots 8] [--threads 0] [--executor auto]`.  Two crowds on the miniature: jobs of
one picture, and (not with `--quick`) jobs of one, two or four; masks, sizes, steps and a few starts from a
picture are mixed (`benchmarks.crowd`).  They come at 0.8 of what one job at a time can
take, measured here just before; the same arrivals for each way.  Throughput is that of a
backlog.  A crowd is long enough for its p95 to be more than its last one or two, and for a line to
grow as it does at that load: of twenty people the ratio of two p95 is anything from 0.4 to 1.5.
The rows called limit say what there is to win: the time of a picture's step alone and
in a batch, and many such crowds where adapters cost nothing (`benchmarks.ideal`), at the same load of
what one job at a time can take there.  About forty minutes; `--quick` about a minute.  A part, one
crowd (`--crowd`) or throughput alone (`--backlog`), has a file of its own.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import torch

from benchmarks.crowd import POLICIES, Counter, Job, Served, jobs
from benchmarks.ideal import PICTURES, Replay, Taken, taken
from benchmarks.table import Report, Row, Spread
from stylus_engine.planning.turns import Room
from stylus_engine.sampling.devices import use_threads
from stylus_engine.sampling.executors import EXECUTORS
from stylus_engine.sampling.families import Parts, family_of
from tests.sampling.draws import Pool, folder_pool

DATA = Path(__file__).parents[1] / "miniature" / "data"
OURS, *PEERS = ("ours", "one job at a time", "same adapters only")
Measure = TypeVar("Measure")
MANY, REPLAYS = 400, 12  # jobs of a replayed crowd; crowds
LOAD = 0.8  # of the capacity of one job at a time
THROUGHPUT, P95 = 1 / 1.5, 0.5  # bars against one job at a time: seconds for a backlog; latency
CROWDS: Mapping[str, Sequence[int]] = {
    "one picture a job": (1,),
    "1, 2 or 4 pictures a job": (1, 2, 4),
}


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--threads", type=int, default=0, help="0 = torch's own choice")
    parser.add_argument("--executor", choices=list(EXECUTORS), default="auto", help="of all three")
    parser.add_argument("--crowd", action="append", choices=list(CROWDS), help="only this one")
    parser.add_argument("--backlog", action="store_true", help="throughput alone")
    asked = parser.parse_args()
    use_threads(asked.threads)
    report = Report(_name(asked))
    pool = folder_pool(DATA / "checkpoint", DATA / "adapters")
    parts = family_of(pool.checkpoint).load(pool.checkpoint)
    report.notes.append(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, fp32, {asked.slots} slots, "
        f"executor {asked.executor}; "
        "all three ways are this engine and draw a job's own pictures together."
    )
    usual = pool.checkpoint.size
    times = taken(parts, (usual, 3 * usual // 2), 3 if asked.quick else 15)
    report.rows += _efficiency(times)
    wanted = list(CROWDS)[:1] if asked.quick else asked.crowd or CROWDS
    for crowd in wanted:
        counts = CROWDS[crowd]
        report.rows += _crowd(report, crowd, pool, parts, counts, asked, times)
    report.print()
    report.write()
    return int(any(row.holds is False for row in report.rows))


def _name(asked: argparse.Namespace) -> str:
    """Of the report: parts do not write over the whole."""
    crowds = [f"crowd-{list(CROWDS).index(crowd) + 1}" for crowd in asked.crowd or ()]
    parts = [name for name in ("quick", "backlog") if vars(asked)[name]]
    return "-".join(["poisson", *parts, *crowds])


def _crowd(
    report: Report,
    crowd: str,
    pool: Pool,
    parts: Parts,
    counts: Sequence[int],
    asked: argparse.Namespace,
    times: Taken,
) -> Iterator[Row]:
    rounds, backlog, number = (1, 6, 12) if asked.quick else (2, 48, 120)
    counters = {
        name: Counter.of(parts, pool, policy, asked.slots, asked.executor)
        for name, policy in POLICIES.items()
    }
    for counter in counters.values():  # every adapter is loaded, every kernel chosen
        counter.serve(jobs(pool, 4, 0.0, counts, seed=99))
    wanted = jobs(pool, backlog, 0.0, counts, seed=1)
    spent = _interleaved(counters, rounds, lambda counter, _: _timed(counter, wanted))
    capacity = backlog / min(spent[PEERS[0]])
    rate = LOAD * capacity
    report.notes.append(
        f"{crowd}: {capacity:.2f} jobs a second one at a time; {number} jobs at {rate:.2f} a second."
    )
    yield from _against(crowd, f"seconds for a backlog of {backlog} jobs", spent, THROUGHPUT)
    if asked.backlog:
        return
    crowds = [jobs(pool, number, rate, counts, seed=2 + number_) for number_ in range(rounds)]
    served = _interleaved(counters, len(crowds), lambda counter, n: counter.serve(crowds[n]))
    yield from _latencies(crowd, served)

    def replay(name: str) -> Replay:
        return Replay(POLICIES[name], Room(asked.slots), times, pool.checkpoint.size)

    yield from _bound(crowd, pool, counts, replay)


def _latencies(crowd: str, served: Mapping[str, Sequence[Mapping[Job, Served]]]) -> Iterator[Row]:
    for metric, of, share, bar in (
        ("latency p50", _finished, 0.50, None),
        ("latency p95", _finished, 0.95, P95),
        ("p95 until it is begun", _admitted, 0.95, None),
    ):
        found = {
            name: [_percentile([of(one) for one in round_.values()], share) for round_ in rounds]
            for name, rounds in served.items()
        }
        yield from _against(crowd, metric, found, bar)


def _against(
    crowd: str, metric: str, found: Mapping[str, Sequence[float]], bar: float | None
) -> Iterator[Row]:
    """The bar is that against one job at a time; the other peer is told."""
    ours = Spread.of(found[OURS])
    for peer in PEERS:
        against = bar if peer == PEERS[0] else None
        yield Row(crowd, metric, "s", ours, peer, Spread.of(found[peer]), against)


def _interleaved(
    counters: Mapping[str, Counter], rounds: int, measure: Callable[[Counter, int], Measure]
) -> dict[str, list[Measure]]:
    """Forth and back (ABBA), so that a slow minute of the machine is everybody's."""
    found: dict[str, list[Measure]] = {name: [] for name in counters}
    for number in range(rounds):
        for name in list(counters) if number % 2 == 0 else list(counters)[::-1]:
            found[name].append(measure(counters[name], number))
    return found


def _timed(counter: Counter, wanted: Sequence[Job]) -> float:
    began = time.perf_counter()
    counter.serve(wanted)
    return time.perf_counter() - began


def _finished(served: Served) -> float:
    return served.finished


def _admitted(served: Served) -> float:
    return served.admitted


def _percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank."""
    return sorted(values)[max(0, -(-len(values) * round(share * 100) // 100) - 1)]


def _efficiency(times: Taken) -> Iterator[Row]:
    """What there is to win: a guided picture's step in a batch of b, against one alone; the bound of any policy."""
    for edge, of in times.items():
        for pictures in PICTURES[1:]:
            whole = of[pictures]
            each = Spread(
                whole.median / pictures, whole.min / pictures, whole.max / pictures, whole.n
            )
            case = f"limit: a step of {pictures} bare pictures of {edge} pixels, each"
            yield Row(case, "seconds", "s", each, "alone", of[1])


def _bound(
    crowd: str, pool: Pool, counts: Sequence[int], made: Callable[[str], Replay]
) -> Iterator[Row]:
    """Such people where adapters cost nothing; many of them, for a replay waits for nobody."""
    case, names = f"limit: {crowd}, adapters for nothing", (OURS, PEERS[0])
    backlog = jobs(pool, MANY, 0.0, counts, seed=1)
    spent = {name: [made(name).serve(backlog)[0]] for name in names}
    rate = LOAD * MANY / spent[PEERS[0]][0]
    crowds = [jobs(pool, MANY, rate, counts, seed=2 + number) for number in range(REPLAYS)]
    served = {name: [made(name).serve(wanted)[1] for wanted in crowds] for name in names}
    late = {
        name: [_percentile([one.finished for one in round_.values()], 0.95) for round_ in rounds]
        for name, rounds in served.items()
    }
    for metric, found in ((f"seconds for a backlog of {MANY} jobs", spent), ("latency p95", late)):
        yield Row(case, metric, "s", Spread.of(found[OURS]), PEERS[0], Spread.of(found[PEERS[0]]))


if __name__ == "__main__":
    sys.exit(main())
