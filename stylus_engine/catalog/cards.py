"""Files of cards that a person keeps: JSON lines, an `Adapter` in each, every line of which counts."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from stylus_engine.catalog.lines import card_of
from stylus_engine.errors import BadCards
from stylus_engine.model import Adapter
from stylus_engine.opening import opened


class CardFile:
    """All cards of some files, read and checked when it is made.

    Paths in a card are relative to the card file's folder and may not leave it.
    Raises `BadCards` with the line: not UTF-8, not JSON, not an `Adapter`, an id
    twice, a path that leaves, a line over `lines.LONGEST`.
    """

    def __init__(self, *paths: Path, found: Iterable[Adapter] = ()) -> None:
        """`found` are cards of files without a card of their own; a written card goes before them."""
        numbered = ((path, *each) for path in paths for each in _read(path))
        self._records: dict[str, bytes] = {}
        written = {card.card_id: card for card in _unique(numbered, self._records)}
        self._cards = {card.card_id: card for card in found} | written

    def cards(self) -> Iterable[Adapter]:
        """Every card, in the order of the file."""
        return tuple(self._cards.values())

    def record(self, card_id: str) -> bytes:
        """The line that a card was written in, as it stands in its file. Raises `KeyError` for others."""
        return self._records[card_id]


def _unique(
    numbered: Iterable[tuple[Path, int, Adapter, bytes]], records: dict[str, bytes]
) -> Iterator[Adapter]:
    """The cards in order, their lines into `records`. Raises `BadCards` for an id that an earlier line has."""
    seen: dict[str, tuple[Path, int]] = {}
    for path, number, card, record in numbered:
        if card.card_id in seen:
            where, line = seen[card.card_id]
            place = f"line {line}" if where == path else f"line {line} of {where}"
            why = f"the id {card.card_id} is already used on {place}"
            raise BadCards(path=str(path), line=number, why=why)
        seen[card.card_id] = path, number
        records[card.card_id] = record
        yield card


def _read(path: Path) -> Iterator[tuple[int, Adapter, bytes]]:
    """Line numbers, from 1, their cards and their bytes; empty lines are skipped."""
    try:
        with opened(path) as file:
            lines = file.read().split(b"\n")
    except OSError as error:
        why = f"the file cannot be read ({error.strerror})"
        raise BadCards(path=str(path), line=0, why=why) from error
    folder = path.parent.resolve()
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            yield number, _card(path, folder, number, raw), raw.rstrip(b"\r")


def _card(path: Path, folder: Path, number: int, raw: bytes) -> Adapter:
    """One line, cleaned, its paths absolute. Raises `BadCards`."""
    try:
        return card_of(raw, folder)
    except ValueError as error:
        raise BadCards(path=str(path), line=number, why=str(error)) from error
