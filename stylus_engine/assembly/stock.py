"""The parts that know cards and files: made when they are first asked for, shared by house and library."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stylus_engine.assembly.loading import unswept
from stylus_engine.assembly.setup import Setup
from stylus_engine.ports import Embedder

if TYPE_CHECKING:
    from stylus_engine.assembly.early import Early
    from stylus_engine.catalog.bringing import WeightsBringer
    from stylus_engine.catalog.catalogue import Catalogue
    from stylus_engine.catalog.digests import Digests
    from stylus_engine.catalog.downloads import Downloads
    from stylus_engine.catalog.lately import Lately
    from stylus_engine.catalog.pinning import Pins
    from stylus_engine.catalog.web import Rules, Web
    from stylus_engine.catalog.weights import Weights
    from stylus_engine.retrieval.index import CardIndex
    from stylus_engine.retrieval.retriever import IndexRetriever
    from stylus_engine.sampling.sketchbook import SketchBook


class Stock:
    """Catalogue, files, embedder and index of one setup."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    def settle(self) -> None:
        """Bring the files of cards that the settings name into the catalogue.

        Raises `BadCards`, `BadCatalogue`.
        """
        from stylus_engine.catalog.importing import clock
        from stylus_engine.catalog.settling import forget_folders, heed_warnings, settle

        settle(self.catalogue, self.setup.cards, clock())
        sources = [folder_name(path) for path in self.setup.shelves]
        forget_folders(self.catalogue, sources, clock())
        heed_warnings(self.catalogue)

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

    @property
    def lately(self) -> "Lately":
        """What composers answered."""
        from stylus_engine.catalog.lately import Lately

        return Lately(self.setup.catalog / "catalog.db", moving="composer:")

    @cached_property
    def digests(self) -> "Digests":
        """sha256 of files, remembered."""
        from stylus_engine.catalog.digests import Digests

        return Digests(self.setup.cache / "digests.json")

    @cached_property
    def sketches(self) -> "SketchBook":
        """Sketches of adapters, left by whoever draws."""
        from stylus_engine.sampling.sketchbook import SketchBook

        return SketchBook(self.setup.cache / "sketches")

    @cached_property
    def files(self) -> "Weights":
        """The files behind the cards that are on this machine, its own and fetched ones."""
        return self.weights(None)

    @asynccontextmanager
    async def fetching(self) -> AsyncGenerator["Weights"]:
        """The same store with a way to the web."""
        async with self.web() as web:
            yield self.weights(web)

    def web(self) -> "Web":
        """The one door to other people's servers; to be entered."""
        from stylus_engine.catalog.web import Web

        return Web(self.rules)

    @cached_property
    def bringer(self) -> "WeightsBringer":
        """Fetches what is absent before it is drawn with."""
        from stylus_engine.catalog.bringing import WeightsBringer

        return WeightsBringer(self.files, self.downloads)

    @cached_property
    def downloads(self) -> "Downloads":
        """Every download for a drawing, each file once."""
        from stylus_engine.catalog.downloads import Downloads

        return Downloads(self.fetching)

    @property
    def pins(self) -> "Pins":
        """Files that stay."""
        from stylus_engine.catalog.pinning import Pins

        return Pins(self.cards, self.files, self.downloads)

    @cached_property
    def early(self) -> "Early":
        """Fetches what a language model has just named."""
        from stylus_engine.assembly.early import Early

        return Early(self.catalogue.get, self.files.holds, self.downloads)

    def weights(self, web: "Web | None") -> "Weights":
        """The store of files; without `web` nothing is fetched."""
        from stylus_engine.catalog.files import LocalFiles
        from stylus_engine.catalog.weights import Weights

        return Weights(
            self.setup.weights_folder,
            web,
            self.setup.most_weights,
            LocalFiles(self.digests),
            tokens=self._tokens() if web is not None else None,
            beside=self.setup.adapters_folder,
        )

    def _tokens(self) -> dict[str, str]:
        """Host -> token, of those that have one."""
        places = self.setup.places
        pairs = ((places.civitai, places.civitai_token()), (places.hub, places.hub_token()))
        return {urlsplit(url).hostname or "": token for url, token in pairs if token}

    @cached_property
    def rules(self) -> "Rules":
        """Manners on the web."""
        from stylus_engine.catalog.web import Rules

        return Rules(allow_loopback=self.setup.places.allow_loopback)

    @cached_property
    def embedder(self) -> Embedder:
        """What turns texts into vectors."""
        chosen = self.setup.embedding
        match chosen.kind:
            case "local":
                with unswept():
                    from stylus_engine.retrieval.embedder import LocalEmbedder

                return LocalEmbedder(chosen.folder)
            case "remote":
                from stylus_engine.retrieval.remote import RemoteEmbedder

                place = chosen.base_url or None
                key = chosen.key()
                return RemoteEmbedder(chosen.model, chosen.dimensions, key=key, base_url=place)
            case "sentence-transformers":
                from stylus_engine.retrieval.named import NamedEmbedder

                return NamedEmbedder(chosen.model)

    @cached_property
    def index(self) -> "CardIndex":
        """The search index."""
        from stylus_engine.retrieval.index import CardIndex

        place = self.setup.places.uri or self.setup.index
        return CardIndex(place, self.embedder, locks=self.setup.cache)

    @cached_property
    def retriever(self) -> "IndexRetriever":
        """Recall over the index."""
        from stylus_engine.retrieval.retriever import IndexRetriever

        return IndexRetriever(self.index, self.files.holds)


def folder_name(path: Path) -> str:
    """What the catalogue calls the source of a folder."""
    return f"folder:{os.path.realpath(path)}"
