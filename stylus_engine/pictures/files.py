"""Writing a file so that it is there whole or not at all."""

import errno
import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from stylus_engine.errors import DiskFull, StoreFailed

PART = ".part"  # a file under way; `.gitignore` knows it
FORGOTTEN = 3600.0  # seconds after which a part belongs to a process that was killed
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


def write(path: Path, data: bytes) -> None:
    """Put `data` at `path`: on return it is fsynced, on any failure `path` is as it was.

    Raises `DiskFull`, `StoreFailed`.
    """
    with _told(path):
        _make(path.parent)
        _sweep(path.parent)
        _replace(path, data)


def make_folder(folder: Path) -> None:
    """Make sure of `folder` before long work fills it. Raises `DiskFull`, `StoreFailed`."""
    with _told(folder):
        _make(folder)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextmanager
def _told(path: Path) -> Generator[None, None, None]:
    """The system's words become ours here and nowhere else."""
    try:
        yield
    except OSError as error:
        kind = DiskFull if error.errno in NO_SPACE else StoreFailed
        raise kind(path=str(path), why=error.strerror or str(error)) from error
    except ValueError as error:  # a NUL in the path
        raise StoreFailed(path=str(path).replace("\0", "?"), why=str(error)) from error


def _replace(path: Path, data: bytes) -> None:
    """Write, fsync, rename, fsync: in this order, or a power cut leaves an empty file (ext4, XFS)."""
    part = path.parent / f".{path.name[:100]}.{os.getpid()}.{time.monotonic_ns()}{PART}"
    try:
        _spill(part, data)
        part.replace(path)
    except BaseException:
        with suppress(OSError):  # the first error is the one to tell
            part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _spill(part: Path, data: bytes) -> None:
    with part.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _make(folder: Path) -> None:
    """Make `folder` and its parents, each of them named durably in its own parent."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable. Windows cannot open a folder, and does not need to."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove what a killed process left half-written; nobody else could."""
    horizon = time.time() - FORGOTTEN
    for part in folder.glob(f".*{PART}"):
        with suppress(FileNotFoundError):  # another process sweeps too
            if part.stat().st_mtime < horizon:
                part.unlink()
