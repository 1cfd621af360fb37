"""The other ends: failed, cancelled; who must still be told; deleted and restored."""

from sqlalchemy import ColumnElement, Connection, and_, exists, select, update

from bot.jobs.drawing import FREE, give_up
from bot.jobs.nouns import FINISHED, Job, State
from bot.jobs.room import Room
from bot.jobs.rows import change
from bot.jobs.tables import images, jobs, shots

HOUR = 3600.0
EARLY: tuple[State, ...] = ("queued", "planned")
BEFORE_POSTING: tuple[State, ...] = (*EARLY, "drawn")
TO_TELL: tuple[State, ...] = ("failed", "cancelled", "undeliverable")


class Ends(Room):
    """Ends that are not a posted card, and what may be done with a finished one."""

    async def fail(
        self, job: str, error: str, sentence: str, now: float, *, fence: int | None = None
    ) -> bool:
        """End a job that is not drawn yet: that nobody has in hand, or that is held under `fence`.

        One that has pictures is `drawn` then: whoever asked for it gets those.
        """
        guard = jobs.c.worker_id.is_(None)
        if fence is not None:
            guard = and_(jobs.c.fence == fence, jobs.c.worker_id.is_not(None))

        def body(connection: Connection) -> bool:
            mine = change(connection, job, jobs.c.state.in_(EARLY), guard, **FREE)
            return mine is not None and bool(give_up(connection, mine, error, sentence, now))

        return await self._db.write(body)

    async def cancel(self, job: str, by: int, now: float) -> Job | None:
        """Cancel wins until `posting`; None when it is too late. Masks never drawn go back."""
        ended = {"state": "cancelled", "ended_at": now, "cancelled_by": by}

        def body(connection: Connection) -> Job | None:
            early = jobs.c.state.in_(BEFORE_POSTING)
            done = change(connection, job, early, **ended, **FREE)
            if done is not None:
                _give_masks_back(connection, job)
            return done

        return await self._db.write(body)

    async def to_tell(self) -> list[Job]:
        """Jobs that ended without a card and whose person does not know yet, oldest first."""
        return await self._jobs(select(jobs).where(_untold()).order_by(jobs.c.ended_at, jobs.c.id))

    async def told(self, job: str, now: float) -> None:
        """The person knows, or no road is left to say it."""
        await self._change(job, _untold(), told_at=now)

    async def delete(self, job: str, by: int, now: float) -> bool:
        """Mark a finished job as deleted; whether it was not before."""
        there = and_(jobs.c.state.in_(FINISHED), jobs.c.deleted_at.is_(None))
        return await self._change(job, there, deleted_by=by, deleted_at=now) is not None

    async def restore(self, job: str, by: int, now: float) -> bool:  # noqa: ARG002  who may is the router's business
        """Undo a deletion that is younger than `restore_hours`."""
        young = jobs.c.deleted_at >= now - self._rules.restore_hours * HOUR
        return await self._change(job, young, deleted_by=None, deleted_at=None) is not None


def _untold() -> ColumnElement[bool]:
    return and_(jobs.c.state.in_(TO_TELL), jobs.c.told_at.is_(None))


def _give_masks_back(connection: Connection, job: str) -> None:
    """A position without a picture frees its serial: the next 🧩 takes it."""
    cell = and_(images.c.job == shots.c.job, images.c.position == shots.c.position)
    never = and_(shots.c.job == job, ~exists().where(cell))
    connection.execute(update(shots).where(never).values(serial=None))
