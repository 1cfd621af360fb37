"""The cards that the settings name, brought in line with the catalogue before anything is asked of it.

Files of cards are a source like any other; what they no longer hold is gone.  When nothing
on disk changed, this costs a look at each file's time and size.  Folders of adapters are
sources of their own (`sources.folder`): reading them for the first time takes a while.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from stylus_engine.catalog.cards import CardFile
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.lines import stamp_of
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.catalog.warned import warned
from stylus_engine.catalog.writing import SETTINGS as SOURCE
from stylus_engine.catalog.writing import Taken
from stylus_engine.model import Adapter

FOLDERS = "settings: folders"  # under this key the catalogue remembers which there were

HEEDED = "settings: warnings"  # and under this one, by which reading of words its cards were warned
READING = b"2"  # of `warned`; another one when it hears more


def settle(catalogue: Catalogue, files: Sequence[Path], now: str) -> Taken:
    """Make the catalogue hold what `files` hold now; what that changed.

    Raises `BadCards`, and what the catalogue raises.
    """
    mark = _mark(files)
    if catalogue.remembered(SOURCE) == mark:
        return Taken()
    written = CardFile(*files)
    items = tuple(_item(card, written.record(card.card_id)) for card in written.cards())
    taken = catalogue.take(SOURCE, Page(items=items, gone=_left(catalogue, SOURCE, items)), now)
    catalogue.remember(SOURCE, mark)
    return taken


def forget_folders(catalogue: Catalogue, sources: Sequence[str], now: str) -> None:
    """Cards of folders that the settings named once and name no more are gone."""
    raw = catalogue.remembered(FOLDERS)
    before = msgspec.json.decode(raw, type=list[str]) if raw is not None else []
    if before == list(sources):
        return
    for source in set(before) - set(sources):
        catalogue.take(source, Page(gone=_left(catalogue, source, ())), now)
    catalogue.remember(FOLDERS, msgspec.json.encode(list(sources)))


def heed_warnings(catalogue: Catalogue) -> int:
    """Cards that came in before their words were read as today are made anew; how many. Looks once."""
    if catalogue.remembered(HEEDED) == READING:
        return 0
    late = [card.card_id for card in catalogue.cards() if warned(card) != card]
    for card_id in late:
        catalogue.anew(card_id)
    catalogue.remember(HEEDED, READING)
    return len(late)


def _left(catalogue: Catalogue, source: str, items: Iterable[Item]) -> tuple[str, ...]:
    held = {item.card.card_id for item in items}
    return tuple(each for each in catalogue.from_source(source) if each not in held)


def _item(card: Adapter, record: bytes) -> Item:
    return Item(card=card, raw=record, stamp=stamp_of(record))


def _mark(files: Iterable[Path]) -> bytes:
    """Changes when a file does: path, bytes, time and inode of each."""
    whole = hashlib.sha256()
    for path in files:
        whole.update(repr(_stat(path)).encode())
    return whole.hexdigest().encode()


def _stat(path: Path) -> tuple[str, int, int, int]:
    """A file that is not there has a mark too: reading it will say so."""
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0, 0
    return str(path), found.st_size, found.st_mtime_ns, found.st_ino
