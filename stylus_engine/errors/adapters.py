"""One adapter, its file or its card, cannot be used."""

from dataclasses import dataclass

from stylus_engine.errors.root import StylusError


@dataclass(eq=False)
class BadAdapter(StylusError):
    """One adapter file or card cannot be used."""

    name: str


@dataclass(eq=False)
class AdapterFileMissing(BadAdapter):
    """The card's file is not there."""

    path: str


@dataclass(eq=False)
class AdapterFileEmpty(BadAdapter):
    """A file of zero bytes."""


@dataclass(eq=False)
class AdapterFileTruncated(BadAdapter):
    """Fewer bytes than the header promises."""


@dataclass(eq=False)
class AdapterNotSafetensors(BadAdapter):
    """A pickle, an HTML page, anything but safetensors. It was not opened further."""

    why: str


@dataclass(eq=False)
class AdapterNotFinite(BadAdapter):
    """NaN or infinity among the weights."""

    tensor: str


@dataclass(eq=False)
class AdapterWrongFamily(BadAdapter):
    """Made for another kind of checkpoint."""

    family: str
    needed: str


@dataclass(eq=False)
class AdapterWrongShape(BadAdapter):
    """A tensor that does not fit the layer it names."""

    layer: str
    shape: str
    needed: str


@dataclass(eq=False)
class AdapterNotApplied(BadAdapter):
    """Keys that nothing in the checkpoint answers to."""

    count: int
    of: int
    example: str


@dataclass(eq=False)
class AdapterUnsupported(BadAdapter):
    """A kind of file this engine does not draw with."""

    kind: str


@dataclass(eq=False)
class AdapterChanged(BadAdapter):
    """The bytes differ from those a card or manifest names."""

    wanted: str
    found: str


@dataclass(eq=False)
class AdapterWithdrawn(BadAdapter):
    """Chosen once, and never drawn with any more: flagged or quarantined since."""

    why: str
