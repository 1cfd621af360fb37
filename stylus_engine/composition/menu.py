"""What is offered to a language model: one short line for each adapter, under an id of its own. Pure.

The ids ("a1", "a2", …) mean something in one question only.  Card ids never leave the
house, so that no answer can name one.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stylus_engine.composition.plain import fitting, line, tokens
from stylus_engine.model import Adapter, Candidate, Query

MOST_OFFERS = 40
MOST_NAME = 40  # characters
MOST_ADDS = 120
MOST_TRIGGERS = 30
LINE = 50  # tokens; the longest line of a menu
LEAST_LINE = 20  # a shorter one says nothing


class Offer(NamedTuple):
    """An adapter under its short id, with the best that recall had to say for it."""

    id: str
    adapter: Adapter
    concept: str
    similarity: float
    cluster: int


class Menu(NamedTuple):
    """The offers with their lines, pinned first and then the nearest; `left`: no room for them."""

    offers: tuple[Offer, ...]
    lines: tuple[str, ...]
    left: tuple[Offer, ...] = ()

    @property
    def by_id(self) -> dict[str, Offer]:
        """The offers by their short ids."""
        return {offer.id: offer for offer in self.offers}


def menu(query: Query, candidates: Sequence[Candidate], room: int) -> Menu:
    """At most `MOST_OFFERS` lines that are about `room` tokens together or fewer.

    Lines become shorter before there are fewer of them.
    """
    found = _offers(query, candidates)
    count = min(len(found), MOST_OFFERS, max(room // LEAST_LINE, 0))
    most = min(LINE, room // count) if count else 0
    shown = tuple(found[:count])
    return Menu(shown, tuple(told(offer, most) for offer in shown), tuple(found[count:]))


def told(offer: Offer, most: int) -> str:
    """`a1 | Ink & Wash | style | loose ink over paper | triggers: inkwash`, about `most` tokens."""
    adapter = offer.adapter
    head = f"{offer.id} | {_part(adapter.name, MOST_NAME)} | {adapter.category}"
    triggers = _part(", ".join(adapter.triggers[:3]), MOST_TRIGGERS)
    tail = f" | triggers: {triggers}" if triggers else ""
    adds = fitting(_adds(adapter), most - tokens(head + tail) - 2)
    whole = f"{head} | {adds}{tail}" if adds else f"{head}{tail}"
    return fitting(whole, most)


def _offers(query: Query, candidates: Iterable[Candidate]) -> list[Offer]:
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        known = best.get(candidate.adapter.card_id)
        if known is None or _weight(candidate) > _weight(known):
            best[candidate.adapter.card_id] = candidate
    ranked = sorted(
        best.values(), key=lambda c: (c.adapter.card_id not in query.pinned, -c.similarity)
    )
    return [
        Offer(f"a{number}", c.adapter, c.concept, c.similarity, c.cluster)
        for number, c in enumerate(ranked, start=1)
    ]


def _weight(candidate: Candidate) -> tuple[float, bool]:
    """Of two that are as near, the one that was found for words of the prompt."""
    return candidate.similarity, bool(candidate.concept)


def _adds(adapter: Adapter) -> str:
    """What a refiner wrote is short and to the point; an author's text is cut."""
    words = ", ".join(adapter.concepts[:6])
    return _part(adapter.description or words or ", ".join(adapter.tags[:6]), MOST_ADDS)


def _part(text: str, most: int) -> str:
    """A part of a line; the bar that parts them is ours alone."""
    return line(text, most).replace("|", "/")
