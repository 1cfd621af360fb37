"""The cards that the settings name, brought in line with the catalogue before anything is asked of it.

Files of cards and folders of adapters are a source like any other; what they no longer
hold is gone.  When nothing on disk changed, this costs a look at each file's time and size.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from stylus_engine.catalog.cards import CardFile
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.catalog.shelf import shelf
from stylus_engine.catalog.writing import Taken
from stylus_engine.model import Adapter

SOURCE = "settings"


def settle(catalogue: Catalogue, files: Sequence[Path], folders: Sequence[Path], now: str) -> Taken:
    """Make the catalogue hold what `files` and `folders` hold now; what that changed.

    Raises `BadCards`, and what the catalogue raises.
    """
    mark = _mark(files, folders)
    if catalogue.remembered(SOURCE) == mark:
        return Taken()
    found = (card for folder in folders for card in shelf(folder))
    items = tuple(_item(card) for card in CardFile(*files, found=found).cards())
    held = {item.card.card_id for item in items}
    gone = tuple(each for each in catalogue.from_source(SOURCE) if each not in held)
    taken = catalogue.take(SOURCE, Page(items=items, gone=gone), now)
    catalogue.remember(SOURCE, mark)
    return taken


def _item(card: Adapter) -> Item:
    raw = msgspec.json.encode(card)
    return Item(card=card, raw=raw, stamp=hashlib.sha256(raw).hexdigest())


def _mark(files: Iterable[Path], folders: Iterable[Path]) -> bytes:
    """Changes when a file does: path, bytes, time and inode of each."""
    whole = hashlib.sha256()
    for path in (*files, *(path for folder in folders for path in _below(folder))):
        whole.update(repr(_stat(path)).encode())
    return whole.hexdigest().encode()


def _below(folder: Path) -> Iterator[Path]:
    yield folder
    yield from sorted(folder.rglob("*.safetensors"))


def _stat(path: Path) -> tuple[str, int, int, int]:
    """A file that is not there has a mark too: reading it will say so."""
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0, 0
    return str(path), found.st_size, found.st_mtime_ns, found.st_ino
