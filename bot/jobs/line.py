"""The line: all that the bot asks of the database. Each subject has its own file.

accepting   a wish gets its place            posting    a card goes out, once
drawing     workers take and bring           ends       failed, cancelled, deleted
reading     places, lists, figures           people     ❤, bans, pause, notes
learning    votes and what they teach        comparing  two presets, blind
retention   what is forgotten                lease      one bot per database
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from bot.jobs import lease
from bot.jobs.accepting import Accepting
from bot.jobs.comparing import Comparing
from bot.jobs.database import LeaseLost, address, connect
from bot.jobs.drawing import Drawing
from bot.jobs.ends import Ends
from bot.jobs.learning import Learning
from bot.jobs.migrating import migrate
from bot.jobs.people import People
from bot.jobs.posting import Posting
from bot.jobs.reading import Reading
from bot.jobs.retention import Retention
from bot.jobs.room import Rules
from bot.refusals import LineAway, database_words
from stylus_engine.errors import BadSettings

__all__ = ["LeaseLost", "Line", "Rules"]
LOG = logging.getLogger("stylus.jobs")
T = TypeVar("T")
# What opening raises: databases the first two, drivers the others, of arguments that they do not know.
ODD = (LineAway, DBAPIError, OSError, TypeError, ValueError, OverflowError)


class Line(Accepting, Drawing, Posting, Ends, People, Learning, Comparing, Reading, Retention):
    """Every change is one transaction with a guard; a call that changed nothing says so.

    Any write raises `LeaseLost` once another bot has taken the database; any call
    `LineAway` while it cannot be used.
    """

    @classmethod
    async def open(cls, url: str, rules: Rules, *, owner: str, now: float) -> Self:
        """Bring the database up to date and move in as `owner`.

        `url` is `sqlite:///FILE` or `postgresql://…`.  Raises `BadSettings` for a
        database that cannot be opened or in which another bot lives.
        """
        where = address(url)
        await _enter(where, owner, now)
        return cls(connect(where, owner), rules)

    @classmethod
    async def look(cls, url: str, asked: Callable[[Self], Awaitable[T]]) -> T:
        """Read beside the bot that may live there, as a command does; `asked` writes nothing.

        Raises `BadSettings` for a database that cannot be read, or of an older version.
        """
        try:
            database = connect(address(url), patience=None)  # whoever asks may wait
            try:
                return await asked(cls(database, Rules()))
            finally:
                await database.close()
        except (LineAway, OSError) as error:
            why = f"it cannot be read ({_why(error)})"
            raise BadSettings(where="database.url", why=why) from error
        except ODD as error:
            why = "it cannot be read, or is of an older version: start the bot once"
            raise BadSettings(where="database.url", why=why) from error

    async def hold(self, now: float) -> None:
        """Renew the bot's own lease, every `lease.BOT_SECONDS` / 3. Raises `LeaseLost`."""
        owner = self._db.owner or ""
        await self._db.write(lambda connection: lease.hold(connection, owner, now))

    async def close(self) -> None:
        """Give the lease back and close every connection. A second time does nothing."""
        if self._db.closed:
            return
        owner = self._db.owner or ""
        try:
            await self._db.write(lambda connection: lease.give_back(connection, owner))
        except LeaseLost:
            pass  # another bot lives here: nothing of ours is left to give back
        except LineAway as away:
            LOG.warning("the lease runs out by itself: %s", away)
        finally:
            await self._db.close()


async def _enter(url: URL, owner: str, now: float) -> None:
    """Migrate and take the lease in one transaction, so that two bots cannot both."""

    def move_in(connection: Connection) -> None:
        migrate(connection)
        lease.take(connection, owner, now)

    try:
        door = connect(url, patience=None)  # tables may be made anew for minutes
        try:
            await door.write(move_in)
        finally:
            await door.close()
    except ODD as error:
        plain = url.set(drivername=url.get_backend_name())  # as it was written
        told = plain.render_as_string(hide_password=True)
        why = f"{told} cannot be opened ({_why(error)})"
        raise BadSettings(where="database.url", why=why) from error


def _why(error: Exception) -> str:
    return error.why if isinstance(error, LineAway) else database_words(error)
