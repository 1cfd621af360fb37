"""Adapter files that lie in somebody's folder, read in place: a card for each, from its own header.

Law of this file: only the header is read (8 bytes and JSON, capped), nothing is
copied, moved or written beside the files.  A file that is no adapter is passed over:
other people's folders hold all kinds of things.
"""

import json
import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias, cast

from stylus_engine.catalog import clean
from stylus_engine.catalog.checkpoints import SIZES_OF_SD
from stylus_engine.model import Adapter, Kind

MOST_HEADER = 16 * 2**20  # bytes
MOST_FILES = 100_000
MOST_TAGS = 12
Header: TypeAlias = Mapping[str, Mapping[str, object]]

SIZES = SIZES_OF_SD | {2048: "sdxl"}  # cross-attention width -> family
# The down factor of a cross-attention key, as kohya and as peft name it: (rank, width).
_WIDTH = re.compile(r"attn2[._]to_k.*?[._](?:lora_down|lora_A|hada_w1_b)\b")
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("hada_", "loha"),
    ("lokr_", "lokr"),
    ("dora_scale", "dora"),
    ("lora_mid", "locon"),
)
_LORA = ("lora_down", "lora_A", "lora.down", "hada_w1_a", "lokr_w")


def shelf(folder: Path) -> Iterator[Adapter]:
    """A card for each adapter file below `folder`, in the order of their paths."""
    root = folder.resolve()
    for number, path in enumerate(sorted(root.rglob("*.safetensors"))):
        if number >= MOST_FILES:
            return
        header = _header(path)
        if header is not None and _is_adapter(header):
            yield clean.cleaned(_card(root, path, header))


def _card(root: Path, path: Path, header: Header) -> Adapter:
    told = _told(header)
    family = _family(header) or "unknown"
    tags = _tags(told.get("ss_tag_frequency", ""))
    return Adapter(
        card_id=_id(root, path),
        name=told.get("modelspec.title") or re.sub(r"[_\W]+", " ", path.stem).strip() or "adapter",
        family_declared=family,
        family_detected=None if family == "unknown" else family,
        kind=_kind(header),
        description=told.get("modelspec.description", "") or ", ".join(tags),
        triggers=_triggers(told),
        tags=tags,
        author=told.get("modelspec.author", ""),
        path=str(path),
    )


def _id(root: Path, path: Path) -> str:
    """Named by where it lies, so that the same file keeps its card; versioned by its size."""
    slug = re.sub(r"[^A-Za-z0-9_.+/@-]+", "-", path.relative_to(root).with_suffix("").as_posix())
    return f"local:{slug[-160:]}:{path.stat().st_size}"


def _header(path: Path) -> Header | None:
    """None for whatever is not a safetensors file with a sensible header."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if not 2 <= length <= min(MOST_HEADER, path.stat().st_size - 8):
                return None
            found = json.loads(file.read(length))
    except (OSError, ValueError, struct.error, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    entries = cast("dict[str, object]", found)
    return {
        name: cast("dict[str, object]", e) for name, e in entries.items() if isinstance(e, dict)
    }


def _is_adapter(header: Header) -> bool:
    return any(mark in key for key in header for mark in _LORA)


def _told(header: Header) -> dict[str, str]:
    """What the trainer wrote of it: texts only, for it is anybody's text."""
    return {k: v for k, v in header.get("__metadata__", {}).items() if isinstance(v, str)}


def _family(header: Header) -> str | None:
    """By the width of the text that its cross-attention reads; a claim is never needed for it."""
    widths = (_width(facts.get("shape")) for key, facts in header.items() if _WIDTH.search(key))
    width = next((width for width in widths if width), None)
    return SIZES.get(width, f"sd1-{width}") if width else None


def _width(shape: object) -> int | None:
    """The second edge of a (rank, width) tensor."""
    edges = cast("list[object]", shape) if isinstance(shape, list) else []
    return edges[1] if len(edges) >= 2 and isinstance(edges[1], int) else None


def _kind(header: Header) -> Kind:
    joined = "\n".join(header)
    kinds: list[Kind] = [kind for mark, kind in _KINDS if mark in joined]
    return kinds[0] if kinds else "lora"


def _tags(frequency: str) -> tuple[str, ...]:
    """The commonest words of the training captions; `{folder: {tag: count}}` as kohya writes it."""
    try:
        folders = json.loads(frequency or "{}")
    except (ValueError, RecursionError):
        return ()
    counts: Counter[str] = Counter()
    for tags in _mappings(folders):
        counts.update({tag.strip(): n for tag, n in tags.items() if isinstance(n, int) and n > 0})
    return tuple(tag for tag, _ in counts.most_common(MOST_TAGS) if tag)


def _mappings(value: object) -> Iterable[Mapping[str, object]]:
    if not isinstance(value, dict):
        return ()
    inner = cast("dict[str, object]", value).values()
    return [cast("dict[str, object]", each) for each in inner if isinstance(each, dict)]


def _triggers(told: Mapping[str, str]) -> tuple[str, ...]:
    phrase = told.get("modelspec.trigger_phrase", "")
    return tuple(word.strip() for word in phrase.split(",") if word.strip())
