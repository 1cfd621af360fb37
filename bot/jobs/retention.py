"""What is forgotten: old jobs, pictures that only they needed, tokens that are of no use."""

from collections.abc import Iterator, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    union,
    update,
)

from bot.jobs.nouns import FINISHED, Swept
from bot.jobs.room import Room
from bot.jobs.tables import favourites, garbage, images, jobs

DAY = 86400.0
TOKEN_MARGIN = 60.0  # seconds that a token is kept after the end of its job was told
BATCH = 500  # ids in one statement: databases count the parameters


class Retention(Room):
    """Once an hour or so."""

    async def sweep(self, now: float) -> Swept:
        """Forget finished jobs older than `retention_days` that nobody needs.

        A ❤ keeps a job; so does a younger job that was made of it or has it as root.
        The pictures told are in no job any more; see `forgotten`.

        A few hundred at a time: whoever clicks meanwhile does not wait for all of them.
        """
        cutoff, gone = now - self._rules.retention_days * DAY, 0
        while some := await self._db.write(lambda c: _thrown(c, cutoff, now)):
            gone += some

        def body(connection: Connection) -> Swept:
            tokens = connection.execute(update(jobs).where(_useless(now)).values(token=""))
            connection.execute(delete(garbage).where(_needed()))
            pictures = connection.scalars(select(garbage.c.picture_id)).all()
            return Swept(jobs=gone, tokens=tokens.rowcount, pictures=tuple(sorted(pictures)))

        return await self._db.write(body)

    async def forgotten(self, pictures: Sequence[str]) -> None:
        """Their files are gone."""

        def body(connection: Connection) -> None:
            for some in _batches(pictures):
                connection.execute(delete(garbage).where(garbage.c.picture_id.in_(some)))

        await self._db.write(body)


def _old(cutoff: float) -> Select[str]:
    """Ids, branches before roots: a root cannot go before what refers to it.

    A job of another root that was made of this one (an edited prompt) does not need
    it: its `source` becomes NULL.
    """
    other = jobs.alias()
    needs = or_(other.c.source == jobs.c.id, other.c.root_job == jobs.c.id)
    family = and_(other.c.id != jobs.c.id, other.c.root_job == jobs.c.root_job, needs)
    needed = exists().where(family, or_(~_over(other, cutoff), _liked(other)))
    gone = and_(_over(jobs, cutoff), ~_liked(jobs), ~needed)
    return select(jobs.c.id).where(gone).order_by(jobs.c.root_job == jobs.c.id, jobs.c.id)


def _over(job: FromClause, cutoff: float) -> ColumnElement[bool]:
    return and_(job.c.state.in_(FINISHED), job.c.ended_at < cutoff)


def _liked(job: FromClause) -> ColumnElement[bool]:
    return exists().where(favourites.c.job == job.c.id)


def _thrown(connection: Connection, cutoff: float, now: float) -> int:
    """How many jobs went: the first batch of those that are too old."""
    some = connection.scalars(_old(cutoff).limit(BATCH)).all()
    _throw(connection, some, now)
    return connection.execute(delete(jobs).where(jobs.c.id.in_(some))).rowcount


def _throw(connection: Connection, some: Sequence[str], now: float) -> None:
    """Note the pictures of jobs that are about to go; `_needed` takes back what others hold."""
    theirs = union(
        select(images.c.picture_id).where(images.c.job.in_(some)),
        *(select(start).where(jobs.c.id.in_(some), start.is_not(None)) for start in _starts()),
    ).subquery()
    known = exists().where(garbage.c.picture_id == theirs.c.picture_id)
    fresh = select(theirs.c.picture_id, literal(now)).where(~known)
    connection.execute(insert(garbage).from_select(["picture_id", "found_at"], fresh))


def _starts() -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Pictures that a job starts from are needed like those that it made."""
    return jobs.c.start_picture, jobs.c.start_mask


def _needed() -> ColumnElement[bool]:
    mine = garbage.c.picture_id
    held = [exists().where(column == mine) for column in (images.c.picture_id, *_starts())]
    return or_(*held)


def _useless(now: float) -> ColumnElement[bool]:
    """Tokens whose job is finished and told, or that Discord has forgotten anyway."""
    told = or_(jobs.c.state == "posted", jobs.c.told_at.is_not(None))
    over = and_(told, jobs.c.ended_at < now - TOKEN_MARGIN)
    dead = and_(jobs.c.state.in_(FINISHED), jobs.c.token_until < now)
    return and_(jobs.c.token != "", or_(over, dead))


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), BATCH):
        yield names[start : start + BATCH]
