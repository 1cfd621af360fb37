"""What crosses the socket pair: msgpack of one of these, after its length (4 bytes, big-endian).

`call` numbers a question; its answer, or `Refused`, carries the same number.
"""

from typing import Literal, TypeAlias

import msgspec

from stylus_engine.model import (
    Adapter,
    Candidate,
    Event,
    Failed,
    Fetching,
    Liking,
    Manifest,
    Plan,
    Policy,
    Request,
    Shot,
    Start,
)
from stylus_engine.model.noun import Noun

VERSION = 1
MOST_BYTES = 64 << 20  # of one frame; a longer one is a broken peer

Role: TypeAlias = Literal["planner", "drawer"]


class Frame(Noun, frozen=True, kw_only=True, tag_field="frame", tag=str.lower):
    """A frame of this version; another one is refused at `Ready`."""


# --- to a planner ------------------------------------------------------------------


class Arrange(Frame, frozen=True, kw_only=True):
    """Make the shots of a job. `plan` None: compose one; `masks` None: the order's first ones.

    `masks` are codes, one a picture.  `order_seed` seeds the order of masks (the root's
    seed), whatever seed the request has.  `likes` is what the guild has learned from use.
    `arms`: presets that are drawn beside each other with the same seeds, the first one's
    pictures first; then the plan is the first one's, and there is no order of masks.
    """

    call: int
    job: str
    request: Request
    plan: Plan | None = None
    masks: tuple[str, ...] | None = None
    order_seed: int | None = None
    likes: tuple[Liking, ...] = ()
    arms: tuple[str, ...] = ()


class Fetch(Frame, frozen=True, kw_only=True):
    """Fetch the files that these shots of a job need. Answered with `Fetched`. `whose`: the person's turn it takes."""

    call: int
    job: str
    shots: tuple[Shot, ...]
    whose: str = ""


class Search(Frame, frozen=True, kw_only=True):
    """Adapters near a text; "" lists them in the shelf's order. `offset` pages."""

    call: int
    text: str
    policy: Policy = Policy()
    k: int = 25
    offset: int = 0


class Lookup(Frame, frozen=True, kw_only=True):
    """Cards by id or name; those that nobody knows are left out of the answer."""

    call: int
    names: tuple[str, ...]


class Inspect(Frame, frozen=True, kw_only=True):
    """Read the manifest of a PNG somebody sent; hostile bytes are parsed in the worker."""

    call: int
    data: bytes


class Begin(Frame, frozen=True, kw_only=True):
    """Keep a picture that somebody brought, and its mask, to start from. Answered with `Begun`.

    `cut`: what is transparent in it is the mask.
    """

    call: int
    data: bytes
    name: str
    mask: bytes | None = None
    mask_name: str = ""
    cut: bool = False
    strength: float = 0.75


class Add(Frame, frozen=True, kw_only=True):
    """Take in an adapter that somebody brought: an address, or the bytes of a file and its name.

    `by` names who it was, for the record.  Answered with `Added`.
    """

    call: int
    url: str = ""
    data: bytes = b""
    name: str = ""
    by: str = ""


class Check(Frame, frozen=True, kw_only=True):
    """How shots of a check have `ended`, and what is to be drawn next? Answered with `Checking`."""

    call: int
    ended: tuple[Event, ...] = ()


class Pack(Frame, frozen=True, kw_only=True):
    """Make pictures fit for sending: each ≤ `most_each` bytes, together ≤ `most_all`.

    The ladder: PNG as it is, lossless WebP, WebP 90, WebP 80, half the size.
    `strip`: without the manifest.
    """

    call: int
    paths: tuple[str, ...]
    most_each: int
    most_all: int
    strip: bool = False


# --- to both -----------------------------------------------------------------------


class Drop(Frame, frozen=True, kw_only=True):
    """Let go of a job.

    At a drawer its open shots end in `Failed(kind="Cancelled")` at the next step; at a
    planner what is asked for it is refused as cancelled, and files come only for others.
    """

    job: str


# --- to a drawer -------------------------------------------------------------------


class Draw(Frame, frozen=True, kw_only=True):
    """Draw these shots of one job; each ends in one `Drawn` or `Failed`."""

    job: str
    fence: int
    shots: tuple[Shot, ...]


class Prepare(Frame, frozen=True, kw_only=True):
    """Make this adapter ready if there is time: a job will need it. Not answered; `Drop` takes it back.

    `likely`: it may need it; made ready only while nothing is drawn.
    """

    job: str
    adapter: Adapter
    likely: bool = False


class Rest(Frame, frozen=True, kw_only=True):
    """Unload what is heavy. Answered with `Rested`; the next `Draw` loads it again."""

    call: int


Question: TypeAlias = (  # each has one answer
    Arrange | Fetch | Search | Lookup | Inspect | Begin | Add | Check | Pack | Rest
)
ToWorker: TypeAlias = Question | Draw | Drop | Prepare


# --- from a worker -----------------------------------------------------------------


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
