"""From what was seen to rows with bars."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.load.day import Busy
from benchmarks.load.fairness import (
    Turn,
    demands,
    jain,
    jain_of_demand,
    largest_lead,
    when_half_was_served,
)
from benchmarks.load.witness import Entry, sent_at
from benchmarks.table import NOT_RUN, Row, Spread

ACKNOWLEDGE, LATEST = 1.0, 3.0  # seconds: the bar, and what Discord allows
FAIR, GROWTH, STALL = 0.95, 1.10, 0.05
PACE, BLUR = 3.0, 0.1  # seconds between two edits of a message, and how exactly they are known
MILLI = 1000


@dataclass(frozen=True)
class AtLeast(Row):
    """A row whose `ours` may not be below `bar`."""

    @property
    def holds(self) -> bool | str | None:
        if isinstance(self.ours, str):
            return NOT_RUN
        return self.bar is None or self.ours.min >= self.bar


def of_day(busy: Busy, case: str) -> list[Row]:
    """A whole day with a sampler that sleeps."""
    return [
        *_answers(busy, case),
        *_fairness(busy, case),
        *_memory(busy, case),
        *_loop(busy, case),
        *_pace(busy, case),
        *_edits(busy, case),
        *_order(busy, case),
    ]


def of_burning(busy: Busy, case: str) -> list[Row]:
    """A shorter day whose workers take the processor."""
    return [*_answers(busy, case), *_loop(busy, case), *_pace(busy, case), *_order(busy, case)]


def not_run(case: str) -> list[Row]:
    return [
        Row(case, "first answer, p99", "s", NOT_RUN, bar=ACKNOWLEDGE),
        Row(case, "event loop late, p99", "ms", NOT_RUN, bar=STALL * MILLI),
    ]


# --- the groups of rows


def _answers(busy: Busy, case: str) -> Iterable[Row]:
    answered = busy.seen.answered
    times = [
        answered[one.interaction] - sent_at(one.interaction)
        for one in busy.asked
        if one.interaction in answered
    ]
    missed = len(busy.asked) - sum(seconds <= LATEST for seconds in times)
    yield Row(case, "first answer", "s", Spread.of(times))
    yield Row(case, "first answer, p99", "s", p99(times), bar=ACKNOWLEDGE)
    yield Row(case, "not answered within 3 s", "", counted(missed, len(busy.asked)), bar=0)
    thinking = counted(len(busy.seen.thinking), len(busy.asked))
    yield Row(case, "answered “thinking” first", "", thinking)


def _fairness(busy: Busy, case: str) -> Iterable[Row]:
    equal, unequal = _turns(busy, "equal"), _turns(busy, "unequal")
    index = jain(list(when_half_was_served(equal).values()))
    yield AtLeast(case, "Jain index, equal demand", "", known(index, len(equal)), bar=FAIR)
    lead = known(largest_lead(equal), len(equal))
    yield Row(case, "most jobs ahead of one who waits", "", lead, bar=1)
    index = jain_of_demand(when_half_was_served(unequal), demands(unequal))
    metric = "Jain index of got ÷ due, unequal demand"
    yield AtLeast(case, metric, "", known(index, len(unequal)), bar=FAIR)
    lead = known(largest_lead(unequal), len(unequal))
    yield Row(case, "the same, unequal demand", "", lead, bar=1)


def _memory(busy: Busy, case: str) -> Iterable[Row]:
    ends = sorted(card.at for card in busy.seen.cards.values())
    first, last = busy.day.jobs // 5, busy.day.jobs
    metric, peer = f"bot's memory at job {last}", f"at job {first}"
    sizes = [_size(busy, ends[n - 1]) for n in (last, first) if n <= len(ends)]
    if len(sizes) < 2 or None in sizes:
        yield Row(case, metric, "MiB", NOT_RUN, peer, NOT_RUN, GROWTH)
        return
    now, then = (Spread.of([size]) for size in sizes if size is not None)
    yield Row(case, metric, "MiB", now, peer, then, GROWTH)


def _size(busy: Busy, moment: float) -> float | None:
    """MiB at the look nearest to a moment."""
    near = min(busy.sizes, key=lambda one: abs(one[0] - moment), default=None)
    return near[1] if near else None


def _loop(busy: Busy, case: str) -> Iterable[Row]:
    """From the bot's own histogram: the upper edge of the step that a value lies in."""
    late: dict[float, int] = {}
    for part in busy.parts:
        for edge, count in part.stalls.items():
            late[edge] = late.get(edge, 0) + count
    if not any(late.values()):
        yield Row(case, "event loop late, p99", "ms", NOT_RUN, bar=STALL * MILLI)
        return
    n = sum(late.values())
    median, most = edge_of(late, 0.5), edge_of(late, 1.0)
    least = min(edge for edge, count in late.items() if count)
    spread = Spread(median * MILLI, least * MILLI, most * MILLI, n)
    yield Row(case, "event loop late by at most", "ms", spread)
    worst = edge_of(late, 0.99) * MILLI
    yield Row(case, "event loop late, p99", "ms", known(worst, n), bar=STALL * MILLI)


def _pace(busy: Busy, case: str) -> Iterable[Row]:
    cards = busy.seen.cards
    delays = [
        cards[entry.job].at - entry.drawn
        for entry in busy.entries
        if entry.job in cards and entry.drawn is not None
    ]
    yield Row(case, "pictures there → card posted", "s", Spread.of(delays))
    yield Row(case, "pictures there → card posted, p99", "s", p99(delays))
    minutes = sum(_minutes(busy, part.name) for part in busy.parts)
    limit = Spread.of([busy.day.fastest])
    ours = known(len(cards) / minutes if minutes else 0.0, len(cards))
    yield Row(case, "jobs posted a minute", "", ours, "what the sampler's naps allow", limit)
    for name, seconds in busy.processor.items():
        each = known(seconds / max(1, len(cards)) * MILLI, len(cards))
        yield Row(case, f"processor time of the {name} for a job", "ms", each)


def _minutes(busy: Busy, part: str) -> float:
    """From the first wish of a part to its last card."""
    sent = [sent_at(one.interaction) for one in busy.asked if one.part == part]
    jobs = {entry.job for entry in busy.of(part)}
    posted = [card.at for job, card in busy.seen.cards.items() if job in jobs]
    return (max(posted) - min(sent)) / 60 if posted else 0.0


def _edits(busy: Busy, case: str) -> Iterable[Row]:
    edits = [busy.seen.edits.get(entry.interaction, []) for entry in busy.entries]
    counts = [len(each) for each in edits]
    yield Row(case, "status edits of a message", "", Spread.of(counts))
    gaps = [after - before for each in edits for before, after in itertools.pairwise(each)]
    early = sum(gap < PACE - BLUR for gap in gaps)
    yield Row(case, "edits sooner than 3 s after another", "", counted(early, len(gaps)), bar=0)


def _order(busy: Busy, case: str) -> Iterable[Row]:
    seen = busy.seen
    ended = {entry.interaction for entry in busy.entries if entry.state in {"posted", "cancelled"}}
    wishes = [one.interaction for one in busy.asked if one.what not in {"queue", "cancel"}]
    lost = sum(wish not in ended for wish in wishes)
    yield Row(case, "wishes neither posted nor cancelled", "", counted(lost, len(wishes)), bar=0)
    bare = sum(e.state == "posted" and e.job not in seen.cards for e in busy.entries)
    yield Row(case, "posted jobs without a card", "", counted(bare, len(busy.entries)), bar=0)
    limited = counted(seen.limited, seen.requests)
    yield Row(case, "requests answered 429", "", limited, bar=0)
    wrong = counted(len(seen.findings), seen.requests)
    yield Row(case, "requests judged wrong", "", wrong, bar=0)
    own = counted(len(seen.own_faults), seen.requests)
    yield Row(case, "the playground's own words judged wrong", "", own)
    refused = counted(len(seen.refused), seen.requests)
    yield Row(case, "requests refused otherwise", "", refused, bar=0)


# --- small sums


def _turns(busy: Busy, part: str) -> list[Turn]:
    """Jobs that nobody took back."""
    return [
        Turn(entry.user, entry.made, entry.began)
        for entry in busy.of(part)
        if entry.state != "cancelled"
    ]


def known(value: float, n: int) -> Spread:
    """One number that was made of `n` measurements."""
    return Spread(value, value, value, n)


def counted(value: int, n: int) -> Spread:
    """So many of `n`."""
    return known(value, n)


def p99(values: Sequence[float]) -> Spread:
    """The nearest-rank 99th percentile."""
    ordered = sorted(values)
    return known(ordered[math.ceil(0.99 * len(ordered)) - 1], len(ordered))


def edge_of(late: Mapping[float, int], share: float) -> float:
    """The upper edge of the step in which this share of the counts is reached."""
    total, reached = sum(late.values()), 0
    for edge, count in sorted(late.items()):
        reached += count
        if reached >= share * total:
            return edge
    return max(late)


def open_ends(entries: Iterable[Entry]) -> list[str]:
    """The states of jobs that ended otherwise than posted or cancelled."""
    return [entry.state for entry in entries if entry.state not in {"posted", "cancelled"}]
