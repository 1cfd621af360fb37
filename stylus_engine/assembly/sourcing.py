"""Orders become sources: which class reads which place, and with what it is opened."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stylus_engine.assembly.stock import Stock, folder_name
from stylus_engine.catalog.nouns import Item, Source
from stylus_engine.catalog.orders import (
    FromCards,
    FromCivitai,
    FromFolder,
    FromHub,
    FromStylusDocs,
    Order,
)

if TYPE_CHECKING:
    from stylus_engine.catalog.sources.civitai import Civitai
    from stylus_engine.catalog.sources.folder import Folder
    from stylus_engine.catalog.sources.hub import Hub
    from stylus_engine.catalog.web import Web


@asynccontextmanager
async def source_of(order: Order, stock: Stock) -> AsyncGenerator[Source]:
    """The source that an order names; the web stays open for it until the block ends."""
    async with stock.web() as web:
        match order:
            case FromCivitai():
                yield civitai(stock, web, order)
            case FromHub():
                yield hub(stock, web, order)
            case FromFolder(path=path, enrich=enrich):
                asks = enrich or stock.setup.places.allow_enrichment
                yield folder_of(Path(path), stock, web if asks else None)
            case FromCards(path=path):
                from stylus_engine.catalog.sources.cardfile import Cards

                yield Cards(Path(path))
            case FromStylusDocs(path=path, vectors=vectors):
                from stylus_engine.catalog.sources.stylusdocs import StylusDocs

                yield StylusDocs(Path(path), vectors=vectors)


def civitai(stock: Stock, web: "Web", order: FromCivitai = FromCivitai()) -> "Civitai":  # noqa: B008 - a frozen noun
    """Civitai's API."""
    from stylus_engine.catalog.sources.civitai import Civitai

    return Civitai(web, stock.setup.places.civitai, bases=order.bases, most=order.most)


def hub(stock: Stock, web: "Web", order: FromHub = FromHub()) -> "Hub":  # noqa: B008 - a frozen noun
    """The Hugging Face Hub's API."""
    from stylus_engine.catalog.sources.hub import Hub

    places = stock.setup.places
    return Hub(
        web,
        places.hub,
        search=order.search,
        author=order.author,
        most=order.most,
        token=places.hub_token(),
        probing=order.probing,
    )


def folder_of(
    path: Path, stock: Stock, web: "Web | None" = None, *, quiet: float = 0.0
) -> "Folder":
    """The adapters below a folder; what is known of them already is not read again.

    With `web` Civitai is asked by sha256 what it knows of them.
    """
    from stylus_engine.catalog.sources.folder import Folder
    from stylus_engine.catalog.sources.looking import Eyes

    name = folder_name(path)
    return Folder(
        path,
        Eyes(stock.digests),
        known=lambda: stock.catalogue.from_source(name),
        ask=civitai(stock, web).cards_by_sha256 if web is not None else None,
        quiet=quiet,
    )


async def one(link: str, stock: Stock, web: "Web") -> Item | None:
    """The item behind a link to a source that we know; None: it is no such link. Raises `BadSource`."""
    from stylus_engine.catalog.sources import civitai as of_civitai
    from stylus_engine.catalog.sources import hub as of_hub

    if of_civitai.named_by(link) is not None:
        return await civitai(stock, web).one(link)
    if of_hub.named_by(link) is not None:
        return await hub(stock, web).one(link)
    return None
