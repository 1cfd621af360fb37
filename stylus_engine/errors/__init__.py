"""Every way the engine says no, and the one sentence a person reads for each.

    StylusError
    ├── BadRequest              what a person asked for cannot be drawn
    │   ├── EmptyPrompt
    │   ├── PromptTooLong
    │   ├── OutOfRange
    │   ├── BadText
    │   ├── UnknownName         adapter, checkpoint, sampler, preset, manifest
    │   ├── SharedName          several adapters are called so
    │   ├── BadSize             edges that the checkpoint's latents cannot have
    │   ├── Unsupported         what this version does not draw yet
    │   ├── NoFastAdapter       no few-step adapter is known for this checkpoint
    │   ├── BadPicture          a picture or mask that nothing can be drawn from
    │   ├── BadEvaluation       prompts or a journal that no evaluation can go by
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
    │   ├── AdapterWithdrawn    flagged or quarantined since it was chosen
    │   └── AdapterChanged      the file is no longer the one that was named
    ├── BadCheckpoint           a checkpoint folder cannot be loaded
    ├── BadIndex                the search index cannot be read
    │   ├── IndexMissing
    │   ├── IndexSchema
    │   └── IndexBroken
    ├── BadCards                a file of cards cannot be read
    ├── BadEmbedder             the embedding model is absent or not the one pinned
    ├── BadSettings             the configuration contradicts itself
    ├── BadSource               a place that adapters come from does not answer as it should
    │   ├── SourceSilent
    │   ├── SourceRefused
    │   ├── SourceOdd
    │   ├── UnsafeAddress       it leads into this machine or its network
    │   ├── TooMuch
    │   │   └── StoreFull
    │   └── BadArchive
    ├── BadCatalogue            the catalogue on this machine cannot be used
    │   └── CatalogueVersion
    ├── RefinerFailed           the model that describes adapters gave no usable answer
    ├── BudgetSpent
    ├── Busy                    every slot is taken; ask again
    ├── DrawFailed              a picture came out broken
    │   ├── DrawNotFinite       NaN or infinity where pixels should be
    │   ├── MemoryRanOut        one picture alone needs more than there is
    │   └── DeviceLost          the accelerator is gone; its process has to start anew
    ├── Cancelled               somebody asked to stop
    └── StoreFailed             a picture could not be kept
        └── DiskFull

An error is a frozen set of facts; `sentence` is the only place that turns facts
into words, so that a bot can translate them and a test can read them all.
"""

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
    BadAdapter,
)
from stylus_engine.errors.catalogue import (
    BadArchive,
    BadCatalogue,
    BadSource,
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
    BadIndex,
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
    BadRequest,
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
from stylus_engine.errors.sentences import SENTENCES, public, sentence

__all__ = [
    "SENTENCES",
    "AdapterChanged",
    "AdapterFileEmpty",
    "AdapterFileMissing",
    "AdapterFileTruncated",
    "AdapterNotApplied",
    "AdapterNotFinite",
    "AdapterNotSafetensors",
    "AdapterUnsupported",
    "AdapterWithdrawn",
    "AdapterWrongFamily",
    "AdapterWrongShape",
    "BadAdapter",
    "BadArchive",
    "BadCards",
    "BadCatalogue",
    "BadCheckpoint",
    "BadEmbedder",
    "BadEvaluation",
    "BadIndex",
    "BadManifest",
    "BadPicture",
    "BadRequest",
    "BadSettings",
    "BadSize",
    "BadSource",
    "BadText",
    "BudgetSpent",
    "Busy",
    "Cancelled",
    "CatalogueVersion",
    "DeviceLost",
    "DiskFull",
    "DrawFailed",
    "DrawNotFinite",
    "EmptyPrompt",
    "IndexBroken",
    "IndexMissing",
    "IndexSchema",
    "MemoryRanOut",
    "NoFastAdapter",
    "OutOfRange",
    "PromptTooLong",
    "RefinerFailed",
    "SharedName",
    "SourceOdd",
    "SourceRefused",
    "SourceSilent",
    "StoreFailed",
    "StoreFull",
    "StylusError",
    "TooMuch",
    "UnknownName",
    "UnsafeAddress",
    "Unsupported",
    "public",
    "sentence",
]
