"""Short answers: a refusal, a notice, something deleted."""

from collections.abc import Mapping, Sequence

from discord import ui

from bot.cards.letter import Enclosure
from bot.cards.parts import Tone, button, card, row, text
from bot.cards.words import MOST_FACT, date, person, sentence
from bot.custom_ids import Pressed
from bot.jobs.nouns import Job
from bot.texts.catalogue import Say
from bot.texts.escape import clean, escape
from stylus_engine.errors import StylusError

PEOPLE = frozenset({"who", "user", "owner"})
MOST_BUTTONS = 5


def refusal(say: Say, error: StylusError, *, jobs: Sequence[Job] = ()) -> ui.LayoutView:
    """Why not, in one sentence; `jobs` get a button each that makes room."""
    buttons = [
        button(
            Pressed(job.id, "cancel"),
            say("button-cancel-one", prompt=say("quote", prompt=clean(job.request.prompt, 30))),
        )
        for job in jobs[:MOST_BUTTONS]
    ]
    return card(text(sentence(say, error)), row(*buttons), tone=Tone.TROUBLE)


def unexpected(say: Say, code: str) -> ui.LayoutView:
    """What nobody foresaw: a short number, the same as in the log."""
    return card(text(say("notice-unexpected", code=escape(code, 20))), tone=Tone.TROUBLE)


def notice(say: Say, key: str, **facts: object) -> ui.LayoutView:
    """One text of the catalogue. Facts named who, user or owner are people's ids."""
    return card(text(say(key, **_harmless(facts))), tone=Tone.CALM)


def file(say: Say, key: str, enclosed: Enclosure, **facts: object) -> ui.LayoutView:
    """A notice with a file below it."""
    shown = ui.File[ui.LayoutView](enclosed.url)
    return card(text(say(key, **_harmless(facts))), shown, tone=Tone.CALM)


def _harmless(facts: Mapping[str, object]) -> dict[str, object]:
    """Texts escaped, people shown by their names, numbers as they are."""
    shown = {
        name: escape(value, MOST_FACT) if isinstance(value, str) else value
        for name, value in facts.items()
    }
    return shown | {name: person(facts[name]) for name in PEOPLE & facts.keys()}


def deleted(say: Say, job: Job, until: float) -> ui.LayoutView:
    """Gone, and the way back while there is one. `until`: seconds since 1970."""
    back = button(Pressed(job.id, "restore"), say("button-restore"))
    return card(text(say("notice-deleted", when=date(until))), row(back), tone=Tone.CALM)


def ping(say: Say, job: Job) -> ui.LayoutView:
    """The short reply for those who waited long."""
    return card(text(say("notice-ready", who=person(job.origin.user))), tone=Tone.DONE)
