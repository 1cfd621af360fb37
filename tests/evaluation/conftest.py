"""The command line over the stand-in engine, as the bot's tests have it."""

from tests.bot.conftest import home, stylus

__all__ = ["home", "stylus"]
