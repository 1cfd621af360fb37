"""What is offered to a language model: one short line for each adapter, under an id of its own. Pure.

The ids ("a1", "a2", …) mean something in one question only.  Card ids never leave the
house, so that no answer can name one.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stylus_engine.composition.plain import fitting, line, tokens
from stylus_engine.model import Adapter, Candidate, Query

MOST_OFFERS = 40
MOST_LIKELY = 4  # adapters that are guessed
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


class Size(NamedTuple):
    """How much of the candidates is told: offers, tokens of a line, characters of what a card says."""

    offers: int = MOST_OFFERS
    line: int = LINE
    adds: int = MOST_ADDS


class Menu(NamedTuple):
    """The offers with their lines, pinned first and then the nearest; `left`: no room for them.

    `ours`: what is chosen from it is held to our own rules too, beside the paper's.
    """

    offers: tuple[Offer, ...]
    lines: tuple[str, ...]
    left: tuple[Offer, ...] = ()
    ours: bool = True

    @property
    def by_id(self) -> dict[str, Offer]:
        """The offers by their short ids."""
        return {offer.id: offer for offer in self.offers}


def menu(
    query: Query, candidates: Sequence[Candidate], room: int, size: Size | None = None
) -> Menu:
    """At most `size.offers` lines that are about `room` tokens together or fewer.

    Lines become shorter before there are fewer of them.
    """
    size, found = size or Size(), _offers(query, candidates)
    count = min(len(found), size.offers, max(room // LEAST_LINE, 0))
    most = min(size.line, room // count) if count else 0
    shown = tuple(found[:count])
    lines = tuple(told(offer, most, size.adds) for offer in shown)
    return Menu(shown, lines, tuple(found[count:]))


def likely(offered: Menu, pinned: Sequence[str]) -> tuple[Adapter, ...]:
    """What an answer will probably hold: what is pinned, then the nearest of each concept; a few.

    What only the whole prompt found is seldom taken.
    """
    sure = [offer.adapter for offer in offered.offers if offer.adapter.card_id in pinned]
    nearest: dict[str, Adapter] = {}
    for offer in offered.offers:
        if offer.concept and offer.adapter not in sure:
            nearest.setdefault(offer.concept, offer.adapter)
    return (*sure, *nearest.values())[:MOST_LIKELY]


def told(offer: Offer, most: int, adds: int = MOST_ADDS) -> str:
    """`a1 | Ink & Wash | style | loose ink over paper | triggers: inkwash`, about `most` tokens."""
    adapter = offer.adapter
    head = f"{offer.id} | {_part(adapter.name, MOST_NAME)} | {adapter.category}"
    triggers = _part(", ".join(adapter.triggers[:3]), MOST_TRIGGERS)
    tail = f" | triggers: {triggers}" if triggers else ""
    said = fitting(_adds(adapter, adds), most - tokens(head + tail) - 2)
    whole = f"{head} | {said}{tail}" if said else f"{head}{tail}"
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


def _adds(adapter: Adapter, most: int) -> str:
    """What a refiner wrote is short and to the point; an author's text is cut."""
    words = ", ".join(adapter.concepts[:6])
    return _part(adapter.description or words or ", ".join(adapter.tags[:6]), most)


def _part(text: str, most: int) -> str:
    """A part of a line; the bar that parts them is ours alone."""
    return line(text, most).replace("|", "/")
