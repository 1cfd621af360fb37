"""A batch that is out, as the catalogue remembers it: a command that is killed finds it again.

It is written down before it is asked for.  A kill between the two leaves a line without a
batch's name; the server's own list tells then whether it ever heard of it, so that nothing
is paid twice.
"""

import hashlib

import msgspec

from stylus_engine.catalog.refiner.asking import Ask
from stylus_engine.catalog.refiner.budget import Used
from stylus_engine.catalog.refiner.many import USUAL_ANSWER
from stylus_engine.catalog.refiner.model import Memory
from stylus_engine.catalog.refiner.server import Endpoint
from stylus_engine.model.noun import Noun

NOTHING = Used(0, 0, guessed=True)


class Line(Noun, frozen=True, kw_only=True):
    """One card of a batch. `said`: what was told of it, hashed; another hash is another card by now."""

    card_id: str
    said: str
    tokens_in: int


class Pending(Noun, frozen=True, kw_only=True):
    """A batch whose answers are not in yet. `file`: what was uploaded; `batch` "": perhaps never begun."""

    file: str
    lines: dict[str, Line]  # by the digest of the question
    batch: str = ""

    def estimate(self, digest: str) -> Used:
        """Of one answer whose cost the server does not tell; that of a stranger is nothing."""
        line = self.lines.get(digest)
        return Used(line.tokens_in, USUAL_ANSWER, guessed=True) if line else NOTHING


class Ledger:
    """The one batch that may be out at a server for a model. Its methods read and write the disk."""

    def __init__(self, memory: Memory, endpoint: Endpoint) -> None:
        self._memory = memory
        where = f"{endpoint.base_url}\n{endpoint.model}".encode()
        self._key = f"batch:{hashlib.sha256(where).hexdigest()}"

    def read(self) -> Pending | None:
        """The batch that is out; None where there is none, or an older version wrote it."""
        raw = self._memory.remembered(self._key)
        try:
            return msgspec.json.decode(raw, type=Pending) if raw else None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def write(self, pending: Pending | None) -> None:
        """Remember it; None = its answers are in."""
        self._memory.remember(self._key, msgspec.json.encode(pending) if pending else b"")


def said(asked: Ask) -> str:
    """Changes when what is told of a card does; pictures may come from elsewhere another day."""
    return hashlib.sha256(asked.text.encode("utf-8", "replace")).hexdigest()[:16]
