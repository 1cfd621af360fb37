"""Cards, pages and an empty catalogue for tests of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.model import Adapter

NOW = "2026-11-28T12:00:00+00:00"
LATER = "2026-11-29T12:00:00+00:00"
SHA = "ab" * 32


def card(number: int = 1, **facts: Any) -> Adapter:
    return Adapter(
        **{
            "card_id": f"t:{number}:1",
            "name": f"Card {number}",
            "family_declared": "sd1",
            "path": f"/x/{number}.safetensors",
            **facts,
        }
    )


def item(number: int = 1, stamp: str = "1", **facts: Any) -> Item:
    return Item(card=card(number, **facts), raw=b'{"id": 1}', stamp=stamp)


def page(*items: Item, cursor: str = "", **more: Any) -> Page:
    return Page(items=items, cursor=cursor, **more)


def ids(cards: Sequence[Adapter]) -> list[str]:
    return [each.card_id for each in cards]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(tmp_path / "deep" / "catalog.db")
