"""A model of Civitai's list becomes items: one for each version with a file that can be drawn with.

    model {.., modelVersions: [version {.., files, images}]}  ->  Item | Skipped, …

The fields and their traps: research/adapters.md 1.2.  What a version says of itself is
read in `versions`; here is decided whether it may be had at all, which of its files it
is, and what stands above the single version (flags, ratings, permissions).
"""

import hashlib
import re
import statistics
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from stylus_engine.catalog import clean
from stylus_engine.catalog.nouns import Item, Reason, Skipped
from stylus_engine.catalog.sources.records import Record
from stylus_engine.catalog.sources.said import Said, laid_over
from stylus_engine.catalog.sources.versions import of_version, rating_of, whole
from stylus_engine.catalog.warned import RATINGS
from stylus_engine.model import Adapter, Kind, Rating

KINDS: Mapping[str, Kind] = {
    "lora": "lora",
    "locon": "locon",
    "lycoris": "locon",
    "dora": "dora",
    "textualinversion": "embedding",
}
MOST_BYTES = 4 * 10**9  # of a file
NOTHING = hashlib.sha256(b"").hexdigest()  # which some records name as their file's
MILD: tuple[Rating, ...] = ("g", "pg", "pg13")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Refused(NamedTuple):
    """Why a version is no item."""

    reason: Reason
    detail: str


def entries(model: Record, origin: str) -> Iterator[Item | Skipped]:
    """All versions of a model. `origin` is where Civitai is asked: `https://civitai.com`."""
    number = whole(model, "id")
    what = f"civitai:{number}" if number else "a model without an id"
    if not number:
        yield Skipped(what=what, reason="odd record", detail=model.line("name"))
        return
    refused = _refused_model(model)
    versions = list(model.inners("modelVersions"))
    if refused or not versions:
        yield _skipped(what, refused or Refused("no file", "It has no versions."))
        return
    for version in versions:
        yield _entry(model, version, origin, several=len(versions) > 1)


def _entry(model: Record, version: Record, origin: str, *, several: bool) -> Item | Skipped:
    number = whole(version, "id")
    what = f"civitai:{whole(model, 'id')}:{number}"
    if not number:
        return Skipped(what=what, reason="odd record", detail="a version without an id")
    refused = _refused_version(version, datetime.now(UTC))
    file = None if refused else chosen(version)
    if isinstance(file, Record):
        return item_of(model, version, file, origin, several=several)
    return _skipped(what, refused or file or Refused("no file", ""))


def _skipped(what: str, refused: Refused) -> Skipped:
    return Skipped(what=what, reason=refused.reason, detail=refused.detail)


def _refused_model(model: Record) -> Refused | None:
    kind = model.line("type")
    if kind.lower() not in KINDS:
        return Refused("unsupported", f"It is a {kind or 'model of no kind'}.")
    mode = model.line("mode")
    return Refused("no file", f"Civitai has it as {mode}.") if mode else None


def _refused_version(version: Record, now: datetime) -> Refused | None:
    """Not to be had: not public, paid for, or for their own generator alone."""
    until = moment(version.line("earlyAccessEndsAt"))
    if until is not None and until > now:
        return Refused("gated", f"Early access until {until.date()}.")
    for field, usual in (
        ("status", "Published"),
        ("availability", "Public"),
        ("usageControl", "Download"),
    ):
        said = version.line(field)
        # Early access that ran out is public, whatever the word beside it says.
        if said not in ("", usual, "EarlyAccess" if until else usual):
            return Refused("gated", f"Its {field} is {said}.")
    return None


# --- files -----------------------------------------------------------------------


def chosen(version: Record) -> Record | Refused:
    """The file to draw with: safetensors weights, the primary one first."""
    files = list(version.inners("files"))
    weights = [each for each in files if each.line("type") in ("Model", "")]
    good = [each for each in weights if is_safetensors(each)]
    if not good:
        names = ", ".join(each.line("name", 60) for each in files[:3])
        return Refused("not safetensors", names) if weights else Refused("no file", names)
    file = max(good, key=lambda each: bool(each.flag("primary")))
    for scan in ("pickleScanResult", "virusScanResult"):
        if file.line(scan) == "Danger":
            return Refused("broken file", "Civitai's scanners call it dangerous.")
    if bytes_of(file) > MOST_BYTES:
        return Refused("too large", f"It has {bytes_of(file)} bytes.")
    return file


def is_safetensors(file: Record) -> bool:
    """By what the record says, or where it says nothing, by the name."""
    said = file.inner("metadata").line("format")
    return said == "SafeTensor" if said else file.line("name", 300).endswith(".safetensors")


def bytes_of(file: Record) -> int:
    """The file's size, 0 = not known."""
    size = file.number("sizeKB") or 0.0
    return round(size * 1024) if 0 < size < 1e12 else 0


def sha256_of(file: Record) -> str | None:
    """In lower case; None while Civitai has not hashed it, and for the hash of nothing."""
    digest = file.inner("hashes").line("SHA256").lower()
    return digest if _SHA256.fullmatch(digest) and digest != NOTHING else None


# --- cards -----------------------------------------------------------------------


def item_of(model: Record, version: Record, file: Record, origin: str, *, several: bool) -> Item:
    """The item for one file of a version. `several` puts the version's name behind the model's."""
    merged = _merged(model, version)
    said = _over(of_version(merged), model, version, several=several)
    number = whole(version, "id")
    bare = Adapter(
        card_id=f"civitai:{whole(model, 'id')}:{number}",
        name=f"Civitai {number}",
        family_declared="unknown",
        kind=KINDS.get(model.line("type").lower(), "unknown"),
        file_sha256=sha256_of(file),
        file_bytes=bytes_of(file),
        url=f"{origin}/api/download/models/{number}",
    )
    card = clean.cleaned(replace(laid_over(bare, [said]), url=bare.url))
    raw = msgspec.json.encode(merged.fields)
    return Item(card=card, raw=raw, stamp=_stamp(card, version), examples=said.examples)


def _merged(model: Record, version: Record) -> Record:
    """The shape of `GET /model-versions/{id}`, with all that the list says of the model."""
    above = {key: value for key, value in model.fields.items() if key != "modelVersions"}
    creator = {"creator": model.fields["creator"]} if "creator" in model.fields else {}
    return Record({**version.fields, **creator, "modelId": whole(model, "id"), "model": above})


def _over(said: Said, model: Record, version: Record, *, several: bool) -> Said:
    """What stands above the single version, and priors out of its examples."""
    weights = [each.weight for each in said.examples if each.weight is not None]
    return said._replace(
        name=f"{said.name} {version.line('name', 60)}".strip() if several else said.name,
        rating=_rating(said, model),
        previews=tuple(each.url for each in said.examples if each.rating in MILD),
        weight=round(statistics.median(weights), 2) if weights else None,
    )


def _rating(said: Said, model: Record) -> Rating:
    """The strictest of model and pictures; what nobody has rated yet is not for everybody."""
    above = rating_of(model.flag("nsfw"), [whole(model, "nsfwLevel")])
    unrated = not whole(model, "nsfwLevel") and all(e.rating == "g" for e in said.examples)
    least: Rating = "r" if unrated else "g"
    return max((said.rating or above, above, least), key=RATINGS.index)


def _stamp(card: Adapter, version: Record) -> str:
    """Changes with whatever the card says; with downloads only as they double."""
    steady = replace(card, popularity=card.popularity.bit_length())
    times = f"{version.line('updatedAt')} {version.line('publishedAt')}"
    return hashlib.sha256(msgspec.json.encode(steady) + times.encode()).hexdigest()[:24]


def moment(text: str) -> datetime | None:
    """An ISO time, None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def newest(model: Record) -> datetime | None:
    """When anything of this model last changed, as far as it says."""
    texts = [
        version.line(field)
        for version in model.inners("modelVersions")
        for field in ("publishedAt", "updatedAt", "createdAt")
    ]
    found = [when for text in texts if (when := moment(text)) is not None]
    return max(found, default=None)
