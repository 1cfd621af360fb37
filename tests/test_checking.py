"""A check over all cards that is stopped ends at once, its thread too."""

import asyncio
import threading

import pytest

from stylus_engine.assembly.library import Library
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.model import Adapter


class Stock:
    """As much of one as a check looks at. Its walk never ends."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.cards = self
        self.looked = 0
        self.ended = threading.Event()
        self._known = catalogue.known("t:1:1")

    def __len__(self) -> int:
        return 10**9

    def walk(self):
        try:
            while True:
                self.looked += 1
                yield self._known
        finally:
            self.ended.set()


@pytest.mark.asyncio
async def test_a_stopped_check_ends_with_its_thread(tmp_path):
    catalogue = Catalogue(tmp_path / "catalog.db")
    card = Adapter(card_id="t:1:1", name="One", family_declared="sd1", url="https://x.org/a")
    catalogue.take("t", Page(items=(Item(card=card),)), "2026-11-28T12:00:00+00:00")
    stock, steps, told = Stock(catalogue), [], asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell(step) -> None:
        steps.append(step)
        loop.call_soon_threadsafe(told.set)

    library = Library(stock, None, None)  # pyright: ignore[reportArgumentType] - stand-ins of all three
    task = asyncio.create_task(library.check(tell, network=False))
    await told.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(stock.ended.wait, 5)
    assert steps[0].done > 0
    assert steps[0].of == 10**9
