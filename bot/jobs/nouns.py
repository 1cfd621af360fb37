"""What the line hands out: frozen rows, never a live database object."""

from typing import Literal, TypeAlias

from stylus_engine.model import Failed, Picture, Plan, Request, Shot
from stylus_engine.model.noun import Noun

State: TypeAlias = Literal[
    "queued", "planned", "drawn", "posting", "posted", "failed", "cancelled", "undeliverable"
]
Action: TypeAlias = Literal[
    "imagine",  # the command, ✏️ and Remix: a root of its own
    "seed",     # 🎲 the source's masks, a new seed
    "mask",     # 🧩 the source's seeds, the root's next masks
    "keep",     # the select: one chosen mask for every position
    "single",   # U: one picture of the source, large
    "vary",     # V: variations of a picture of the source
    "subtle",   # the same, nearer to it
    "upscale",  # a picture of the source at twice its size
    "show",     # /show: the source's pictures again
    "compare",  # /compare: two presets beside each other, a root of its own
]  # fmt: skip
Road: TypeAlias = Literal["token", "bot", "new"]

UNFINISHED: tuple[State, ...] = ("queued", "planned", "drawn", "posting")
ROOTS: tuple[Action, ...] = ("imagine", "compare")
BORN_DRAWN: tuple[Action, ...] = ("single", "show")  # their pictures exist: they wait for nobody
FINISHED: tuple[State, ...] = ("posted", "failed", "cancelled", "undeliverable")
MOST_MASKS = 64  # of one root job that 🧩 goes through before it starts again


class Made(Noun, frozen=True, kw_only=True):
    """What a planner made of a job: `lost` are shots that will have no picture."""

    plan: Plan
    order: tuple[str, ...]
    total: int
    shots: tuple[Shot, ...]
    lost: tuple[Failed, ...] = ()


class Origin(Noun, frozen=True, kw_only=True):
    """Where a wish came from, and the only road back that needs no rights: its token."""

    interaction: int
    token: str
    token_until: float
    user: int
    user_name: str = ""
    guild: int | None = None
    channel: int
    locale: str = "en-US"
    guild_locale: str = "en-US"
    roads_beside_token: bool = True  # False: the bot is no member there, the token is all it has

    def __repr__(self) -> str:
        """Everything but the token: whoever has it can speak as the bot for 15 minutes."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__ if name != "token"}
        return f"Origin({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """For rich's tracebacks, which would print every field."""
        return [(n, getattr(self, n)) for n in self.__struct_fields__ if n != "token"]


class Wish(Noun, frozen=True, kw_only=True):
    """A job that somebody wants, before it has a place in the line.

    `source` and `index` say which button was pressed on what; `index` counts
    positions of the grid from 0.  `request` is what will be drawn: for a derived job
    the source's with what the action changes.  `mask` is the code of the mask that
    "keep" sets; `arms` are the presets that "compare" draws, in no order yet.
    """

    origin: Origin
    action: Action = "imagine"
    source: str | None = None
    index: int | None = None
    request: Request
    mask: str | None = None
    private: bool = False
    arms: tuple[str, str] | None = None


class Job(Noun, frozen=True, kw_only=True):
    """One row of the line. `id` is a ULID (26 characters); `root` its own id for a root."""

    id: str
    root: str
    source: str | None
    action: Action
    index: int | None
    state: State
    origin: Origin
    private: bool
    request: Request
    plan: Plan | None = None
    order: tuple[str, ...] = ()  # a root's first MOST_MASKS mask codes, once planned
    total: int = 0  # all masks of the root's plan
    round: int = 0  # how often 🧩 had gone through all masks when this job was made
    made_at: float
    planned_at: float | None = None
    began_at: float | None = None  # a drawer took it; None again when it went back to its place
    drawn_at: float | None = None
    ended_at: float | None = None
    priority: int = 0
    not_before: float = 0.0
    attempts: int = 0  # workers that were lost with this job in hand
    fence: int = 0
    owner: str | None = None  # the worker that holds the lease
    until: float | None = None
    acknowledged_at: float | None = None
    message: int | None = None  # the message that holds its status, later its card
    message_channel: int | None = None
    message_at: float | None = None
    road: Road | None = None
    posting_at: float | None = None
    error: str | None = None  # class name in the tree of errors
    sentence: str | None = None
    told_at: float | None = None  # its person knows that it failed, was cancelled, …
    cancelled_by: int | None = None
    deleted_by: int | None = None
    deleted_at: float | None = None

    @property
    def seed(self) -> int:
        """The first picture's seed."""
        return self.request.seed

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINISHED


class Position(Noun, frozen=True, kw_only=True):
    """One picture of a job's grid: asked for, drawn or failed."""

    job: str
    index: int
    mask: str  # code
    serial: int | None  # its number in the root's order (counting rounds), None for a fill-up
    shot: Shot | None = None
    picture: Picture | None = None
    error: str | None = None
    sentence: str | None = None


class Delivery(Noun, frozen=True, kw_only=True):
    """One attempt to post, kept for ever: what `/history` and an operator can see."""

    job: str
    number: int
    road: Road
    began_at: float
    ended_at: float | None = None
    outcome: str | None = None  # "posted", or the class name of what went wrong
    message: int | None = None


class Place(Noun, frozen=True, kw_only=True):
    """Where a waiting job stands. `number` counts from 1; `eta` is seconds, None when unknown."""

    number: int
    of: int
    eta: float | None


class Seen(Noun, frozen=True, kw_only=True):
    """How many of a root's masks were drawn in this round, of all that 🧩 goes through."""

    seen: int
    of: int


class Accepted(Noun, frozen=True, kw_only=True):
    """What became of a wish. `fresh` False: the same press or interaction had made it before."""

    job: Job
    fresh: bool


class Swept(Noun, frozen=True, kw_only=True):
    """What retention forgot.

    `pictures` are addresses in the store that nobody needs; they are told again by
    every sweep until `Line.forgotten` hears that the files are gone.
    """

    jobs: int = 0
    tokens: int = 0
    pictures: tuple[str, ...] = ()
