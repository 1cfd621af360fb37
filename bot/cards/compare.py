"""A blind comparison: A and B with the same seeds, votes, and what was what once it is told."""

from collections.abc import Sequence

import discord
from discord import ui

from bot.cards.parts import Item, Style, Tone, button, card, line, row, small, text
from bot.cards.remarks import missing, unread
from bot.cards.sheet import Sheet
from bot.cards.words import DOT, MOST_NAME, head
from bot.custom_ids import Pressed
from bot.jobs.comparing import Comparison, Result
from bot.jobs.nouns import Position
from bot.texts.catalogue import Say
from bot.texts.escape import clean, escape
from bot.winning import rate

MOST_ALT_PROMPT = 600
MOST_PAIRS = 12


def compare(say: Say, sheet: Sheet, known: Comparison) -> ui.LayoutView:
    """Nothing on it tells the arms apart, until they are revealed."""
    job = sheet.job
    return card(
        text(head(say, job, quiet=sheet.quiet), say("compare-ask")),
        *_arm(say("compare-a"), sheet, _left(sheet)),
        *_arm(say("compare-b"), sheet, _right(sheet)),
        line(),
        text(missing(say, sheet), unread(say, sheet), _told(say, known), small(_foot(say, sheet))),
        _buttons(say, known),
        tone=Tone.DONE,
    )


def alts(say: Say, sheet: Sheet) -> dict[int, str]:
    """What was asked and under which letter; the adapters would tell."""
    half = _half(sheet)
    return {
        each.index: say(
            "compare-alt",
            arm=say("compare-a" if each.index < half else "compare-b"),
            number=each.index % half + 1,
            prompt="" if sheet.quiet else clean(sheet.job.request.prompt, MOST_ALT_PROMPT),
        )
        for each in sheet.drawn
    }


def revealed(say: Say, known: Comparison) -> ui.LayoutView:
    """What was what, and how all voted."""
    return card(text(*_verdict(say, known)), tone=Tone.DONE)


def results(say: Say, found: Sequence[Result]) -> ui.LayoutView:
    """Which preset is preferred in this server, and how sure that is."""
    lines = [_result(say, each) for each in found[:MOST_PAIRS]] or [say("compare-no-results")]
    return card(text(say("compare-results"), *lines), tone=Tone.CALM)


def _result(say: Say, one: Result) -> str:
    share = rate(one.wins, one.losses)
    names = {"one": escape(one.one, MOST_NAME), "other": escape(one.other, MOST_NAME)}
    votes = {"wins": one.wins, "losses": one.losses, "ties": one.ties}
    if share is None:
        return say("compare-tied", **names, ties=one.ties)
    percents = {name: round(100 * value) for name, value in share._asdict().items()}
    return say("compare-result", **names, **votes, **percents)


def _told(say: Say, known: Comparison) -> str:
    if known.revealed:
        return "\n".join(_verdict(say, known))
    return ""


def _verdict(say: Say, known: Comparison) -> tuple[str, str]:
    left, right = escape(known.left, MOST_NAME), escape(known.right, MOST_NAME)
    return (
        say("compare-was", left=left, right=right),
        say("compare-tally", a=known.a, b=known.b, tie=known.tie),
    )


def _foot(say: Say, sheet: Sheet) -> str:
    return DOT.join((say("result-seed", seed=sheet.job.seed), say("result-job", job=sheet.job.id)))


def _buttons(say: Say, known: Comparison) -> Item | None:
    if known.revealed:
        return row(button(Pressed(known.job, "del"), say("button-delete"), emoji="🗑️"))
    return row(
        button(Pressed(known.job, "ab", "a"), say("compare-a"), style=Style.primary),
        button(Pressed(known.job, "ab", "b"), say("compare-b"), style=Style.primary),
        button(Pressed(known.job, "ab", "tie"), say("button-tie")),
        button(Pressed(known.job, "reveal"), say("button-reveal"), emoji="👁️"),
        button(Pressed(known.job, "del"), say("button-delete"), emoji="🗑️"),
    )


def _half(sheet: Sheet) -> int:
    return max(1, len(sheet.positions) // 2)


def _left(sheet: Sheet) -> list[Position]:
    return [each for each in sheet.drawn if each.index < _half(sheet)]


def _right(sheet: Sheet) -> list[Position]:
    return [each for each in sheet.drawn if each.index >= _half(sheet)]


def _arm(name: str, sheet: Sheet, shown: Sequence[Position]) -> tuple[Item | None, ...]:
    files = [sheet.files[each.index] for each in shown if each.index in sheet.files]
    items = [discord.MediaGalleryItem(one.url, description=one.alt or None) for one in files]
    return text(f"**{name}**"), ui.MediaGallery(*items) if items else None
