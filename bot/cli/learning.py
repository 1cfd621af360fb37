"""`stylus learning`: what servers like, from the line's own book."""

import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.app import database_of
from bot.cli import options
from bot.cli.desk import Desk, answering, desk_of, run
from bot.jobs.comparing import Result
from bot.jobs.database import address
from bot.jobs.line import Line, Rules
from bot.routing.learnings import MOST_EXPORTED, exported
from bot.settings import Settings
from bot.winning import rate
from stylus_engine.errors import BadSettings
from stylus_engine.model import Liking
from stylus_engine.planning.learning import mean

T = TypeVar("T")
Guild = Annotated[int, typer.Argument(help="The server's id, as Discord copies it.", min=1)]
MOST_SHOWN = 40


def family() -> typer.Typer:
    """The commands of `stylus learning`."""
    app = typer.Typer(
        no_args_is_help=True, help="What servers like, and which presets they prefer."
    )
    for command in (show, export, delete, comparisons):
        app.command()(command)
    return app


def show(context: typer.Context, guild: Guild) -> None:
    """The adapters that most was said of, and how well they are liked for which words."""
    desk = desk_of(context)
    with answering(desk, as_json=False):
        found = run(_read(desk, lambda line: line.learned(guild, MOST_SHOWN)))
        for each in found:
            desk.out.print(_line(each), markup=False, soft_wrap=True)
        if not found:
            desk.say("Nothing was learned in this server yet.")


def export(context: typer.Context, guild: Guild) -> None:
    """All counts of a server as JSON; nobody is named in it."""
    desk = desk_of(context)
    with answering(desk, as_json=False):
        found = run(_read(desk, lambda line: line.learned(guild, MOST_EXPORTED)))
        typer.echo(exported(guild, found).decode())


def delete(context: typer.Context, guild: Guild) -> None:
    """Forget all that was learned in a server. While the bot runs, `/admin learning` does that."""
    desk = desk_of(context)
    with answering(desk, as_json=False):
        gone = run(_forget(database_of(_existing(desk)), guild))
        desk.say("All that was learned there is deleted." if gone else "Nothing was learned there.")


def comparisons(
    context: typer.Context, guild: Guild | None = None, as_json: options.Json = False
) -> None:
    """How often one preset was preferred to another in `/compare`, with a 95 % interval."""
    desk = desk_of(context)
    with answering(desk, as_json):
        found = run(_read(desk, lambda line: line.results(guild)))
        if as_json:
            desk.answer([_facts(each) for each in found])
        for each in () if as_json else found:
            desk.out.print(_verdict(each), markup=False, soft_wrap=True)
        if not found:
            desk.say("No comparison was revealed yet.")


async def _read(desk: Desk, asked: Callable[[Line], Awaitable[T]]) -> T:
    """Beside a bot that runs."""
    return await Line.look(database_of(_existing(desk)), asked)


async def _forget(url: str, guild: int) -> int:
    """Moves in as a bot does: only one at a time writes. Raises `BadSettings` while one lives there."""
    line = await Line.open(url, Rules(), owner=f"command-{os.getpid()}", now=time.time())
    try:
        return await line.forget(guild)
    finally:
        await line.close()


def _existing(desk: Desk) -> Settings:
    """The settings, if there is a line: looking makes none."""
    settings = desk.settings()
    file = address(database_of(settings)).database
    sqlite = address(database_of(settings)).get_backend_name() == "sqlite"
    if sqlite and not Path(file or "").exists():
        raise BadSettings(where="database.url", why=f"there is no line at {file}; no bot ran yet")
    return settings


def _line(one: Liking) -> str:
    share = f"{100 * mean(one):.0f} %"
    return f"{share:>5}  for {one.good:g}, against {one.bad:g}  {one.card_id}  ({one.concept})"


def _facts(one: Result) -> dict[str, object]:
    share = rate(one.wins, one.losses)
    told = share._asdict() if share else {"rate": None, "low": None, "high": None}
    names: dict[str, object] = {"one": one.one, "other": one.other}
    return names | {"wins": one.wins, "losses": one.losses, "ties": one.ties} | told


def _verdict(one: Result) -> str:
    share = rate(one.wins, one.losses)
    names = f"{one.one} against {one.other}"
    if share is None:
        return f"{names}: nobody saw a difference ({one.ties})"
    percents = f"{100 * share.rate:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f} %)"
    return f"{names}: {percents}; {one.wins} to {one.losses}, {one.ties} no difference"
