"""The last step: a job is posted once, and every attempt is written down before it is made."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, case, func, insert, select, update

from bot.jobs.nouns import Job, Road, State
from bot.jobs.room import Room
from bot.jobs.rows import change
from bot.jobs.tables import deliveries, jobs

READY: tuple[State, ...] = ("drawn", "posting")
INTERRUPTED = "Interrupted"  # the process ended, or another road was taken, before an answer


class Posting(Room):
    """drawn -> posting -> posted, or undeliverable."""

    async def posting(self, job: str, road: Road, now: float) -> Job | None:
        """Before the request goes out; None when the job was cancelled or finished meanwhile.

        `posting_at` stays that of the first attempt on the same road: since then the
        channel's history may hold the message.
        """
        first = and_(jobs.c.road == road, jobs.c.posting_at.is_not(None))
        going = {"state": "posting", "road": road}
        began = case((first, jobs.c.posting_at), else_=now)

        def body(connection: Connection) -> Job | None:
            ready = jobs.c.state.in_(READY)
            mine = change(connection, job, ready, posting_at=began, **going)
            if mine is not None:
                _close(connection, job, INTERRUPTED, now)
                _begin(connection, job, road, now)
            return mine

        return await self._db.write(body)

    async def posted(self, job: str, *, message: int, channel: int, now: float) -> bool:
        """It stands there. False for a job that is not being posted (said twice, cancelled)."""
        same = and_(jobs.c.message == message, jobs.c.message_at.is_not(None))
        stands = {
            "state": "posted",
            "ended_at": now,
            "acknowledged_at": func.coalesce(jobs.c.acknowledged_at, now),
            "message": message,
            "message_channel": channel,
            "message_at": case((same, jobs.c.message_at), else_=now),
        }
        return await self._end(job, ("posting",), "posted", now, **stands)

    async def delivery_failed(self, job: str, error: str, now: float) -> None:
        """This attempt certainly did not post; the job is `drawn` again for another one.

        An attempt that may have posted is no failure: stay `posting` and look.
        """
        await self._end(job, ("posting",), error, now, state="drawn")

    async def undeliverable(self, job: str, error: str, now: float) -> bool:
        """No road is left. The pictures stay; `/history` tells of them."""
        ended = {"state": "undeliverable", "ended_at": now, "error": error}
        return await self._end(job, READY, error, now, **ended)

    async def _end(
        self, job: str, states: Sequence[State], outcome: str, now: float, **values: object
    ) -> bool:
        """Leave one of `states`, and write the outcome of the attempt that was open."""

        def body(connection: Connection) -> bool:
            done = change(connection, job, jobs.c.state.in_(states), **values)
            if done is not None:
                _close(connection, job, outcome, now, message=values.get("message"))
            return done is not None

        return await self._db.write(body)

    async def to_post(self) -> list[Job]:
        """Drawn or being posted, the oldest drawing first."""
        ready = select(jobs).where(jobs.c.state.in_(READY))
        return await self._jobs(ready.order_by(jobs.c.drawn_at, jobs.c.id))

    async def moved(self, job: str, *, message: int, channel: int, now: float) -> None:
        """The card of a finished job stands in another message now (restored, shown anew)."""
        await self._change(job, message=message, message_channel=channel, message_at=now)


def _begin(connection: Connection, job: str, road: Road, now: float) -> None:
    count = select(func.count()).where(deliveries.c.job == job)
    number = (connection.scalar(count) or 0) + 1
    row = {"job": job, "number": number, "road": road, "began_at": now}
    connection.execute(insert(deliveries), row)


def _close(
    connection: Connection, job: str, outcome: str, now: float, *, message: object = None
) -> None:
    open_ones = and_(deliveries.c.job == job, deliveries.c.ended_at.is_(None))
    ended = {"ended_at": now, "outcome": outcome, "message": message}
    connection.execute(update(deliveries).where(open_ones).values(**ended))
