"""An import told from its source's side: where it begins, and from when on."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.importing import bring_in
from stylus_engine.catalog.nouns import Page

NOW, LATER = "2026-11-28T12:00:00+00:00", "2026-11-29T12:00:00+00:00"

pytestmark = pytest.mark.asyncio


class Listening:
    """A source that notes what it is asked and tells of nothing."""

    name = "s"

    def __init__(self, *cursors: str) -> None:
        self.asked: list[tuple[str, str]] = []
        self.cursors = cursors

    async def pages(self, cursor: str, since: str) -> AsyncGenerator[Page, None]:
        self.asked.append((cursor, since))
        for each in self.cursors:
            yield Page(cursor=each)


async def test_a_walk_hears_when_the_last_one_began_unless_it_is_a_whole_one(tmp_path: Path):
    catalogue, source = Catalogue(tmp_path / "catalog.db"), Listening("")
    await bring_in(catalogue, source, now=NOW)
    await bring_in(catalogue, source, now=LATER)
    await bring_in(catalogue, source, now=LATER, whole=True)
    assert source.asked == [("", ""), ("", NOW), ("", "")]


async def test_a_whole_walk_that_was_stopped_goes_on_too(tmp_path: Path):
    catalogue, source = Catalogue(tmp_path / "catalog.db"), Listening("b")
    await bring_in(catalogue, source, now=NOW, whole=True)
    await bring_in(catalogue, source, now=LATER, whole=True)
    assert source.asked == [("", ""), ("b", "")]
