"""`stylus learning`: what servers like, from the line's own book.

The bot's rooms are imported by the command that reads the line, or `stylus --help`
would load discord.py and a database.
"""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.cli import options
from bot.cli.desk import Desk, answering, desk_of
from bot.cli.stopping import run
from bot.winning import rate
from stylus_engine.errors import BadSettings
from stylus_engine.model import Liking
from stylus_engine.planning.learning import mean

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.jobs.comparing import Result
    from bot.jobs.line import Line

T = TypeVar("T")
Guild = Annotated[int, typer.Argument(help="The server's id, as Discord copies it.", min=1)]
OneGuild = Annotated[
    int | None, typer.Option("--guild", help="Of this server alone, by its id.", min=1)
]
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
    from bot.routing.learnings import MOST_EXPORTED, exported

    desk = desk_of(context)
    with answering(desk, as_json=False):
        found = run(_read(desk, lambda line: line.learned(guild, MOST_EXPORTED)))
        typer.echo(exported(guild, found).decode())


def delete(context: typer.Context, guild: Guild) -> None:
    """Forget all that was learned in a server. While the bot runs, `/admin learning` does that."""
    desk = desk_of(context)
    with answering(desk, as_json=False):
        gone = run(_forget(_existing(desk), guild))
        desk.say("All that was learned there is deleted." if gone else "Nothing was learned there.")


def comparisons(
    context: typer.Context, guild: OneGuild = None, as_json: options.Json = False
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


async def _read(desk: Desk, asked: "Callable[[Line], Awaitable[T]]") -> T:
    """Beside a bot that runs."""
    from bot.jobs.line import Line

    return await Line.look(_existing(desk), asked)


async def _forget(url: str, guild: int) -> int:
    """Moves in as a bot does: only one at a time writes. Raises `BadSettings` while one lives there."""
    from bot.jobs.line import Line, Rules

    line = await Line.open(url, Rules(), owner=f"command-{os.getpid()}", now=time.time())
    try:
        return await line.forget(guild)
    finally:
        await line.close()


def _existing(desk: Desk) -> str:
    """The address of the line, if there is one: looking makes none."""
    from bot.app import database_of
    from bot.jobs.database import address

    url = database_of(desk.settings())
    there = address(url)
    if there.get_backend_name() == "sqlite" and not Path(there.database or "").exists():
        why = f"there is no line at {there.database}; no bot ran yet"
        raise BadSettings(where="database.url", why=why)
    return url


def _line(one: Liking) -> str:
    share = f"{100 * mean(one):.0f} %"
    return f"{share:>5}  for {one.good:g}, against {one.bad:g}  {one.card_id}  ({one.concept})"


def _facts(one: "Result") -> dict[str, object]:
    share = rate(one.wins, one.losses)
    told = share._asdict() if share else {"rate": None, "low": None, "high": None}
    names: dict[str, object] = {"one": one.one, "other": one.other}
    return names | {"wins": one.wins, "losses": one.losses, "ties": one.ties} | told


def _verdict(one: "Result") -> str:
    share = rate(one.wins, one.losses)
    names = f"{one.one} against {one.other}"
    if share is None:
        return f"{names}: nobody saw a difference ({one.ties})"
    percents = f"{100 * share.rate:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f} %)"
    return f"{names}: {percents}; {one.wins} to {one.losses}, {one.ties} no difference"
