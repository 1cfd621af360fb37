"""How many strings a JSON text holds, told before anything of it is parsed.

Knows quotes and the backslashes before them; whether the text is JSON at all, and what
its strings mean, is for whoever parses it.
"""

import numpy as np
import numpy.typing as npt

DEEPEST = 16  # backslashes in a row before a quote that are counted one by one
SLASH, QUOTE = b'\\"'
PIECE = 64 * 1024  # bytes


def count_strings(raw: bytes) -> int:
    """How many strings a JSON text holds, if it is one: its quotes that no backslash escapes, halved.

    `raw` begins with a brace.  It bounds what parsing can cost before anything is parsed, and afterwards it tells
    whether a name stood there twice: parsers keep one of two, the text has both.
    """
    return (raw.count(b'"') - _escaped(raw)) // 2


def _escaped(raw: bytes) -> int:
    """Quotes behind an odd number of backslashes: those behind one or more, less those behind two or more, and so on."""
    if b"\\" not in raw:
        return 0
    text = np.frombuffer(raw, np.uint8)
    at = np.concatenate([_behind(text, start) for start in range(0, len(raw), PIECE)])
    found = 0
    for behind in range(DEEPEST):
        found += -at.size if behind % 2 else at.size
        at = at[text[at - 1] == SLASH] - 1  # a brace comes first: there is one before
        if not at.size:
            return found
    bare = raw.replace(b"\\\\", b"")  # of two backslashes the first escapes the second
    return raw.count(b'"') - bare.replace(b'\\"', b"").count(b'"')


def _behind(text: npt.NDArray[np.uint8], start: int) -> npt.NDArray[np.intp]:
    """Where in one piece a backslash stands right before a quote. Pieces stay in the processor's cache."""
    piece = text[start : start + PIECE + 1]
    return np.flatnonzero((piece[:-1] == SLASH) & (piece[1:] == QUOTE)) + start
