"""The table: which error is which sentence. The only place that turns facts into words."""

from pathlib import PurePath

from stylus_engine.errors.adapters import (
    AdapterChanged,
    AdapterFileEmpty,
    AdapterFileMissing,
    AdapterFileTruncated,
    AdapterNotApplied,
    AdapterNotFinite,
    AdapterNotSafetensors,
    AdapterUnsupported,
    AdapterWithdrawn,
    AdapterWrongFamily,
    AdapterWrongShape,
)
from stylus_engine.errors.catalogue import (
    BadArchive,
    BadCatalogue,
    BudgetSpent,
    CatalogueVersion,
    RefinerFailed,
    SourceOdd,
    SourceRefused,
    SourceSilent,
    StoreFull,
    TooMuch,
    UnsafeAddress,
)
from stylus_engine.errors.house import (
    BadCards,
    BadCheckpoint,
    BadEmbedder,
    BadSettings,
    Busy,
    Cancelled,
    DeviceLost,
    DiskFull,
    DrawFailed,
    DrawNotFinite,
    IndexBroken,
    IndexMissing,
    IndexSchema,
    MemoryRanOut,
    StoreFailed,
)
from stylus_engine.errors.requests import (
    BadEvaluation,
    BadManifest,
    BadPicture,
    BadSize,
    BadText,
    EmptyPrompt,
    NoFastAdapter,
    OutOfRange,
    PromptTooLong,
    SharedName,
    UnknownName,
    Unsupported,
)
from stylus_engine.errors.root import StylusError

SENTENCES: dict[type[StylusError], str] = {
    EmptyPrompt: "The prompt is empty: describe what the picture should show.",
    PromptTooLong: "The prompt has {length} characters; {limit} is the most.",
    BadEvaluation: "No evaluation can go by {path}: {why}.",
    BadText: "The {what} cannot be used: {why}.",
    OutOfRange: "{what} must lie between {low:.12g} and {high:.12g}; {value:.12g} was given.",
    UnknownName: "There is no {kind} called “{name}”. {known}",
    SharedName: "{count} adapters have the name “{name}”; ask by id: {ids}.",
    BadSize: "Width and height must be multiples of {multiple} pixels; {width}×{height} was given.",
    Unsupported: "{what} is not possible yet.",
    NoFastAdapter: "No few-step adapter for {family} is known here: import one, or name one in drawing.fast.",
    BadPicture: "{path} cannot be drawn from: {why}.",
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
    AdapterChanged: "The file of adapter {name} has changed: sha256 {found:.12} where {wanted:.12} was expected.",
    AdapterWithdrawn: "Adapter {name} is no longer drawn with: {why}.",
    BadCheckpoint: "The checkpoint {path} cannot be loaded: {why}.",
    IndexMissing: "There is no adapter index at {path}; build it with `stylus adapters index`.",
    IndexSchema: "The adapter index at {path} has schema {found}; this version reads {needed}. Rebuild it with `stylus adapters index`.",
    IndexBroken: "The adapter index at {path} is damaged ({why}); rebuild it with `stylus adapters index`.",
    BadCards: "{path}, line {line}: {why}.",
    BadEmbedder: "The embedding model at {path} cannot be used: {why}.",
    BadSettings: "{where}: {why}.",
    SourceSilent: "{source} does not answer: {why}.",
    SourceRefused: "{source} refuses ({status}): {why}.",
    SourceOdd: "{source} answered something that cannot be understood: {why}.",
    UnsafeAddress: "{source} is not fetched: {why}.",
    TooMuch: "{source} has {size}; {limit} is the most that is taken.",
    StoreFull: "There is no room for {source}: it has {size}, and {limit} can be made free within store.max_gb.",
    BadArchive: "{source} cannot be imported: {why}.",
    BadCatalogue: "The catalogue {path} cannot be used: {why}.",
    CatalogueVersion: "The catalogue {path} was written by a newer Stylus ({why}).",
    RefinerFailed: "The describing model gave no usable answer: {why}.",
    BudgetSpent: "Stopped before the budget was exceeded: {spent} of {limit} spent.",
    Busy: "All {slots} drawing slots are taken; try again in a moment.",
    DrawFailed: "The picture could not be drawn: {why}.",
    DrawNotFinite: "The picture could not be drawn: {why}.",
    MemoryRanOut: "The picture needs more memory than there is ({why}); a smaller one may fit.",
    DeviceLost: "The drawing device stopped working: {why}.",
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
