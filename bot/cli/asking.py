"""From the words of a command line to a `Request`, within what this installation allows."""

import secrets
from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from bot import flags
from bot.dials import dialled
from bot.settings import Settings
from stylus_engine.model import LIMITS, Checkpoint, Policy, Request, Start
from stylus_engine.model.noun import within
from stylus_engine.model.request import Firm
from stylus_engine.ports import CardStore

MOST_FLAGS = 8  # told of one prompt

T = TypeVar("T")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed; `None` = not said."""

    prompt: str
    negative: str | None = None
    checkpoint: str = ""
    width: int = 0
    height: int = 0
    steps: int | None = None
    guidance: float | None = None
    sampler: str | None = None
    count: int | None = None
    seed: int | None = None
    preset: str | None = None
    strength: float | None = None
    bare: bool = False
    pin: Sequence[str] | None = None
    ban: Sequence[str] | None = None
    fast: bool | None = None


def request(
    wish: Wish, settings: Settings, cards: CardStore, start: Start | None = None
) -> Request:
    """The wish, completed from the settings. Raises `BadRequest`, also for an adapter nobody knows."""
    drawing, selection = settings.drawing, settings.selection
    dials = dialled(drawing, wish.steps, wish.guidance, wish.sampler)
    asked = Request(
        prompt=wish.prompt,
        negative=_or(wish.negative, drawing.negative),
        checkpoint=wish.checkpoint,
        width=wish.width,
        height=wish.height,
        steps=dials.steps,
        guidance=dials.guidance,
        sampler=dials.sampler,
        count=_or(wish.count, drawing.count),
        seed=_or(wish.seed, secrets.randbelow(LIMITS.seed + 1)),
        preset=_or(wish.preset, selection.preset),
        strength=_or(wish.strength, selection.strength),
        bare=wish.bare,
        pinned=tuple(cards.find(name).card_id for name in wish.pin or ()),
        banned=tuple(cards.find(name).card_id for name in wish.ban or ()),
        fast=fast_of(wish.fast, settings),
        firm=_firm(wish),
        unsaid=dials.unsaid,
        policy=_policy(settings),
        start=start,
    )
    _allowed(asked, settings)
    return asked


def fast_of(said: bool | None, settings: Settings) -> str:
    """The few-step adapter that is asked for, "" for none."""
    drawing = settings.drawing
    return drawing.fast if _or(said, drawing.always_fast) else ""


def _firm(wish: Wish) -> tuple[Firm, ...]:
    """What a few-step adapter leaves alone."""
    said: dict[Firm, object] = {
        "steps": wish.steps, "guidance": wish.guidance, "sampler": wish.sampler,
    }  # fmt: skip
    return tuple(name for name, value in said.items() if value is not None)


def unheard(wish: Wish, checkpoint: Checkpoint) -> Iterator[str]:
    """What of a wish this kind of checkpoint has no ear for; what nobody said needs no word."""
    yield from unread(wish.prompt)
    if wish.sampler and checkpoint.drawn_with(wish.sampler) != wish.sampler:
        other = checkpoint.drawn_with(wish.sampler)
        yield f"{checkpoint.name} is drawn with {other}: it has no {wish.sampler}."
    if wish.negative and not checkpoint.heeds_negatives:
        yield f"{checkpoint.name} reads no negative prompt."


def unread(prompt: str) -> Iterator[str]:
    """Flags that people are used to type in Discord: a shell has options for them."""
    if found := dict.fromkeys(flags.unread(prompt)):
        told = " · ".join(list(found)[:MOST_FLAGS])
        yield f"Read as words of the prompt: {told}. Options go outside the quotes; see --help."


def _or(said: T | None, usual: T) -> T:
    return usual if said is None else said


def _policy(settings: Settings) -> Policy:
    selection = settings.selection
    return Policy(
        most_rating=selection.most_rating,
        commercial_only=selection.commercial_only,
        styles=selection.styles,
        per_task=selection.per_task,
    )


def _allowed(asked: Request, settings: Settings) -> None:
    """The engine's own limits were checked by the noun; these are this installation's."""
    drawing = settings.drawing
    within("Count", asked.count, 1, drawing.most_count)
    within("Steps", asked.steps, 1, drawing.most_steps)
    within("Width", asked.width, 0, drawing.most_edge)
    within("Height", asked.height, 0, drawing.most_edge)
