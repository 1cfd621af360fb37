"""Which adapters are chosen, and how long that takes: every preset on the miniature's questions.

`python -m benchmarks.selection [--quick] [--questions open] [--preset NAME ...] [--part chosen|time]
[--embedder FOLDER]`.  A choice is right when it would do for
one of the prompt's needs; a need is met once.  The spread of a share is its 95 % bootstrap
interval over prompts.  `paper` needs a language model and is not run.  Beside the presets:
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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.catalogue import ground as g
from benchmarks.catalogue.cards import PAPER_ROWS, prompts
from benchmarks.catalogue.vectors import vectors
from benchmarks.table import NOT_RUN, Report, Row, Spread
from miniature import cards as miniature_cards
from miniature import questions
from miniature.questions import Question
from stylus_engine.catalog import CardFile
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.composition.baselines import FirstOf
from stylus_engine.composition.llm import LlmComposer, Manner
from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.composition.presets import BaseComposer, PaperRules
from stylus_engine.composition.speaking import Endpoint, Server
from stylus_engine.model import Candidate, Query, Request
from stylus_engine.planning.concepts import concepts
from stylus_engine.ports import Composer, Retriever
from stylus_engine.retrieval.baselines import PhraseReranker, RandomRetriever, RerankRetriever
from stylus_engine.retrieval.embedder import LocalEmbedder
from stylus_engine.retrieval.following import follow
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.meanings import WordMeanings
from stylus_engine.retrieval.retriever import IndexRetriever, NoRetriever, PaperRetriever
from stylus_engine.retrieval.thesaurus import Thesaurus
from tests.openai_server import Said
from tests.openai_server import Server as OpenAI

FAMILY = "sd1-96"
SHORT = {"plain": 0.05, "synonym": 0.20}  # bars: the most that may lack to an F1 of 1
NEEDLESS, P50, WITH_LLM = 0.02, 150.0, 1200.0  # bars; share, ms, ms
DRAWS = 1000  # of the bootstrap
BEFORE = "stylus without meanings"
BOUND = "best threshold a prompt, cosine"


@dataclass(frozen=True, slots=True)
class Marks:
    """What one prompt's plan got: right, wrong and missing adapters."""

    right: int
    wrong: int
    missed: int

    @property
    def bare(self) -> bool:
        """Whether the prompt needs none."""
        return not self.right + self.missed


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    asked = _arguments()
    report = Report(_called(asked))
    if asked.part != "time":
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_chosen(report, Path(folder), asked))
    if asked.part != "chosen" and not asked.quick:
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
    rooms = await _rooms(folder, asked.embedder)
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
            best = [_bound(q, await rooms[BEFORE][0].recall(_query(q.prompt))) for q in some]
            report.rows += _rows(f"{BOUND}: {case}", best, [], None, asked.quick)
    report.rows.append(Row("paper", "F1", "", NOT_RUN))
    report.notes.append("paper: not run, it asks a language model and none is here.")
    report.notes.append(
        "reranker: no cross-encoder here; the embedder's phrases rank, see retrieval/baselines.py."
    )


async def _rooms(folder: Path, other: Path | None) -> dict[str, tuple[Retriever, Composer]]:
    embedder = LocalEmbedder(other)
    miniature_cards.write(folder / "cards.jsonl")
    catalogue = Catalogue(folder / "catalog.db")
    items = tuple(Item(card=card) for card in CardFile(folder / "cards.jsonl").cards())
    catalogue.take("miniature", Page(items=items, cursor=""), "2024-04-04T00:00:00")
    index = CardIndex(folder / "index", embedder)
    await follow(index, catalogue)
    retriever = IndexRetriever(index)
    meanings = WordMeanings(embedder, Thesaurus())
    return {
        "stylus": (retriever, OfflineComposer(meanings=meanings)),
        BEFORE: (retriever, OfflineComposer()),
        "paper-rules": (PaperRetriever(retriever), PaperRules()),
        "retriever-only": (PaperRetriever(retriever), FirstOf("retriever-only")),
        "reranker": (RerankRetriever(retriever, PhraseReranker(embedder)), FirstOf("reranker")),
        "random": (RandomRetriever(index), FirstOf("random")),
        "base": (NoRetriever(), BaseComposer()),
    }


def _query(prompt: str, seed: int = 0) -> Query:
    return Query(prompt=prompt, concepts=concepts(prompt), family=FAMILY, seed=seed)


async def _marked(
    some: Sequence[Question], retriever: Retriever, composer: Composer
) -> tuple[list[Marks], list[float]]:
    marks, times = list[Marks](), list[float]()
    for number, question in enumerate(some):
        began = time.perf_counter()
        query = _query(question.prompt, seed=number)
        found = await retriever.recall(query)
        plan = await composer.compose(Request(prompt=question.prompt), query, found)
        times.append(1000 * (time.perf_counter() - began))
        marks.append(_marks(question, [choice.adapter.card_id for choice in plan.choices]))
    return marks, times


def _marks(question: Question, got: Sequence[str]) -> Marks:
    """A second adapter for a need that is met is neither right nor wrong."""
    met = sum(any(card in need for card in got) for need in question.needs)
    wanted = {card for need in question.needs for card in need}
    wrong = sum(card not in wanted for card in got)
    return Marks(met, wrong, len(question.needs) - met)


def _bound(question: Question, found: Sequence[Candidate]) -> Marks:
    """What a threshold that knew the answer would choose, each adapter by its nearest part."""
    near: dict[str, float] = {}
    for one in found:
        near[one.adapter.card_id] = max(near.get(one.adapter.card_id, -1.0), one.similarity)
    ranked = sorted(near, key=lambda card: -near[card])
    tries = [_marks(question, ranked[:count]) for count in range(len(ranked) + 1)]
    return max(tries, key=lambda marks: (_f1([marks]), -marks.wrong))


def _rows(
    case: str, marks: Sequence[Marks], times: Sequence[float], short: float | None, quick: bool
) -> Iterator[Row]:
    yield Row(case, "precision", "", _interval(marks, _precision))
    yield Row(case, "recall", "", _interval(marks, _recall))
    yield Row(case, "F1", "", _interval(marks, _f1))
    held = None if quick else short
    lack = 1 - _f1(marks)
    yield Row(case, "lacks to an F1 of 1", "", Spread(lack, lack, lack, len(marks)), bar=held)
    bare = [one for one in marks if one.bare]
    got = _needless(bare)
    needless = Spread(got, got, got, len(bare))
    yield Row(case, "need none, got one", "", needless, bar=None if held is None else NEEDLESS)
    if times:
        yield Row(case, "a plan, p50", "ms", Spread.of([statistics.median(times)]))


def _interval(marks: Sequence[Marks], of: Callable[[Sequence[Marks]], float]) -> Spread:
    dice = Random(7)
    drawn = sorted(of(dice.choices(marks, k=len(marks))) for _ in range(DRAWS))
    return Spread(of(marks), drawn[DRAWS // 40], drawn[-DRAWS // 40], len(marks))


def _precision(marks: Sequence[Marks]) -> float:
    got = sum(one.right + one.wrong for one in marks)
    return sum(one.right for one in marks) / got if got else 1.0


def _recall(marks: Sequence[Marks]) -> float:
    needed = sum(one.right + one.missed for one in marks)
    return sum(one.right for one in marks) / needed if needed else 1.0


def _f1(marks: Sequence[Marks]) -> float:
    right = sum(one.right for one in marks)
    false = sum(one.wrong + one.missed for one in marks)
    return 2 * right / (2 * right + false) if right + false else 1.0


def _needless(bare: Sequence[Marks]) -> float:
    return sum(one.wrong > 0 for one in bare) / len(bare) if bare else 0.0


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
