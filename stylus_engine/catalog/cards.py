"""The card store over files of JSON lines, an `Adapter` in each line."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from rapidfuzz import fuzz, process, utils

from stylus_engine.catalog.lines import card_of
from stylus_engine.errors import BadCards, UnknownName
from stylus_engine.model import Adapter

NEAR = 60.0  # of 100, rapidfuzz: less alike is no near miss


class CardFile:
    """All cards of some files, read and checked when it is made. Implements `CardStore`.

    Paths in a card are relative to the card file's folder and may not leave it.
    Raises `BadCards` with the line: not UTF-8, not JSON, not an `Adapter`, an id
    twice, a path that leaves, a line over `lines.LONGEST`.
    """

    def __init__(self, *paths: Path, found: Iterable[Adapter] = ()) -> None:
        """`found` are cards of files without a card of their own; a written card goes before them."""
        numbered = ((path, *each) for path in paths for each in _read(path))
        written = {card.card_id: card for card in _unique(numbered)}
        self._cards = {card.card_id: card for card in found} | written

    def cards(self) -> Iterable[Adapter]:
        """Every card, in the order of the file."""
        return tuple(self._cards.values())

    def get(self, card_id: str) -> Adapter:
        """The card with exactly this id. Raises `UnknownName`."""
        if card_id not in self._cards:
            raise UnknownName(kind="adapter", name=card_id[:80], known=self._near(card_id))
        return self._cards[card_id]

    def find(self, name: str) -> Adapter:
        """The card a person means: an id, or a name in any case; a drawable one first.

        Raises `UnknownName` with near misses, or with the ids when several cards share the name.
        """
        if name in self._cards:
            return self._cards[name]
        same = self._named(name)
        if len(same) == 1:
            return same[0]
        known = _several(same) if same else self._near(name)
        raise UnknownName(kind="adapter", name=name[:80], known=known)

    def _named(self, name: str) -> list[Adapter]:
        wanted = name.strip().casefold()
        same = [card for card in self._cards.values() if card.name.casefold() == wanted]
        return [card for card in same if card.drawable] or same

    def _near(self, name: str) -> str:
        names = {card.card_id: card.name for card in self._cards.values()}
        near = process.extract(
            name[:120], names, scorer=fuzz.WRatio, processor=utils.default_process,
            limit=3, score_cutoff=NEAR,
        )  # fmt: skip
        near_names = dict.fromkeys(match for match, _, _ in near)
        return f"Did you mean {_listed(near_names)}?" if near_names else ""


def _listed(names: Iterable[str]) -> str:
    return " or ".join(f"“{name}”" for name in names)


def _several(same: list[Adapter]) -> str:
    ids = ", ".join(card.card_id for card in same[:5])
    return f"{len(same)} adapters have this name; ask by id: {ids}."


def _unique(numbered: Iterable[tuple[Path, int, Adapter]]) -> Iterator[Adapter]:
    """The cards in order. Raises `BadCards` for an id that an earlier line has."""
    seen: dict[str, tuple[Path, int]] = {}
    for path, number, card in numbered:
        if card.card_id in seen:
            where, line = seen[card.card_id]
            place = f"line {line}" if where == path else f"line {line} of {where}"
            why = f"the id {card.card_id} is already used on {place}"
            raise BadCards(path=str(path), line=number, why=why)
        seen[card.card_id] = path, number
        yield card


def _read(path: Path) -> Iterator[tuple[int, Adapter]]:
    """Line numbers, from 1, and their cards; empty lines are skipped."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        why = f"the file cannot be read ({error.strerror})"
        raise BadCards(path=str(path), line=0, why=why) from error
    folder = path.parent.resolve()
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            yield number, _card(path, folder, number, raw)


def _card(path: Path, folder: Path, number: int, raw: bytes) -> Adapter:
    """One line, cleaned, its paths absolute. Raises `BadCards`."""
    try:
        return card_of(raw, folder)
    except ValueError as error:
        raise BadCards(path=str(path), line=number, why=str(error)) from error
