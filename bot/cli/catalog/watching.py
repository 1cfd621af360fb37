"""`stylus catalog watch`: what is dropped into a folder is found, what is taken away is not."""

from contextlib import aclosing
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bot.cli import options
from bot.cli.desk import Desk, answering, desk_of
from bot.cli.library import Library
from bot.cli.show import line
from bot.cli.stopping import run_until_stopped
from stylus_engine.catalog.importing import Summary


def watch(
    context: typer.Context,
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Folders; none = cards.folders of the settings.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Follow folders until Ctrl-C. With --json a line for each change."""
    desk = desk_of(context)
    with answering(desk, as_json):
        settings = desk.settings()
        watched = folders or [Path(folder) for folder in settings.cards.folders]
        if not watched:
            raise typer.BadParameter("name a folder, or set [cards] folders")
        with desk.engine(settings) as engine:
            desk.say(f"Watching {', '.join(str(path) for path in watched)}; Ctrl-C ends it.")
            for absent in (path for path in watched if not path.exists()):
                desk.say(f"{absent} does not exist yet: it is looked at once it is there.")
            run_until_stopped(_follow(desk, engine.library, watched, as_json=as_json))


async def _follow(desk: Desk, library: Library, folders: list[Path], *, as_json: bool) -> None:
    async with aclosing(library.watch(folders)) as changes:
        async for summary in changes:
            if as_json:
                desk.answer(summary)
            else:
                line(desk.out, Text(told(summary)))


def told(summary: Summary) -> str:
    """One line for one change."""
    taken = summary.taken
    counts = {"new": taken.new, "changed": taken.changed, "gone": taken.gone}
    said = [f"{count} {name}" for name, count in counts.items() if count]
    said += [f"{count} skipped ({reason})" for reason, count in summary.skipped.items()]
    return f"{summary.source}: {', '.join(said) or 'nothing new'}"
