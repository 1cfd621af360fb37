"""From what was typed or pressed to a wish: pure, within what this installation allows.

An option that was given wins over a flag in the prompt (`--ar 3:2`), a flag over the
settings.
"""

import secrets
from collections.abc import Collection, Iterable
from typing import TypeVar

from msgspec.structs import replace

from bot import flags
from bot.dials import dialled
from bot.jobs.nouns import Action, Job, Origin, Position, Wish
from bot.settings import Settings
from bot.texts.escape import clean
from stylus_engine.errors import EmptyPrompt
from stylus_engine.model import LIMITS, Manifest, Mask, Plan, Policy, Rating, Request
from stylus_engine.model.noun import Noun, within

T = TypeVar("T")
STRENGTHS: dict[str, float] = {"low": 0.6, "normal": 1.0, "high": 1.4}  # of the settings' own
SPEEDS: tuple[str, ...] = ("fast", "full")
ASPECTS: tuple[str, ...] = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16")
MOST_PROMPT, MOST_NEGATIVE = 1500, 500  # characters a person may type
MOST_COUNT = 4  # pictures of one card
# What options say that more than one command has; at most 100 characters.
SPEED_SAYS = "fast: few steps, with an adapter made for that."
GUIDANCE_SAYS = f"How strictly the prompt is followed, 0 to {LIMITS.guidance:g}; unsaid: what suits the base model."
AUTO, OFF = "auto", "off"  # the two values of the option `adapters` that are no names
BARE_PRESET = "base"


class Asked(Noun, frozen=True, kw_only=True):
    """What a person said; None or "" = not said. `pinned` are names or card ids.

    `usual` is the command's own count where nobody says one; None: the settings'.
    """

    prompt: str
    negative: str | None = None
    aspect: str = ""
    strength: str = "normal"
    count: int | None = None
    usual: int | None = None
    seed: int | None = None
    guidance: float | None = None
    bare: bool = False
    pinned: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    preset: str = ""
    speed: str = ""


def named(adapters: str) -> tuple[str, ...]:
    """The names in the option `adapters`; none for auto and off."""
    if adapters.strip().lower() in {"", AUTO, OFF}:
        return ()
    return tuple(dict.fromkeys(name.strip() for name in adapters.split(",") if name.strip()))


def request(asked: Asked, settings: Settings, most_rating: Rating) -> Request:
    """What will be drawn. Raises `BadRequest`."""
    said = flags.read(asked.prompt, most_count=most_count(settings))
    drawing, dials = settings.drawing, dialled(settings.drawing)
    usual = min(asked.usual or drawing.count, most_count(settings))
    count = asked.count or said.count or usual
    within("Count", count, 1, most_count(settings))
    made = Request(
        prompt=_seen(said.prompt),
        negative=_first(asked.negative, said.negative, drawing.negative),
        aspect=asked.aspect or said.aspect or "",
        steps=dials.steps,
        guidance=dials.guidance,
        sampler=dials.sampler,
        count=count,
        seed=_first(asked.seed, said.seed, new_seed()),
        preset=BARE_PRESET if asked.bare else asked.preset or settings.selection.preset,
        strength=dial(asked.strength, settings),
        pinned=asked.pinned,
        banned=asked.banned,
        fast=fast(asked.speed, settings),
        unsaid=dials.unsaid,
        policy=policy(settings, most_rating),
    )
    return _guided(made, said.guidance if asked.guidance is None else asked.guidance)


def fast(speed: str, settings: Settings) -> str:
    """The few-step adapter that is asked for, "" for none."""
    drawing = settings.drawing
    wanted = speed == "fast" if speed in SPEEDS else drawing.always_fast
    return drawing.fast if wanted else ""


def edited(asked: Asked, source: Request, settings: Settings, most_rating: Rating) -> Request:
    """The request of an edited prompt: what the window does not show stays as it was.

    Of a variation that are its edges, unless another shape was chosen.
    """
    said = flags.read(asked.prompt, most_count=most_count(settings))
    aspect = said.aspect or asked.aspect
    same = aspect == source.aspect
    return replace(
        _guided(source, said.guidance),
        prompt=_seen(said.prompt),
        negative=_first(asked.negative or said.negative, asked.negative, source.negative),
        aspect=aspect,
        width=source.width if same else 0,
        height=source.height if same else 0,
        count=said.count or min(source.count, most_count(settings)),
        seed=_first(said.seed, source.seed),
        strength=dial(asked.strength, settings),
        strengths=(),
        pinned=asked.pinned,
        banned=asked.banned,
        policy=policy(settings, most_rating),
    )


def _guided(made: Request, guidance: float | None) -> Request:
    """With a guidance that somebody said, which neither checkpoint nor few-step adapter changes."""
    if guidance is None:
        return made
    firm = dict.fromkeys((*made.firm, "guidance"))
    unsaid = tuple(name for name in made.unsaid if name != "guidance")
    return replace(made, guidance=guidance, firm=tuple(firm), unsaid=unsaid)


def remixed(manifest: Manifest, settings: Settings, most_rating: Rating) -> Request:
    """A request like the one a picture came from, as far as the picture tells."""
    recipe = manifest.shot.recipe
    asked = Asked(prompt=recipe.prompt[:MOST_PROMPT], negative=recipe.negative[:MOST_NEGATIVE])
    return request(asked, settings, most_rating)


def derived(source: Job, origin: Origin, action: Action) -> Wish:
    """A button's wish. What was chosen under one ceiling stays under it: see `Entrance`."""
    asked = source.request
    if action == "seed":
        asked = replace(asked, seed=new_seed())
    return Wish(
        origin=origin, action=action, source=source.id, request=asked, private=source.private
    )


def repeated(job: Job, source: Job, origin: Origin, mask: str) -> Wish:
    """What a button made of `source`, once more: the same picture, the same seed, the same chosen mask."""
    made = derived(source, origin, job.action)
    same = {"seed": job.seed} if job.action == "seed" else {}
    return replace(
        made,
        index=job.index,
        mask=mask if job.action == "keep" else None,
        private=job.private,
        request=replace(made.request, **same),
    )


def doubled(positions: Iterable[Position], index: int | None) -> int:
    """The longest edge that a picture has at twice its size; 0 where there is none to double."""
    shots = [p.picture.manifest.shot for p in positions if p.index == index and p.picture]
    return max((2 * max(shot.width, shot.height) for shot in shots), default=0)


def kept_mask(plan: Plan, numbers: Collection[int]) -> str:
    """The code of the mask that lights exactly these choices, by their number in the plan."""
    wanted = iter(range(len(plan.choices)))
    bits = tuple(tuple(next(wanted) in numbers for _ in task.choices) for task in plan.tasks)
    return Mask(bits=bits).code


def policy(settings: Settings, most_rating: Rating) -> Policy:
    """Which adapters may be chosen, with the channel's ceiling."""
    selection = settings.selection
    return Policy(
        most_rating=most_rating,
        commercial_only=selection.commercial_only,
        styles=selection.styles,
        per_task=selection.per_task,
    )


def most_count(settings: Settings) -> int:
    """Pictures of one request: what a card shows, or less where the settings say so."""
    return min(MOST_COUNT, settings.drawing.most_count)


def dial(strength: str, settings: Settings) -> float:
    """The settings' own strength, turned down or up."""
    turned = settings.selection.strength * STRENGTHS.get(strength, 1.0)
    return min(round(turned, 3), LIMITS.strength)


def strength_of(asked: Request, settings: Settings) -> str:
    """The word of the dial nearest to a request's number: what an edit window shows."""
    return min(STRENGTHS, key=lambda word: abs(dial(word, settings) - asked.strength))


def _seen(prompt: str) -> str:
    """Words that can be seen. Raises `EmptyPrompt` where there is nothing but zero-width and blank ones."""
    if not clean(prompt, MOST_PROMPT):
        raise EmptyPrompt
    return prompt


def new_seed() -> int:
    """Any seed a request may have."""
    return secrets.randbelow(LIMITS.seed + 1)


def _first(said: T | None, *others: T | None) -> T:
    """The first that was said at all; "" and 0 are said."""
    for value in (said, *others):
        if value is not None:
            return value
    raise LookupError("nothing was said")
