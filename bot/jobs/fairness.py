"""Whose turn it is: round robin over people, decided without a database.

The next job is that of the highest priority; then of the person with the fewest jobs
in hand, then of whoever was served longest ago, then the oldest.  A job that goes back
to its place (its worker died) has a higher priority than any other, so the person does
not lose the turn.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

NEVER = float("-inf")
NO_CAP = float("inf")
FEWEST_SAMPLES = 5  # with fewer durations nobody is told a time


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """A job that waits; in the order in which its own person's jobs go."""

    precedence: int  # minus the priority
    made_at: float
    job: str
    user: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands: jobs in hand now, and when one was last taken."""

    running: int = 0
    served: float = NEVER


Standings = Mapping[int, Standing]
_Key = tuple[int, int, float, Waiting]


def next_in_line(waiting: Iterable[Waiting], standings: Standings, cap: float) -> str | None:
    """The job to take now; None when everybody who waits has `cap` jobs in hand."""
    keys = (_key(one, standings.get(one.user, Standing())) for one in waiting)
    free = [key for key in keys if key[1] < cap]
    return min(free)[-1].job if free else None


def line_order(waiting: Iterable[Waiting], standings: Standings) -> Iterator[str]:
    """All that wait, in the order in which they would be taken if nothing else came."""
    theirs: dict[int, list[Waiting]] = defaultdict(list)
    for one in sorted(waiting, reverse=True):
        theirs[one.user].append(one)
    now = {user: standings.get(user, Standing()) for user in theirs}
    turn = max((standing.served for standing in now.values()), default=NEVER)
    turn = 0.0 if turn == NEVER else turn
    heap = [_key(line[-1], now[user]) for user, line in theirs.items()]
    heapq.heapify(heap)
    while heap:
        taken = heapq.heappop(heap)[-1]
        yield taken.job
        turn += 1.0
        user = taken.user
        now[user] = Standing(now[user].running + 1, turn)
        theirs[user].pop()
        if theirs[user]:
            heapq.heappush(heap, _key(theirs[user][-1], now[user]))


def _key(one: Waiting, standing: Standing) -> _Key:
    return one.precedence, standing.running, standing.served, one


def seconds_left(
    durations: Sequence[float], *, number: int, running: int, workers: int
) -> float | None:
    """When the job at place `number` will be drawn, from now; None where nobody can know.

    The median of the last durations × the work ahead (a running job is half done) ÷
    workers; never less than the job's own time.
    """
    if len(durations) < FEWEST_SAMPLES or workers < 1:
        return None
    usual = median(durations)
    return max(usual, usual * (number + running / 2) / workers)
