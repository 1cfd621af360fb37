"""All commands of `stylus`: the engine is assembled here and handed to them.

Nothing heavy is imported here until a command asks for an engine, and even then
torch waits for the first drawing.
"""

import io
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli import adapters, catalog, learning
from bot.cli.again import again
from bot.cli.bot import bot
from bot.cli.demo import demo
from bot.cli.desk import Desk, Opener
from bot.cli.doctor import doctor
from bot.cli.engine import Engine
from bot.cli.evaluating import evaluate
from bot.cli.further import upscale, vary
from bot.cli.imagine import imagine, plan
from bot.cli.selfcheck import selfcheck
from bot.cli.setup import setup
from bot.cli.writing_out import written_out
from bot.settings import Settings, load

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The settings file; else $STYLUS_CONFIG, ./config.toml."),
]
Setting = Annotated[
    list[str] | None, typer.Option("--set", help="section.key=value, over file and environment.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a refusal.")]


def run() -> None:
    """Read the command line and do what it says."""
    _forgive_terminals()
    _quiet_libraries()
    with written_out():
        application(open_engine)(prog_name="stylus")


def application(opener: Opener) -> typer.Typer:
    """All commands, over any engine: tests hand in a stand-in."""
    app = typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        help="A prompt becomes a grid of pictures, each drawn with other adapters.",
    )  # fmt: skip

    def stylus(
        context: typer.Context, config: Config = None, setting: Setting = None, debug: Debug = False
    ) -> None:
        context.obj = _desk(opener, config, setting or (), debug=debug)

    app.callback()(stylus)
    for command in (imagine, again, vary, upscale, plan, setup, bot, doctor, selfcheck):
        app.command()(command)
    app.add_typer(adapters.family(), name="adapters")
    app.add_typer(catalog.family(), name="catalog")
    app.add_typer(learning.family(), name="learning")
    app.command(name="eval")(evaluate)
    app.command(hidden=True)(demo)
    return app


def open_engine(settings: Settings) -> Engine:
    """The real engine: the one that workers open."""
    from bot.worker import open_house

    return open_house(settings)


def _desk(
    opener: Opener, config: Path | None, flags: "list[str] | tuple[()]", *, debug: bool
) -> Desk:
    environment = dict(os.environ)
    return Desk(
        settings=lambda: load(config, environment, flags),
        unwritten=lambda: load(config, environment, flags, unwritten=True),
        opener=opener,
        out=Console(highlight=False),
        err=Console(stderr=True, highlight=False),
        config=config,
        environment=environment,
        debug=debug,
    )


def _forgive_terminals() -> None:
    """A terminal that lacks a letter shows `?`; it does not end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _quiet_libraries() -> None:
    """Libraries keep their bars and advice to themselves, unless a person's environment asks."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    logging.getLogger("stamina").setLevel(logging.ERROR)  # who tried in vain says so in the end
