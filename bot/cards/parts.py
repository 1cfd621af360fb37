"""The few pieces that all cards are made of, and the limits they keep."""

from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias

import discord
from discord import ui

from bot.custom_ids import Pressed
from bot.texts.catalogue import Say
from bot.texts.escape import clean, cut

MOST_TEXT = 4000  # characters of all TextDisplays of a message together
MOST_OPTIONS = 25
MOST_LABEL = 80  # of a button
MOST_OPTION = 100  # label, value, description
MOST_FIELD = 45  # title of a window, label of its fields

Item: TypeAlias = ui.Item[ui.LayoutView]
Button: TypeAlias = ui.Button[ui.LayoutView]
Style = discord.ButtonStyle


class Tone(Enum):
    """The stripe at a card's edge."""

    WAITING = 0x8A93A5
    WORKING = 0x5B8DB8
    DONE = 0x7A6FB5
    CALM = 0x6C8F7D
    TROUBLE = 0xB8604F


def card(*items: Item | None, tone: Tone) -> ui.LayoutView:
    """One container. Stopped at once: discord.py keeps no view that has ended."""
    view = ui.LayoutView(timeout=None)
    kept = [item for item in items if item is not None]
    view.add_item(ui.Container(*kept, accent_colour=tone.value))
    view.stop()
    return view


def text(*lines: str) -> Item | None:
    """Lines below each other, empty ones left out; None when nothing is left."""
    said = "\n".join(line for line in lines if line)
    return ui.TextDisplay(said) if said else None


def small(line: str) -> str:
    """Discord's small print."""
    return f"-# {line}" if line else ""


def line() -> Item:
    """A thin line between what belongs together and what does not."""
    return ui.Separator(spacing=discord.SeparatorSpacing.small)


def row(*buttons: "Item | None") -> Item | None:
    """Up to five buttons, or one select."""
    kept = [button for button in buttons if button is not None]
    return ui.ActionRow(*kept) if kept else None


def button(
    pressed: Pressed, label: str = "", *, emoji: str | None = None, style: Style = Style.secondary
) -> Button:
    """A button that says all of what it does in its custom_id."""
    said = cut(label, MOST_LABEL) or None
    return ui.Button(style=style, label=said, emoji=emoji, custom_id=pressed.custom_id)


def link(label: str, url: str) -> Button:
    """A button that leads somewhere."""
    return ui.Button(style=Style.link, label=cut(label, MOST_LABEL), url=url)


def option(
    label: str, value: str, description: str = "", *, default: bool = False
) -> discord.SelectOption:
    """One line of a select; what it says is plain text, not markdown."""
    return discord.SelectOption(
        label=clean(label, MOST_OPTION) or value,
        value=value,
        description=clean(description, MOST_OPTION) or None,
        default=default,
    )


def fitting(lines: Iterable[str], count: int, most: int, more: Say, key: str) -> tuple[str, ...]:
    """As many of `count` lines as `most` characters hold; `key` then says how many are left.

    What does not fit is not even written: a line costs up to a millisecond.
    """
    first = tuple(_within(lines, most))
    if len(first) == count:
        return first
    kept = tuple(_within(first, most - len(more(key, count=count)) - 1))
    return (*kept, more(key, count=count - len(kept)))


def _within(lines: Iterable[str], room: int) -> Iterable[str]:
    for one in lines:
        room -= len(one) + 1
        if room < 0:
            return
        yield one
