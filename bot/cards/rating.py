"""👍 and 👎: a list under a grid, two buttons under one picture.

Not taken: two buttons for each picture of a grid.  They are eight more of the forty
parts that a message may have, and two rows that say the same.
"""

from collections.abc import Iterator

import discord
from discord import ui

from bot.cards.parts import MOST_OPTIONS, Button, Item, button, option, row
from bot.cards.sheet import Sheet
from bot.custom_ids import Pressed
from bot.texts.catalogue import Say
from bot.texts.escape import cut

GOOD, BAD, NONE = "up", "down", "none"
MOST_RATED = (MOST_OPTIONS - 1) // 2


def rating(say: Say, sheet: Sheet) -> Item | None:
    """The list, where a picture lights something that could be liked."""
    if not _rated(sheet) or len(sheet.positions) <= 1:
        return None
    select: ui.Select[ui.LayoutView] = ui.Select(
        custom_id=Pressed(sheet.job.id, "rate").custom_id,
        placeholder=cut(say("result-rate"), 150),
        options=list(_options(say, sheet)),
    )
    return row(select)


def thumbs(sheet: Sheet) -> tuple[Button | None, Button | None]:
    """For a card with one picture."""
    if not _rated(sheet):
        return None, None
    index = sheet.drawn[0].index
    return _thumb(sheet, "👍", f"{index}-{GOOD}"), _thumb(sheet, "👎", f"{index}-{BAD}")


def read(value: str) -> tuple[int, bool] | None:
    """`2-up` is (2, True); None takes all votes back, and is what nobody of ours wrote, too."""
    index, _, word = value.partition("-")
    if not (index.isascii() and index.isdecimal()) or word not in {GOOD, BAD}:
        return None
    return int(index), word == GOOD


def _rated(sheet: Sheet) -> bool:
    return sheet.rate and bool(sheet.drawn) and not sheet.bare


def _thumb(sheet: Sheet, sign: str, argument: str) -> Button:
    return button(Pressed(sheet.job.id, "rate", argument), emoji=sign)


def _options(say: Say, sheet: Sheet) -> Iterator[discord.SelectOption]:
    for position in sheet.drawn[:MOST_RATED]:
        for sign, word in (("👍", GOOD), ("👎", BAD)):
            label = f"{sign} {say('result-rate-picture', number=position.index + 1)}"
            yield option(label, f"{position.index}-{word}")
    yield option(say("result-rate-none"), NONE)
