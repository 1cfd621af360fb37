"""`stylus adapters`: the cards, one card, a search among them, and the index that makes it quick."""

import time
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.captions import plain, weight
from bot.cli import options, pinning
from bot.cli.desk import Desk, answering, desk_of, ensure_index
from bot.cli.engine import Engine
from bot.cli.show import INDENT, line
from bot.cli.stopping import run
from stylus_engine.model import Adapter, Candidate
from stylus_engine.model.noun import printable

LONG = ("name", "licence")  # of `list`: where a narrow terminal cuts


def family() -> typer.Typer:
    """The commands under `stylus adapters`."""
    app = typer.Typer(no_args_is_help=True, help="The adapters this installation knows.")
    app.command("list")(list_cards)
    app.command("show")(show_card)
    app.command("search")(search_cards)
    app.command("index")(build_index)
    app.command("pin")(pinning.pin)
    app.command("unpin")(pinning.unpin)
    app.command("pinned")(pinning.pinned)
    return app


def list_cards(
    context: typer.Context,
    drawable: Annotated[bool, typer.Option(help="Leave out cards that have no file.")] = False,
    as_json: options.Json = False,
) -> None:
    """Every adapter; those without a file are dimmed."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        cards = [card for card in engine.cards.cards() if card.drawable or not drawable]
        if as_json:
            desk.answer(cards)
            return
        desk.out.print(Padding(_table(cards), INDENT))
        line(desk.out, Text(_counted(cards), style="dim"))


def _counted(cards: Sequence[Adapter]) -> str:
    drawable = sum(card.drawable for card in cards)
    return f"{len(cards)} adapters, {drawable} of them with a file to draw with."


def _table(cards: Sequence[Adapter]) -> Table:
    """On a narrow terminal names and licences are cut, words of few letters are not."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("name", "category", "kind", "weight", "rating", "licence"):
        justify = "right" if name == "weight" else "left"
        table.add_column(name, justify=justify, no_wrap=name not in LONG)
    for card in cards:
        table.add_row(*_cells(card), style="" if card.drawable else "dim")
    return table


def _cells(card: Adapter) -> list[Text]:
    texts = (card.name, card.category, card.kind, weight(card.weight), card.rating)
    told = (plain(text, 40) for text in (*texts, card.licence.name))
    return [Text(text, no_wrap=True, overflow="ellipsis") for text in told]


def show_card(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name or id of an adapter.")],
    as_json: options.Json = False,
) -> None:
    """Everything one card says."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        card = engine.cards.find(name)
        if as_json:
            desk.answer(card)
        else:
            _show(desk, card)


def _show(desk: Desk, card: Adapter) -> None:
    line(desk.out, Text(plain(card.name), style="bold"))
    if card.description:
        desk.out.print(Padding(Text(plain(card.description, 2000)), INDENT))
    desk.out.print()
    for label, text in _facts(card).items():
        if text:
            line(desk.out, Text.assemble((f"{label:<12}", "dim"), plain(text, 1000)))


def _facts(card: Adapter) -> dict[str, str]:
    span = f"{weight(card.weight_low)} to {weight(card.weight_high)}"
    return {
        "id": card.card_id,
        "triggers": ", ".join(card.triggers),
        "weight": f"{weight(card.weight)} (from {span})",
        "category": card.category,
        "kind": f"{card.kind}, for {card.family}",
        "tags": ", ".join(card.tags),
        "author": card.author,
        "licence": _licence(card),
        "rating": card.rating,
        "file": card.path or card.url or "none: this adapter cannot be drawn with",
        "sha256": card.file_sha256 or "",
        "previews": " ".join(card.previews),
    }


def _licence(card: Adapter) -> str:
    rules = {
        "commercial use": card.licence.commercial,
        "derivatives": card.licence.derivatives,
        "no credit needed": not card.licence.credit,
    }
    allowed = ", ".join(name for name, holds in rules.items() if holds)
    return f"{card.licence.name} ({allowed or 'credit needed, nothing else allowed'})"


def search_cards(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="Words to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=200, help="At most so many.")] = 10,
    as_json: options.Json = False,
) -> None:
    """Adapters near a text, the nearest first."""
    desk = desk_of(context)
    with answering(desk, as_json):
        printable("search", text)
        with desk.engine(desk.settings()) as engine, desk.err.status("searching"):
            found = run(_search(desk, engine, text, k))
        if as_json:
            desk.answer(found)
        else:
            _show_found(desk, found)


async def _search(desk: Desk, engine: Engine, text: str, k: int) -> Sequence[Candidate]:
    await ensure_index(desk, engine)
    return await engine.search(text, k)


def _show_found(desk: Desk, found: Sequence[Candidate]) -> None:
    table = Table.grid(padding=(0, 3, 0, 0))
    for candidate in found:
        card = candidate.adapter
        near = Text(f"{candidate.similarity:.2f}", style="cyan")
        about = Text(plain(card.description, 100), style="dim")
        table.add_row(near, Text(plain(card.name, 40), style="bold"), card.category, about)
    desk.out.print(Padding(table, INDENT) if found else Text("  Nothing found."))


class Built(msgspec.Struct, frozen=True):
    """Of `stylus adapters index --json`."""

    adapters: int
    changed: int
    seconds: float


def build_index(context: typer.Context, as_json: options.Json = False) -> None:
    """Write the search index anew from the cards. Commands that need it follow edited cards by themselves."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        began = time.monotonic()
        with desk.err.status("Building the index of adapters …"):
            changed, held = run(_index(engine))
        built = Built(held, changed, seconds=round(time.monotonic() - began, 3))
        if as_json:
            desk.answer(built)
        else:
            told = f"The index was written anew: {held} adapters ({built.seconds:.1f} s)."
            line(desk.out, Text(told))


async def _index(engine: Engine) -> tuple[int, int]:
    return await engine.index(anew=True), await engine.indexed()
