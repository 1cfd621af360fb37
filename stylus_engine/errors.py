"""Every way the engine says no, and the one sentence a person reads for each.

    StylusError
    ├── BadRequest              what a person asked for cannot be drawn
    │   ├── EmptyPrompt
    │   ├── PromptTooLong
    │   ├── OutOfRange
    │   ├── BadText
    │   ├── UnknownName         adapter, checkpoint, sampler, preset, manifest
    │   ├── BadSize             edges that the checkpoint's latents cannot have
    │   ├── Unsupported         what this version does not draw yet
    │   └── BadManifest
    ├── BadAdapter              one adapter file or card cannot be used
    │   ├── AdapterFileMissing
    │   ├── AdapterFileEmpty
    │   ├── AdapterFileTruncated
    │   ├── AdapterNotSafetensors
    │   ├── AdapterNotFinite
    │   ├── AdapterWrongFamily
    │   ├── AdapterWrongShape
    │   ├── AdapterNotApplied   keys that nothing in the checkpoint answers to
    │   ├── AdapterUnsupported
    │   └── AdapterChanged      the file is no longer the one that was named
    ├── BadCheckpoint           a checkpoint folder cannot be loaded
    ├── BadIndex                the search index cannot be read
    │   ├── IndexMissing
    │   ├── IndexSchema
    │   └── IndexBroken
    ├── BadCards                a file of cards cannot be read
    ├── BadEmbedder             the embedding model is absent or not the one pinned
    ├── BadSettings             the configuration contradicts itself
    ├── Busy                    every slot is taken; ask again
    ├── DrawFailed              a picture came out broken (NaN, out of memory)
    ├── Cancelled               somebody asked to stop
    └── StoreFailed             a picture could not be kept
        └── DiskFull

An error is a frozen set of facts; `sentence` is the only place that turns facts
into words, so that a bot can translate them and a test can read them all.
"""

from dataclasses import dataclass
from pathlib import PurePath


@dataclass(eq=False)
class StylusError(Exception):
    """The root: never raised itself."""

    def __str__(self) -> str:
        """The sentence a person reads."""
        return sentence(self)


@dataclass(eq=False)
class BadRequest(StylusError):
    """What a person asked for cannot be drawn."""


@dataclass(eq=False)
class EmptyPrompt(BadRequest):
    """No words were given."""


@dataclass(eq=False)
class PromptTooLong(BadRequest):
    """More characters than a prompt may have."""

    length: int
    limit: int


@dataclass(eq=False)
class BadText(BadRequest):
    """Characters that no prompt may hold."""

    what: str
    why: str


@dataclass(eq=False)
class OutOfRange(BadRequest):
    """A number outside what this installation allows."""

    what: str
    value: float
    low: float
    high: float


@dataclass(eq=False)
class UnknownName(BadRequest):
    """A name that nothing here answers to."""

    kind: str
    name: str
    known: str


@dataclass(eq=False)
class BadSize(BadRequest):
    """Edges that the checkpoint's latents cannot have."""

    width: int
    height: int
    multiple: int


@dataclass(eq=False)
class Unsupported(BadRequest):
    """What this version does not draw yet."""

    what: str


@dataclass(eq=False)
class BadManifest(BadRequest):
    """A picture or JSON file that holds no manifest we can read."""

    path: str
    why: str


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


SENTENCES: dict[type[StylusError], str] = {
    EmptyPrompt: "The prompt is empty: describe what the picture should show.",
    PromptTooLong: "The prompt has {length} characters; {limit} is the most.",
    BadText: "The {what} cannot be used: {why}.",
    OutOfRange: "{what} must lie between {low:g} and {high:g}; {value:g} was given.",
    UnknownName: "There is no {kind} called “{name}”. {known}",
    BadSize: "Width and height must be multiples of {multiple} pixels; {width}×{height} was given.",
    Unsupported: "{what} is not possible yet.",
    BadManifest: "{path} cannot be drawn again: {why}.",
    AdapterFileMissing: "The file of adapter {name} is missing: {path}.",
    AdapterFileEmpty: "The file of adapter {name} is empty.",
    AdapterFileTruncated: "The file of adapter {name} ends too early; download it again.",
    AdapterNotSafetensors: "The file of adapter {name} is not a safetensors file ({why}).",
    AdapterNotFinite: "Adapter {name} holds broken numbers in {tensor}.",
    AdapterWrongFamily: "Adapter {name} is made for {family}; this checkpoint is {needed}.",
    AdapterWrongShape: "Adapter {name} does not fit layer {layer}: {shape} where {needed} is needed.",
    AdapterNotApplied: "{count} of {of} tensors of adapter {name} fit no layer of this checkpoint (for example {example}).",
    AdapterUnsupported: "Adapter {name} is of a kind this engine cannot draw with ({kind}).",
    AdapterChanged: "The file of adapter {name} has changed: sha256 {found} where {wanted} was expected.",
    BadCheckpoint: "The checkpoint {path} cannot be loaded: {why}.",
    IndexMissing: "There is no adapter index at {path}; build it with `stylus adapters index`.",
    IndexSchema: "The adapter index at {path} has schema {found}; this version reads {needed}. Rebuild it with `stylus adapters index`.",
    IndexBroken: "The adapter index at {path} is damaged ({why}); rebuild it with `stylus adapters index`.",
    BadCards: "{path}, line {line}: {why}.",
    BadEmbedder: "The embedding model at {path} cannot be used: {why}.",
    BadSettings: "{where}: {why}.",
    Busy: "All {slots} drawing slots are taken; try again in a moment.",
    DrawFailed: "The picture could not be drawn: {why}.",
    Cancelled: "Stopped; finished pictures, which were kept: {done}.",
    StoreFailed: "{path} could not be written: {why}.",
    DiskFull: "The disk is full: {path} could not be written ({why}).",
}


def sentence(error: StylusError) -> str:
    """Say `error` in one sentence; a class without a row of its own is a bug a test finds."""
    return SENTENCES[type(error)].format_map(vars(error))


def public(error: StylusError) -> str:
    """The sentence for people who may not know where on this machine a file lies: its name alone."""
    path = str(getattr(error, "path", ""))
    return str(error).replace(path, PurePath(path).name or path)
