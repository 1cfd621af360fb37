"""Blind comparisons: two arms in one job, one ballot a person, a reveal that happens once."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from ulid import ULID

from bot.jobs.nouns import Job
from bot.jobs.room import Room
from bot.jobs.rows import find_job
from bot.jobs.tables import ballots, comparisons
from bot.refusals import JobGone, NotFinished, Revealed
from stylus_engine.model.noun import Noun

Choice: TypeAlias = Literal["a", "b", "tie"]
CHOICES: Final[Mapping[str, Choice]] = {"a": "a", "b": "b", "tie": "tie"}


class Comparison(Noun, frozen=True, kw_only=True):
    """What stands under A and B, and who said what. Shown only when it is revealed.

    `told`: the message that tells all of it stands.
    """

    job: str
    left: str  # the preset under A
    right: str
    a: int = 0
    b: int = 0
    tie: int = 0
    revealed: bool = False
    told: bool = False

    @property
    def votes(self) -> int:
        """How many people voted."""
        return self.a + self.b + self.tie


class Result(Noun, frozen=True, kw_only=True):
    """All votes of a server between two presets, in their alphabetical order."""

    one: str
    other: str
    wins: int
    losses: int
    ties: int


def shuffled(job: str, one: str, other: str) -> tuple[str, str]:
    """Which arm stands under A: by the random part of the job's id, which nobody chooses."""
    return (one, other) if int(ULID.from_str(job)) % 2 else (other, one)


class Comparing(Room):
    """Votes are durable before anybody is told of them."""

    async def comparison(self, job: str) -> Comparison | None:
        """The arms of a job and its tally; None for a job that compares nothing."""
        return await self._db.read(lambda connection: _find(connection, job))

    async def ballot(self, job: str, user: int, choice: Choice, now: float) -> Comparison:
        """One vote a person; the last one counts, until the arms are revealed.

        Raises `JobGone`, `NotFinished`, `Revealed`.
        """

        def body(connection: Connection) -> Comparison:
            _open(connection, job)
            mine = (ballots.c.job == job) & (ballots.c.user == user)
            connection.execute(delete(ballots).where(mine))
            row = {"job": job, "user": user, "choice": choice, "made_at": now}
            connection.execute(insert(ballots), row)
            return _must(connection, job)

        return await self._db.write(body)

    async def reveal(self, job: str, by: int, now: float) -> tuple[Comparison, bool]:
        """Say what was what; whether it was this call that revealed it. Raises `JobGone`."""

        def body(connection: Connection) -> tuple[Comparison, bool]:
            unsaid = (comparisons.c.job == job) & comparisons.c.revealed_at.is_(None)
            told = update(comparisons).where(unsaid).values(revealed_at=now, revealed_by=by)
            first = connection.execute(told).rowcount == 1
            return _must(connection, job), first

        return await self._db.write(body)

    async def verdict_told(self, job: str, now: float) -> None:
        """All have heard it. Until then any press tells it once more."""
        told = update(comparisons).where(comparisons.c.job == job).values(told_at=now)
        await self._db.write(lambda connection: connection.execute(told).rowcount)

    async def results(self, guild: int | None) -> tuple[Result, ...]:
        """Per pair of presets in a server (None: in all of them). Unrevealed ones are not told."""
        wanted = (
            select(comparisons.c.left, comparisons.c.right, ballots.c.choice, func.count())
            .join(ballots, ballots.c.job == comparisons.c.job)
            .where(comparisons.c.revealed_at.is_not(None))
            .group_by(comparisons.c.left, comparisons.c.right, ballots.c.choice)
        )
        if guild is not None:
            wanted = wanted.where(comparisons.c.guild == guild)
        rows = await self._db.read(lambda connection: connection.execute(wanted).all())
        return _results([(left, right, choice, count) for left, right, choice, count in rows])


def insert_comparison(connection: Connection, job: Job, arms: tuple[str, str]) -> None:
    """In the transaction that accepts the job."""
    left, right = shuffled(job.id, *arms)
    row = {"job": job.id, "guild": job.origin.guild or 0, "left": left, "right": right}
    connection.execute(insert(comparisons), row)


def _find(connection: Connection, job: str) -> Comparison | None:
    wanted = select(comparisons).where(comparisons.c.job == job)
    row = connection.execute(wanted).one_or_none()
    return _comparison(connection, row) if row is not None else None


def _comparison(connection: Connection, row: "Row[tuple[object, ...]]") -> Comparison:
    said = select(ballots.c.choice, func.count()).where(ballots.c.job == row.job)
    counted = connection.execute(said.group_by(ballots.c.choice)).all()
    counts = {str(choice): int(count) for choice, count in counted}
    return Comparison(
        job=row.job,
        left=row.left,
        right=row.right,
        revealed=row.revealed_at is not None,
        told=row.told_at is not None,
        **counts,
    )


def _must(connection: Connection, job: str) -> Comparison:
    found = _find(connection, job)
    if found is None:
        raise JobGone(job=job)
    return found


def _open(connection: Connection, job: str) -> None:
    found, known = find_job(connection, job), _must(connection, job)
    if found is None or found.deleted_at is not None:
        raise JobGone(job=job)
    if found.drawn_at is None:
        raise NotFinished(job=job)
    if known.revealed:
        raise Revealed


def _results(rows: "list[tuple[str, str, str, int]]") -> tuple[Result, ...]:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for left, right, choice, count in rows:
        one, other = sorted((left, right))
        winner = {"a": left, "b": right}.get(choice)
        name = "ties" if winner is None else "wins" if winner == one else "losses"
        pair = counts.setdefault((one, other), {"wins": 0, "losses": 0, "ties": 0})
        pair[name] += count
    return tuple(Result(one=one, other=other, **c) for (one, other), c in sorted(counts.items()))
