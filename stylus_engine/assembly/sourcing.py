"""Orders become sources: which class reads which place, and with what it is opened."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stylus_engine.assembly.stock import Stock
from stylus_engine.catalog.nouns import Source
from stylus_engine.catalog.orders import (
    FromCards,
    FromFolder,
    FromStylusDocs,
    Order,
)

if TYPE_CHECKING:
    from stylus_engine.catalog.sources.folder import Folder


@asynccontextmanager
async def source_of(order: Order, stock: Stock) -> AsyncGenerator[Source]:
    """The source that an order names, with whatever it needs open until the block ends."""
    match order:
        case FromCards(path=path):
            from stylus_engine.catalog.sources.cardfile import Cards

            yield Cards(Path(path))
        case FromFolder(path=path):
            yield folder_of(Path(path), stock)
        case FromStylusDocs(path=path, vectors=vectors):
            from stylus_engine.catalog.sources.stylusdocs import StylusDocs

            yield StylusDocs(Path(path), vectors=vectors)


def folder_of(path: Path, stock: Stock, quiet: float = 0.0) -> "Folder":
    """The adapters below a folder; what is known of them already is not read again."""
    from stylus_engine.catalog.sources.folder import Folder
    from stylus_engine.catalog.sources.looking import Eyes

    name = f"folder:{path.resolve()}"
    return Folder(
        path,
        Eyes(stock.digests),
        known=lambda: stock.catalogue.from_source(name),
        quiet=quiet,
    )
