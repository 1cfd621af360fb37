"""One adapter file, looked at: what it is, what it is called, or why it is no card."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, cast, get_args

import msgspec

from stylus_engine.catalog import clean
from stylus_engine.catalog.bases import UNKNOWN
from stylus_engine.catalog.digests import Digests
from stylus_engine.catalog.nouns import Item, Probed, Reason, Skipped
from stylus_engine.catalog.probe import finite, probe
from stylus_engine.catalog.sources.listing import ENDING, Found, stamp_of
from stylus_engine.catalog.sources.said import laid_over, of_card, of_header
from stylus_engine.catalog.sources.sidecars import Beside, beside
from stylus_engine.catalog.sources.stamps import Stamp
from stylus_engine.errors import (
    AdapterFileEmpty,
    AdapterFileMissing,
    AdapterFileTruncated,
    AdapterNotSafetensors,
    AdapterUnsupported,
    BadAdapter,
)
from stylus_engine.model import Adapter, Kind

MOST_CHECKED = 2**30  # bytes; every number of a smaller file is looked at
REASONS: dict[type[BadAdapter], Reason] = {
    AdapterNotSafetensors: "not safetensors",
    AdapterUnsupported: "unsupported",
    AdapterFileMissing: "not reachable",
}
UNFINISHED = (AdapterFileEmpty, AdapterFileTruncated)  # also what a half-copied file looks like
PLACE = 160  # characters of an id


class Eyes(NamedTuple):
    """How a file is looked at. Each raises `BadAdapter`, or `OSError`."""

    digests: Digests
    probe: Callable[[Path], Probed] = probe
    finite: Callable[[Path], object] = finite


class Look(NamedTuple):
    """What there is to say of a file: `seen`, or why not. `unfinished`: it may be whole later."""

    found: Found
    seen: "Seen | None" = None
    skipped: tuple[Skipped, ...] = ()
    unfinished: bool = False

    @property
    def unreachable(self) -> bool:
        """Whether nobody knows what lies there now."""
        return self.seen is None and any(each.reason == "not reachable" for each in self.skipped)


class Seen(NamedTuple):
    """A good file and what lies beside it."""

    sha256: str
    probed: Probed
    beside: Beside


def look(found: Found, root: Path, eyes: Eyes) -> Look:
    """Read a file's header, its bytes and its sidecars. Raises nothing that a file can cause."""
    try:
        probed = eyes.probe(found.path)
        if probed.refused:
            return _skipped(found, "unsupported", f"It cannot be drawn with: {probed.refused}.")
        if found.size <= MOST_CHECKED:
            eyes.finite(found.path)
        digest = eyes.digests.sha256(found.path)
        if stamp_of(found.path.stat()) != found.stamp:
            return _skipped(found, "broken file", "It is being written to.", unfinished=True)
    except BadAdapter as error:
        reason = REASONS.get(type(error), "broken file")
        return _skipped(found, reason, str(error), unfinished=isinstance(error, UNFINISHED))
    except OSError as error:
        return _skipped(found, "not reachable", f"It cannot be read ({error.strerror}).")
    along = beside(found, root)
    return Look(found, Seen(digest, probed, along), along.skipped)


def _skipped(found: Found, reason: Reason, detail: str, *, unfinished: bool = False) -> Look:
    what = clean.line(found.name, 200)
    return Look(found, None, (Skipped(what=what, reason=reason, detail=detail),), unfinished)


def item(found: Found, seen: Seen, told: Item | None, *, asked: bool) -> Item:
    """The card of a good file. `told` is Civitai's, when it was asked and knew the bytes."""
    others = (of_card(told.card, told.examples),) if told else ()
    voices = (*seen.beside.voices, *others, of_header(seen.probed))
    examples = [example for voice in voices for example in voice.examples]
    card = clean.cleaned(laid_over(_bare(found, seen), voices))
    stamp = Stamp(found.stamp, found.stamp_beside, asked or seen.beside.civitai, found.name)
    return Item(
        card=card,
        raw=msgspec.json.encode(seen.beside.raw | _raw(told)),
        stamp=stamp.text,
        examples=tuple({example.url: example for example in examples}.values()),
        probed=seen.probed,
    )


def _raw(told: Item | None) -> dict[str, msgspec.Raw]:
    return {"civitai": msgspec.Raw(told.raw)} if told else {}


def _bare(found: Found, seen: Seen) -> Adapter:
    """What the file itself is, under the name it lies there with."""
    probed = seen.probed
    return Adapter(
        card_id=card_id(found.name, seen.sha256),
        name=re.sub(r"[_\W]+", " ", found.path.name[: -len(ENDING)]).strip() or "adapter",
        family_declared=probed.family or UNKNOWN,
        family_detected=probed.family,
        base=probed.base,
        kind=cast("Kind", probed.kind) if probed.kind in get_args(Kind) else "unknown",
        description=", ".join(probed.tags),
        file_sha256=seen.sha256,
        file_bytes=found.size,
        path=str(found.path),
        previews=seen.beside.pictures,
    )


def card_id(name: str, sha256: str) -> str:
    """Where a file lies, as far as an id has room and letters for it, and what its bytes are."""
    place = re.sub(r"[^A-Za-z0-9_.+/@-]+", "-", name[: -len(ENDING)])
    return f"local:{place[-PLACE:]}:{sha256[:12]}"
