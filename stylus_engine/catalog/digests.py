"""sha256 of files, remembered as long as size, time and inode of the file stay the same."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TypeAlias

import msgspec

_Stamp: TypeAlias = tuple[int, int, int]  # bytes, mtime in ns, inode


class Digests:
    """A memory of file digests; with `cache` a JSON file keeps it between runs.

    The cache is a convenience: an unreadable one is forgotten, an unwritable folder
    is no error.  It is written whole and renamed, so that two processes at most
    forget each other's news.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._known = _load(cache) if cache else {}

    def sha256(self, path: Path) -> str:
        """The digest of the file's bytes, in hex. Raises `OSError`."""
        seen = path.stat()
        stamp = (seen.st_size, seen.st_mtime_ns, seen.st_ino)
        known = self._known.get(str(path))
        if known and known[0] == stamp:
            return known[1]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._known[str(path)] = (stamp, digest)
        return digest

    def keep(self) -> None:
        """Write the cache file, if there is to be one: write, fsync, rename."""
        if self._cache is None:
            return
        try:
            self._cache.parent.mkdir(parents=True, exist_ok=True)
            _replace(self._cache, msgspec.json.encode(self._known))
        except OSError:
            self._cache = None


def _load(cache: Path) -> dict[str, tuple[_Stamp, str]]:
    try:
        return msgspec.json.decode(cache.read_bytes(), type=dict[str, tuple[_Stamp, str]])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
