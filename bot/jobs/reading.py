"""What people and the health page want to know; nothing here writes."""

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, true

from bot.jobs.fairness import line_order, seconds_left
from bot.jobs.masks import seen_of
from bot.jobs.nouns import UNFINISHED, Delivery, Job, Place, Position, Seen, State
from bot.jobs.room import Room
from bot.jobs.rows import delivery_of, find_job, find_positions
from bot.jobs.standing import DRAWING, TRIED, standings, waiting_where
from bot.jobs.tables import deliveries, favourites, images, jobs, shots

SAMPLES = 50  # the last durations that an ETA is made of
WAITS = and_(jobs.c.state.in_(("queued", "planned")), jobs.c.worker_id.is_(None))
DRAWN_NOW = and_(jobs.c.state == "planned", jobs.c.worker_id.is_not(None))


class Reading(Room):
    """Jobs, lists of them, places in the line and figures."""

    async def job(self, job: str) -> Job | None:
        return await self._db.read(lambda connection: find_job(connection, job))

    async def positions(self, job: str) -> list[Position]:
        """In the order of the grid; none before a root is planned."""
        return await self._db.read(lambda connection: find_positions(connection, job))

    async def deliveries(self, job: str) -> list[Delivery]:
        """Every attempt to post it, the first one first."""
        wanted = select(deliveries).where(deliveries.c.job == job).order_by(deliveries.c.number)
        rows = await self._db.read(lambda connection: connection.execute(wanted).mappings().all())
        return [delivery_of(row) for row in rows]

    async def place(self, job: str, now: float, workers: int) -> Place | None:
        """Where a job waits, and seconds until it is drawn; None when it does not wait."""
        return await self._db.read(lambda connection: _place(connection, job, now, workers))

    async def seen(self, root: str) -> Seen:
        """Masks of this root that were drawn in its newest round, of all that 🧩 goes through."""
        return await self._db.read(lambda connection: _seen(connection, root))

    async def unfinished(self, user: int | None = None) -> list[Job]:
        """Everybody's, or one person's, oldest first."""
        open_ones = jobs.c.state.in_(UNFINISHED)
        theirs = open_ones if user is None else and_(open_ones, jobs.c.user == user)
        return await self._jobs(select(jobs).where(theirs).order_by(jobs.c.made_at, jobs.c.id))

    async def tried(self) -> frozenset[str]:
        """Planned jobs that wait and have lost a worker before."""
        wanted = select(jobs.c.id).where(TRIED)
        found = await self._db.read(lambda connection: connection.scalars(wanted).all())
        return frozenset(found)

    async def history(
        self, user: int, *, page: int, size: int = 5, favourites: bool = False
    ) -> list[Job]:
        """Page `page` (from 0) of a person's jobs, or of those with their ❤; newest first."""
        wanted = select(jobs).where(_listed(user, hearts=favourites))
        newest = wanted.order_by(jobs.c.made_at.desc(), jobs.c.id.desc())
        return await self._jobs(newest.limit(size).offset(max(page, 0) * size))

    async def history_length(self, user: int, *, favourites: bool = False) -> int:
        """How many jobs all pages of `history` have together."""
        listed = _listed(user, hearts=favourites)
        return await self._db.read(lambda connection: _count(connection, listed))

    async def by_message(self, message: int) -> Job | None:
        """The newest job whose card or status stands in this message."""
        wanted = select(jobs).where(jobs.c.message == message)
        newest = wanted.order_by(jobs.c.made_at.desc(), jobs.c.id.desc())
        return next(iter(await self._jobs(newest.limit(1))), None)

    async def counts(self, *states: State) -> dict[State, int]:
        """How many jobs are in each state (of these, else of all) that has any.

        Whoever asks often names the states: the finished ones are months of jobs.
        """
        which = jobs.c.state.in_(states) if states else true()
        wanted = select(jobs.c.state, func.count()).where(which).group_by(jobs.c.state)
        return dict(await self._db.read(lambda connection: connection.execute(wanted).all()))

    async def posts(self) -> dict[str, int]:
        """How many cards came by each road that was ever taken."""
        wanted = (
            select(deliveries.c.road, func.count())
            .where(deliveries.c.outcome == "posted")
            .group_by(deliveries.c.road)
        )
        return dict(await self._db.read(lambda connection: connection.execute(wanted).all()))

    async def waits(self, n: int = 200) -> list[float]:
        """Seconds between acceptance and a drawer, of the last `n` jobs that one took."""
        waited = select(jobs.c.began_at - jobs.c.made_at).where(jobs.c.began_at.is_not(None))
        newest = waited.order_by(jobs.c.began_at.desc()).limit(n)
        return list(await self._db.read(lambda connection: connection.scalars(newest).all()))


def _place(connection: Connection, job: str, now: float, workers: int) -> Place | None:
    waiting = waiting_where(connection, now, WAITS)
    if all(one.job != job for one in waiting):
        return None
    line = line_order(waiting, standings(connection, DRAWING, now))
    number = next(number for number, each in enumerate(line, start=1) if each == job)
    lengths = connection.scalars(_durations()).all()
    running = _count(connection, DRAWN_NOW)
    eta = seconds_left(lengths, number=number, running=running, workers=workers)
    return Place(number=number, of=len(waiting), eta=eta)


def _seen(connection: Connection, root: str) -> Seen:
    cell = and_(images.c.job == shots.c.job, images.c.position == shots.c.position)
    drawn = select(shots.c.serial).join(images, cell).where(shots.c.root_job == root)
    serials = connection.scalars(drawn.where(shots.c.serial.is_not(None))).all()
    found = find_job(connection, root)
    of = len(found.order) if found else 0
    return Seen(seen=seen_of(frozenset(serials), of) if of else 0, of=of)


def _count(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(jobs).where(which)) or 0


def _listed(user: int, *, hearts: bool) -> ColumnElement[bool]:
    liked = select(favourites.c.job).where(favourites.c.user == user)
    which = jobs.c.id.in_(liked) if hearts else jobs.c.user == user
    return and_(which, jobs.c.deleted_at.is_(None))


def _durations() -> Select[float]:
    """How long the last jobs were drawn; those without a drawer took no time."""
    drawn = and_(jobs.c.drawn_at.is_not(None), jobs.c.began_at.is_not(None))
    length = select(jobs.c.drawn_at - jobs.c.began_at).where(drawn)
    return length.order_by(jobs.c.drawn_at.desc()).limit(SAMPLES)
