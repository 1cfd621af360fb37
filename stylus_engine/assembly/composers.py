"""Who chooses, by the name of a preset: what finds candidates, and what composes them."""

from functools import cached_property
from typing import TYPE_CHECKING

from stylus_engine.assembly.stock import Stock
from stylus_engine.ports import Composer, Embedder, Retriever

if TYPE_CHECKING:
    from stylus_engine.composition.asking import Book
    from stylus_engine.composition.offline import OfflineComposer
    from stylus_engine.engine import Method
    from stylus_engine.retrieval.baselines import Reranker

PAPER_TIMES = 4  # as long as ours: seven times the tokens, asked twice


class Composers:
    """Retrievers and composers over one stock."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._setup = stock.setup

    @cached_property
    def methods(self) -> "dict[str, Method]":
        """Every preset's way from a prompt to a plan and its masks."""
        from stylus_engine.engine import Method
        from stylus_engine.planning.presets import presets
        from stylus_engine.planning.weights import Budgets

        setup = self._setup
        budgets = Budgets(task=setup.task_budget, total=setup.total_budget)
        rooms = self._published | self._baselines
        rooms["stylus"] = (self._stock.retriever, self._ours)
        return {
            name: Method(*rooms[name], preset, heeds_health=name == "stylus")
            for name, preset in presets(budgets, setup.null_space, setup.again).items()
        }

    @property
    def _ours(self) -> Composer:
        """Chooses by a language model, where the settings name one, else by words and meaning."""
        if not self._setup.chooser.model:
            return self._offline
        from stylus_engine.composition.asking import OURS

        return self._asking(OURS, self._setup.chooser.timeout, self._offline)

    @cached_property
    def _offline(self) -> "OfflineComposer":
        from stylus_engine.composition.offline import OfflineComposer
        from stylus_engine.retrieval.meanings import WordMeanings
        from stylus_engine.retrieval.thesaurus import Thesaurus

        return OfflineComposer(meanings=WordMeanings(self._ear, Thesaurus()))

    @property
    def _ear(self) -> Embedder:
        """The index's embedder where likeness was learned with it, else the one that comes with Stylus."""
        from stylus_engine.retrieval.embedder import LocalEmbedder
        from stylus_engine.retrieval.likeness import OWN, learned_for

        known = learned_for(self._setup.embedding.called or OWN)
        return self._stock.embedder if known else LocalEmbedder()

    @property
    def _published(self) -> dict[str, tuple[Retriever, Composer]]:
        """The paper's system, its rules without a model, and no adapters at all."""
        from stylus_engine.composition.presets import BaseComposer, PaperRules
        from stylus_engine.retrieval.retriever import NoRetriever, PaperRetriever

        recall = PaperRetriever(self._stock.retriever)
        return {
            "paper": (recall, self._paper),
            "paper-rules": (recall, PaperRules()),
            "base": (NoRetriever(), BaseComposer()),
        }

    @property
    def _paper(self) -> Composer:
        """The published composer, which asks a language model or refuses."""
        from stylus_engine.composition.paper import PAPER, NoModel
        from stylus_engine.composition.presets import PaperRules

        chooser = self._setup.chooser
        if not chooser.model:
            return NoModel()
        return self._asking(PAPER, PAPER_TIMES * chooser.timeout, PaperRules())

    def _asking(self, book: "Book", timeout: float, without: Composer) -> Composer:
        """`without` answers where the model does not. The paper's question is always asked twice."""
        from stylus_engine.composition.llm import LlmComposer, Manner
        from stylus_engine.composition.remembering import Memory
        from stylus_engine.composition.speaking import Endpoint, Server

        chooser, catalogue = self._setup.chooser, self._stock.catalogue
        endpoint = Endpoint(model=chooser.model, base_url=chooser.base_url, timeout=timeout)
        manner = Manner(
            timeout=timeout,
            self_check=chooser.self_check or book.name == "paper",
            tokens_per_day=chooser.tokens_per_day,
            catalogue=lambda: str(catalogue.last()),
            prefetch=self._stock.early,
            guess=self._stock.early.guess,
            book=book,
        )
        server, memory = Server(endpoint, chooser.key), Memory(self._stock.lately)
        return LlmComposer(server, chooser.model, manner, memory, catalogue, without)

    @property
    def _baselines(self) -> dict[str, tuple[Retriever, Composer]]:
        """The paper's own baselines."""
        from stylus_engine.composition.baselines import FirstOf
        from stylus_engine.retrieval.baselines import RandomRetriever, RerankRetriever
        from stylus_engine.retrieval.retriever import PaperRetriever

        retriever = self._stock.retriever
        found: dict[str, Retriever] = {
            "retriever-only": PaperRetriever(retriever),
            "reranker": RerankRetriever(retriever, self._reranker),
            "random": RandomRetriever(self._stock.index),
        }
        return {name: (recall, FirstOf(name)) for name, recall in found.items()}

    @property
    def _reranker(self) -> "Reranker":
        """A server's, a cross-encoder, or the embedder's phrases where nobody named either."""
        chosen = self._setup.reranking
        if chosen.base_url:
            from stylus_engine.retrieval.rerank_server import RemoteReranker

            return RemoteReranker(chosen.model, chosen.base_url, key=chosen.key)
        if chosen.model:
            from stylus_engine.retrieval.crossing import CrossReranker

            return CrossReranker(chosen.model)
        from stylus_engine.retrieval.baselines import PhraseReranker

        return PhraseReranker(self._stock.embedder)
