"""What a person asked for."""

from typing import Literal, TypeAlias

from stylus_engine.errors import BadText, EmptyPrompt, PromptTooLong
from stylus_engine.model.adapter import Rating
from stylus_engine.model.noun import Noun, known, printable, within

SAMPLERS: tuple[str, ...] = (
    "euler", "euler_a", "dpmpp_2m_karras", "ddim",
    "lcm", "tcd", "ddim_trailing", "euler_trailing", "euler_a_trailing",  # for few-step adapters
)  # fmt: skip
FEW_STEPS = frozenset({"lcm", "tcd"})  # they take theirs out of the 50 that were distilled
Firm: TypeAlias = Literal["steps", "guidance", "sampler"]
Enlarge: TypeAlias = Literal["pixels", "latents"]
PRESETS: tuple[str, ...] = (
    "stylus", "paper", "paper-rules", "retriever-only", "reranker", "random", "base",
)  # fmt: skip


class Limits(Noun, frozen=True, kw_only=True):
    """The widest that any installation allows; a checkpoint or a setting may allow less."""

    prompt: int = 2000  # characters
    count: int = 64  # pictures of one request
    steps: int = 150
    guidance: float = 30.0
    edge: int = 4096  # pixels
    seed: int = 2**32 - 1
    strength: float = 2.0
    aspect: float = 3.0  # the longer edge of the shorter one


LIMITS = Limits()


class Policy(Noun, frozen=True, kw_only=True):
    """Which adapters may be candidates at all. Applied inside the index, before recall.

    Adapters flagged as real persons or minors are never candidates, whatever a
    policy says; so there is no field for them.
    """

    most_rating: Rating = "pg13"
    commercial_only: bool = False
    styles: int = 2  # at most so many style adapters in one plan
    per_task: int = 3  # at most so many adapters for one concept


class Start(Noun, frozen=True, kw_only=True):
    """Where a drawing starts other than from noise: a picture, how much of it to redo, and where.

    `picture` and `mask` are content addresses in the picture store; in the mask white is
    drawn anew and black stays.  `width` and `height` are the picture's own, so that a
    drawing takes its shape where nobody says another (0 = unknown).  `tile`: drawn in
    overlapping squares of so many pixels, as a picture larger than the checkpoint's own
    size must be; 0 = in one piece.  `enlarge`: what is made as large as the drawing where
    the picture is smaller; latents are stretched from the picture's own size, without a mask.
    """

    picture: str
    strength: float = 0.75
    mask: str | None = None
    width: int = 0
    height: int = 0
    tile: int = 0
    enlarge: Enlarge = "pixels"

    def __post_init__(self) -> None:
        within("Strength", self.strength, 0.0, 1.0)
        within("Width", self.width, 0, LIMITS.edge)
        within("Height", self.height, 0, LIMITS.edge)
        within("Tile", self.tile, 0, LIMITS.edge)
        if self.enlarge == "latents" and (self.mask or not (self.width and self.height)):
            raise BadText(
                what="start", why="latents are stretched of a whole picture of known size"
            )


class Request(Noun, frozen=True, kw_only=True):
    """One `/imagine`. `width` and `height` are pixels, 0 = the checkpoint's own size."""

    v: Literal[1] = 1
    prompt: str
    negative: str = ""
    checkpoint: str = ""  # a name or id; "" = the configured default
    width: int = 0
    height: int = 0
    aspect: str = (
        ""  # as "3:2", where width and height are 0: the checkpoint's own area in this shape
    )
    steps: int = 20
    guidance: float = 5.0
    sampler: str = "dpmpp_2m_karras"
    count: int = 4
    seed: int = 0
    preset: str = "stylus"
    strength: float = 1.0  # one dial over all adapter weights
    strengths: tuple[
        float, ...
    ] = ()  # of each picture a factor upon it, round and round; () = as the preset has it
    bare: bool = False  # also offer the mask that lights no adapter
    pinned: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    fast: str = ""  # the few-step adapter to draw with: a name, an id, or "auto"; "" = none
    firm: tuple[Firm, ...] = ()  # what the person said: a few-step adapter sets the rest
    unsaid: tuple[Firm, ...] = ()  # what the checkpoint sets; `steps` is then the most it may set
    policy: Policy = Policy()
    start: Start | None = None

    def __post_init__(self) -> None:
        self._check_words()
        self._check_numbers()
        known("sampler", self.sampler, SAMPLERS)
        known("preset", self.preset, PRESETS)
        if self.aspect:
            within("Aspect", ratio(self.aspect), 1 / LIMITS.aspect, LIMITS.aspect)

    def _check_words(self) -> None:
        for what, text in (("prompt", self.prompt), ("negative prompt", self.negative)):
            printable(what, text)
            if len(text) > LIMITS.prompt:
                raise PromptTooLong(length=len(text), limit=LIMITS.prompt)
        if not self.prompt.strip():
            raise EmptyPrompt

    def _check_numbers(self) -> None:
        within("Width", self.width, 0, LIMITS.edge)
        within("Height", self.height, 0, LIMITS.edge)
        within("Steps", self.steps, 1, LIMITS.steps)
        within(f"Steps of {self.sampler}", self.steps, 1, most_steps(self.sampler))
        within("Guidance", self.guidance, 0.0, LIMITS.guidance)
        within("Count", self.count, 1, LIMITS.count)
        within("Seed", self.seed, 0, LIMITS.seed)
        within("Adapter strengths", len(self.strengths), 0, LIMITS.count)
        for strength in (self.strength, *self.strengths):
            within("Adapter strength", strength, 0.0, LIMITS.strength)


def most_steps(sampler: str) -> int:
    """The most steps that a sampler has. Source: `original_inference_steps` of diffusers' LCM and TCD."""
    return 50 if sampler in FEW_STEPS else LIMITS.steps


def ratio(aspect: str) -> float:
    """Width over height of `3:2`. Raises `BadText` for anything else."""
    wide, _, high = aspect.partition(":")
    if not (
        aspect.isascii()
        and wide.isdecimal()
        and high.isdecimal()
        and len(aspect) <= 7
        and int(high)
    ):
        raise BadText(what="aspect", why="it must look like 3:2")
    return int(wide) / int(high)
