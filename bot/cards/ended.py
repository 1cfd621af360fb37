"""Jobs that ended without a card: failed, cancelled, undeliverable."""

from discord import ui

from bot.cards.parts import Tone, button, card, row, small, text
from bot.cards.words import derived, head, person, why
from bot.custom_ids import Pressed
from bot.jobs.nouns import Job
from bot.texts.catalogue import Say

TONES = {"failed": Tone.TROUBLE, "undeliverable": Tone.TROUBLE, "cancelled": Tone.WAITING}

BLOCKED = "Blocked"  # the class of the wire's error


def ended(say: Say, job: Job, owner: int | None = None, *, quiet: bool = False) -> ui.LayoutView:
    """What happened, in a sentence, and the way to try once more.

    `quiet`: without the prompt's words.  Where AutoMod stopped the card, they are not sent a
    second time anyway.
    """
    again = button(Pressed(job.id, "again"), say("button-again"))
    shown = button(Pressed(job.id, "open"), say("button-open"))
    info = button(Pressed(job.id, "info"), say("button-info"), emoji="ℹ️")
    return card(
        text(head(say, job, quiet=quiet or job.error == BLOCKED), small(derived(say, job, owner))),
        text(_happened(say, job)),
        row(shown if job.state == "undeliverable" else again, info),
        tone=TONES.get(job.state, Tone.TROUBLE),
    )


def _happened(say: Say, job: Job) -> str:
    if job.state == "cancelled":
        by = job.cancelled_by
        return say("ended-cancelled", who=person(by)) if by else say("ended-stopped")
    if job.state == "undeliverable":
        return say("ended-undeliverable", why=undelivered(say, job.error))
    return say("ended-failed", why=why(say, job))


def undelivered(say: Say, error: str | None) -> str:
    """Why no road led to the person, by the class of the last one's error."""
    key = f"undelivered-{error}"
    return say(key) if error and say.has(key) else say("ended-unknown")
