"""What a source hands over: items, what was skipped and why, what is gone; a page at a time.

    Source -> Page(Item(card, raw, examples), Skipped, Gone) -> Catalogue

A page carries the cursor of the next one.  The catalogue keeps page and cursor in one
transaction, so an import that is killed goes on where it was.
"""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol, TypeAlias

import msgspec

from stylus_engine.model import Adapter, Sketch
from stylus_engine.model.noun import Noun

Reason: TypeAlias = Literal[
    "no file",  # nothing that could be drawn with
    "unsupported",  # a kind of file that no sampler of ours applies
    "not safetensors",
    "no family",
    "real person",
    "minor",
    "gated",
    "odd record",  # not of the documented shape
    "broken file",
    "duplicate",
    "too large",
    "unsafe address",
    "not reachable",
]


class Example(Noun, frozen=True, kw_only=True):
    """A preview picture as its author made it: where it lies, and the words and weight behind it.

    `weight` is the adapter's own weight in that picture, when its metadata tells.
    """

    url: str = ""
    prompt: str = ""
    negative: str = ""
    weight: float | None = None
    rating: str = ""  # as the source says it


class Item(Noun, frozen=True, kw_only=True):
    """One adapter as a source tells of it.

    `card` is cleaned (`clean.cleaned`).  `raw` is the source's own record, JSON, kept as
    it came.  `stamp` changes when the record does: an item with a known stamp is no news.
    `vector` (float32, little-endian) of space `space` is taken as it is, when the source
    brings one.
    """

    card: Adapter
    raw: bytes = b"{}"
    stamp: str = ""
    examples: tuple[Example, ...] = ()
    probed: "Probed | None" = None  # when the source saw the file itself
    vector: bytes | None = None
    space: str = ""


class Skipped(Noun, frozen=True, kw_only=True):
    """One record that became no card, and why: a short reason to count by, a detail to read."""

    what: str
    reason: Reason
    detail: str = ""


class Page(Noun, frozen=True, kw_only=True):
    """A stretch of a source. `cursor` is where the next one begins, "" after the last.

    `gone` are ids of cards that the source says it has no more: tombstones, the card's
    record stays.  `total` is how many items the source says it has, 0 = it does not say.
    `anew`: a walk begins that tells of everything, so what was skipped before counts no more.
    """

    items: tuple[Item, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    gone: tuple[str, ...] = ()
    cursor: str = ""
    total: int = 0
    anew: bool = False


class Source(Protocol):
    """A place that adapters come from."""

    @property
    def name(self) -> str:
        """Names its place in the catalogue's book of progress: `civitai`, `folder:/srv/loras`."""
        ...

    def pages(self, cursor: str, since: str) -> AsyncGenerator[Page, None]:
        """Pages from `cursor` ("" = the beginning) on.

        `since` is the ISO time at which the last complete walk began, "" when there was
        none: a source that can, tells only of what changed after it.  Raises `BadSource`
        after its own retries.  Leave it with `aclosing`.
        """
        ...


class Probed(Noun, frozen=True, kw_only=True):
    """What a file is, by its header alone.

    `family` as in `Checkpoint.family`, None when the keys do not tell; `base` is a finer
    name from metadata (`pony`, `illustrious`), "" when nothing says so.  `refused` is the
    reason why it cannot be drawn with, "" when it can.  `bytes_read` never includes a tensor.
    """

    kind: str
    layout: str  # who wrote the keys: `kohya`, `peft`, `diffusers`, `lycoris`, `bfl`, `xlabs`, …
    family: str | None = None
    base: str = ""
    rank: int = 0  # the largest
    alpha: float | None = None  # None: absent or not the same everywhere
    text_encoder: bool = False
    tensors: int = 0
    bytes_read: int = 0
    title: str = ""
    description: str = ""
    author: str = ""
    licence: str = ""
    triggers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # of the training captions, commonest first
    # The rest of the training's metadata that is worth keeping, capped.
    trained: dict[str, str] = msgspec.field(default_factory=dict)
    refused: str = ""


class Described(Noun, frozen=True, kw_only=True):
    """What a refiner says of one adapter. Both refiners, with and without a model, write this."""

    by: str  # "rules", or the model's name
    adds: str  # one or two sentences: what it adds to a picture
    category: str = "other"
    concepts: tuple[str, ...] = ()
    not_for: str = ""
    weight: float | None = None
    weight_low: float | None = None
    weight_high: float | None = None
    caveats: tuple[str, ...] = ()


class Checked(Noun, frozen=True, kw_only=True):
    """What drawing with an adapter showed: the paper's pitfalls as figures, 0 to 1 unless said.

    `strength`: how far pictures move from those without it; `direction`: how much that
    movement is one and the same in all of them; `consistency`: over seeds; `saturation`:
    how much burnt contrast and colour it adds.  `scale` is the weight at which
    it was strong and not burnt.  `broken` says why it must not be drawn with, "" = it may.
    `sketch`: of its update, for telling how it gets along with others; None: nobody made one.
    """

    sha256: str
    checkpoint: str
    strength: float
    direction: float
    consistency: float
    saturation: float
    scale: float
    broken: str = ""
    pictures: tuple[str, ...] = ()  # content addresses: its own previews
    caveats: tuple[str, ...] = ()
    sketch: Sketch | None = None
