"""Sketches of the adapters that were ever converted, in a folder of small files.

Whoever draws writes them, whoever checks health reads them: two processes that share a
cache.  No torch here: reading one loads nothing.  What cannot be written or read is made
again when the adapter is next converted; nobody waits for it.
"""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from stylus_engine.model import Sketch

LOG = logging.getLogger("stylus.sketches")
FORGOTTEN = 3600.0  # seconds after which a part is nobody's


@dataclass(frozen=True, slots=True)
class SketchBook:
    """One sketch for each file's bytes and each checkpoint."""

    folder: Path

    def find(self, sha256: str, checkpoint: str) -> Sketch | None:
        """The sketch that was kept; None where there is none that can be read."""
        try:
            raw = self._place(sha256, checkpoint).read_bytes()
            return msgspec.json.decode(raw, type=Sketch)
        except (OSError, msgspec.MsgspecError):
            return None

    def keep(self, sha256: str, checkpoint: str, made: Callable[[], Sketch], version: int) -> None:
        """Make and keep a sketch unless there is one of this version."""
        known = self.find(sha256, checkpoint)
        if known is not None and known.v == version:
            return
        place = self._place(sha256, checkpoint)
        part = place.with_suffix(f".{os.getpid()}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(msgspec.json.encode(made()))
            part.replace(place)
            _sweep(place.parent)
        except OSError as error:
            LOG.warning("no sketch of %s was kept: %s", sha256[:12], error.strerror)

    def _place(self, sha256: str, checkpoint: str) -> Path:
        return self.folder / checkpoint[:16] / f"{sha256}.json"


def _sweep(folder: Path) -> None:
    """Take away what killed processes left half written."""
    for part in folder.glob("*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > FORGOTTEN:
                part.unlink()
