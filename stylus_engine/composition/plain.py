"""Foreign text as one short plain line, and about how many tokens it is. Pure.

Not the catalogue's `clean.line`: rooms of one floor do not import each other, and what
a model reads is cut by tokens, not by characters.
"""

import math
import re
import unicodedata

BYTES_A_TOKEN = 3  # of UTF-8; English has about 4, and an estimate should err on the dear side
ASTRAL = 2  # tokens of a character beyond U+FFFF, emoji above all
MOST_READ = 20_000  # characters looked at; the rest of a text is no line
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
    """About how many tokens a text is, on the dear side: bytes by three, two for an emoji.

    A rule of thumb and no tokenizer: each model has another one.  Checked against
    o200k_base on the prompts of the tests; it was never below.
    """
    astral = sum(c > "\uffff" for c in text)
    size = len(text.encode("utf-8", "replace")) - 4 * astral
    return math.ceil(size / BYTES_A_TOKEN) + ASTRAL * astral


def fitting(text: str, most: int) -> str:
    """The longest beginning of `text` that is about `most` tokens or fewer."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if tokens(text[:middle]) <= most else (low, middle - 1)
    return text[:low].rstrip()


def _shown(character: str) -> bool:
    return unicodedata.category(character) not in _HIDDEN or character in _JOINERS
