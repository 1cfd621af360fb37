"""What is noted beside a growing file, so that a killed process's download can go on.

    <name>.part    the bytes that came
    <name>.mark    how many of them are told for, their sha256, and the server's name of the file

Law of this file: a mark proves its bytes.  It is written every so often without waiting
for the disk: after a power cut the part may hold less than it says, or zeros, and the sum
shows it.
"""

from contextlib import suppress
from pathlib import Path

import msgspec

from stylus_engine.model.noun import Noun

PART, MARK = ".part", ".mark"
EVERY = 4 * 2**20  # bytes between two notes


class Noted(Noun, frozen=True):
    """The first `size` bytes have this sum; `tag` names the version of the file they are of, "" = nothing does."""

    tag: str
    size: int
    sha256: str


class Notes:
    """The mark of one growing file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._noted = 0

    def due(self, size: int) -> bool:
        """Whether enough came since the last note."""
        return size - self._noted >= EVERY

    def write(self, noted: Noted) -> None:
        """Whole or not at all. Raises `OSError`."""
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.write_bytes(msgspec.json.encode(noted))
        fresh.replace(self._path)
        self._noted = noted.size

    def read(self) -> Noted | None:
        """What was noted; None for none, or for what cannot be read."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=Noted)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        self._noted = found.size
        return found if found.size > 0 else None

    def forget(self) -> None:
        """Nothing is noted any more."""
        self._noted = 0
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
