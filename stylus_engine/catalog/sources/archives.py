"""A folder or a zip with a few files that are known by name; everything else in it is left alone.

Nothing is ever unpacked: a member of a zip is read as a stream, so its path inside the
archive leads nowhere.
"""

import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from stylus_engine.catalog.sources.listing import stamp_of
from stylus_engine.errors import BadArchive, TooMuch

MOST_MEMBERS = 200_000  # of a zip; StylusDocs has a text file for each adapter
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
GIB = 2**30
PIECES = (".pkl", ".npy")  # one of the files themselves: its folder is meant


class Archive(Protocol):
    """Files by their own names, wherever in the archive they lie."""

    def holds(self, name: str) -> bool: ...
    def open(self, name: str) -> IO[bytes]:
        """Open a file to read from. Raises `BadArchive` when there is none."""
        ...

    def read(self, name: str, most: int) -> bytes:
        """Read a file whole. Raises `BadArchive`, `TooMuch`."""
        ...

    def stamp(self, name: str) -> str:
        """Changes when the file does, as far as one stat can tell. Raises `BadArchive`."""
        ...


@contextmanager
def opened(path: Path) -> Generator[Archive]:
    """The folder or zip at `path`, or the folder of a file in it. Raises `BadArchive`, inside the block too."""
    try:
        if path.is_dir() or path.suffix.lower() in PIECES:
            yield _Folder(path if path.is_dir() else path.parent)
            return
        if path.exists() and not path.is_file():  # a zip is read from its end
            raise BadArchive(source=str(path), why="it is a device or a pipe, and no file")
        with zipfile.ZipFile(path) as file:
            yield _Zip(path, file)
    except OSError as error:
        why = f"it cannot be read ({error.strerror or 'unreadable'})"
        raise BadArchive(source=str(path), why=why) from error
    except _BROKEN as error:
        raise BadArchive(source=str(path), why="it is no whole zip file") from error


class _Folder:
    """A folder, or one with the `cache` folder that StylusDocs unzips to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def holds(self, name: str) -> bool:
        return self._find(name) is not None

    def open(self, name: str) -> IO[bytes]:
        return self._found(name).open("rb")

    def read(self, name: str, most: int) -> bytes:
        with self.open(name) as file:
            return _whole(file, most, f"{name} of {self._path}")

    def stamp(self, name: str) -> str:
        return stamp_of(self._found(name).stat())

    def _found(self, name: str) -> Path:
        found = self._find(name)
        if found is None:
            raise BadArchive(source=str(self._path), why=f"it holds no {name}")
        return found

    def _find(self, name: str) -> Path | None:
        places = (self._path / name, self._path / "cache" / name)
        return next((place for place in places if place.is_file()), None)


class _Zip:
    """A zip file."""

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        self._path = path
        self._file = file
        if len(file.infolist()) > MOST_MEMBERS:
            raise BadArchive(source=str(path), why=f"it has more than {MOST_MEMBERS} files")

    def holds(self, name: str) -> bool:
        return bool(self._find(name))

    def open(self, name: str) -> IO[bytes]:
        found = self._find(name)
        if len(found) != 1:
            count = "no" if not found else "more than one"
            raise BadArchive(source=str(self._path), why=f"it holds {count} {name}")
        return self._file.open(found[0])

    def read(self, name: str, most: int) -> bytes:
        with self.open(name) as file:
            return _whole(file, most, f"{name} of {self._path}")

    def stamp(self, name: str) -> str:  # noqa: ARG002 - whatever changes in a zip, the zip does
        return stamp_of(self._path.stat())

    def _find(self, name: str) -> list[zipfile.ZipInfo]:
        infos = self._file.infolist()
        return [info for info in infos if PurePosixPath(info.filename).name == name]


def _whole(file: IO[bytes], most: int, what: str) -> bytes:
    """What a file holds, believing no size that it states. Raises `TooMuch`."""
    data = file.read(most + 1)
    if len(data) > most:
        raise TooMuch(
            source=what, size=f"more than {most / GIB:.1f} GiB", limit=f"{most / GIB:.1f} GiB"
        )
    return data
