"""Votes, the counts that are made of them, and a server's say over both."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, func, select, true

from bot.jobs import evidence as deeds
from bot.jobs.nouns import Job, Position
from bot.jobs.people import note_of, set_note
from bot.jobs.room import Room
from bot.jobs.rows import find_job, find_positions
from bot.jobs.tables import evidence
from bot.refusals import JobGone, LearningOff, NotFinished
from stylus_engine.model import Liking

MOST_LIKES: Final = 1000  # pairs that travel with a job: those that most was said of


class Learning(Room):
    """One vote a person and picture; counts a server, never across servers unless allowed."""

    async def vote(self, job: str, index: int, user: int, now: float, *, good: bool) -> bool:
        """👍 or 👎; the last one counts. False: the picture lights no adapter, nothing is learned.

        Raises `JobGone`, `NotFinished`, `LearningOff`.
        """

        def body(connection: Connection) -> bool:
            found, position = self._rated(connection, job, index)
            said = deeds.vote(found, position, good=good)
            deeds.write(connection, found, user, said, now)
            return bool(said.good or said.bad)

        return await self._db.write(body)

    async def unvote(self, job: str, user: int) -> int:
        """Take back a person's votes on the pictures of this job; how many there were."""

        def body(connection: Connection) -> int:
            pictures = [p.picture.id for p in find_positions(connection, job) if p.picture]
            mine = (evidence.c.user == user) & (evidence.c.kind == "vote")
            theirs = mine & evidence.c.about.in_(pictures)
            count = select(func.count(evidence.c.about.distinct())).where(theirs)
            gone = connection.scalar(count) or 0
            connection.execute(delete(evidence).where(theirs))
            return gone

        return await self._db.write(body)

    async def learns(self, guild: int | None) -> bool:
        """Whether this server's use is learned from, and heeded."""
        if guild is None or not self._rules.learning:
            return False
        return await self._db.read(lambda c: note_of(c, deeds.switch(guild))) != deeds.OFF

    async def learn(self, guild: int, by: int, now: float, *, on: bool) -> None:
        """The server's switch. What was learned stays until it is deleted."""
        name, value = deeds.switch(guild), "" if on else deeds.OFF
        await self._db.write(lambda connection: set_note(connection, name, value, by, now))

    async def likes(self, guild: int | None) -> tuple[Liking, ...]:
        """What is known for a job of this server; nothing where nothing is to be heeded."""
        if not await self.learns(guild):
            return ()
        return await self.learned(None if self._rules.share else guild)

    async def learned(self, guild: int | None, most: int = MOST_LIKES) -> tuple[Liking, ...]:
        """The counts of one server (None: of all together), those with most evidence first."""
        rows = await self._db.read(lambda c: c.execute(_counts(guild, most)).all())
        return tuple(
            Liking(card_id=card, concept=concept, good=good / deeds.TENTHS, bad=bad / deeds.TENTHS)
            for card, concept, good, bad in rows
        )

    async def forget(self, guild: int) -> int:
        """Delete all that was learned in a server; how many rows that were."""
        gone = delete(evidence).where(evidence.c.guild == guild)
        return await self._db.write(lambda connection: connection.execute(gone).rowcount)

    def _rated(self, connection: Connection, job: str, index: int) -> tuple[Job, Position]:
        found = find_job(connection, job)
        if found is None or found.deleted_at is not None:
            raise JobGone(job=job)
        if not deeds.learns(connection, self._rules, found):
            raise LearningOff
        return found, _drawn(found, find_positions(connection, job), index)


def _drawn(job: Job, positions: Sequence[Position], index: int) -> Position:
    for each in positions:
        if each.index == index and each.picture is not None:
            return each
    raise NotFinished(job=job.id)


def _counts(guild: int | None, most: int) -> Select[Any, Any, Any, Any]:
    said, good, bad = evidence.c, func.sum(evidence.c.good), func.sum(evidence.c.bad)
    where = true() if guild is None else said.guild == guild
    wanted = select(said.card_id, said.concept, good, bad).where(where)
    grouped = wanted.group_by(said.card_id, said.concept)
    return grouped.order_by((good + bad).desc(), said.card_id, said.concept).limit(most)
