"""What a bot says to its workers: questions, which have one answer each, and orders, which have none."""

from typing import TypeAlias

from stylus_engine.model import Adapter, Event, Liking, Plan, Policy, Request, Shot
from stylus_engine.workers.frames.frame import Frame

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
    """Cards by id or name; those that nobody knows are left out of the answer. A name that several have is refused."""

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
