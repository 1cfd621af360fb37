"""What a choice of adapters is worth: the miniature's questions, who may answer them, and the marks of an answer.

A choice is right when it would do for one of the prompt's needs; a need is met once.  An
interval of a share is its 95 % bootstrap interval over prompts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.table import Spread
from miniature import cards as miniature_cards
from miniature.questions import Question
from stylus_engine.catalog import CardFile
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.composition.baselines import FirstOf
from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.composition.presets import BaseComposer, PaperRules
from stylus_engine.model import Query
from stylus_engine.planning.concepts import concepts
from stylus_engine.ports import Composer, Retriever
from stylus_engine.retrieval.baselines import PhraseReranker, RandomRetriever, RerankRetriever
from stylus_engine.retrieval.embedder import LocalEmbedder
from stylus_engine.retrieval.following import follow
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.meanings import WordMeanings
from stylus_engine.retrieval.retriever import IndexRetriever, NoRetriever, PaperRetriever
from stylus_engine.retrieval.thesaurus import Thesaurus

FAMILY = "sd1-96"
DRAWS = 1000  # of the bootstrap
BEFORE = "stylus without meanings"


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


async def rooms_of(folder: Path, other: Path | None) -> dict[str, tuple[Retriever, Composer]]:
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


def query_of(prompt: str, seed: int = 0) -> Query:
    return Query(prompt=prompt, concepts=concepts(prompt), family=FAMILY, seed=seed)


def marks_of(question: Question, got: Sequence[str]) -> Marks:
    """A second adapter for a need that is met is neither right nor wrong."""
    met = sum(any(card in need for card in got) for need in question.needs)
    wanted = {card for need in question.needs for card in need}
    wrong = sum(card not in wanted for card in got)
    return Marks(met, wrong, len(question.needs) - met)


def interval(marks: Sequence[Marks], of: Callable[[Sequence[Marks]], float]) -> Spread:
    dice = Random(7)
    drawn = sorted(of(dice.choices(marks, k=len(marks))) for _ in range(DRAWS))
    return Spread(of(marks), drawn[DRAWS // 40], drawn[-DRAWS // 40], len(marks))


def precision(marks: Sequence[Marks]) -> float:
    got = sum(one.right + one.wrong for one in marks)
    return sum(one.right for one in marks) / got if got else 1.0


def recall(marks: Sequence[Marks]) -> float:
    needed = sum(one.right + one.missed for one in marks)
    return sum(one.right for one in marks) / needed if needed else 1.0


def f1(marks: Sequence[Marks]) -> float:
    right = sum(one.right for one in marks)
    false = sum(one.wrong + one.missed for one in marks)
    return 2 * right / (2 * right + false) if right + false else 1.0


def needless(bare: Sequence[Marks]) -> float:
    return sum(one.wrong > 0 for one in bare) / len(bare) if bare else 0.0
