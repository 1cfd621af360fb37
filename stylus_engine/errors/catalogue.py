"""Adapters could not be brought in, kept, described or fetched."""

from dataclasses import dataclass

from stylus_engine.errors.root import StylusError


@dataclass(eq=False)
class BadSource(StylusError):
    """A place that adapters come from does not answer as it should."""

    source: str


@dataclass(eq=False)
class SourceSilent(BadSource):
    """It cannot be reached, or stopped answering, after all retries."""

    why: str


@dataclass(eq=False)
class SourceRefused(BadSource):
    """It says no: gone, gated, forbidden."""

    status: int
    why: str


@dataclass(eq=False)
class SourceOdd(BadSource):
    """Its answer is not what its documents say: HTML for JSON, a cursor that leads in a circle."""

    why: str


@dataclass(eq=False)
class UnsafeAddress(BadSource):
    """A URL that leads into this machine or its network, or is no plain https address."""

    why: str


@dataclass(eq=False)
class TooMuch(BadSource):
    """More bytes than we take."""

    size: str
    limit: str


@dataclass(eq=False)
class StoreFull(TooMuch):
    """No room can be made for a file: what is here is pinned, cannot come back or is in use."""


@dataclass(eq=False)
class BadArchive(BadSource):
    """A file that was to be imported is not of its format, or holds what it must not."""

    why: str


@dataclass(eq=False)
class BadCatalogue(StylusError):
    """The catalogue of cards on this machine cannot be used."""

    path: str
    why: str


@dataclass(eq=False)
class CatalogueVersion(BadCatalogue):
    """Written by a newer Stylus."""


@dataclass(eq=False)
class RefinerFailed(StylusError):
    """The model that describes adapters gave no usable answer."""

    why: str


@dataclass(eq=False)
class BudgetSpent(StylusError):
    """The next step would cost more than was allowed."""

    spent: str
    limit: str
