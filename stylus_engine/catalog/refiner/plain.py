"""A card's text as plain words: no markup, no links, nothing hidden, no more than can be read.

Regular expressions and not `html.parser`: that one raises on `<![odd[`, and these are
linear, because whatever opens and never closes runs to the end.
"""

import html
import re
import unicodedata

from stylus_engine.catalog import clean

MOST_READ = 20_000  # characters; a card of megabytes is no description
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_BLOCK = re.compile(
    r"</?(?:p|br|div|li|[uo]l|h[1-6]|t[rdh]|table|hr|blockquote)\b[^<>]*>", re.IGNORECASE
)
_TAG = re.compile(r"</?[a-z!?][^<>]*>", re.IGNORECASE)
# The marks with which chat templates tell roles apart: a local server may take them at their word.
_ROLE = re.compile(r"<\|[^<>|]{0,40}\|?>|<<?/?SYS>>?|\[/?INST\]|<\||\|>", re.IGNORECASE)
_PICTURE = re.compile(r"!\[[^\]]{0,200}\]\([^)]{0,1000}\)")
_LINK = re.compile(r"\[([^\]]{0,200})\]\([^)]{0,1000}\)")
_ADDRESS = re.compile(r"\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.)\S+|\bdata:\S{20,}", re.IGNORECASE)
_DRESS = re.compile(r"```\w*|[*_`#~]{2,}|^[^\S\n]*(?:[#>*+-]+|\d{1,3}\.)[^\S\n]", re.MULTILINE)
_LONG_WORD = re.compile(r"\S{61,}")  # base64 and the like: no word of any prompt
_END = re.compile(r"(?<=[.!?…。！？])\s+|\n+")


def plain(text: str, most: int) -> str:
    """One clean line of at most `most` characters."""
    return clean.line(" ".join(_bare(text).split()), most)


def sentences(text: str) -> list[str]:
    """Its sentences, each one clean line, empty ones left out; a line break ends a sentence too."""
    parts = (clean.line(part, clean.DESCRIPTION) for part in _END.split(_bare(text)))
    return [part for part in parts if any(c.isalnum() for c in part)]


def _bare(text: str) -> str:
    """Twice, because what is escaped in markup is markup once it is unescaped."""
    for _ in range(2):
        text = html.unescape(_unmarked(text[:MOST_READ]))
    text = _unmarked("".join(c for c in text if _speaks(c)))
    for pattern, instead in (
        (_PICTURE, " "),
        (_LINK, r"\1"),
        (_ADDRESS, " "),
        (_DRESS, " "),
        (_LONG_WORD, " "),
    ):
        text = pattern.sub(instead, text)
    return text


def _unmarked(text: str) -> str:
    text = _BLOCK.sub("\n", _HIDDEN.sub(" ", text))
    return _ROLE.sub(" ", _TAG.sub(" ", _ROLE.sub(" ", text)))


def _speaks(character: str) -> bool:
    """Not an emoji or another pictogram, nor what only hides: line breaks stay."""
    kind = unicodedata.category(character)
    return character.isspace() or kind not in {"So", "Cc", "Cf", "Cs", "Co", "Cn"}
