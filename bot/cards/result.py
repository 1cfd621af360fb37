"""The card: pictures, what each was drawn with, and every way on from here."""

import discord
from discord import ui

from bot.captions import captions, lit
from bot.cards.credits import caption_lines, choices, credit_lines
from bot.cards.parts import (
    MOST_OPTIONS,
    Button,
    Item,
    Style,
    Tone,
    button,
    card,
    line,
    option,
    row,
    small,
    text,
)
from bot.cards.rating import rating, thumbs
from bot.cards.remarks import foot, remarks
from bot.cards.sheet import Sheet, shot_of
from bot.cards.words import DOT, derived, head
from bot.custom_ids import Pressed
from bot.jobs.nouns import Position
from bot.texts.catalogue import Say
from bot.texts.escape import clean, cut
from stylus_engine.model import Choice, Mask

MOST_PICTURES = 10  # of a gallery, and files of a message
MOST_SINGLES = 4  # U1 … U4: a row has five places, and ❤ takes one
MOST_ALT = 1000
MOST_ALT_PROMPT = 600


def result(say: Say, sheet: Sheet) -> ui.LayoutView:
    """The card of a drawn job. Every picture has an alt text; every button works for ever."""
    job = sheet.job
    return card(
        text(head(say, job, quiet=sheet.quiet), small(derived(say, job, sheet.owner))),
        _gallery(sheet),
        text(*caption_lines(say, sheet)),
        line() if sheet.drawn else None,
        text(*credit_lines(say, sheet), *remarks(say, sheet), foot(say, sheet)),
        *_rows(say, sheet),
        _keep(say, sheet),
        rating(say, sheet),
        tone=Tone.DONE,
    )


def _gallery(sheet: Sheet) -> Item | None:
    shown = [position for position in sheet.drawn if position.index in sheet.files]
    items = [
        discord.MediaGalleryItem(
            sheet.files[position.index].url, description=sheet.files[position.index].alt or None
        )
        for position in shown[:MOST_PICTURES]
    ]
    return ui.MediaGallery(*items) if items else None


def alts(say: Say, sheet: Sheet) -> dict[int, str]:
    """For people who cannot see the picture: position -> what was asked, and with which adapters."""
    shown = [position for position in sheet.drawn if shot_of(position) is not None]
    return {
        position.index: _alt(say, sheet, position, caption.partition(DOT)[2])
        for position, caption in zip(shown, captions(sheet.shots), strict=True)
    }


def _alt(say: Say, sheet: Sheet, position: Position, told: str) -> str:
    number, count = position.index + 1, max(len(sheet.positions), position.index + 1)
    prompt = clean(sheet.job.request.prompt, MOST_ALT_PROMPT)
    asked = (
        say("result-alt-quiet", number=number, count=count)
        if sheet.quiet
        else say("result-alt", number=number, count=count, prompt=prompt)
    )
    shot = shot_of(position)
    dark = shot is None or not lit(shot)
    drawn = (
        say("result-alt-bare") if dark else say("result-alt-adapters", adapters=clean(told, 300))
    )
    return cut(f"{asked}. {drawn}.", MOST_ALT)


def _rows(say: Say, sheet: Sheet) -> list[Item | None]:
    """A grid has rows of its own for single pictures; one picture says what it can become."""
    job = sheet.job.id
    seed = button(Pressed(job, "seed"), say("button-seed"), emoji="🎲")
    edit = button(Pressed(job, "edit"), say("button-edit"), emoji="✏️")
    info = button(Pressed(job, "info"), say("button-info"), emoji="ℹ️")
    gone = button(Pressed(job, "del"), say("button-delete"), emoji="🗑️")
    liked = button(Pressed(job, "fav"), emoji="❤️")
    others = _others(say, sheet)
    if len(sheet.positions) <= 1:
        own = row(info, liked, *thumbs(sheet), gone)
        return [row(seed, others, edit), row(*_onward(say, sheet)), own]
    each = row(*_each("u", sheet), liked), row(*_each("v", sheet))
    return [row(seed, others, edit, info, gone), *each]


def _others(say: Say, sheet: Sheet) -> Button | None:
    """🧩, where there is another mask at all."""
    seen = sheet.seen
    if seen is None or seen.of <= 1:
        return None
    label = say("button-mask", seen=seen.seen, of=seen.of)
    return button(Pressed(sheet.job.id, "mask"), label, emoji="🧩", style=Style.primary)


def _each(action: str, sheet: Sheet) -> list[Button]:
    """U or V for every picture that is there; a failed one keeps its number to itself."""
    return [
        button(
            Pressed(sheet.job.id, action, str(position.index)),
            f"{action.upper()}{position.index + 1}",
        )
        for position in sheet.drawn[:MOST_SINGLES]
    ]


def _onward(say: Say, sheet: Sheet) -> list[Button]:
    """What a picture that stands alone can become."""
    return [
        button(Pressed(sheet.job.id, action, str(position.index)), say(label))
        for position in sheet.drawn[:1]
        for action, label in _ways(sheet)
    ]


def _ways(sheet: Sheet) -> list[tuple[str, str]]:
    fits = all(2 * max(shot.width, shot.height) <= sheet.most_edge for shot in sheet.shots)
    ways = [("subtle", "button-subtle"), ("v", "button-strong")]
    return [*ways, ("x2", "button-upscale")] if fits else ways


def _keep(say: Say, sheet: Sheet) -> Item | None:
    """The select: every choice of the plan, those of picture 1 preselected."""
    offered = _offered(sheet)
    if not offered:
        return None
    first = _lit_first(sheet)
    options = [
        option(
            choice.adapter.name, str(number), "" if sheet.quiet else words, default=number in first
        )
        for number, words, choice in offered
    ]
    select: ui.Select[ui.LayoutView] = ui.Select(
        custom_id=Pressed(sheet.job.id, "keep").custom_id,
        placeholder=cut(say("result-keep"), 150),
        min_values=0,
        max_values=len(options),
        options=options,
    )
    return row(select)


def _offered(sheet: Sheet) -> list[tuple[int, str, Choice]]:
    """(number in the plan, words, choice), at most as many as a select holds.

    What is lit in picture 1 is always offered, then the best of every task, then the rest.
    """
    rank = {c.adapter.card_id: n for t in _tasks(sheet) for n, c in enumerate(t)}
    first = _lit_first(sheet)
    numbered = [(number, words, choice) for number, (words, choice) in enumerate(choices(sheet))]
    best = sorted(numbered, key=lambda one: (one[0] not in first, rank[one[2].adapter.card_id]))
    return sorted(best[:MOST_OPTIONS], key=lambda one: one[0])


def _tasks(sheet: Sheet) -> list[tuple[Choice, ...]]:
    return [task.choices for task in sheet.job.plan.tasks] if sheet.job.plan else []


def _lit_first(sheet: Sheet) -> frozenset[int]:
    """Numbers of the choices that the first picture lights."""
    if not sheet.positions:
        return frozenset()
    bits = [bit for group in Mask.parse(sheet.positions[0].mask).bits for bit in group]
    return frozenset(number for number, bit in enumerate(bits) if bit)
