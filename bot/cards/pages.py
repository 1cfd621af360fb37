"""/help and /about."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from discord import ui

from bot.cards.parts import Tone, card, fitting, line, small, text
from bot.cards.words import MOST_NAME
from bot.texts.catalogue import Say
from bot.texts.escape import escape
from stylus_engine.model import Adapter

BUTTONS = ("seed", "mask", "edit", "single", "keep", "rate")
MOST_MODELS = 10
MOST_LICENCES = 900  # characters


@dataclass(frozen=True, slots=True)
class About:
    """What this installation is made of. `checkpoints`: names, and what their licences are called."""

    version: str
    checkpoints: Sequence[tuple[str, str]]
    adapters: Sequence[Adapter]
    days: int


def help_page(say: Say) -> ui.LayoutView:
    """The whole bot on one screen."""
    return card(
        text(say("help-title"), say("help-imagine")),
        line(),
        text(say("help-buttons"), *(say(f"help-{name}") for name in BUTTONS)),
        line(),
        text(say("help-commands"), say("help-lines")),
        text(small(say("help-private"))),
        tone=Tone.CALM,
    )


def about(say: Say, facts: About) -> ui.LayoutView:
    """What it is, whose work it draws with, under which terms."""
    return card(
        text(say("about-title", version=facts.version), say("about-what")),
        line(),
        text(say("about-checkpoints"), *_models(say, facts)),
        text(say("about-adapters", count=len(facts.adapters)), *_licences(say, facts)),
        text(small(say("about-code")), small(say("about-data", days=facts.days))),
        tone=Tone.CALM,
    )


def _models(say: Say, facts: About) -> list[str]:
    return [
        say(
            "about-checkpoint",
            name=escape(name, MOST_NAME),
            licence=escape(terms, MOST_NAME) or say("about-no-licence"),
        )
        for name, terms in facts.checkpoints[:MOST_MODELS]
    ]


def _licences(say: Say, facts: About) -> tuple[str, ...]:
    """How many adapters stand under which licence, the most common first."""
    named = Counter(escape(adapter.licence.name, MOST_NAME) for adapter in facts.adapters)
    unsaid = say("about-no-licence")
    lines = [
        say("about-licence", licence=unsaid if name in {"", "unknown"} else name, count=count)
        for name, count in named.most_common()
    ]
    return fitting(lines, len(lines), MOST_LICENCES, say, "about-more")
