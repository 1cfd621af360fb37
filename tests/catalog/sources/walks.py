"""Walks over a folder, and what came of them."""

import asyncio
from contextlib import aclosing

from stylus_engine.catalog import Digests
from stylus_engine.catalog.nouns import Item
from stylus_engine.catalog.probe import finite, probe
from stylus_engine.catalog.sources.looking import Eyes


class Counting:
    """Eyes that count what they look at."""

    def __init__(self):
        self.probed = []
        self.eyes = Eyes(Digests(), self.probe, finite)

    def probe(self, path):
        self.probed.append(path.name)
        return probe(path)


class Known:
    """A catalogue's memory of one folder, as small as it gets."""

    def __init__(self):
        self.stamps = {}

    def __call__(self):
        return dict(self.stamps)

    def take(self, page):
        self.stamps |= {item.card.card_id: item.stamp for item in page.items}
        for card_id in page.gone:
            self.stamps.pop(card_id, None)


def walked(source, known=None):
    async def walk():
        async with aclosing(source.pages("", "")) as pages:
            return [page async for page in pages]

    pages = asyncio.run(walk())
    if known is not None:
        for page in pages:
            known.take(page)
    return pages


def items(pages) -> list[Item]:
    return [item for page in pages for item in page.items]


def skips(pages) -> dict[str, tuple[str, str]]:
    return {skip.what: (skip.reason, skip.detail) for page in pages for skip in page.skipped}


def gone(pages) -> list[str]:
    return [card_id for page in pages for card_id in page.gone]
