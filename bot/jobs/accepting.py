"""A wish gets its place in the line: one transaction, and the same press never gets two."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select
from ulid import ULID

from bot.jobs.comparing import insert_comparison
from bot.jobs.deriving import Derived, Source, derive
from bot.jobs.evidence import note_deed
from bot.jobs.nouns import BORN_DRAWN, ROOTS, UNFINISHED, Accepted, Job, State, Wish
from bot.jobs.people import ban_of
from bot.jobs.room import Room
from bot.jobs.rows import (
    AnyRow,
    find_job,
    find_positions,
    insert_job,
    insert_positions,
)
from bot.jobs.tables import NO_POSITION, jobs, shots
from bot.refusals import Banned, Forbidden, JobGone, LineFull

SENDING: tuple[State, ...] = ("drawn", "posting")
LIGHT = (
    jobs.c.id,
    jobs.c.interaction,
    jobs.c.source,
    jobs.c.action,
    jobs.c.position,
    jobs.c.mask,
    jobs.c.state,
    jobs.c.worker_id,
    jobs.c.posting_at,
)


@dataclass(frozen=True, slots=True)
class Mine:
    """What the database knows of a person's press before it is accepted.

    `sending` of those that run have their pictures already.
    """

    same: str | None
    running: int
    waiting: int
    sending: int


class Accepting(Room):
    """From a wish to a row, and to the message that shows it."""

    async def accept(self, wish: Wish, now: float) -> Accepted:
        """Commit the wish as a job, or find the job that this very press made before.

        A press is the same when its interaction is, or while a job of the same source,
        action, position, mask and person is not yet on its way.  Raises `Banned`, `LineFull`,
        `JobGone`, `Forbidden` (somebody's private source), `NotFinished`,
        `NothingToChange`.  A paused line accepts; its jobs wait.
        """
        return await self._db.write(lambda connection: self._accept(connection, wish, now))

    def _accept(self, connection: Connection, wish: Wish, now: float) -> Accepted:
        mine = _mine(connection, wish)
        if mine.same is not None:
            return _found(connection, mine.same)
        _may(connection, wish)
        self._fits(wish, mine)
        job, derived = _made(connection, wish, now)
        insert_job(connection, job, wish)
        if derived is not None:
            insert_positions(connection, job.root, derived.positions, now)
        if wish.arms is not None:
            insert_comparison(connection, job, wish.arms)
        note_deed(connection, self._rules, wish, job, now)
        return Accepted(job=job, fresh=True)

    async def must_fit(self, wish: Wish) -> None:
        """Before anything is kept for this wish. Raises `LineFull`, as `accept` does."""
        self._fits(wish, await self._db.read(lambda connection: _mine(connection, wish)))

    def _fits(self, wish: Wish, mine: Mine) -> None:
        """A full line holds up nobody who only wants to see what exists, a few at a time."""
        most = self._rules.running + self._rules.waiting
        theirs = mine.sending if wish.action in BORN_DRAWN else mine.running + mine.waiting
        if theirs >= most:
            raise LineFull(running=mine.running, waiting=mine.waiting, most=most)

    async def acknowledged(self, job: str, *, message: int, channel: int, now: float) -> None:
        """The first answer stands in this message. Said twice, the first one counts."""
        where = {"message": message, "message_channel": channel, "message_at": now}
        await self._change(job, jobs.c.acknowledged_at.is_(None), acknowledged_at=now, **where)

    async def unacknowledged(self) -> list[Job]:
        """Unfinished jobs whose first answer is not known to stand, oldest first."""
        open_ones = and_(jobs.c.state.in_(UNFINISHED), jobs.c.acknowledged_at.is_(None))
        return await self._jobs(select(jobs).where(open_ones).order_by(jobs.c.made_at, jobs.c.id))


def _mine(connection: Connection, wish: Wish) -> Mine:
    """Two look-ups in one: the interaction, and the person's unfinished jobs."""
    theirs = and_(jobs.c.user == wish.origin.user, jobs.c.state.in_(UNFINISHED))
    again = jobs.c.interaction == wish.origin.interaction
    rows = connection.execute(select(*LIGHT).where(again | theirs)).all()
    same = next((row.id for row in rows if _same_press(row, wish)), None)
    return Mine(same, *_counted(rows))


def _same_press(row: AnyRow, wish: Wish) -> bool:
    if row.interaction == wish.origin.interaction:
        return True
    if row.posting_at is not None:
        return False
    position = NO_POSITION if wish.index is None else wish.index
    pressed = wish.action != "imagine" and wish.source is not None
    return pressed and (row.source, row.action, row.position, row.mask) == (
        wish.source,
        wish.action,
        position,
        wish.mask or "",
    )


def _counted(rows: Sequence[AnyRow]) -> tuple[int, int, int]:
    """Unfinished jobs (running, waiting, sending): what a worker holds or held is no longer waiting."""
    sending = [row for row in rows if row.state in SENDING]
    running = sum(row.worker_id is not None or row in sending for row in rows)
    return running, len(rows) - running, len(sending)


def _found(connection: Connection, job: str) -> Accepted:
    found = find_job(connection, job)
    if found is None:
        raise JobGone(job=job)
    return Accepted(job=found, fresh=False)


def _may(connection: Connection, wish: Wish) -> None:
    reason = ban_of(connection, wish.origin.guild, wish.origin.user)
    if reason is not None:
        raise Banned(reason=reason)


def _made(connection: Connection, wish: Wish, now: float) -> tuple[Job, Derived | None]:
    name = str(ULID.from_timestamp(float(now)))
    if wish.action in ROOTS or wish.source is None:
        return _root(connection, wish, name, now), None
    source = _source(connection, wish)
    derived = derive(wish, source, name)
    return _branch(wish, source.job, derived, name, now), derived


def _root(connection: Connection, wish: Wish, name: str, now: float) -> Job:
    """A root of its own. The source of an edited prompt is a note; it may be gone."""
    source = find_job(connection, wish.source) if wish.source else None
    return Job(
        id=name,
        root=name,
        source=source.id if source else None,
        action=wish.action if wish.action in ROOTS else "imagine",
        index=wish.index,
        state="queued",
        origin=wish.origin,
        private=wish.private,
        request=wish.request,
        made_at=now,
    )


def _source(connection: Connection, wish: Wish) -> Source:
    """Raises `JobGone`, `Forbidden`."""
    job = find_job(connection, wish.source or "")
    if job is None or job.deleted_at is not None:
        raise JobGone(job=wish.source or "")
    if job.private and job.origin.user != wish.origin.user:
        raise Forbidden(owner=job.origin.user)
    given = select(shots.c.serial).where(shots.c.root_job == job.root, shots.c.serial.is_not(None))
    taken = frozenset((connection.scalars(given)).all())
    root = find_job(connection, job.root)
    step = root.request.count if root else job.request.count
    return Source(job, find_positions(connection, job.id), taken, step)


def _branch(wish: Wish, source: Job, derived: Derived, name: str, now: float) -> Job:
    drawn = all(position.picture for position in derived.positions)
    state: State = "drawn" if drawn else "queued"
    return Job(
        id=name,
        root=source.root,
        source=source.id,
        action=wish.action,
        index=wish.index,
        state=state,
        origin=wish.origin,
        private=wish.private,
        request=derived.request,
        plan=source.plan,
        order=source.order,
        total=source.total,
        round=derived.round,
        made_at=now,
        drawn_at=now if drawn else None,
    )
