"""What other tools wrote beside an adapter file `X.safetensors`, read and never touched.

    X.json             A1111: a person's own words (activation text, preferred weight, notes)
    X.metadata.json    ComfyUI-Lora-Manager: names, tags, usage tips; Civitai's record inside
    X.civitai.info     Civitai-Helper: Civitai's record of the version
    X.preview.png …    a picture; also X.png, and jpg, jpeg, webp of both

They are heard in this order, and after them Civitai's answer by sha256 (if it was asked)
and the metadata in the file's own header.  Of each thing the first that speaks decides;
tags are all taken; notes follow the description; warnings (rating, real person, minor)
stand whoever gives them.  Civitai's record is taken once, from where it is newest to
hand: Lora-Manager's copy, else the `.civitai.info`.

A sidecar is anybody's text: one that is too long, no JSON or no object is left out, fields
of the wrong kind are left out, each is told of once, and the file becomes a card all the
same.  So is a link that leads out of the folder.  Paths inside sidecars are never followed: a picture is found by its own name.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from stylus_engine.catalog import clean
from stylus_engine.catalog.escapes import without_halves
from stylus_engine.catalog.nouns import Skipped
from stylus_engine.catalog.sources.listing import PICTURES, Found
from stylus_engine.catalog.sources.pictures import is_picture
from stylus_engine.catalog.sources.records import Record, decoded
from stylus_engine.catalog.sources.said import Said
from stylus_engine.catalog.sources.versions import of_version, rating_of, whole
from stylus_engine.catalog.warned import RATINGS
from stylus_engine.model import Rating
from stylus_engine.model.adapter import MOST_WEIGHT

MOST_BYTES = 4 * 2**20  # of a sidecar; those with a hundred pictures have about 500 KiB
OURS = {
    "description",
    "sd version",
    "activation text",
    "preferred weight",
    "negative text",
    "notes",
}


class Beside(NamedTuple):
    """All that lies beside one file. `raw` is its records as they came, by their endings."""

    voices: tuple[Said, ...] = ()
    pictures: tuple[str, ...] = ()
    raw: dict[str, msgspec.Raw] = {}  # noqa: RUF012 - a default that nobody writes to
    skipped: tuple[Skipped, ...] = ()
    civitai: bool = False  # whether Civitai's record is among them


def beside(found: Found, root: Path) -> Beside:
    """Read a file's sidecars. Never raises: what cannot be used is in `skipped`."""
    raw: dict[str, msgspec.Raw] = {}
    records: dict[str, Record] = {}
    skipped: list[Skipped] = []
    for ending in (each for each in READERS if each in found.beside):
        try:
            data = _read(found.sidecar(ending), root)
            records[ending] = decoded(data)
            raw[ending] = msgspec.Raw(data)
        except ValueError as error:
            skipped.append(_odd(found, ending, str(error)))
    voices = tuple(READERS[ending](record, records) for ending, record in records.items())
    skipped += [_fields(found, ending, each) for ending, each in records.items() if each.odd]
    return Beside(
        voices=voices,
        pictures=_pictures(found, root, skipped),
        raw=raw,
        skipped=tuple(skipped),
        civitai=any(voice.model_key for voice in voices),
    )


def _read(path: Path, root: Path) -> bytes:
    """A sidecar's bytes. Raises `ValueError` with a short reason."""
    try:
        if not path.resolve().is_relative_to(root):
            raise ValueError("it is a link that leads out of the folder")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ValueError("it cannot be read") from error
    if len(data) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES} bytes")
    return without_halves(data.removeprefix(b"\xef\xbb\xbf"))


def _notes(record: Record, _: dict[str, Record]) -> Said:
    """A1111's user metadata; a `.json` of other fields is somebody else's and says nothing."""
    if not OURS & record.fields.keys():
        return Said()
    return Said(
        description=record.prose("description"),
        notes=record.prose("notes"),
        triggers=record.lines("activation text", clean.TRIGGER),
        base_model=_known(record.line("sd version")),
        weight=record.number("preferred weight", MOST_WEIGHT),
    )


def _managed(record: Record, _: dict[str, Record]) -> Said:
    """Lora-Manager's record over Civitai's, which it keeps inside."""
    version = of_version(record.inner("civitai"))
    tips = _tips(record)
    level = whole(record, "preview_nsfw_level")
    return version._replace(
        name=record.line("model_name") or version.name,
        description=record.prose("modelDescription") or version.description,
        notes=record.prose("notes"),
        tags=(*record.lines("tags"), *version.tags),
        base_model=_known(record.line("base_model")) or version.base_model,
        weight=tips.number("strength", MOST_WEIGHT),
        weight_low=tips.number("strength_min", MOST_WEIGHT),
        weight_high=tips.number("strength_max", MOST_WEIGHT),
        rating=_stricter(rating_of(None, [level]) if level else None, version.rating),
    )


def _stricter(one: Rating | None, other: Rating | None) -> Rating | None:
    said: list[Rating] = [rating for rating in (one, other) if rating is not None]
    return max(said, key=RATINGS.index) if said else None


def _tips(record: Record) -> Record:
    """`usage_tips` is JSON inside a text."""
    text = record.fields.get("usage_tips")
    if not isinstance(text, str) or not text:
        return Record({})
    try:
        return Record(decoded(text[:10_000].encode()).fields, record.odd)
    except ValueError:
        record.odd.append("usage_tips")
        return Record({})


def _of_civitai(record: Record, records: dict[str, Record]) -> Said:
    """Civitai-Helper's file, unless Lora-Manager's holds the same."""
    managed = records.get(".metadata.json")
    inner = managed.fields.get("civitai") if managed else None
    return Said() if isinstance(inner, dict) and inner else of_version(record)


def _known(base_model: str) -> str:
    """What tools write when they do not know is nothing said."""
    return "" if base_model.lower() in ("unknown", "other", "none") else base_model


READERS: dict[str, Callable[[Record, dict[str, Record]], Said]] = {
    ".json": _notes,
    ".metadata.json": _managed,
    ".civitai.info": _of_civitai,
}


def _pictures(found: Found, root: Path, skipped: list[Skipped]) -> tuple[str, ...]:
    """Paths of the pictures beside a file; a link that leads out of the folder is no picture of it."""
    good: list[str] = []
    for ending in (each for each in PICTURES if each in found.beside):
        path = found.sidecar(ending)
        if path.resolve().is_relative_to(root) and is_picture(path):
            good.append(str(path))
        else:
            skipped.append(_odd(found, ending, "it is no picture that can be shown"))
    return tuple(good)


def _fields(found: Found, ending: str, record: Record) -> Skipped:
    names = ", ".join(f"“{clean.line(name, 40)}”" for name in record.odd)
    return _odd(found, ending, f"not of the usual kind, and left out: {names}")


def _odd(found: Found, ending: str, why: str) -> Skipped:
    what = clean.line(found.name[:-12] + ending, 200)
    return Skipped(what=what, reason="odd record", detail=why)
