"""The only thing that flows back."""

from typing import TypeAlias

from stylus_engine.model.manifest import Picture
from stylus_engine.model.noun import Noun
from stylus_engine.model.plan import Plan


class _Happened(Noun, frozen=True, kw_only=True, tag_field="event", tag=str.lower):
    job: str


class Planned(_Happened, frozen=True, kw_only=True):
    """Adapters were chosen; drawing has not begun."""

    plan: Plan


class Fetching(_Happened, frozen=True, kw_only=True):
    """The file of an adapter that is not on this machine yet: bytes here, bytes in all (0 = not told)."""

    name: str
    done: int
    of: int = 0


class Started(_Happened, frozen=True, kw_only=True):
    """The shot took a slot."""

    shot: str


class Stepped(_Happened, frozen=True, kw_only=True):
    """`step` of `of` denoising steps are done. `preview` is a small PNG, when asked for."""

    shot: str
    step: int
    of: int
    preview: bytes | None = None


class Drawn(_Happened, frozen=True, kw_only=True):
    """The picture is finished and fsynced."""

    shot: str
    picture: Picture


class Failed(_Happened, frozen=True, kw_only=True):
    """The shot, or with shot "" the whole job, ended without a picture.

    `kind` is the class name in the tree of errors, `sentence` what a person reads.
    """

    shot: str
    kind: str
    sentence: str


Event: TypeAlias = Planned | Fetching | Started | Stepped | Drawn | Failed
