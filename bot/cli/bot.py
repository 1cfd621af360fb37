"""`stylus bot`: runs the bot until it is asked to stop."""

import asyncio
import logging

import typer

from bot import secrets
from bot.cli.desk import answering, desk_of
from bot.platforms import refuse_windows


def bot(context: typer.Context) -> None:
    """Run the Discord bot. Ctrl-C or SIGTERM finishes what was begun, at most 25 seconds."""
    desk = desk_of(context)
    with answering(desk, as_json=False):
        refuse_windows()
        settings = desk.settings()
        secrets.token(settings.discord)  # refused before anything is started
        logging.basicConfig(
            level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        logging.getLogger("alembic").setLevel(logging.WARNING)
        from bot.app import run

        raise typer.Exit(asyncio.run(run(settings)))
