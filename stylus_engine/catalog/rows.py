"""Rows of the book as nouns: what the catalogue keeps as bytes is read here.

Pure: a row in, a noun out.  What a question's SQL is stands beside whoever asks it.
"""

import zlib
from collections.abc import Iterable
from typing import TypeVar

import msgspec
import numpy as np

from stylus_engine.catalog.book import Row
from stylus_engine.catalog.layers import merged
from stylus_engine.catalog.nouns import Checked, Described, Example, Probed, Reason
from stylus_engine.model import Adapter, Measured
from stylus_engine.model.noun import Noun
from stylus_engine.ports import Change, Vectors

T = TypeVar("T")


class Place(Noun, frozen=True, kw_only=True):
    """How far the walk over a source is. `since`: when its last complete walk began, ISO."""

    cursor: str = ""
    since: str = ""


class Known(Noun, frozen=True, kw_only=True):
    """A card with all its layers; `card` None: it is gone, its record stays. `stamp` is its record's."""

    card_id: str
    card: Adapter | None
    said: Adapter
    source: str
    raw: bytes
    examples: tuple[Example, ...]
    probed: Probed | None
    described: Described | None
    checked: Checked | None
    stamp: str = ""


class SkippedRow(Noun, frozen=True, kw_only=True):
    """A record of a source that is no card, and why."""

    source: str
    what: str
    reason: Reason
    detail: str
    at: str


def cards_of(rows: Iterable[Row]) -> list[Adapter]:
    """The cards of rows that have one."""
    return [decoded(row["card"], Adapter) for row in rows]


def decoded(raw: bytes, shape: type[T]) -> T:
    """JSON of ours as a noun."""
    return msgspec.json.decode(raw, type=shape)


def maybe(raw: bytes | None, shape: type[T]) -> T | None:
    """None for a layer that nobody has laid."""
    return None if raw is None else decoded(raw, shape)


def change_of(row: Row) -> Change:
    """One change; its vector, fp32, where the row brings one."""
    vector: Vectors | None = None
    if row["vector"] is not None:
        vector = np.frombuffer(row["vector"], "<f4").astype(np.float32)
    card = maybe(row["card"], Adapter)
    return Change(seq=row["seq"], card_id=row["card_id"], card=card, vector=vector)


def measured_of(row: Row) -> Measured | None:
    """Figures of a file whose bytes the card no longer names are nobody's."""
    checked = maybe(row["checked"], Checked)
    card = decoded(row["card"], Adapter)
    if checked is None or checked.broken or checked.sha256 != (card.file_sha256 or checked.sha256):
        return None
    return Measured(
        checkpoint=checked.checkpoint,
        strength=checked.strength,
        saturation=checked.saturation,
        scale=checked.scale,
        sketch=checked.sketch,
    )


def known_of(row: Row) -> Known:
    """All that the row holds of a card."""
    return Known(
        card_id=row["card_id"],
        card=maybe(row["card"], Adapter),
        said=decoded(row["said"], Adapter),
        source=row["source"],
        raw=zlib.decompress(row["raw"]),
        examples=decoded(row["examples"], tuple[Example, ...]),
        probed=maybe(row["probed"], Probed),
        described=maybe(row["described"], Described),
        checked=maybe(row["checked"], Checked),
        stamp=row["stamp"],
    )


def merged_of(row: Row) -> Adapter:
    """The card that the row's layers make."""
    return merged(
        decoded(row["said"], Adapter),
        maybe(row["probed"], Probed),
        maybe(row["described"], Described),
        maybe(row["checked"], Checked),
    )
