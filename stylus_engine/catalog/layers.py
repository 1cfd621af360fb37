"""A card in layers: what the source said, what its file is, what a refiner wrote, what drawing showed.

Each layer is kept as it came and goes over the one before it, so that importing a card
anew never loses what was learned of it, and what was learned can be thrown away alone.
Pure: nouns in, a noun out.
"""

from collections.abc import Callable
from typing import TypeAlias, cast, get_args

from msgspec.structs import replace

from stylus_engine.catalog import clean
from stylus_engine.catalog.nouns import Checked, Described, Probed
from stylus_engine.catalog.warned import warned
from stylus_engine.model import Adapter, Kind
from stylus_engine.model.adapter import MOST_WEIGHT, Category

MOST_CONCEPTS = 12
CONCEPT = 80  # characters
MOST_SAID = 2.0  # no describing model widens a range beyond this, or below nothing
Layer: TypeAlias = Callable[[Adapter], Adapter]


def merged(
    said: Adapter,
    probed: Probed | None = None,
    described: Described | None = None,
    checked: Checked | None = None,
) -> Adapter:
    """The card that everybody else sees, cleaned."""
    card = said
    if probed is not None:
        card = _with_file(card, probed)
    if described is not None:
        card = _with_words(card, described)
    if checked is not None and checked.sha256 == (card.file_sha256 or checked.sha256):
        card = _with_health(card, checked)
    return warned(clean.cleaned(card))


def _with_file(card: Adapter, probed: Probed) -> Adapter:
    """The file wins where it speaks of itself; its metadata fills what the card leaves out."""
    refused = bool(probed.refused)
    return replace(
        card,
        family_detected=probed.family or card.family_detected,
        base=card.base or probed.base,
        kind=_kind(probed.kind),
        triggers=card.triggers or probed.triggers,
        tags=card.tags or probed.tags,
        description=card.description or probed.description,
        author=card.author or probed.author,
        health="quarantined" if refused else card.health,
        quarantine=probed.refused if refused else card.quarantine,
    )


def _kind(name: str) -> Kind:
    return cast("Kind", name) if name in get_args(Kind) else "unknown"


def _with_words(card: Adapter, described: Described) -> Adapter:
    """Only describing fields, and a weight inside the range that the card may have."""
    low, weight, high = _weights(card, described)
    told = " ".join((described.adds, *described.caveats)).strip()
    return replace(
        card,
        description=told or card.description,
        category=_category(described.category, card.category),
        concepts=_concepts(described.concepts),
        not_for=clean.line(described.not_for, clean.DESCRIPTION),
        described_by=clean.line(described.by, clean.TAG),
        weight_low=low,
        weight=weight,
        weight_high=high,
    )


def _category(name: str, before: Category) -> Category:
    return cast("Category", name) if name in get_args(Category) else before


def _concepts(concepts: tuple[str, ...]) -> tuple[str, ...]:
    lines = (clean.line(text, CONCEPT) for text in concepts)
    return tuple(dict.fromkeys(text for text in lines if text))[:MOST_CONCEPTS]


def _weights(card: Adapter, described: Described) -> tuple[float, float, float]:
    """A range that is none, or lies outside what a text may ask for, is not taken."""
    low, high = described.weight_low, described.weight_high
    if low is None or high is None or not 0 <= low <= high <= MOST_SAID or high == 0:
        low, high = card.weight_low, card.weight_high
    weight = card.weight if described.weight is None else described.weight
    if not low <= weight <= high:
        weight = min(max(card.weight, low), high)
    return low, weight, high


def _with_health(card: Adapter, checked: Checked) -> Adapter:
    """The weight at which it was seen to work, its own pictures, or why it is not drawn with."""
    scale = min(max(checked.scale, -MOST_WEIGHT), MOST_WEIGHT)
    if checked.broken:
        return replace(card, health="quarantined", quarantine=checked.broken)
    if card.health == "quarantined":
        return card
    return replace(
        card,
        health="good",
        weight=min(max(scale, card.weight_low), card.weight_high),
        previews=checked.pictures or card.previews,
    )
