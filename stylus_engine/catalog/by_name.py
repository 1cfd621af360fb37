"""How a name is asked for: the clauses that find it, and which names are near one that nobody has.

Pure: text in, clauses and sentences out; the catalogue asks its book.  Names are
people's own: quotes are doubled, no text is ever SQL.
"""

from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process, utils

from stylus_engine.errors import SharedName
from stylus_engine.model import Adapter

NEAR = 60.0  # of 100, rapidfuzz: less alike is no near miss
NEAREST = 500  # names that are looked at for near misses
TRIGRAM = 3  # characters; the index of names knows no shorter pieces


def shared(name: str, same: Sequence[Adapter]) -> SharedName:
    """What to say where a name is not enough."""
    ids = ", ".join(card.card_id for card in same[:5])
    return SharedName(name=name[:80], count=len(same), ids=ids)


def ordered(where: str) -> str:
    """Cards by what is popular, then by when they came. `where` is a clause of ours."""
    return (
        f"SELECT card FROM cards WHERE card IS NOT NULL {where}"  # noqa: S608 - see above
        " ORDER BY popularity DESC, number LIMIT ?"
    )


def holding(text: str) -> tuple[str, tuple[str, ...]]:
    """The clause for names that hold `text`, and its facts; quotes are doubled, no text is SQL."""
    if not text:
        return "", ()
    if len(text) < TRIGRAM:
        escaped = text.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return "AND name_key LIKE ? ESCAPE '\\'", (f"%{escaped}%",)
    return "AND number IN (SELECT rowid FROM names WHERE names MATCH ?)", (_quoted(text),)


def pieces(text: str) -> str:
    """Any trigram of the text, as a question to the index of names."""
    found = dict.fromkeys(text[at : at + TRIGRAM] for at in range(len(text) - TRIGRAM + 1))
    return " OR ".join(_quoted(piece) for piece in found)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def alike(name: str, names: Mapping[str, str]) -> str:
    """Up to three of these names (by id) that are most like this one, as a question; "" = none is."""
    near = process.extract(
        name[:120], names, scorer=fuzz.WRatio, processor=utils.default_process,
        limit=3, score_cutoff=NEAR,
    )  # fmt: skip
    found = dict.fromkeys(match for match, _, _ in near)
    return f"Did you mean {' or '.join(f'“{each}”' for each in found)}?" if found else ""
