"""The parts that know cards and files: made when they are first asked for, shared by house and library."""

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING

from stylus_engine.assembly.setup import Setup
from stylus_engine.ports import Embedder

if TYPE_CHECKING:
    from stylus_engine.catalog.catalogue import Catalogue
    from stylus_engine.catalog.digests import Digests
    from stylus_engine.catalog.files import LocalFiles
    from stylus_engine.catalog.web import Rules
    from stylus_engine.retrieval.index import CardIndex
    from stylus_engine.retrieval.retriever import IndexRetriever


class Stock:
    """Catalogue, files, embedder and index of one setup."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    def settle(self) -> None:
        """Bring what the settings name into the catalogue. Raises `BadCards`, `BadCatalogue`."""
        from stylus_engine.catalog.importing import clock
        from stylus_engine.catalog.settling import settle

        settle(self.catalogue, self.setup.cards, self.setup.shelves, clock())

    async def follow(self, *, anew: bool = False) -> int:
        """Make the index hold exactly the cards of today; rows written or removed.

        `anew` writes all of it, whatever lies there.  Raises `BadIndex`, `StoreFailed`.
        """
        from stylus_engine.retrieval.building import build, ensure

        await asyncio.to_thread(self.settle)
        cards = tuple(self.catalogue.cards())
        if not anew:
            return await ensure(self.index, cards)
        await build(self.index, cards)
        return len(cards)

    @cached_property
    def cards(self) -> "Catalogue":
        """The catalogue, once what the settings name is in it."""
        self.settle()
        return self.catalogue

    @cached_property
    def catalogue(self) -> "Catalogue":
        """As it lies on the disk."""
        from stylus_engine.catalog.catalogue import Catalogue

        return Catalogue(self.setup.catalog / "catalog.db")

    @cached_property
    def digests(self) -> "Digests":
        """sha256 of files, remembered."""
        from stylus_engine.catalog.digests import Digests

        return Digests(self.setup.cache / "digests.json")

    @cached_property
    def files(self) -> "LocalFiles":
        """The files behind the cards."""
        from stylus_engine.catalog.files import LocalFiles

        return LocalFiles(self.digests)

    @cached_property
    def rules(self) -> "Rules":
        """Manners on the web."""
        from stylus_engine.catalog.web import Rules

        return Rules(allow_loopback=self.setup.places.allow_loopback)

    @cached_property
    def embedder(self) -> Embedder:
        """What turns texts into vectors."""
        from stylus_engine.retrieval.embedder import LocalEmbedder

        return LocalEmbedder(self.setup.embedding.folder)

    @cached_property
    def index(self) -> "CardIndex":
        """The search index."""
        from stylus_engine.retrieval.index import CardIndex

        return CardIndex(self.setup.index, self.embedder)

    @cached_property
    def retriever(self) -> "IndexRetriever":
        """Recall over the index."""
        from stylus_engine.retrieval.retriever import IndexRetriever

        return IndexRetriever(self.index)
