"""The columns a table of cards may have, and what a cell of each means."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from stylus_engine.catalog.bases import base_of
from stylus_engine.catalog.lines import MOST_COUNT
from stylus_engine.catalog.sources.records import as_number
from stylus_engine.model.adapter import MOST_WEIGHT

Cell: TypeAlias = Callable[[str], object]
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is run by spreadsheets
_BETWEEN = re.compile(r"(?<!\\)\|")
YES = frozenset({"true", "yes", "1"})
NO = frozenset({"false", "no", "0"})
NEEDED = ("name", "family")
LICENCE = {
    "licence": "name",
    "commercial": "commercial",
    "derivatives": "derivatives",
    "credit": "credit",
}


def _text(cell: str) -> str:
    return cell


def listed(texts: Iterable[str]) -> str:
    """A cell that holds these texts, as `_list` takes it apart."""
    pieces = (text.replace("|", r"\|") for text in texts)
    return "|".join(f"{text} " if text.endswith("\\") else text for text in pieces)


def _list(cell: str) -> list[str]:
    """Pieces between `|`; a backslash before it makes it a part of a piece."""
    pieces = (each.replace(r"\|", "|").strip() for each in _BETWEEN.split(cell))
    return [each for each in pieces if each]


def _number(cell: str) -> float:
    found = as_number(cell)
    if found is None:
        raise ValueError(f"“{cell[:40]}” is no number")
    return found


def _weight(cell: str) -> float:
    """With a comma too, as half of Europe's spreadsheets write it: no weight has thousands."""
    found = _number(cell.replace(",", "."))
    if abs(found) > MOST_WEIGHT:
        most = f"{MOST_WEIGHT:g}"
        raise ValueError(f"{found:g} was given; a weight must lie between -{most} and {most}")
    return found


def _count(cell: str) -> int:
    found = _number(cell)
    if abs(found) > MOST_COUNT:
        raise ValueError(f"“{cell[:40]}” is no sane count")
    return int(found)


def _truth(cell: str) -> bool:
    if cell.lower() not in YES | NO:
        raise ValueError(f"“{cell[:40]}” is neither yes nor no")
    return cell.lower() in YES


# Column -> field of `Adapter`, and how its cell is read. An empty cell says nothing.
COLUMNS: Mapping[str, tuple[str, Cell]] = {
    "id": ("card_id", _text),
    "name": ("name", _text),
    "family": ("family_declared", _text),
    "base": ("base", _text),
    "kind": ("kind", _text),
    "category": ("category", _text),
    "description": ("description", _text),
    "triggers": ("triggers", _list),
    "tags": ("tags", _list),
    "weight": ("weight", _weight),
    "weight_low": ("weight_low", _weight),
    "weight_high": ("weight_high", _weight),
    "url": ("url", _text),
    "path": ("path", _text),
    "sha256": ("file_sha256", str.lower),
    "previews": ("previews", _list),
    "author": ("author", _text),
    "licence": ("licence", _text),
    "commercial": ("commercial", _truth),
    "derivatives": ("derivatives", _truth),
    "credit": ("credit", _truth),
    "rating": ("rating", str.lower),
    "real_person": ("real_person", _truth),
    "minor": ("minor", _truth),
    "health": ("health", str.lower),
    "quarantine": ("quarantine", _text),
    "concepts": ("concepts", _list),
    "not_for": ("not_for", _text),
    "popularity": ("popularity", _count),
    "bytes": ("file_bytes", _count),
    "model": ("model_key", _text),
    "described_by": ("described_by", _text),
}


def card_fields(row: Mapping[str, str]) -> dict[str, object]:
    """The fields of an `Adapter` that a row of cells says. Raises `ValueError` with what is wrong."""
    said = {name: _bare(cell) for name, cell in row.items() if cell and name in COLUMNS}
    missing = [name for name in NEEDED if name not in said]
    if missing:
        raise ValueError(f"it has no {missing[0]}")
    found = {COLUMNS[name][0]: _cell(name, cell) for name, cell in said.items()}
    licence = {LICENCE[name]: found.pop(COLUMNS[name][0]) for name in LICENCE if name in said}
    base = base_of(said["family"])
    found |= {"family_declared": base.family}
    found |= {"licence": licence} if licence else {}
    return {"base": base.base} | _range(found)


def harmless(text: str) -> str:
    """As a cell that no spreadsheet runs: an apostrophe before what it would take for a formula."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def _bare(cell: str) -> str:
    """The text of a cell that `harmless` made."""
    guarded = cell.startswith("'") and cell.lstrip("'").startswith(FORMULA)
    return cell[1:] if guarded else cell


def _cell(name: str, cell: str) -> object:
    try:
        return COLUMNS[name][1](cell)
    except ValueError as error:
        raise ValueError(f"in column “{name}” {error}") from error


def _range(found: dict[str, object]) -> dict[str, object]:
    """A weight above the usual range widens it, when the table names no range of its own."""
    weight = found.get("weight")
    if isinstance(weight, float) and "weight_high" not in found:
        found |= {"weight_high": max(weight, 1.0)}
    if isinstance(weight, float) and "weight_low" not in found:
        found |= {"weight_low": min(weight, 0.0)}
    return found
