"""Who may, who likes what, and the switches that an administrator turns."""

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select

from bot.jobs.room import Room
from bot.jobs.tables import bans, favourites, jobs, switches
from bot.refusals import JobGone

EVERYWHERE = 0  # the guild of a ban that holds in all of them
PAUSED = "paused"


class People(Room):
    """Favourites, bans, the pause, and notes that outlive the process."""

    async def favourite(self, job: str, user: int, now: float) -> bool:
        """Turn a person's ❤ on a job over; whether it is one now. Raises `JobGone`."""

        def body(connection: Connection) -> bool:
            if connection.execute(delete(favourites).where(_heart(job, user))).rowcount:
                return False
            if connection.scalar(select(jobs.c.id).where(jobs.c.id == job)) is None:
                raise JobGone(job=job)
            row = {"user": user, "job": job, "made_at": now}
            return connection.execute(insert(favourites), row).rowcount == 1

        return await self._db.write(body)

    async def is_favourite(self, job: str, user: int) -> bool:
        """Whether this person's ❤ is on."""
        wanted = select(favourites.c.job).where(_heart(job, user))
        return await self._db.read(lambda connection: connection.scalar(wanted)) is not None

    async def ban(self, guild: int, user: int, by: int, reason: str, now: float) -> None:
        """From now on `accept` refuses this person; guild 0 is everywhere. The last reason counts."""
        row = {"guild": guild, "user": user, "banned_by": by, "reason": reason, "made_at": now}

        def body(connection: Connection) -> None:
            connection.execute(delete(bans).where(_ban(guild, user)))
            connection.execute(insert(bans), row)

        await self._db.write(body)

    async def unban(self, guild: int, user: int) -> bool:
        """Whether there was such a ban."""
        gone = delete(bans).where(_ban(guild, user))
        return await self._db.write(lambda connection: connection.execute(gone).rowcount) > 0

    async def banned(self, guild: int | None, user: int) -> str | None:
        """The reason, or None for a person who may."""
        return await self._db.read(lambda connection: ban_of(connection, guild, user))

    async def pause(self, by: int | None, now: float) -> None:
        """No job is handed to a drawer any more; accepted ones wait."""
        await self.note(PAUSED, "yes", now, by=by)

    async def resume(self, by: int | None, now: float) -> None:
        await self.note(PAUSED, "", now, by=by)

    async def paused(self) -> bool:
        return bool(await self.noted(PAUSED))

    async def note(self, name: str, value: str, now: float, *, by: int | None = None) -> None:
        """Remember a text under a name (≤ 64 characters), as the hash of the command tree."""
        await self._db.write(lambda connection: set_note(connection, name, value, by, now))

    async def noted(self, name: str) -> str | None:
        return await self._db.read(lambda connection: note_of(connection, name))


def _heart(job: str, user: int) -> ColumnElement[bool]:
    return and_(favourites.c.job == job, favourites.c.user == user)


def set_note(connection: Connection, name: str, value: str, by: int | None, now: float) -> None:
    """In a transaction of somebody else's."""
    row = {"name": name, "value": value, "set_by": by, "set_at": now}
    connection.execute(delete(switches).where(switches.c.name == name))
    connection.execute(insert(switches), row)


def note_of(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(switches.c.value).where(switches.c.name == name))


def ban_of(connection: Connection, guild: int | None, user: int) -> str | None:
    """The reason; a ban everywhere is told before one of the guild."""
    here = bans.c.guild.in_((EVERYWHERE, guild or EVERYWHERE))
    wanted = select(bans.c.reason).where(here, bans.c.user == user).order_by(bans.c.guild).limit(1)
    return connection.scalar(wanted)


def _ban(guild: int, user: int) -> ColumnElement[bool]:
    return (bans.c.guild == guild) & (bans.c.user == user)
