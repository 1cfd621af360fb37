"""One line per picture, as people read it: `2 · Ink & Wash 0.8 + Night City 0.6`.

Texts of cards are untrusted: control characters never reach a terminal.
"""

import re
from collections import Counter
from collections.abc import Sequence

from stylus_engine.model import Shot, Weighted

BASE = "no adapter"
BREAKS = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")  # Cc, Zl, Zp, Cs


def captions(shots: Sequence[Shot]) -> tuple[str, ...]:
    """A line for each shot; adapters that most pictures share come first in every line.

    A few-step adapter, which is in all of them and draws no words, stands in none.
    """
    shared = Counter(weighted.adapter.card_id for shot in shots for weighted in lit(shot))
    return tuple(_caption(number, shot, shared) for number, shot in enumerate(shots, 1))


def _caption(number: int, shot: Shot, shared: Counter[str]) -> str:
    """Ties keep the plan's order: sorting is stable."""
    shown = sorted(lit(shot), key=lambda w: -shared[w.adapter.card_id])
    return f"{number} · {' + '.join(map(_named, shown)) or BASE}"


def lit(shot: Shot) -> tuple[Weighted, ...]:
    """The adapters that draw something of the prompt."""
    return tuple(one for one in shot.recipe.adapters if one.adapter.category != "speed")


def faster(shot: Shot) -> Weighted | None:
    """The few-step adapter of a picture, if it has one."""
    return next((one for one in shot.recipe.adapters if one.adapter.category == "speed"), None)


def varied(shots: Sequence[Shot]) -> bool:
    """Whether pictures wear what they wear at different strengths."""
    return len({shot.recipe.strength for shot in shots if lit(shot)}) > 1


def _named(weighted: Weighted) -> str:
    return f"{plain(weighted.adapter.name, 60)} {weight(weighted.weight)}"


def weight(value: float) -> str:
    """Two places at most, one at least: 0.8, 0.64, 1.0."""
    text = f"{value:.2f}"
    return text.removesuffix("0")


def plain(text: str, most: int = 400) -> str:
    """`text` on one line, without control or lone surrogate characters, cut at `most`."""
    line = " ".join(BREAKS.sub(" ", text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
