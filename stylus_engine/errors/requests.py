"""What a person asked for cannot be drawn."""

from dataclasses import dataclass

from stylus_engine.errors.root import StylusError


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
class SharedName(BadRequest):
    """A name that several adapters have. `ids`: what they can be asked for by instead."""

    name: str
    count: int
    ids: str


@dataclass(eq=False)
class BadEvaluation(BadRequest):
    """Prompts or a journal that no evaluation can go by."""

    path: str
    why: str


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
class NoFastAdapter(BadRequest):
    """No few-step adapter is known for this checkpoint."""

    family: str


@dataclass(eq=False)
class BadPicture(BadRequest):
    """A picture or a mask that nothing can be drawn from."""

    path: str
    why: str


@dataclass(eq=False)
class BadManifest(BadRequest):
    """A picture or JSON file that holds no manifest we can read."""

    path: str
    why: str
