"""`stylus catalog snapshot` and `rollback`: the index as it was under a name."""

from typing import Annotated

import typer
from rich.text import Text

from bot.cli import options
from bot.cli.desk import answering, desk_of, run
from bot.cli.show import line


def snapshot(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name for it; none = list them.")] = "",
    as_json: options.Json = False,
) -> None:
    """Give the index as it is now a name, or list the names there are."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        if name:
            run(engine.library.snapshot(name))
        names = run(engine.library.snapshots())
        if as_json:
            desk.answer(names)
        else:
            line(desk.out, Text(", ".join(names) or "There is no snapshot yet."))


def rollback(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name that `snapshot` gave.")],
    as_json: options.Json = False,
) -> None:
    """Make the index what it was under this name."""
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        run(engine.library.rollback(name))
        if as_json:
            desk.answer({"rolled_back": name})
        else:
            line(desk.out, Text(f"The index is what it was as “{name}”."))
