"""Opening what a person named, which may be anything that has a path.

A pipe is read as long as somebody writes to it; one to which nobody ever does would be
waited for without an end, and a device has none.  Both are an `OSError` in our words.
"""

import errno
import io
import os
import select
import stat
import time
from pathlib import Path
from typing import Any, BinaryIO

PATIENCE = 3.0  # seconds for whoever is to write to a pipe; a shell starts both ends at once
GLANCE = 50  # milliseconds between two looks


def opened(path: Path) -> BinaryIO:
    """The file at `path`, to be read. Raises `OSError`, `ValueError` for a NUL in the path."""
    mode = path.stat().st_mode
    if stat.S_ISFIFO(mode):
        return io.BufferedReader(_Pipe(path))
    if stat.S_ISSOCK(mode):
        raise OSError(errno.ENXIO, "it is a socket")
    if stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and not _ends(path)):
        raise OSError(errno.ENXIO, "it is a device")
    return path.open("rb")


def _ends(path: Path) -> bool:
    """Whether a device says when there is no more: an empty one, a terminal."""
    if path.samefile(os.devnull):
        return True
    with path.open("rb", buffering=0) as device:
        return device.isatty()


class _Pipe(io.RawIOBase):
    """A pipe that waits for its first writer no longer than `PATIENCE`, and for what they write for ever.

    Opened without waiting: the system's own open waits for a writer as long as there is none.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = io.FileIO(path, opener=_at_once)
        self._polled = select.poll()
        self._polled.register(self._file, select.POLLIN)
        self._until = time.monotonic() + PATIENCE

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - a writable Buffer; Python 3.11 has no name for it
        while not (count := self._file.readinto(buffer)):
            if count is None:  # somebody is there, and has not written yet
                self._polled.poll()
            elif self._has_ended():
                return 0
            elif time.monotonic() > self._until:
                raise OSError(errno.EPIPE, "it is a pipe, and nobody writes to it")
        return count

    def _has_ended(self) -> bool:
        """Whether there was a writer; before the first one a pipe is as empty as after the last."""
        said = [what for _, what in self._polled.poll(GLANCE)]
        return any(what & select.POLLHUP and not what & select.POLLIN for what in said)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
