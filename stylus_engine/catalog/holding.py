"""A folder of adapter files by their content: the least lately used make room for the new.

    <sha256>.safetensors   the files; their access time is when one was last handed out
    <sha256>.pin           beside a file that stays whatever happens; the ids of the cards it was pinned for
    cards/<key>            which sha256 a card without one turned out to have
    coming/                what is being downloaded; parts of killed downloads, for a day
    locks/                 256 and one: who downloads what, by its first byte; freed when a process dies

Law of this file: all names in the folder are digests, never a card's words.  Access
times are set here and nowhere else, so a file system that keeps none serves as well.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from stylus_engine.catalog.web.bodies import in_words
from stylus_engine.catalog.web.notes import MARK, PART
from stylus_engine.catalog.web.saving import failed, settle
from stylus_engine.errors import StoreFull
from stylus_engine.model import Adapter

ROOM = "room"
ENDING = ".safetensors"
TAKEN_UP = 24 * 3600.0  # seconds in which the part of a killed download may go on
DIGEST = re.compile(r"[0-9a-f]{64}")


class Held(NamedTuple):
    """One file of the folder. `used`: when it was last handed out, in ns since 1970."""

    path: Path
    size: int
    used: int
    pinned: bool


class Holding:
    """At most `most_bytes` of files, across all processes that share the folder.

    A file that was handed out less than `grace` seconds ago may be about to be read,
    by whatever process, and is not removed.  Files in `beside` count, and never go:
    nobody could bring them again.
    """

    def __init__(
        self, folder: Path, most_bytes: int, grace: float, beside: Path | None = None
    ) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._grace = grace
        self._beside = beside

    def path(self, digest: str) -> Path:
        """Where the file with this sha256 lies, or would."""
        return self.folder / f"{digest}{ENDING}"

    def coming(self, key: str) -> Path:
        """Where the file is put while it is not yet known to be good."""
        return self.folder / "coming" / f"{key}{ENDING}"

    def lock(self, name: str) -> Path:
        """The lock for this key, or the one for making room; the folder is made."""
        folder = self.folder / "locks"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise failed(folder, error) from error
        return folder / f"{name if name == ROOM else name[:2]}.lock"

    def find(self, adapter: Adapter) -> Path | None:
        """The file of this card, if it is here."""
        digest = adapter.file_sha256 or self._remembered(adapter)
        if digest is None or not DIGEST.fullmatch(digest):
            return None
        path = self.path(digest)
        return path if path.is_file() else None

    def _remembered(self, adapter: Adapter) -> str | None:
        try:
            return (self.folder / "cards" / key_of(adapter)).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return None

    def touch(self, path: Path) -> None:
        """This file is used now. One that is gone meanwhile is no error here."""
        with suppress(FileNotFoundError):
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))

    def take_in(self, coming: Path, digest: str, adapter: Adapter) -> Path:
        """Make room, move the file in, remember whose it is. Raises `StoreFull`, `StoreFailed`."""
        try:
            with FileLock(self.lock(ROOM)):
                size = coming.stat().st_size
                for each in self._leaving(size, adapter.name, self.path(digest)):
                    each.path.unlink(missing_ok=True)
                coming.replace(self.path(digest))
                settle(self.folder)
            self.touch(self.path(digest))
            self._remember(adapter, digest)
        except OSError as error:
            raise failed(self.path(digest), error) from error
        return self.path(digest)

    def check_room(self, size: int, name: str) -> None:
        """Raise `StoreFull` when no room could be made for `size` bytes. Nothing goes for a promise."""
        self._leaving(size, name, None)

    def make_room(self, size: int, name: str) -> None:
        """For a file of `beside` that is about to have its name. Raises `StoreFull`, `StoreFailed`."""
        try:
            with FileLock(self.lock(ROOM)):
                for each in self._leaving(size, name, None):
                    each.path.unlink(missing_ok=True)
        except OSError as error:
            raise failed(self.folder, error) from error

    @property
    def room(self) -> int:
        """The largest file that could be here, were nobody using the others."""
        stays = sum(each.size for each in self.files() if each.pinned)
        return max(0, self.most_bytes - stays - self._brought())

    def pin(self, digest: str, card_id: str) -> None:
        """This file is kept for that card, whatever room is needed. Raises `StoreFailed`."""
        self._mark_pins(digest, lambda of: [*of, card_id])

    def unpin(self, card_id: str) -> bool:
        """Whether any file was pinned for this card: one that names other bytes by now leaves the old ones pinned.

        A file that is pinned for another card too stays.  Raises `StoreFailed`.
        """
        own = [held.path.stem for of, held in self.pinned() if of == card_id]
        for digest in own:
            self._mark_pins(digest, lambda of: [each for each in of if each != card_id])
        return bool(own)

    def pinned(self) -> Iterator[tuple[str, Held]]:
        """The files that stay, with the id of each card that they were pinned for."""
        for each in self.files():
            if each.pinned:
                yield from ((card_id, each) for card_id in self._pinned_for(each.path.stem))

    def _pinned_for(self, digest: str) -> list[str]:
        try:
            return self._mark(digest).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _mark_pins(self, digest: str, change: Callable[[list[str]], list[str]]) -> None:
        """Change for which cards a file stays, nobody else in between; for none it does not."""
        mark = self._mark(digest)
        fresh = mark.with_suffix(".pin.new")
        try:
            with FileLock(self.lock(ROOM)):
                told = dict.fromkeys(change(self._pinned_for(digest)))
                if told:
                    fresh.write_text("\n".join(told), encoding="utf-8")
                    fresh.replace(mark)
                else:
                    mark.unlink(missing_ok=True)
        except OSError as error:
            raise failed(mark, error) from error

    def _mark(self, digest: str) -> Path:
        return self.path(digest).with_suffix(".pin")

    def files(self) -> Iterator[Held]:
        """What is here."""
        for path in self.folder.glob(f"*{ENDING}"):
            with suppress(FileNotFoundError):
                seen = path.stat()
                pinned = path.with_suffix(".pin").exists()
                yield Held(path, seen.st_size, seen.st_atime_ns, pinned)

    def sweep(self) -> None:
        """Remove what a killed process left half downloaded and nobody took up within a day."""
        for path in (self.folder / "coming").glob("*"):
            if _may_go_on(path):
                continue
            key = path.name.partition(".")[0]
            with suppress(Timeout), FileLock(self.lock(key), timeout=0):
                path.unlink(missing_ok=True)

    def _remember(self, adapter: Adapter, digest: str) -> None:
        if adapter.file_sha256 is None:
            names = self.folder / "cards"
            names.mkdir(exist_ok=True)
            part = names / f".{key_of(adapter)}.{os.getpid()}"
            part.write_text(digest, encoding="ascii")
            part.replace(names / key_of(adapter))

    def _leaving(self, size: int, name: str, replaced: Path | None) -> list[Held]:
        """What must go for `size` bytes more; `replaced` is overwritten and does not count."""
        held = [each for each in self.files() if each.path != replaced]
        full = sum(each.size for each in held) + self._brought()
        going = leaving(held, full + size - self.most_bytes, time.time_ns(), self._grace)
        left = self.most_bytes - full + sum(each.size for each in going)
        if size > left:
            raise StoreFull(source=name, size=in_words(size), limit=in_words(max(0, left)))
        return going

    def _brought(self) -> int:
        """Bytes of files that lie beside us."""
        found = self._beside.glob(f"*{ENDING}") if self._beside else ()
        return sum(_size(path) for path in found)


def _may_go_on(path: Path) -> bool:
    """Whether this is a part or its mark, both there, of the last day."""
    if path.suffix not in {PART, MARK}:
        return False
    pair = [path.with_suffix(end) for end in (PART, MARK)]
    try:
        return all(time.time() - each.stat().st_mtime < TAKEN_UP for each in pair)
    except FileNotFoundError:
        return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def leaving(held: list[Held], needed: int, now: int, grace: float) -> list[Held]:
    """Which files go so that `needed` bytes become free; as few as can be of the longest unused.

    Nothing, when even all that may go would not be enough: room that helps nobody is not made.
    """
    free = (each for each in held if not each.pinned and now - each.used > grace * 1e9)
    going: list[Held] = []
    for each in sorted(free, key=lambda each: each.used):
        if needed <= 0:
            break
        going.append(each)
        needed -= each.size
    return going if needed <= 0 else []


def key_of(adapter: Adapter) -> str:
    """Names a card's file while its sha256 is not known; another url is another file."""
    return hashlib.sha256(f"{adapter.card_id}\n{adapter.url}".encode()).hexdigest()
