"""A card as text, in the order a screen reader would go through it."""

from collections.abc import Callable, Iterator
from typing import Any

from discord import ui

Piece = dict[str, Any]


def read(view: ui.LayoutView | ui.Modal) -> str:
    return "\n".join(line for top in view.to_components() for line in lines(top))


def pieces(view: ui.LayoutView | ui.Modal) -> list[Piece]:
    """Every component of a card, however deep."""
    return [piece for top in view.to_components() for piece in walk(top)]


def walk(piece: Piece) -> Iterator[Piece]:
    yield piece
    for child in (*piece.get("components", ()), piece.get("accessory"), piece.get("component")):
        if child:
            yield from walk(child)


def lines(piece: Piece) -> Iterator[str]:
    yield from READERS[piece["type"]](piece)


def _below(piece: Piece) -> Iterator[str]:
    for child in piece["components"]:
        yield from lines(child)
    if "accessory" in piece:
        yield from lines(piece["accessory"])


def _row(piece: Piece) -> Iterator[str]:
    apart = "\n" if piece["components"][0]["type"] == 3 else "  "
    yield apart.join(line for child in piece["components"] for line in lines(child))


def _button(piece: Piece) -> Iterator[str]:
    emoji = (piece.get("emoji") or {}).get("name", "")
    yield f"({' '.join(part for part in (emoji, piece.get('label')) if part)})"


def _options(piece: Piece) -> Iterator[str]:
    yield f"⌄ {piece.get('placeholder', '')}"
    for option in piece["options"]:
        mark = "☑" if option.get("default") else "☐"
        yield f"   {mark} {option['label']}  {option.get('description', '')}".rstrip()


def _label(piece: Piece) -> Iterator[str]:
    yield f"{piece['label']}  {piece.get('description', '')}".rstrip()
    yield from lines(piece["component"])


READERS: dict[int, Callable[[Piece], Iterator[str]]] = {
    1: _row,
    2: _button,
    3: _options,
    4: lambda piece: iter([f"   [{piece.get('value', '')}]"]),
    9: _below,
    10: lambda piece: iter([piece["content"]]),
    12: lambda piece: iter([f"[{item['description']}]" for item in piece["items"]]),
    13: lambda piece: iter([f"📎 {piece['file']['url']}"]),
    14: lambda _: iter(["─" * 40]),
    17: _below,
    18: _label,
    21: _options,
    22: _options,
}
