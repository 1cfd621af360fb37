"""What is wrong with this installation, or with the moment."""

from dataclasses import dataclass

from stylus_engine.errors.root import StylusError


@dataclass(eq=False)
class BadCheckpoint(StylusError):
    """A checkpoint folder cannot be loaded."""

    path: str
    why: str


@dataclass(eq=False)
class BadIndex(StylusError):
    """The search index cannot be read."""

    path: str


@dataclass(eq=False)
class IndexMissing(BadIndex):
    """No index was built yet."""


@dataclass(eq=False)
class IndexSchema(BadIndex):
    """Written by another version."""

    found: str
    needed: str


@dataclass(eq=False)
class IndexBroken(BadIndex):
    """Damaged on disk: LanceDB cannot read it."""

    why: str


@dataclass(eq=False)
class BadCards(StylusError):
    """A file of cards cannot be read."""

    path: str
    line: int
    why: str


@dataclass(eq=False)
class BadEmbedder(StylusError):
    """The embedding model is absent or not the one pinned."""

    path: str
    why: str


@dataclass(eq=False)
class BadSettings(StylusError):
    """The configuration contradicts itself."""

    where: str
    why: str


@dataclass(eq=False)
class Busy(StylusError):
    """Every slot is taken."""

    slots: int


@dataclass(eq=False)
class DrawFailed(StylusError):
    """A picture came out broken."""

    why: str


@dataclass(eq=False)
class DrawNotFinite(DrawFailed):
    """NaN or infinity where pixels should be."""


@dataclass(eq=False)
class MemoryRanOut(DrawFailed):
    """One picture alone needs more memory than there is."""


@dataclass(eq=False)
class DeviceLost(DrawFailed):
    """The accelerator is gone or broken: whoever draws with it has to start anew."""


@dataclass(eq=False)
class Cancelled(StylusError):
    """Somebody asked to stop."""

    done: int


@dataclass(eq=False)
class StoreFailed(StylusError):
    """A picture could not be kept."""

    path: str
    why: str


@dataclass(eq=False)
class DiskFull(StoreFailed):
    """No space left."""
