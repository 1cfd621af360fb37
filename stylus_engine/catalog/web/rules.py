"""How we behave on the web, and what it hands back."""

from importlib.metadata import version
from pathlib import Path

from stylus_engine.model.noun import Noun

MOST_HOPS = 5  # redirects
MOST_JSON = 32 * 2**20  # bytes, before and after decompression


class Rules(Noun, frozen=True, kw_only=True):
    """Manners and limits; seconds and bytes.

    `allow_loopback` lets plain http to this very machine pass, for tests and for
    somebody's own mirror; the rest of the local network stays out of reach.
    """

    allow_loopback: bool = False
    per_second: float = 4.0  # requests to one host
    at_once: int = 4  # connections to one host
    tries: int = 5
    wait_initial: float = 1.0  # doubles with each try
    wait_jitter: float = 1.0
    wait_most: float = 60.0  # a longer Retry-After is cut to this
    connect: float = 15.0
    idle: float = 30.0  # between two pieces of a body
    total: float = 120.0  # for one answer
    slowest: int = 32 * 2**10  # bytes a second; a slower download is given up


class Saved(Noun, frozen=True):
    """A file that was downloaded, whole and on the disk."""

    path: Path
    sha256: str
    size: int


class Piece(Noun, frozen=True):
    """Bytes of a remote file, and how many the whole file has (0 = it does not say)."""

    data: bytes
    total: int


def agent() -> str:
    """How we introduce ourselves."""
    return f"Stylus/{version('stylus')}"
