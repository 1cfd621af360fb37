"""Workers take jobs, bring pictures and die; every write holds the job's fence against theirs."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    insert,
    select,
    true,
    update,
)

from bot.jobs.fairness import NO_CAP, next_in_line
from bot.jobs.masks import first_serials
from bot.jobs.nouns import Job, Made, Position, State
from bot.jobs.people import PAUSED, note_of
from bot.jobs.room import Room
from bot.jobs.rows import change, encode, image_row, insert_positions, job_of
from bot.jobs.standing import DRAWING, PLANNING, TRIED, Desk, standings, waiting_at
from bot.jobs.tables import images, jobs, shots
from stylus_engine.model import Failed, Picture, Shot

FORWARD = 1  # the priority of a job that lost its worker: it goes back to the front
HELD: tuple[State, ...] = ("queued", "planned")
FREE = {"worker_id": None, "lease_until": None}


class Drawing(Room):
    """queued -> planned -> drawn, or failed."""

    async def claim_plan(self, owner: str, now: float, but: Collection[str] = ()) -> Job | None:
        """The next job to plan, leased to `owner`; those in `but` are passed over."""
        return await self._db.write(lambda c: self._claim(c, PLANNING, owner, now, but))

    async def claim_draw(
        self, owner: str, now: float, but: Collection[str] = (), *, beside: bool = False
    ) -> Job | None:
        """The next job to draw, leased to `owner`, as above; None while the line is paused.

        `beside`: the owner has others in hand, so whoever has lost a worker before is passed over.
        """

        def body(connection: Connection) -> Job | None:
            if note_of(connection, PAUSED):
                return None
            alone = connection.scalars(select(jobs.c.id).where(TRIED)).all() if beside else ()
            return self._claim(connection, DRAWING, owner, now, {*but, *alone})

        return await self._db.write(body)

    def _claim(
        self, connection: Connection, desk: Desk, owner: str, now: float, but: Collection[str]
    ) -> Job | None:
        waiting = [one for one in waiting_at(connection, desk, now) if one.job not in but]
        standing = standings(connection, desk, now)
        # Files may keep many plans in hand.
        cap = self._rules.running if desk is DRAWING else NO_CAP
        while (job := next_in_line(waiting, standing, cap)) is not None:
            if (mine := self._lease(connection, desk, job, owner, now)) is not None:
                return mine
            waiting = [one for one in waiting if one.job != job]
        return None

    def _lease(
        self, connection: Connection, desk: Desk, job: str, owner: str, now: float
    ) -> Job | None:
        """None for a job that an operator holds."""
        free = and_(jobs.c.id == job, jobs.c.state == desk.state, jobs.c.worker_id.is_(None))
        lease = {"worker_id": owner, "lease_until": now + self._rules.lease_seconds}
        began = {desk.began: now} if desk is DRAWING else {}
        return change(connection, job, _unlocked(free), **lease, **began, fence=jobs.c.fence + 1)

    async def extend(self, owner: str, now: float) -> None:
        """The worker is there: its leases run for another `lease_seconds`."""
        until = now + self._rules.lease_seconds
        longer = update(jobs).where(_unlocked(_held(owner))).values(lease_until=until)
        await self._db.write(lambda connection: connection.execute(longer).rowcount)

    async def planned(self, job: str, fence: int, made: Made, now: float) -> bool:
        """Keep what the planner made; False for a stale fence or a cancelled job.

        A derived job keeps its root's plan and order; its positions get their shots.  When
        every shot is lost the job has failed.
        """

        def body(connection: Connection) -> bool:
            held = _under(fence, "queued")
            mine = change(connection, job, held, state="planned", planned_at=now, **FREE)
            if mine is not None and mine.root == job:
                order = encode(made.order)
                whole = {"plan": encode(made.plan), "mask_order": order, "total": made.total}
                change(connection, job, **whole)
                insert_positions(connection, job, _first(job, made.order, made.shots), now)
            elif mine is not None:
                _fill(connection, job, made.shots)
            if mine is not None and made.lost:
                _lose(connection, job, made.shots, made.lost)
                _ended(connection, job, now)
            return mine is not None

        return await self._db.write(body)

    async def picture(
        self, job: str, fence: int, index: int, picture: Picture, now: float
    ) -> Job | None:
        """One position is drawn. The job when this ended its drawing, else None (stale too)."""

        def body(connection: Connection) -> Job | None:
            if not _hears(connection, job, fence, index):
                return None
            if not _has_picture(connection, job, index):
                connection.execute(insert(images), image_row(job, index, picture, now))
            return _ended(connection, job, now)

        return await self._db.write(body)

    async def picture_failed(
        self, job: str, fence: int, index: int, error: str, sentence: str, now: float
    ) -> Job | None:
        """One position will have no picture. As `picture`; with none at all the job failed."""

        def body(connection: Connection) -> Job | None:
            if not _hears(connection, job, fence, index):
                return None
            if not _has_picture(connection, job, index):
                _note_failure(connection, job, index, error, sentence)
            return _ended(connection, job, now)

        return await self._db.write(body)

    async def lost(
        self,
        owner: str,
        now: float,
        spared: Collection[str] = (),
        *,
        but: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[Job]:
        """A worker died: its jobs go back to the front, or end when they were tried enough.

        A job that is given up with some pictures is delivered with those.  `spared` jobs
        were only waiting at that worker: it counts as no attempt of theirs.  Without those in
        `but`, or `only` these.
        """

        def body(connection: Connection) -> list[Job]:
            return [
                _return(connection, job) if job.id in spared else self._back(connection, job, now)
                for job in _of(connection, owner, but, only)
            ]

        return await self._db.write(body)

    def _back(self, connection: Connection, job: Job, now: float) -> Job:
        tried = job.attempts + 1
        kept = _return(connection, job, attempts=tried)
        if tried < self._rules.attempts:
            return kept
        sentence = f"The worker that drew this stopped {tried} times."
        return give_up(connection, kept, "WorkerLost", sentence, now) or kept

    async def released(
        self,
        owner: str | None,
        now: float,  # noqa: ARG002  all calls take `now`
        *,
        but: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[Job]:
        """Leases given back without counting (a drain, a restart); None: all of them. As `lost`."""

        def body(connection: Connection) -> list[Job]:
            return [_return(connection, job) for job in _of(connection, owner, but, only)]

        return await self._db.write(body)

    async def strays(self, state: State, known: Collection[str]) -> list[Job]:
        """Leased jobs in `state` that nobody knows of, given back without counting."""

        def body(connection: Connection) -> list[Job]:
            held = [job for job in _of(connection, None, known) if job.state == state]
            return [_return(connection, job) for job in held]

        return await self._db.write(body)

    async def leased(self, state: State) -> frozenset[str]:
        """The jobs in `state` that some worker has, also those whose rows an operator holds."""
        found = await self._jobs(select(jobs).where(_held(None), jobs.c.state == state))
        return frozenset(job.id for job in found)

    async def expired(self, now: float) -> list[Job]:
        """Jobs whose lease is overdue: their workers are to be ended, then told as `lost`."""
        overdue = and_(_held(None), jobs.c.lease_until < now)
        return await self._jobs(select(jobs).where(overdue).order_by(jobs.c.lease_until))


def _held(owner: str | None) -> ColumnElement[bool]:
    mine = jobs.c.worker_id.is_not(None) if owner is None else jobs.c.worker_id == owner
    return and_(jobs.c.state.in_(HELD), mine)


def _unlocked(which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Those of which an operator holds no row locked: one row may not keep the others waiting."""
    found = select(jobs.c.id).where(which).with_for_update(skip_locked=True)
    return jobs.c.id.in_(found)


def _under(fence: int, state: State) -> ColumnElement[bool]:
    """The lease that this fence was given with still holds."""
    return and_(jobs.c.state == state, jobs.c.fence == fence, jobs.c.worker_id.is_not(None))


def _first(job: str, order: Sequence[str], made: Sequence[Shot]) -> Iterable[Position]:
    masks = [shot.recipe.mask.code for shot in made]
    for shot, mask, serial in zip(made, masks, first_serials(order, masks), strict=True):
        yield Position(job=job, index=shot.index, mask=mask, serial=serial, shot=shot)


def _fill(connection: Connection, job: str, made: Sequence[Shot]) -> None:
    cell = and_(shots.c.job == job, shots.c.position == bindparam("at"))
    rows = [{"at": shot.index, "made": encode(shot)} for shot in made]
    connection.execute(update(shots).where(cell).values(shot=bindparam("made")), rows)


def _lose(connection: Connection, job: str, made: Sequence[Shot], lost: Sequence[Failed]) -> None:
    """Positions that end before anybody draws them."""
    positions = {shot.id: shot.index for shot in made}
    for each in lost:
        _note_failure(connection, job, positions[each.shot], each.kind, each.sentence)


def _hears(connection: Connection, job: str, fence: int, index: int) -> bool:
    """Whether this fence holds the job, and the job has this position."""
    cell = and_(shots.c.job == jobs.c.id, shots.c.position == index)
    held = and_(jobs.c.id == job, _under(fence, "planned"), exists().where(cell))
    return connection.execute(update(jobs).where(held).values(fence=fence)).rowcount == 1


def _has_picture(connection: Connection, job: str, index: int) -> bool:
    cell = and_(images.c.job == job, images.c.position == index)
    return connection.scalar(select(images.c.job).where(cell)) is not None


def _note_failure(connection: Connection, job: str, index: int, error: str, sentence: str) -> None:
    cells = and_(shots.c.job == job, shots.c.position == index)
    noted = update(shots).where(cells).values(error=error, sentence=sentence)
    connection.execute(noted)


def _ended(connection: Connection, job: str, now: float) -> Job | None:
    """Move the job on when every position ended."""
    cell = and_(images.c.job == shots.c.job, images.c.position == shots.c.position)
    wanted = select(shots.c.error, shots.c.sentence, images.c.picture_id)
    rows = (connection.execute(wanted.outerjoin(images, cell).where(shots.c.job == job))).all()
    if any(row.picture_id is None and row.error is None for row in rows):
        return None
    if any(row.picture_id for row in rows):
        return change(connection, job, state="drawn", drawn_at=now, **FREE)
    first = {"error": rows[0].error, "sentence": rows[0].sentence}
    return change(connection, job, state="failed", ended_at=now, **first, **FREE)


def _of(
    connection: Connection,
    owner: str | None,
    but: Collection[str] = (),
    only: Collection[str] | None = None,
) -> list[Job]:
    """Without rows that an operator holds locked: those are found later, by their overdue lease or before a claim."""
    which = and_(
        _held(owner), jobs.c.id.not_in(but), true() if only is None else jobs.c.id.in_(only)
    )
    theirs = select(jobs).where(which).order_by(jobs.c.made_at)
    found = connection.execute(theirs.with_for_update(skip_locked=True))
    return [job_of(row) for row in found.mappings()]


def _return(connection: Connection, job: Job, **values: object) -> Job:
    """Back to its place: whoever held it is fenced off, and its person was not served."""
    back = {"fence": jobs.c.fence + 1, "began_at": None, "priority": max(job.priority, FORWARD)}
    return change(connection, job.id, **back, **FREE, **values) or job


def give_up(connection: Connection, job: Job, error: str, sentence: str, now: float) -> Job | None:
    """End a queued or planned job with the pictures that it has, else as failed."""
    told = {"error": error, "sentence": sentence}
    if job.state == "planned":
        cell = and_(images.c.job == shots.c.job, images.c.position == shots.c.position)
        open_ones = and_(shots.c.job == job.id, shots.c.error.is_(None), ~exists().where(cell))
        connection.execute(update(shots).where(open_ones).values(**told))
        return _ended(connection, job.id, now)
    return change(connection, job.id, state="failed", ended_at=now, **told)
