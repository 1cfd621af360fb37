"""Orders become sources: which class reads which place, and with what it is opened."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from stylus_engine.assembly.stock import Stock
from stylus_engine.catalog.nouns import Source
from stylus_engine.catalog.orders import (
    FromCards,
    FromCivitai,
    FromFolder,
    FromHub,
    FromStylusDocs,
    Order,
)


@asynccontextmanager
async def source_of(order: Order, stock: Stock) -> AsyncGenerator[Source]:
    """The source that an order names, with whatever it needs open until the block ends."""
    match order:
        case FromCards(path=path):
            from stylus_engine.catalog.sources.cardfile import Cards

            yield Cards(Path(path))
        case FromStylusDocs(path=path, vectors=vectors):
            from stylus_engine.catalog.sources.stylusdocs import StylusDocs

            yield StylusDocs(Path(path), vectors=vectors)
