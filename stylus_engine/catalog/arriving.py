"""An adapter that somebody brings: its file is looked through, kept by its bytes, and gets a card.

    bytes -> a file of ours, not named yet -> header, numbers -> its name -> Item

Law of this file: a file has its name only when all of it was looked at; what is refused
leaves nothing behind.  The name it came with is a title and never a path.
"""

import hashlib
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TypeAlias

from msgspec.structs import replace

from stylus_engine.catalog import clean
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page, Probed
from stylus_engine.catalog.refiner import describe
from stylus_engine.catalog.sources.listing import ENDING, Found
from stylus_engine.catalog.sources.looking import Eyes, Seen, item
from stylus_engine.catalog.sources.sidecars import Beside
from stylus_engine.catalog.warned import UNTOLD, stricter
from stylus_engine.errors import AdapterUnsupported, BadArchive, StoreFailed
from stylus_engine.model import Adapter

SOURCE = "added"
MakeRoom: TypeAlias = Callable[[int, str], None]


def endless(size: int, name: str) -> None:
    """Nobody counts."""


class Arrivals:
    """Files that people brought, in `folder`, and their cards in the catalogue."""

    def __init__(
        self, catalogue: Catalogue, folder: Path, eyes: Eyes, make_room: MakeRoom = endless
    ) -> None:
        """`make_room` is called before a file is kept for ever, and raises `StoreFull`."""
        self._catalogue = catalogue
        self._folder = folder
        self._eyes = eyes
        self._make_room = make_room

    def take_bytes(self, data: bytes, name: str, now: str) -> tuple[Adapter, bool]:
        """The card of a file that came as bytes, and whether it is new here.

        Raises `BadAdapter` for what is no adapter of ours, `BadArchive` for bytes that another
        card tells to be a real person's or a minor's, `StoreFull`, `StoreFailed`, `BadCatalogue`.
        """
        title = titled(name)
        known = self._known(hashlib.sha256(data).hexdigest())
        if known is not None:
            return known, False
        with self.unnamed() as path:
            _write(path, data)
            return self.take_file(path, title, now), True

    def take_file(self, path: Path, name: str, now: str) -> Adapter:
        """The card of a file of ours that has no name yet; it has one afterwards. Raises as above."""
        title = titled(name)
        digest = self._eyes.digests.sha256(path)
        known = self._known(digest)
        if known is not None:
            return known
        probed = self._looked(path, title)
        self._make_room(path.stat().st_size, title)
        path.replace(self._folder / f"{digest}{ENDING}")
        made = self._item(digest, title, probed)
        self._catalogue.take(SOURCE, Page(items=(made,)), now)
        return self.described(made.card.card_id)

    def described(self, card_id: str) -> Adapter:
        """The card in words that a prompt would use, by rules."""
        known = self._catalogue.known(card_id)
        return self._catalogue.learn(card_id, described=describe(known), of=known.stamp)

    @contextmanager
    def unnamed(self) -> Generator[Path]:
        """A place for a file that is not looked at yet; whatever lies there at the end is removed."""
        path = self._folder / f".{os.urandom(8).hex()}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            yield path
        except OSError as error:
            why = error.strerror or "unknown"
            raise StoreFailed(path=str(self._folder), why=why) from error
        finally:
            with suppress(OSError):
                path.unlink()

    def _known(self, digest: str) -> Adapter | None:
        """A card of the same bytes whose file is here. Raises `BadArchive` for what is never drawn with."""
        cards = self._catalogue.with_sha256(digest)
        if warned := next((card for card in cards if card.real_person or card.minor), None):
            why = "it shows a real person or a minor; such adapters are never drawn with"
            raise BadArchive(source=warned.name, why=why)
        return next((card for card in cards if card.path and Path(card.path).is_file()), None)

    def _looked(self, path: Path, title: str) -> Probed:
        probed = self._eyes.probe(path)
        if probed.refused:
            raise AdapterUnsupported(name=title, kind=probed.refused)
        self._eyes.finite(path)
        return probed

    def _item(self, digest: str, title: str, probed: Probed) -> Item:
        path = self._folder / f"{digest}{ENDING}"
        about = path.stat()
        found = Found(path, f"{title}{ENDING}", about.st_size, digest, "", ())
        made = item(found, Seen(digest, probed, Beside()), None, asked=False)
        rating = stricter(made.card.rating, UNTOLD)
        return replace(made, card=replace(made.card, name=probed.title or title, rating=rating))


def titled(name: str) -> str:
    """What a file is called, without folders of any system and without its ending."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    bare = last[: -len(ENDING)] if last.lower().endswith(ENDING) else last
    return clean.line(bare.replace("_", " "), clean.NAME) or "adapter"


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
