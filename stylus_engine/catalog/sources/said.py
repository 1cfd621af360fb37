"""What one voice says of an adapter, and how several voices become one card.

    A1111's notes, Lora-Manager's record, Civitai's record (beside the file, or asked for
    by sha256), the header's metadata  ->  Said, Said, …  ->  Adapter

A voice that says nothing of a thing leaves it to the next; the person who keeps the
folder is heard before the world outside.  Warnings are the exception: the strictest
rating, and a real person or a minor that any voice tells of, be it by a tag or a trigger, stand.
What nobody rates counts as `warned.UNTOLD`, and not as fit for everybody.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from stylus_engine.catalog.bases import UNKNOWN, base_of
from stylus_engine.catalog.nouns import Example, Probed
from stylus_engine.catalog.warned import RATINGS, UNTOLD, is_minor, is_person
from stylus_engine.model import Adapter, Licence, Rating
from stylus_engine.model.adapter import MOST_WEIGHT

T = TypeVar("T")


class Said(NamedTuple):
    """One voice. Empty, 0 and None mean: it says nothing of this."""

    name: str = ""
    description: str = ""
    notes: str = ""  # added to the description, whoever wrote that
    triggers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    author: str = ""
    base_model: str = ""
    weight: float | None = None
    weight_low: float | None = None
    weight_high: float | None = None
    licence: Licence | None = None
    rating: Rating | None = None
    real_person: bool = False
    minor: bool = False
    previews: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    popularity: int = 0
    model_key: str = ""
    url: str | None = None


def of_header(probed: Probed) -> Said:
    """What the trainer wrote into the file."""
    return Said(
        name=probed.title,
        description=probed.description,
        triggers=probed.triggers,
        tags=probed.tags,
        author=probed.author,
        licence=Licence(name=probed.licence) if probed.licence else None,
    )


def of_card(card: Adapter, examples: tuple[Example, ...]) -> Said:
    """What a card says that another source made for the same bytes."""
    return Said(
        name=card.name,
        description=card.description,
        triggers=card.triggers,
        tags=card.tags,
        author=card.author,
        base_model=card.base or card.family_declared,
        weight=card.weight,
        weight_low=card.weight_low,
        weight_high=card.weight_high,
        licence=card.licence,
        rating=card.rating,
        real_person=card.real_person,
        minor=card.minor,
        previews=card.previews,
        examples=examples,
        popularity=card.popularity,
        model_key=card.model_key,
        url=card.url,
    )


def laid_over(card: Adapter, voices: Sequence[Said]) -> Adapter:
    """The card with all that the voices say; the first one that speaks of a thing decides."""
    base = base_of(_first((v.base_model for v in voices), ""))
    known = base.family != UNKNOWN
    low, weight, high = _weights(voices)
    words = [word for v in voices for word in (v.name, *v.tags, *v.triggers)]
    return Adapter(
        card_id=card.card_id,
        name=_first((v.name for v in voices), card.name),
        family_declared=base.family if known else card.family_declared,
        base=base.base or card.base,
        description=_described(voices) or card.description,
        described_by="card",
        triggers=_first((v.triggers for v in voices), ()),
        tags=tuple(dict.fromkeys(tag for v in voices for tag in v.tags)),
        author=_first((v.author for v in voices), ""),
        weight=weight,
        weight_low=low,
        weight_high=high,
        licence=_first((v.licence for v in voices), Licence()),
        rating=_strictest(voices),
        real_person=any(v.real_person for v in voices) or is_person(*words),
        minor=any(v.minor for v in voices) or is_minor(*words),
        previews=tuple(dict.fromkeys((*card.previews, *(p for v in voices for p in v.previews)))),
        popularity=_first((v.popularity for v in voices), 0),
        model_key=_first((v.model_key for v in voices), ""),
        url=_first((v.url for v in voices), None),
        kind=card.kind,
        family_detected=card.family_detected,
        file_sha256=card.file_sha256,
        file_bytes=card.file_bytes,
        path=card.path,
    )


def _first(values: Iterable[T | None], otherwise: T) -> T:
    return next((value for value in values if value), otherwise)


def _strictest(voices: Sequence[Said]) -> Rating:
    ratings: list[Rating] = [v.rating for v in voices if v.rating is not None]
    return max(ratings, key=RATINGS.index) if ratings else UNTOLD


def _described(voices: Sequence[Said]) -> str:
    """A description, and after it what the keeper of the folder noted down."""
    told = _first((v.description for v in voices), "")
    return " ".join(part for part in (told, *(v.notes for v in voices)) if part)


def _weights(voices: Sequence[Said]) -> tuple[float, float, float]:
    """(lowest, usual, highest), each sane; a weight outside the usual range widens it."""
    usual = Adapter(card_id="", name="", family_declared="")
    weight = _first((_sane(v.weight) for v in voices), usual.weight)
    low = _first((_sane(v.weight_low) for v in voices), usual.weight_low)
    high = _first((_sane(v.weight_high) for v in voices), usual.weight_high)
    return min(low, weight), weight, max(high, weight)


def _sane(weight: float | None) -> float | None:
    """A number out of its range is dropped and never moved: a wrong weight is no hint of a right one."""
    return weight if weight is not None and abs(weight) <= MOST_WEIGHT else None
