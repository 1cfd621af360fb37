"""`stylus catalog export`: every card in a file that `import cards` reads back."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from bot.cli import options
from bot.cli.desk import Desk, answering, desk_of
from bot.cli.show import line
from stylus_engine.catalog.exporting import write, write_csv
from stylus_engine.errors import BadText


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """Of `stylus catalog export --json`."""

    path: str
    cards: int
    without_path: int  # cards whose file lies outside the folder of `path`
    csv: str = ""


def export(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="The file to write, as cards.jsonl or cards.csv.")],
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Also a table of the main columns.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write every card: lines of JSON, or a table where the file ends in .csv."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        if csv is not None and os.path.realpath(csv) == os.path.realpath(path):
            raise BadText(what="name after --csv", why="it is that of the file itself")
        with desk.err.status("writing"):
            done = write(engine.library.cards(), path)
            if csv is not None:
                write_csv(engine.library.cards(), csv)
        told = Exported(
            path=str(path.absolute()),
            cards=done.cards,
            without_path=done.without_path,
            csv=str(csv.absolute()) if csv else "",
        )
        if as_json:
            desk.answer(told)
        else:
            _show(desk, told)


def _show(desk: Desk, told: Exported) -> None:
    line(desk.out, Text(f"{told.cards:,} cards in {told.path}"))
    if told.without_path:
        why = "a file of cards names only files of its own folder"
        said = f"{told.without_path:,} of them are without the path of their file: {why}."
        line(desk.out, Text(said, style="dim"))
