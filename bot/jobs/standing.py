"""What fairness needs to know, read from the rows."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, ColumnElement, Connection, and_, func, select

from bot.jobs.fairness import NEVER, Standing, Waiting
from bot.jobs.nouns import State
from bot.jobs.tables import jobs

AGES: Final = 1e12  # seconds, more than any clock tells
RECENT: Final = 3600.0  # seconds; whoever was served before that counts as never served


@dataclass(frozen=True, slots=True)
class Desk:
    """A kind of worker: the state it takes jobs from, and the column that tells when."""

    state: State
    began: str

    @property
    def column(self) -> "Column[float]":
        return jobs.c[self.began]


PLANNING: Final = Desk("queued", "planned_at")
DRAWING: Final = Desk("planned", "began_at")
# Planned, in nobody's hand, and with a worker lost before: perhaps by their own fault.
TRIED: Final = and_(jobs.c.state == "planned", jobs.c.worker_id.is_(None), jobs.c.attempts > 0)


def waiting_at(connection: Connection, desk: Desk, now: float) -> list[Waiting]:
    """Jobs that this kind of worker could take now."""
    free = and_(jobs.c.state == desk.state, jobs.c.worker_id.is_(None), jobs.c.not_before <= now)
    return waiting_where(connection, now, free)


def waiting_where(connection: Connection, now: float, *which: ColumnElement[bool]) -> list[Waiting]:
    columns = (jobs.c.priority, jobs.c.made_at, jobs.c.id, jobs.c.user)
    rows = connection.execute(select(*columns).where(*which))
    return [
        Waiting(-priority, _since(made_at, now), job, user) for priority, made_at, job, user in rows
    ]


def _since(made_at: float, now: float) -> float:
    """Who came before the clock was set back came before everybody who comes now."""
    return made_at - AGES if made_at > now else made_at


def standings(connection: Connection, desk: Desk, now: float) -> dict[int, Standing]:
    """How everybody stands who has a job in hand or was served within the last hour."""
    held = and_(jobs.c.state == desk.state, jobs.c.worker_id.is_not(None))
    counted = select(jobs.c.user, func.count()).where(held).group_by(jobs.c.user)
    running: dict[int, int] = dict(connection.execute(counted).all())
    recent = desk.column.between(now - RECENT, now)  # later: the clock was set back since
    latest = select(jobs.c.user, func.max(desk.column)).where(recent).group_by(jobs.c.user)
    served: dict[int, float] = dict(connection.execute(latest).all())
    stand: dict[int, Standing] = defaultdict(Standing)
    for user in running.keys() | served.keys():
        stand[user] = Standing(running.get(user, 0), served.get(user, NEVER))
    return stand
