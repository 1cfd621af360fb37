"""Foreign text as one short plain line, and about how many tokens it is. Pure.

Not the catalogue's `clean.line`: rooms of one floor do not import each other, and what
a model reads is cut by tokens, not by characters.
"""

import math
import re
import unicodedata
from functools import lru_cache

MOST_READ = 20_000  # characters looked at; the rest of a text is no line
# Thirds of a token of a character in the scripts that tokenizers have learnt; others fall to bytes.
_COSTS = (
    ("\u0080", "\u07ff", 2),  # accents, Greek, Cyrillic, Hebrew, Arabic
    ("\u0900", "\u0e7f", 3),  # the scripts of India, Thai
    ("\u2000", "\u20cf", 3),  # dashes, quotes, currencies
    ("\u3000", "\u9fff", 4),  # Japanese, Chinese
    ("\uac00", "\ud7af", 3),  # Korean
    ("\U0001f300", "\U0001faff", 8),  # emoji
)
_RARE = 9
_JOINERS = "\u200c\u200d"  # Persian, Hindi and emoji need them
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# The marks with which chat templates tell roles apart: a local server may take them at their word.
_ROLES = re.compile(r"<\|[^<>|]{0,40}\|?>|<<?/?SYS>>?|\[/?INST\]|<\||\|>", re.IGNORECASE)


def line(text: str, most: int) -> str:
    """At most `most` characters of one line: nothing invisible, no bidi overrides, no role marks."""
    shown = "".join(" " if c.isspace() else c for c in text[:MOST_READ] if c.isspace() or _shown(c))
    bare = _ROLES.sub(" ", unicodedata.normalize("NFC", shown))
    return " ".join(bare.split())[:most].rstrip()


def tokens(text: str) -> int:
    """About how many tokens a text is, on the dear side: a rule of thumb for each sort of character.

    No tokenizer: each model has another one.  Held against o200k_base on menus and
    prompts in Latin, Cyrillic, Arabic, Devanagari, Thai, Japanese, emoji and rare scripts
    it was never below; letters thrown together at random take up to twice as many.
    """
    return math.ceil(sum(map(_thirds, text)) / 3)


def fitting(text: str, most: int) -> str:
    """The longest beginning of `text` that is about `most` tokens or fewer."""
    left = 3 * most
    for at, character in enumerate(text):
        left -= _thirds(character)
        if left < 0:
            return text[:at].rstrip()
    return text


@lru_cache(maxsize=4096)
def _thirds(character: str) -> int:
    """Thirds of a token."""
    if character.isascii():
        return 1 if character.isalpha() or character == " " else 3
    return next((cost for first, last, cost in _COSTS if first <= character <= last), _RARE)


def _shown(character: str) -> bool:
    return unicodedata.category(character) not in _HIDDEN or character in _JOINERS
