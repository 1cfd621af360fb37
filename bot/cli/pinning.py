"""`stylus adapters pin`, `unpin`, `pinned`: files that stay whatever room is needed."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

from bot.captions import plain
from bot.cli import options
from bot.cli.desk import answering, desk_of
from bot.cli.show import INDENT, line
from bot.cli.stopping import run
from stylus_engine.catalog.orders import Pinned
from stylus_engine.model import Fetching

Name = Annotated[str, typer.Argument(help="Name or id of an adapter.")]
MB = 10**6


def pin(context: typer.Context, name: Name, as_json: options.Json = False) -> None:
    """Fetch the file of an adapter and keep it, however long nobody draws with it."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        with desk.err.status(f"fetching {plain(name, 60)}") as status:
            kept = run(engine.pins.pin(name, lambda piece: _told(status, piece)))
        if as_json:
            desk.answer(kept)
        else:
            line(desk.out, Text(_kept(kept)))


def _told(status: Status, piece: Fetching) -> None:
    far = f"{piece.done // MB} of {piece.of // MB} MB" if piece.of else f"{piece.done // MB} MB"
    status.update(f"fetching {plain(piece.name, 60)}, {far}")


def _kept(kept: Pinned) -> str:
    name = plain(kept.name, 60)
    if kept.own:
        return f"{name} lies in a folder of yours: nothing ever removes it."
    return f"{name} stays ({kept.file_bytes / MB:.1f} MB)."


class Unpinned(msgspec.Struct, frozen=True):
    """Of `stylus adapters unpin --json`."""

    card_id: str
    name: str
    was_pinned: bool


def unpin(context: typer.Context, name: Name, as_json: options.Json = False) -> None:
    """Let the file of an adapter go when room is needed."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        found, was = engine.pins.unpin(name)
        if as_json:
            desk.answer(Unpinned(found.card_id, found.name, was))
        else:
            end = "may go when room is needed" if was else "was not pinned"
            line(desk.out, Text(f"{plain(found.name, 60)} {end}."))


def pinned(context: typer.Context, as_json: options.Json = False) -> None:
    """The adapters whose files stay."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        found = engine.pins.pinned()
        if as_json:
            desk.answer(found)
        else:
            desk.out.print(Padding(_table(found), INDENT) if found else Text("  None is pinned."))


def _table(found: Sequence[Pinned]) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("MB", justify="right")
    for each in found:
        table.add_row(Text(plain(each.name, 60)), f"{each.file_bytes / MB:.1f}")
    return table
