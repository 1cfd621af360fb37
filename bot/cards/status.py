"""The message that follows a job: where it stands, what was chosen, how far it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from discord import ui

from bot.cards.parts import Style, Tone, button, card, row, small, text
from bot.cards.words import DOT, MOST_NAME, derived, head, joined, moment, size
from bot.custom_ids import Pressed
from bot.jobs.nouns import Job, Place
from bot.texts.catalogue import Say
from bot.texts.escape import escape
from stylus_engine.model import Plan

Stage: TypeAlias = Literal[
    "queued", "planning", "fetching", "planned", "drawing", "drawn", "paused", "no-worker", "lost"
]
BAR = 10  # signs
WAITS: Mapping[Stage, str] = {"queued": "status-queued", "planned": "status-soon"}
MOST_CONCEPTS = 600  # characters
TONES = {"queued": Tone.WAITING, "paused": Tone.WAITING, "no-worker": Tone.TROUBLE}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `eta` is seconds since 1970; steps and pictures count the whole job.

    While a file is fetched, `name` is its adapter and `step` of `of` are its bytes.
    """

    stage: Stage
    place: Place | None = None
    eta: float | None = None
    plan: Plan | None = None
    step: int = 0
    of: int = 0
    done: int = 0
    count: int = 0
    hours: float = 2.0  # how long a job waits where there is no worker
    name: str = ""
    owner: int | None = None  # of the job it is based on
    quiet: bool = False  # without the prompt's words: AutoMod stopped them


def status(say: Say, job: Job, progress: Progress) -> ui.LayoutView:
    """The card with its one button; nothing is taken back, lines are only added."""
    cancel = button(Pressed(job.id, "cancel"), say("button-cancel"), style=Style.secondary)
    return card(
        text(head(say, job, quiet=progress.quiet), small(derived(say, job, progress.owner))),
        text(*_lines(say, job, progress)),
        row(cancel) if progress.stage != "drawn" else None,
        tone=TONES.get(progress.stage, Tone.WORKING),
    )


def _lines(say: Say, job: Job, progress: Progress) -> Iterator[str]:
    plan = None if job.action == "compare" else progress.plan or job.plan
    if progress.stage == "planning":
        yield say("status-planning")
    elif plan is not None and not progress.quiet:
        yield from chosen(say, plan)
    match progress.stage:
        case "drawing":
            yield from _drawing(say, progress)
        case "fetching":
            yield fetching(say, progress.name, progress.step, progress.of)
        case "drawn":
            yield say("status-sending")
        case "paused" | "lost":
            yield say(f"status-{progress.stage}")
        case "no-worker":
            yield say("status-no-worker", hours=round(progress.hours, 1))
        case _:
            pass
    if progress.stage in {"queued", "planned", "paused", "lost"}:
        yield _place(say, progress)


def _place(say: Say, progress: Progress) -> str:
    place, stage = progress.place, progress.stage
    if place is None:
        return say(WAITS[stage]) if stage in WAITS else ""
    where = say("status-place", number=place.number, of=place.of)
    if progress.eta is None or stage == "paused":
        return where
    return f"{where}{DOT}{say('status-eta', when=moment(progress.eta))}"


def chosen(say: Say, plan: Plan) -> Iterator[str]:
    """What makes us different, in two lines: the concepts, and how many adapters serve them."""
    if not plan.tasks:
        yield say("status-off" if plan.preset == "base" else "status-alone")
        return
    concepts = (escape(task.concept, MOST_NAME) for task in plan.tasks)
    yield say("status-read", concepts=joined(concepts, MOST_CONCEPTS))
    seen = len({one.card_id for one in plan.seen})
    yield say("status-chosen", count=len(plan.choices), seen=max(seen, len(plan.choices)))


def fetching(say: Say, name: str, done: int, of: int) -> str:
    """Which file is on its way, how big it is, and how much of it is here."""
    known = escape(name, MOST_NAME)
    if of <= 0:
        return say("fetching-some", name=known, done=size(say, done))
    return say("fetching", name=known, size=size(say, of), percent=min(100, 100 * done // of))


def _drawing(say: Say, progress: Progress) -> Iterator[str]:
    """Plain numbers beside the bar: a screen reader has no use for ▰▰▱."""
    if not progress.of:
        yield say("status-drawing")
        return
    yield f"{bar(progress.step, progress.of)} {say('status-steps', step=progress.step, of=progress.of)}"
    if progress.count > 1 and progress.done:
        yield say("status-pictures", done=progress.done, count=progress.count)


def bar(step: int, of: int) -> str:
    """▰▰▰▱▱▱▱▱▱▱; full only at the very end."""
    full = min(BAR, max(0, BAR * step // of)) if of > 0 else 0
    return "▰" * full + "▱" * (BAR - full)
