"""What a worker says to its bot: who it is, answers, and what happens meanwhile."""

from typing import TypeAlias

import msgspec

from stylus_engine.model import (
    Adapter,
    Candidate,
    Event,
    Failed,
    Fetching,
    Manifest,
    Plan,
    Shot,
    Start,
)
from stylus_engine.workers.frames.frame import VERSION, Frame, Role


class Ready(Frame, frozen=True, kw_only=True):
    """The first frame: who speaks. `checkpoints` are names, the default first; `adapters` known by now."""

    v: int = VERSION
    role: Role
    pid: int
    slots: int = 0
    checkpoints: tuple[str, ...] = ()
    adapters: int = 0


class Beat(Frame, frozen=True, kw_only=True):
    """Still there. `steps` counts what the sampler did since the start: a hung one stands still.

    `counts`: what an operator sees of it, by name.
    """

    steps: int = 0
    loaded: bool = False
    counts: dict[str, int] = msgspec.field(default_factory=dict)


class Arranged(Frame, frozen=True, kw_only=True):
    """A job's plan and shots. `order`: the first masks' codes (at most 64), `total`: all there are.

    `absent` are names of adapters whose files must be fetched before it can be drawn.
    """

    call: int
    plan: Plan
    order: tuple[str, ...]
    total: int
    shots: tuple[Shot, ...]
    absent: tuple[str, ...] = ()


class Fetched(Frame, frozen=True, kw_only=True):
    """Answer to `Fetch`. `lost` are shots that cannot be drawn, because a file never came."""

    call: int
    lost: tuple[Failed, ...] = ()


class Found(Frame, frozen=True, kw_only=True):
    """Answer to `Search`; `total` is how many the shelf has for "", else as many as are here."""

    call: int
    candidates: tuple[Candidate, ...]
    total: int


class Cards(Frame, frozen=True, kw_only=True):
    """Answer to `Lookup`."""

    call: int
    adapters: tuple[Adapter, ...]


class Inspected(Frame, frozen=True, kw_only=True):
    """Answer to `Inspect`; None: a picture that says nothing of itself."""

    call: int
    manifest: Manifest | None


class Begun(Frame, frozen=True, kw_only=True):
    """Answer to `Begin`: the picture is safely on disk."""

    call: int
    start: Start


class Added(Frame, frozen=True, kw_only=True):
    """Answer to `Add`. `fresh` False: it was known already. `why_not` "": it is found from now on."""

    call: int
    adapter: Adapter
    fresh: bool = True
    why_not: str = ""


class Checking(Frame, frozen=True, kw_only=True):
    """Answer to `Check`: shots of one adapter's check; none: nobody waits for one."""

    call: int
    job: str = ""
    shots: tuple[Shot, ...] = ()


class Packed(Frame, frozen=True, kw_only=True):
    """Answer to `Pack`: files to send, in the order asked for."""

    call: int
    paths: tuple[str, ...]


class Rested(Frame, frozen=True, kw_only=True):
    """Answer to `Rest`: the memory is free."""

    call: int


class Meanwhile(Frame, frozen=True, kw_only=True):
    """Said while a question is being answered, any number of times."""

    call: int
    event: Fetching


class Named(Frame, frozen=True, kw_only=True):
    """The composer has named an adapter for a job that is still being planned; its file is here.

    `likely`: it has not, it is still thinking; but the search found it near.
    """

    job: str
    adapter: Adapter
    likely: bool = False


class Happened(Frame, frozen=True, kw_only=True):
    """An event of a job that was sent with `Draw`, under its fence."""

    job: str
    fence: int
    event: Event


class Refused(Frame, frozen=True, kw_only=True):
    """A question that has no answer: class name in the tree of errors, and its sentence."""

    call: int
    kind: str
    sentence: str


FromWorker: TypeAlias = (
    Ready
    | Beat
    | Arranged
    | Fetched
    | Found
    | Cards
    | Inspected
    | Begun
    | Added
    | Checking
    | Packed
    | Rested
    | Meanwhile
    | Named
    | Happened
    | Refused
)
