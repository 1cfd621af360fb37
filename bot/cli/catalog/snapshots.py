"""`stylus catalog snapshot` and `rollback`: the index as it was under a name."""

from typing import Annotated

import typer
from rich.text import Text

from bot.cli import options
from bot.cli.desk import answering, desk_of
from bot.cli.show import line
from bot.cli.stopping import run


def snapshot(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name for it; none = list them.")] = "",
    listed: Annotated[
        bool, typer.Option("--list", help="List the names there are, the newest first.")
    ] = False,
    drop: Annotated[
        str, typer.Option("--drop", help="Forget this one; its disk is given back by and by.")
    ] = "",
    as_json: options.Json = False,
) -> None:
    """Give the index as it is now a name, list the names there are, or forget one."""
    if bool(name) + listed + bool(drop) > 1:
        raise typer.BadParameter("one of a name, --list and --drop")
    desk = desk_of(context)
    with answering(desk, as_json), desk.engine(desk.settings()) as engine:
        if name:
            run(engine.library.snapshot(name))
        if drop:
            run(engine.library.drop_snapshot(drop))
        names = run(engine.library.snapshots())
        if as_json:
            desk.answer(names)
        else:
            line(
                desk.out,
                Text(", ".join(names) or f"There is no snapshot {'left' if drop else 'yet'}."),
            )


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
