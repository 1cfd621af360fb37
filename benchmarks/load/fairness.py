"""Is a line fair? Sums over who waited and who was served, with no bot in them."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """A job from when it was accepted until a worker took it; `began` None: it never was."""

    user: int
    made: float
    began: float | None


def jain(shares: Sequence[float]) -> float:
    """Jain's index of what each person got: 1 all the same, 1/n one has everything.

    R. Jain et al., A Quantitative Measure of Fairness, DEC-TR-301 (1984).
    """
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def when_half_was_served(turns: Iterable[Turn]) -> Counter[int]:
    """Who had been served how often when half of the jobs were; everybody who asked is in it."""
    asked = list(turns)
    served = Counter({turn.user: 0 for turn in asked})
    begun = sorted((turn.began, turn.user) for turn in asked if turn.began is not None)
    served.update(user for _, user in begun[: len(begun) // 2])
    return served


def demands(turns: Iterable[Turn]) -> Counter[int]:
    """How often each person asked."""
    return Counter(turn.user for turn in turns)


def fair_shares(demand: Mapping[int, int], served: int) -> dict[int, int]:
    """Max-min fair: round after round one job each, to those who still want one.

    Nobody gets more than they asked for; of a last round that does not go round, the
    first in the order of `demand` get one.
    """
    got = dict.fromkeys(demand, 0)
    wanting = [(0, place, user) for place, user in enumerate(demand) if demand[user]]
    heapq.heapify(wanting)
    for _ in range(min(served, sum(demand.values()))):
        _, place, user = heapq.heappop(wanting)
        got[user] += 1
        if got[user] < demand[user]:
            heapq.heappush(wanting, (got[user], place, user))
    return got


def jain_of_demand(served: Mapping[int, int], demand: Mapping[int, int]) -> float:
    """Jain's index where people ask differently: of what each got ÷ their fair share.

    Shares are compared sorted among people of the same demand, since nobody can say
    who of two equals comes first in a round that is not over.
    """
    shares = fair_shares(demand, sum(served.values()))
    alike: dict[int, list[int]] = defaultdict(list)
    for user, wanted in demand.items():
        alike[wanted].append(user)
    ratios: list[float] = []
    for users in alike.values():
        got = sorted(served.get(user, 0) for user in users)
        due = sorted(shares[user] for user in users)
        ratios += [each / share for each, share in zip(got, due, strict=True) if share]
    return jain(ratios)


def largest_lead(turns: Iterable[Turn]) -> int:
    """The most jobs by which anybody got ahead of another while both had work waiting."""
    theirs: dict[int, list[Turn]] = defaultdict(list)
    for turn in turns:
        theirs[turn.user].append(turn)
    waits = {user: _waiting(mine) for user, mine in theirs.items()}
    served = {user: [t.began for t in mine if t.began is not None] for user, mine in theirs.items()}
    users = list(theirs)
    return max(
        (
            _lead(served[one], served[other], begin, end)
            for place, one in enumerate(users)
            for other in users[:place]
            for begin, end in _both(waits[one], waits[other])
        ),
        default=0,
    )


def _waiting(turns: Iterable[Turn]) -> list[tuple[float, float]]:
    """When a person had at least one job waiting: intervals, in order, apart."""
    spans = sorted((turn.made, turn.began or float("inf")) for turn in turns)
    merged: list[tuple[float, float]] = []
    for begin, end in spans:
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def _both(
    mine: Sequence[tuple[float, float]], theirs: Sequence[tuple[float, float]]
) -> Iterable[tuple[float, float]]:
    for a, b in mine:
        for c, d in theirs:
            if max(a, c) < min(b, d):
                yield max(a, c), min(b, d)


def _lead(mine: Sequence[float], theirs: Sequence[float], begin: float, end: float) -> int:
    """The widest swing of the difference of two counts within a span."""
    steps = sorted(
        [(at, 1) for at in mine if begin < at <= end]
        + [(at, -1) for at in theirs if begin < at <= end]
    )
    level = low = high = 0
    for _, step in steps:
        level += step
        low, high = min(low, level), max(high, level)
    return high - low
