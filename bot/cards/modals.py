"""✏️: the edit window, filled in, and what somebody made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import discord
from discord import ui

from bot.cards.parts import MOST_FIELD, MOST_OPTION, MOST_OPTIONS, option
from bot.custom_ids import Pressed
from bot.jobs.nouns import Job
from bot.texts.catalogue import Say
from bot.texts.escape import clean, cut

PROMPT, NEGATIVE, ADAPTERS, ASPECT, STRENGTH = (
    "prompt", "negative", "adapters", "aspect", "strength",
)  # fmt: skip
STRENGTHS = ("low", "normal", "high")
OWN = "own"  # the checkpoint's own shape, as an option's value; a Request says ""
MOST_PROMPT = 1500
MOST_NEGATIVE = 500
MOST_BOXES = 10  # of a checkbox group; beyond, a select


@dataclass(frozen=True, slots=True)
class Offered:
    """An adapter in the window: chosen by the plan, or only seen by its composer."""

    card_id: str
    name: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Edited:
    """What came back. `pinned` and `banned` are card ids; both empty: Stylus chooses again."""

    prompt: str
    negative: str
    aspect: str
    strength: str
    pinned: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()


def edit(say: Say, job: Job, *, aspects: Sequence[str], strength: str = STRENGTHS[1]) -> ui.Modal:
    """The window for `job`, stopped: discord.py would lose what somebody typed in a restart.

    `aspects` are shapes such as "3:2"; the checkpoint's own is always offered.
    """
    window = ui.Modal(
        title=cut(say("modal-title"), MOST_FIELD), custom_id=Pressed(job.id, "edited").custom_id
    )
    for field in _fields(say, job, aspects, strength):
        window.add_item(field)
    window.stop()
    return window


def _fields(
    say: Say, job: Job, aspects: Sequence[str], strength: str
) -> list["ui.Label[ui.Modal]"]:
    offered = candidates(job)
    adapters = [_label(say, "modal-adapters", _adapters(offered), how="modal-adapters-how")]
    return [
        _label(say, "modal-prompt", _words(PROMPT, job.request.prompt, MOST_PROMPT)),
        _label(say, "modal-negative", _words(NEGATIVE, job.request.negative, MOST_NEGATIVE)),
        *(adapters if offered else []),
        _label(say, "modal-aspect", _aspect(say, job, aspects)),
        _label(say, "modal-strength", _strength(say, strength)),
    ]


def _label(
    say: Say, key: str, component: "ui.Item[ui.Modal]", *, how: str = ""
) -> "ui.Label[ui.Modal]":
    said = cut(say(how), MOST_OPTION) if how else None
    return ui.Label(text=cut(say(key), MOST_FIELD), description=said, component=component)


def _words(field: str, filled: str, most: int) -> "ui.TextInput[ui.Modal]":
    """As it was typed, line breaks and all: it goes back into a request, not onto a card."""
    return ui.TextInput(
        custom_id=field,
        style=discord.TextStyle.paragraph,
        default=filled[:most] or None,
        required=field == PROMPT,
        max_length=most,
    )


def _adapters(offered: Sequence[Offered]) -> "ui.Item[ui.Modal]":
    """Boxes while they fit on a phone, a select beyond; none is a choice too."""
    if len(offered) > MOST_BOXES:
        options = [
            option(one.name, str(number), one.words, default=one.chosen)
            for number, one in enumerate(offered)
        ]
        return ui.Select(
            custom_id=ADAPTERS,
            min_values=0,
            max_values=len(options),
            options=options,
            required=False,
        )
    boxes = [
        discord.CheckboxGroupOption(
            label=clean(one.name, MOST_OPTION) or str(number),
            value=str(number),
            description=clean(one.words, MOST_OPTION) or None,
            default=one.chosen,
        )
        for number, one in enumerate(offered)
    ]
    return ui.CheckboxGroup(
        custom_id=ADAPTERS, required=False, min_values=0, max_values=len(boxes), options=boxes
    )


def _aspect(say: Say, job: Job, aspects: Sequence[str]) -> "ui.Select[ui.Modal]":
    now = job.request.aspect
    others = dict.fromkeys(one for one in (*aspects, now) if one)
    shapes = [OWN, *others][: MOST_OPTIONS - 1]
    shapes += [now] if now and now not in shapes else []
    options = [
        option(say("aspect-own") if one == OWN else one, one, default=one == (now or OWN))
        for one in shapes
    ]
    return ui.Select(custom_id=ASPECT, options=options)


def _strength(say: Say, now: str) -> "ui.RadioGroup[ui.Modal]":
    options = [
        discord.RadioGroupOption(
            label=cut(say(f"strength-{one}"), MOST_OPTION), value=one, default=one == now
        )
        for one in STRENGTHS
    ]
    return ui.RadioGroup(custom_id=STRENGTH, options=options)


def candidates(job: Job) -> tuple[Offered, ...]:
    """What the window offers: the plan's choices, then the nearest of what its composer saw.

    Always the same for the same plan: a submission only carries numbers of this list.
    Beyond ten there are boxes no more, so what was merely seen stops there.
    """
    if job.plan is None:
        return ()
    chosen = [
        Offered(choice.adapter.card_id, choice.adapter.name, task.concept, chosen=True)
        for task in job.plan.tasks
        for choice in task.choices
    ]
    nearest = sorted(job.plan.seen, key=lambda one: -one.similarity)
    seen = [Offered(one.card_id, one.name, one.concept, chosen=False) for one in nearest]
    distinct = {one.card_id: one for one in reversed([*chosen, *seen])}
    ordered = [one for one in [*chosen, *seen] if distinct[one.card_id] is one]
    return tuple(ordered[: max(MOST_BOXES, min(len(chosen), MOST_OPTIONS))])


def read(job: Job, values: Mapping[str, str | Sequence[str] | None]) -> Edited:
    """A submission: custom_id of each field -> what it holds. Unknown numbers are not heard.

    Boxes as they stood: no pins, Stylus chooses again.  Otherwise what is ticked is
    pinned, and what was chosen and is no longer ticked is banned.
    """
    offered = candidates(job)
    ticked = {offered[n] for n in _numbers(values.get(ADAPTERS)) if n < len(offered)}
    touched = ADAPTERS in values and ticked != {one for one in offered if one.chosen}
    return Edited(
        prompt=_one(values.get(PROMPT)),
        negative=_one(values.get(NEGATIVE)),
        aspect=_one(values.get(ASPECT)).replace(OWN, ""),
        strength=_one(values.get(STRENGTH)) or STRENGTHS[1],
        pinned=tuple(one.card_id for one in offered if touched and one in ticked),
        banned=tuple(
            one.card_id for one in offered if touched and one.chosen and one not in ticked
        ),
    )


def _one(value: str | Sequence[str] | None) -> str:
    """A text field's text, or the first of a list's values."""
    if value is None or isinstance(value, str):
        return value or ""
    return value[0] if value else ""


def _numbers(value: str | Sequence[str] | None) -> list[int]:
    several = [value] if isinstance(value, str) else value or []
    return [int(one) for one in several if one.isascii() and one.isdecimal()]
