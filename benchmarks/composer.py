"""How well a language model chooses, whichever is at hand: `python -m benchmarks.composer URL MODEL [--count 20]`.

URL is an OpenAI-compatible server's ("https://api.openai.com/v1", "http://127.0.0.1:8080/v1");
a key, where it wants one, stands in STYLUS_COMPOSER__API_KEY.  Asked are `--count` of the
miniature's questions of each kind, evenly out of all held-out ones (`--questions open`: of the
open ones), our way and the paper's.  Beside the model's choice stands what words and meaning
choose for the same prompts.  Told besides: how many answers could not be used (words and
meaning chose then, and that is what counts), how many proposals fell, tokens and seconds.
Questions go out one after the other.
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.choices import (
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
from stylus_engine.composition.asking import OURS, Body
from stylus_engine.composition.hearing import Reply
from stylus_engine.composition.llm import LlmComposer, Manner
from stylus_engine.composition.paper import PAPER
from stylus_engine.composition.speaking import Endpoint, Server
from stylus_engine.composition.talking import Meter, Speaker
from stylus_engine.composition.ways import Way
from stylus_engine.model import Plan, Request
from stylus_engine.ports import Composer, Retriever

BOOKS = {"stylus": OURS, "paper": PAPER}
WITHOUT = {"stylus": "stylus", "paper": "paper-rules"}  # who answers where the model does not
KEY = "STYLUS_COMPOSER__API_KEY"


@dataclass
class Counting:
    """A speaker that keeps what each answer cost. Implements `Speaker`."""

    inner: Speaker
    tokens: list[float] = field(default_factory=list[float])

    async def say(self, told: Callable[[Way], Awaitable[Body]], meter: Meter) -> Reply:
        """As the inner one says it."""
        reply = await self.inner.say(told, meter)
        self.tokens.append(reply.used or meter.cost)
        return reply


@dataclass(frozen=True)
class Tried:
    """One prompt's plan."""

    marks: Marks
    plan: Plan
    seconds: float


def main() -> int:
    """Measure, print, write."""
    asked = _arguments()
    called = re.sub(r"[^A-Za-z0-9.]+", "-", asked.model).strip("-")
    report = Report(f"composer-{called}" if called else "composer")
    if asked.url and asked.model:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_measure(report, Path(folder), asked))
    else:
        report.rows.append(Row("a language model as composer", "F1", "", NOT_RUN))
        report.notes.append("No server was named: python -m benchmarks.composer URL MODEL")
    report.print()
    if asked.write and asked.model:
        print(f"Written to {report.write()}.")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.composer", description=__doc__)
    parser.add_argument("url", nargs="?", default="", help="of an OpenAI-compatible server")
    parser.add_argument("model", nargs="?", default="", help="its name there")
    parser.add_argument("--count", type=int, default=20, help="prompts of each kind")
    parser.add_argument("--questions", choices=("open", "held-out"), default="held-out")
    parser.add_argument("--way", nargs="+", choices=tuple(BOOKS), default=tuple(BOOKS))
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds for one plan")
    parser.add_argument("--quick", action="store_true", help="three prompts of each kind")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


async def _measure(report: Report, folder: Path, asked: argparse.Namespace) -> None:
    rooms = await rooms_of(folder, None)
    for kind in questions.KINDS:
        every = [q for q in questions.read() if (q.part, q.kind) == (asked.questions, kind)]
        some = evenly(every, 3 if asked.quick else asked.count)
        case = f"{kind}, {asked.questions}, {len(some)} prompts"
        for way in asked.way:
            retriever, without = rooms[WITHOUT[way]]
            alone = [await _tried(q, n, retriever, without) for n, q in enumerate(some)]
            server = _server(asked)
            speaker = Counting(server)
            model = _composer(asked, way, speaker, without)
            try:
                chosen = [await _tried(q, n, retriever, model) for n, q in enumerate(some)]
            finally:
                await server.close()
            report.rows += _rows(f"{way}: {case}", chosen, alone, WITHOUT[way])
            report.rows += _costs(f"{way}: {case}", chosen, speaker.tokens)
            _told_why(report, way, kind, chosen)


def evenly(every: Sequence[Question], count: int) -> list[Question]:
    """`count` of them, as far from each other as can be: nobody picks."""
    count = min(count, len(every))
    return [every[number * len(every) // count] for number in range(count)]


def _server(asked: argparse.Namespace) -> Server:
    endpoint = Endpoint(model=asked.model, base_url=asked.url, timeout=asked.timeout)
    return Server(endpoint, lambda: os.environ.get(KEY, ""))


def _composer(
    asked: argparse.Namespace, way: str, speaker: Speaker, without: Composer
) -> LlmComposer:
    """As the bot builds it: the paper's way asks twice."""
    manner = Manner(timeout=asked.timeout, self_check=way == "paper", book=BOOKS[way])
    return LlmComposer(speaker, asked.model, manner, offline=without)


async def _tried(
    question: Question, number: int, retriever: Retriever, composer: Composer
) -> Tried:
    query = query_of(question.prompt, seed=number)
    found = await retriever.recall(query)
    began = time.perf_counter()
    plan = await composer.compose(Request(prompt=question.prompt), query, found)
    seconds = time.perf_counter() - began
    return Tried(marks_of(question, [c.adapter.card_id for c in plan.choices]), plan, seconds)


def _rows(
    case: str, chosen: Sequence[Tried], alone: Sequence[Tried], without: str
) -> Iterator[Row]:
    """The model's marks, and beside them those of whoever answers without it."""
    ours, theirs = [one.marks for one in chosen], [one.marks for one in alone]
    peer = f"{without}, no model"
    for name, of in (("precision", precision), ("recall", recall), ("F1", f1)):
        yield Row(case, name, "", interval(ours, of), peer, interval(theirs, of))
    bare, also = [m for m in ours if m.bare], [m for m in theirs if m.bare]
    yield Row(
        case, "need none, got one", "", _share(needless(bare), len(bare)), peer, _share(needless(also), len(also)),
    )  # fmt: skip


def _share(value: float, count: int) -> Spread:
    return Spread(value, value, value, count)


def _costs(case: str, chosen: Sequence[Tried], tokens: Sequence[float]) -> Iterator[Row]:
    unused = sum(bool(one.plan.instead) for one in chosen) / len(chosen)
    yield Row(case, "answers that could not be used", "", _share(unused, len(chosen)))
    fell = [float(len(one.plan.dropped)) for one in chosen]
    yield Row(case, "proposals and candidates that fell, a plan", "", Spread.of(fell))
    yield Row(case, "a plan", "s", Spread.of([one.seconds for one in chosen]))
    if tokens:
        yield Row(case, "an answer with its question", "tokens", Spread.of(tokens))


def _told_why(report: Report, way: str, kind: str, chosen: Sequence[Tried]) -> None:
    """The reasons of fallen answers, each once."""
    reasons = dict.fromkeys(one.plan.instead for one in chosen if one.plan.instead)
    report.notes += [f"{way}, {kind}: {reason}" for reason in reasons]


if __name__ == "__main__":
    sys.exit(main())
