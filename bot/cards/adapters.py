"""/adapters browse, info and add: what is on the shelf, and what came to it."""

from collections.abc import Iterator, Sequence

import discord
from discord import ui

from bot.captions import weight
from bot.cards.credits import MOST_AUTHOR, licence
from bot.cards.letter import Enclosure
from bot.cards.lists import turning
from bot.cards.paging import Page
from bot.cards.parts import (
    MOST_OPTION,
    MOST_OPTIONS,
    Item,
    Tone,
    card,
    line,
    option,
    row,
    small,
    text,
)
from bot.cards.status import fetching
from bot.cards.words import DOT, MOST_FACT, MOST_NAME, code
from bot.custom_ids import NOBODY, Pressed
from bot.texts.catalogue import Say
from bot.texts.escape import cut, escape
from stylus_engine.model import Adapter, Fetching
from stylus_engine.workers.frames import Added

PAGE = 8  # adapters of one page
MOST_QUERY = 80
MOST_DESCRIPTION = 120  # in a list
MOST_STORY = 1200  # on a card of its own
MOST_TRIGGERS = 60
SHOW = Pressed(NOBODY, "open", "adapter")  # the select; its value is the card_id


def browse(
    say: Say,
    adapters: Sequence[Adapter],
    *,
    query: str = "",
    page: int = 0,
    total: int | None = None,
) -> ui.LayoutView:
    """One page of the shelf, or of what was found. `total` None: nobody counted."""
    shown = adapters[:PAGE]
    if not shown and page:  # the shelf became shorter meanwhile
        back = turning(say, Page("adapters", page, query), more=False)
        return card(text(_title(say, query, page, total)), back, tone=Tone.CALM)
    if not shown:
        none = say("adapters-none", query=escape(query, MOST_QUERY))
        return card(text(none if query else say("adapters-empty")), tone=Tone.CALM)
    more = len(adapters) > PAGE if total is None else (page + 1) * PAGE < total
    return card(
        text(_title(say, query, page, total)),
        *(text(*_short(say, adapter)) for adapter in shown),
        line(),
        _choose(say, shown),
        turning(say, Page("adapters", page, query), more=more),
        tone=Tone.CALM,
    )


def _title(say: Say, query: str, page: int, total: int | None) -> str:
    if query:
        return say("adapters-found", query=escape(query, MOST_QUERY), page=page + 1)
    pages = -(-(total or 1) // PAGE)
    return say("adapters-title", page=page + 1, pages=max(pages, page + 1))


def _short(say: Say, adapter: Adapter) -> Iterator[str]:
    """The name, what it is good for, whose it is."""
    yield f"**{_name(adapter)}**{DOT}{escape(adapter.category, 20)}"
    yield escape(adapter.description, MOST_DESCRIPTION)
    triggers = escape(", ".join(adapter.triggers), MOST_TRIGGERS)
    said = say("adapters-say", triggers=triggers) if triggers else ""
    author = say("result-by", author=_author(say, adapter))
    yield small(DOT.join(part for part in (said, author, licence(say, adapter)) if part))


def _choose(say: Say, adapters: Sequence[Adapter]) -> Item | None:
    """A card_id too long for an option's value can still be named in /adapters info."""
    ids = [adapter for adapter in adapters if 0 < len(adapter.card_id) <= MOST_OPTION]
    if not ids:
        return None
    select: ui.Select[ui.LayoutView] = ui.Select(
        custom_id=SHOW.custom_id,
        placeholder=cut(say("adapters-show"), 150),
        options=[option(one.name, one.card_id) for one in ids[:MOST_OPTIONS]],
    )
    return row(select)


def info(say: Say, adapter: Adapter, *, preview: Enclosure | None = None) -> ui.LayoutView:
    """One adapter: all that its card says, and what its author allows."""
    return card(
        text(f"**{_name(adapter)}**", _kind(say, adapter)),
        _picture(say, adapter, preview) if preview else None,
        text(escape(adapter.description, MOST_STORY)),
        text(*_facts(say, adapter)),
        text(small(say("adapters-use")), small(code(adapter.card_id, 200))),
        tone=Tone.CALM,
    )


def coming(say: Say, event: Fetching) -> ui.LayoutView:
    """While the file of an adapter is fetched."""
    return card(text(fetching(say, event.name, event.done, event.of)), tone=Tone.WORKING)


def added(say: Say, answer: Added) -> ui.LayoutView:
    """What somebody brought: what it is, and whether it is found, or why not."""
    adapter, why = answer.adapter, answer.why_not
    key = "added-hidden" if why else "added-new" if answer.fresh else "added-known"
    facts = {"why": escape(why, MOST_FACT)} if why else {}
    return card(
        text(f"**{_name(adapter)}**", _kind(say, adapter)),
        text(escape(adapter.description, MOST_DESCRIPTION)),
        text(say(key, **facts)),
        text(small(code(adapter.card_id, 200))),
        tone=Tone.TROUBLE if why else Tone.DONE,
    )


def _kind(say: Say, adapter: Adapter) -> str:
    said = say(
        "adapters-kind",
        category=escape(adapter.category, 20),
        kind=escape(adapter.kind, 20),
        family=escape(adapter.family, 40),
        rating=escape(adapter.rating, 10),
    )
    return small(said)


def _picture(say: Say, adapter: Adapter, preview: Enclosure) -> Item:
    alt = preview.alt or say("adapters-preview", name=escape(adapter.name, MOST_NAME))
    return ui.MediaGallery(discord.MediaGalleryItem(preview.url, description=alt))


def _facts(say: Say, adapter: Adapter) -> Iterator[str]:
    if adapter.triggers:
        yield say("adapters-triggers", triggers=escape(", ".join(adapter.triggers), 300))
    low, high = weight(adapter.weight_low), weight(adapter.weight_high)
    yield say("adapters-weight", weight=weight(adapter.weight), low=low, high=high)
    if adapter.tags:
        yield say("adapters-tags", tags=escape(", ".join(adapter.tags), 300))
    yield say("adapters-by", author=_author(say, adapter), licence=licence(say, adapter))
    yield small(DOT.join(_allowed(say, adapter)))


def _allowed(say: Say, adapter: Adapter) -> Iterator[str]:
    terms = adapter.licence
    yield say("adapters-commercial" if terms.commercial else "adapters-no-commercial")
    if terms.credit:
        yield say("adapters-credit")


def _name(adapter: Adapter) -> str:
    return escape(adapter.name, MOST_NAME) or escape(adapter.card_id, MOST_NAME)


def _author(say: Say, adapter: Adapter) -> str:
    return escape(adapter.author, MOST_AUTHOR) or say("adapters-unknown-author")
