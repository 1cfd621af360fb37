"""What is drawn: arms that differ in one thing, over the same prompts and seeds. Pure."""

import hashlib
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from stylus_engine.evaluation.questions import Ask
from stylus_engine.model import LIMITS, Adapter, Choice, Plan, Request, Shot, Task
from stylus_engine.model.noun import Noun, within
from stylus_engine.planning.presets import PAPER_SUFFIX


class Arm(Noun, frozen=True, kw_only=True):
    """One way to draw. `strength`: the dial over all weights; `forced`: adapters put upon every prompt."""

    preset: str
    guidance: float
    strength: float = 1.0
    forced: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """Its name without the guidance."""
        loud = f" ×{self.strength:g}" if self.strength != 1.0 else ""
        return f"{self.preset}{loud}{' + bad adapter' if self.forced else ''}"

    @property
    def name(self) -> str:
        """Its name in the journal."""
        return f"{self.method} @{self.guidance:g}"


class Campaign(Noun, frozen=True, kw_only=True):
    """What every arm has in common. `suffix` and `negative` go to all arms or, empty, to none."""

    images: int = 2
    steps: int = 20
    sampler: str = "dpmpp_2m_karras"
    seed: int = 0
    suffix: str = ""
    negative: str = ""
    checkpoint: str = ""

    def __post_init__(self) -> None:
        within("Images", self.images, 1, LIMITS.count)
        within("Steps", self.steps, 1, LIMITS.steps)


class Cell(NamedTuple):
    """One prompt in one arm: `images` pictures."""

    ask: Ask
    arm: Arm

    @property
    def key(self) -> tuple[str, str]:
        """How the journal knows it."""
        return self.ask.id, self.arm.name


def arms(presets: Sequence[str], guidances: Sequence[float]) -> tuple[Arm, ...]:
    """Every preset at every guidance; what is named twice is one arm."""
    every = (Arm(preset=p, guidance=g) for g in guidances for p in presets)
    return tuple({arm.name: arm for arm in every}.values())


def cells(
    asks: Sequence[Ask], of: Sequence[Arm], done: Container[tuple[str, str]] = ()
) -> Iterator[Cell]:
    """Prompt by prompt, all arms of one before the next: a part of it is a fair comparison already."""
    every = (Cell(ask, arm) for ask in asks for arm in of)
    return (cell for cell in every if cell.key not in done)


def request(cell: Cell, campaign: Campaign) -> Request:
    """Picture i has the same seed in every arm."""
    return Request(
        prompt=cell.ask.prompt,
        checkpoint=campaign.checkpoint,
        steps=campaign.steps,
        guidance=cell.arm.guidance,
        sampler=campaign.sampler,
        count=campaign.images,
        seed=seed_of(cell.ask.prompt, campaign.seed),
        preset=cell.arm.preset,
        strength=cell.arm.strength,
    )


def forced(plan: Plan, adapters: Sequence[Adapter]) -> Plan:
    """The plan with these adapters over the whole prompt, whatever was chosen.

    No pin does that: a bad adapter is set aside by its health, and what is set aside is
    never a candidate.
    """
    text = plan.prompt.strip()
    chosen = {choice.adapter.card_id for choice in plan.choices}
    more = tuple(
        Task(
            concept=text,
            start=plan.prompt.find(text),
            choices=(Choice(adapter=each, weight=each.weight, reason="forced"),),
        )
        for each in adapters
        if each.card_id not in chosen
    )
    return replace(plan, tasks=(*plan.tasks, *more))


def seed_of(prompt: str, seed: int) -> int:
    """By the words alone, so that another choice of prompts or arms draws the same pictures."""
    digest = hashlib.blake2b(f"{seed}:{prompt}".encode(), digest_size=4).digest()
    return int.from_bytes(digest)


def even(shot: Shot, campaign: Campaign) -> Shot:
    """The shot with the campaign's suffix and negative prompt in place of its preset's own.

    The released code gives its suffix to one arm only; whatever that is worth is not the
    adapters' doing.
    """
    tie = ", " if campaign.suffix[:1].isalnum() else ""
    words = shot.recipe.prompt.removesuffix(PAPER_SUFFIX) + tie + campaign.suffix
    return replace(shot, recipe=replace(shot.recipe, prompt=words, negative=campaign.negative))
