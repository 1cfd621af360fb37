"""Adapter files that lie in somebody's folder, read in place: a card for each, from its own header.

Law of this file: the probe says what a file is, nothing is copied, moved or written
beside the files.  A file that is no adapter is passed over: other people's folders
hold all kinds of things.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from stylus_engine.catalog import clean
from stylus_engine.catalog.nouns import Probed
from stylus_engine.catalog.probe import probe
from stylus_engine.errors import BadAdapter
from stylus_engine.model import Adapter, Kind

MOST_FILES = 100_000
MOST_TAGS = 12
KINDS: dict[str, Kind] = {  # of what can be drawn with
    "lora": "lora",
    "locon": "locon",
    "loha": "loha",
    "lokr": "lokr",
    "dora": "dora",
}


def shelf(folder: Path) -> Iterator[Adapter]:
    """A card for each adapter file below `folder`, in the order of their paths."""
    root = folder.resolve()
    for number, path in enumerate(sorted(root.rglob("*.safetensors"))):
        if number >= MOST_FILES:
            return
        found = _probed(path)
        if found is not None and found.kind in KINDS:
            yield clean.cleaned(_card(root, path, found))


def _probed(path: Path) -> Probed | None:
    """None for whatever is not a safetensors file with a sensible header."""
    try:
        return probe(path)
    except BadAdapter:
        return None


def _card(root: Path, path: Path, found: Probed) -> Adapter:
    tags = found.tags[:MOST_TAGS]
    return Adapter(
        card_id=_id(root, path),
        name=found.title or re.sub(r"[_\W]+", " ", path.stem).strip() or "adapter",
        family_declared=found.family or "unknown",
        family_detected=found.family,
        base=found.base,
        kind=KINDS[found.kind],
        description=found.description or ", ".join(tags),
        triggers=found.triggers,
        tags=tags,
        author=found.author,
        path=str(path),
    )


def _id(root: Path, path: Path) -> str:
    """Named by where it lies, so that the same file keeps its card; versioned by its size."""
    slug = re.sub(r"[^A-Za-z0-9_.+/@-]+", "-", path.relative_to(root).with_suffix("").as_posix())
    return f"local:{slug[-160:]}:{path.stat().st_size}"
