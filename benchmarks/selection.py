"""Which adapters are chosen, and how long that takes: every preset on the miniature's questions.

`python -m benchmarks.selection [--quick] [--questions open] [--preset NAME ...] [--part chosen|time]
[--embedder FOLDER]`.  What a choice is worth, `benchmarks.choices` says.  `paper` needs a
language model and is not run (`benchmarks.composer` runs it with one).  Beside the presets:
`stylus` as it was before it knew meanings (the cosine of whole cards alone), and the bound
that the best threshold for each prompt reaches with that cosine on the same candidates.
The second part, without `--quick`: one plan among 76,724 cards.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.catalogue import ground as g
from benchmarks.catalogue.cards import PAPER_ROWS, prompts
from benchmarks.catalogue.vectors import vectors
from benchmarks.choices import (
    BEFORE,
    Marks,
    f1,
    interval,
    marks_of,
    needless,
    precision,
    query_of,
    recall,
    rooms_of,
)
from benchmarks.table import NOT_RUN, Report, Row, Spread
from miniature import questions
from miniature.questions import Question
from stylus_engine.composition.llm import LlmComposer, Manner
from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.composition.speaking import Endpoint, Server
from stylus_engine.model import Candidate, Query, Request
from stylus_engine.planning.concepts import concepts
from stylus_engine.ports import Composer, Retriever
from stylus_engine.retrieval.embedder import LocalEmbedder
from stylus_engine.retrieval.meanings import WordMeanings
from stylus_engine.retrieval.retriever import IndexRetriever
from stylus_engine.retrieval.thesaurus import Thesaurus
from tests.openai_server import Said
from tests.openai_server import Server as OpenAI

SHORT = {"plain": 0.05, "synonym": 0.20}  # bars: the most that may lack to an F1 of 1
NEEDLESS, P50, WITH_LLM = 0.02, 150.0, 1200.0  # bars; share, ms, ms
BOUND = "best threshold a prompt, cosine"


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    asked = _arguments()
    report = Report(_called(asked))
    if asked.part != "time":
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_chosen(report, Path(folder), asked))
    if asked.part != "chosen" and not asked.quick:
        asked.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=asked.scratch) as folder:
            asyncio.run(_overhead(report, Path(folder), asked.scratch))
    report.print()
    if asked.write:
        print(f"Written to {report.write()}.")
    return 0 if all(row.holds is not False for row in report.rows) else 1


def _called(asked: argparse.Namespace) -> str:
    """Each way of running has its own table."""
    if asked.quick:
        return "selection-quick"
    whose = f"-{asked.embedder.name}" if asked.embedder else ""
    return "selection" + (f"-{asked.part}" if asked.part else "") + whose


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.selection", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="40 questions of each, no 76,724 cards"
    )
    parser.add_argument("--questions", choices=("open", "held-out"), help="tune on the open ones")
    parser.add_argument("--preset", nargs="+", default=[], help="these alone")
    parser.add_argument("--part", choices=("chosen", "time"), help="one of the two parts")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    parser.add_argument("--embedder", type=Path, help="another than our own, for the chosen")
    scratch = Path(tempfile.gettempdir()) / "stylus-bench"
    parser.add_argument("--scratch", type=Path, default=scratch, help="where vectors are kept")
    return parser.parse_args()


async def _chosen(report: Report, folder: Path, asked: argparse.Namespace) -> None:
    rooms = await rooms_of(folder, asked.embedder)
    parts = (asked.questions,) if asked.questions else ("open", "held-out")
    for part in parts:
        for kind in questions.KINDS:
            some = [q for q in questions.read() if (q.part, q.kind) == (part, kind)]
            some = some[:40] if asked.quick else some
            case = f"{kind}, {part}, {len(some)} prompts"
            for name, (retriever, composer) in rooms.items():
                if asked.preset and name not in asked.preset:
                    continue
                marks, times = await _marked(some, retriever, composer)
                bars = SHORT[kind] if name == "stylus" and part == "held-out" else None
                report.rows += _rows(f"{name}: {case}", marks, times, bars, asked.quick)
            if asked.preset and BOUND not in asked.preset:
                continue
            best = [_bound(q, await rooms[BEFORE][0].recall(query_of(q.prompt))) for q in some]
            report.rows += _rows(f"{BOUND}: {case}", best, [], None, asked.quick)
    report.rows.append(Row("paper", "F1", "", NOT_RUN))
    report.notes.append("paper: not run, it asks a language model and none is here.")
    report.notes.append(
        "reranker: no cross-encoder here; the embedder's phrases rank, see retrieval/baselines.py."
    )


async def _marked(
    some: Sequence[Question], retriever: Retriever, composer: Composer
) -> tuple[list[Marks], list[float]]:
    marks, times = list[Marks](), list[float]()
    for number, question in enumerate(some):
        began = time.perf_counter()
        query = query_of(question.prompt, seed=number)
        found = await retriever.recall(query)
        plan = await composer.compose(Request(prompt=question.prompt), query, found)
        times.append(1000 * (time.perf_counter() - began))
        marks.append(marks_of(question, [choice.adapter.card_id for choice in plan.choices]))
    return marks, times


def _bound(question: Question, found: Sequence[Candidate]) -> Marks:
    """What a threshold that knew the answer would choose, each adapter by its nearest part."""
    near: dict[str, float] = {}
    for one in found:
        near[one.adapter.card_id] = max(near.get(one.adapter.card_id, -1.0), one.similarity)
    ranked = sorted(near, key=lambda card: -near[card])
    tries = [marks_of(question, ranked[:count]) for count in range(len(ranked) + 1)]
    return max(tries, key=lambda marks: (f1([marks]), -marks.wrong))


def _rows(
    case: str, marks: Sequence[Marks], times: Sequence[float], short: float | None, quick: bool
) -> Iterator[Row]:
    yield Row(case, "precision", "", interval(marks, precision))
    yield Row(case, "recall", "", interval(marks, recall))
    yield Row(case, "F1", "", interval(marks, f1))
    held = None if quick else short
    lack = 1 - f1(marks)
    yield Row(case, "lacks to an F1 of 1", "", Spread(lack, lack, lack, len(marks)), bar=held)
    bare = [one for one in marks if one.bare]
    got = needless(bare)
    share = Spread(got, got, got, len(bare))
    yield Row(case, "need none, got one", "", share, bar=None if held is None else NEEDLESS)
    if times:
        yield Row(case, "a plan, p50", "ms", Spread.of([statistics.median(times)]))


async def _overhead(report: Report, folder: Path, scratch: Path) -> None:
    """One prompt at a time among the paper's number of cards; nothing of it was embedded before."""
    load, embedder = os.getloadavg()[0], LocalEmbedder()
    ground = await g.lay(PAPER_ROWS, vectors(PAPER_ROWS, scratch), folder, embedder)
    retriever = IndexRetriever(ground.index)
    offline = OfflineComposer(meanings=WordMeanings(embedder, Thesaurus()))
    asked = [prompt for prompt, _ in prompts(80)]
    case = f"{PAPER_ROWS} cards, one prompt"
    await _timed(retriever, offline, asked[:20])  # warm
    taken = await _timed(retriever, offline, asked[20:])
    report.rows.append(_p50(case, "offline, query embedded too", taken, P50))
    async with OpenAI(lambda _: Said(json.dumps({"tasks": []}), seconds=1.0)) as server:
        endpoint = Endpoint(model="a-model", base_url=server.url, timeout=8.0)
        llm = LlmComposer(Server(endpoint, lambda: "k"), "a-model", Manner(timeout=8.0))
        await _timed(retriever, llm, asked[:2])
        taken = await _timed(retriever, llm, [f"{prompt}, again" for prompt in asked[20:40]])
    report.rows.append(_p50(case, "a model that answers after 1 s", taken, WITH_LLM))
    report.notes.append(f"{case}: load average {load:.1f} before, {os.getloadavg()[0]:.1f} after.")


async def _timed(retriever: Retriever, composer: Composer, asked: Sequence[str]) -> list[float]:
    taken: list[float] = []
    for number, prompt in enumerate(asked):
        began = time.perf_counter()
        family = g.FAMILIES[number % len(g.FAMILIES)]
        query = Query(prompt=prompt, concepts=concepts(prompt), family=family)
        plan = await composer.compose(Request(prompt=prompt), query, await retriever.recall(query))
        taken.append(1000 * (time.perf_counter() - began))
        if plan.instead:
            raise ChildProcessError(plan.instead)  # another one answered: that was not measured
    return taken


def _p50(case: str, metric: str, taken: Sequence[float], bar: float) -> Row:
    middle = statistics.median(taken)
    return Row(case, f"{metric}, p50", "ms", Spread(middle, middle, middle, len(taken)), bar=bar)


if __name__ == "__main__":
    began = time.perf_counter()
    code = main()
    print(f"{time.perf_counter() - began:.0f} s")
    sys.exit(code)
