"""Untrusted text made harmless: what a card says is data and looks like what it is."""

import html
import re
import unicodedata

import msgspec

from stylus_engine.model import Adapter, Licence

NAME = 120  # characters, and so on
DESCRIPTION = 2000
TRIGGER = 60
TAG = 60
AUTHOR = 80
LICENCE = 60
URL = 500
MOST_TRIGGERS = 24
MOST_TAGS = 40
MOST_PREVIEWS = 20
MARKUP = 64 * 1024  # characters of HTML that are looked at
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]{0,20})\b[^<>]{0,4000}>|<[!?][^<>]{0,4000}>", re.IGNORECASE)
_HIDDEN = frozenset({"script", "style", "template", "iframe", "noscript", "svg", "title"})
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "cite", "code", "del", "em", "font", "i", "ins", "kbd",
    "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u", "var",
})  # fmt: skip
_KEPT_FORMAT = "\u200c\u200d"  # joiners that Persian, Hindi and emoji need


def cleaned(card: Adapter) -> Adapter:
    """The same card with every free text cleaned and capped; ids, paths and numbers as they were."""
    return msgspec.structs.replace(
        card,
        name=line(card.name, NAME),
        description=line(card.description, DESCRIPTION),
        triggers=_lines(card.triggers, TRIGGER, MOST_TRIGGERS),
        tags=_lines(card.tags, TAG, MOST_TAGS),
        author=line(card.author, AUTHOR),
        family_declared=line(card.family_declared, TAG),
        previews=card.previews[:MOST_PREVIEWS],
        licence=_licence(card.licence),
    )


def line(text: str, most: int) -> str:
    """One line of at most `most` characters: no control, bidi, invisible or private-use characters.

    Bidi overrides can make a card read as another one; tags (U+E0000…) and zero-width
    characters can hide instructions for a language model.
    """
    spaced = "".join(" " if c.isspace() else c for c in text)
    shown = "".join(c for c in spaced if _shown(c))
    return " ".join(unicodedata.normalize("NFC", shown).split())[:most].rstrip()


def plain(markup: str) -> str:
    """HTML as the text a reader would see, in time linear in its length; not yet capped by `line`.

    No HTML parser: on hostile 64 KB Python 3.11's own took 18 s (unclosed attributes), and
    selectolax 283 s on 200,000 nested elements.  What only a browser would understand
    stays as text, which is safe: nothing here is ever shown as HTML.
    """
    text, at, hidden = [""], 0, ""
    markup = markup[:MARKUP]
    for tag in _TAG.finditer(markup):
        name = (tag[2] or "").lower()
        text.append("" if hidden else markup[at : tag.start()])
        text.append("" if name in _INLINE else " ")
        at = tag.end()
        hidden = _hidden(hidden, name, closing=bool(tag[1]))
    text.append("" if hidden else markup[at:])
    return " ".join(html.unescape("".join(text)).split())


def _hidden(hidden: str, name: str, *, closing: bool) -> str:
    """Which element hides the text that follows, "" = none."""
    if hidden:
        return "" if closing and name == hidden else hidden
    return name if name in _HIDDEN and not closing else ""


def _shown(character: str) -> bool:
    return (
        unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
        or character in _KEPT_FORMAT
    )


def _lines(texts: tuple[str, ...], most: int, count: int) -> tuple[str, ...]:
    lines = (line(text, most) for text in texts)
    return tuple(dict.fromkeys(text for text in lines if text))[:count]


def _licence(licence: Licence) -> Licence:
    return msgspec.structs.replace(licence, name=line(licence.name, LICENCE))
