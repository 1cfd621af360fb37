"""What an operator counts: a registry of its own, so that two bots in one test do not share."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
LONG = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1280)
BEAT = 0.1  # seconds between two looks at the event loop


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is so now: asked for at each scrape, never kept."""

    gateway: bool
    planner: bool
    drawers: int
    paused: bool
    jobs: Mapping[str, int] = field(default_factory=dict[str, int])
    deliveries: Mapping[str, int] = field(default_factory=dict[str, int])
    adapters: Mapping[str, int] = field(default_factory=dict[str, int])
    database: bool = True

    @property
    def healthy(self) -> bool:
        """Whether a click is answered and a job can be drawn, or waits because somebody wants it to."""
        works = self.paused or (self.planner and self.drawers > 0)
        return self.gateway and self.database and works


class Metrics:
    """Counters that the rooms feed, gauges that are set from a snapshot when somebody looks."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = self._histogram("answer_seconds", "First answer to an interaction.", QUICK)
        self._stalls = self._histogram("loop_stall_seconds", "The event loop came late by.", QUICK)
        self._waits = self._histogram("wait_seconds", "From acceptance to the pictures.", LONG)
        self._limited = self._counter("limited", "Answers 429 of Discord.")
        self._edits = self._counter("status_edits", "Edits of status messages.")
        self._refused = self._counter("refused", "Refusals by kind.", "kind")
        self._unexpected = self._counter("unexpected", "Errors that nobody foresaw.")
        self._jobs = self._gauge("jobs", "Jobs by state.", "state")
        self._deliveries = self._gauge("deliveries", "Posts by road.", "road")
        self._adapters = self._gauge(
            "adapters", "What became of adapters in the drawing programs that run now.", "what"
        )
        self._up = self._gauge("up", "1 = there.", "what")

    def answered(self, seconds: float) -> None:
        """An interaction got its first answer after so long."""
        self._answers.observe(seconds)

    def waited(self, seconds: float) -> None:
        """A job was posted so long after it was accepted."""
        self._waits.observe(seconds)

    def stalled(self, seconds: float) -> None:
        """The event loop came back late by so much."""
        self._stalls.observe(seconds)

    def edited(self) -> None:
        """A status message was edited."""
        self._edits.inc()

    def limited(self) -> None:
        """Discord said 429."""
        self._limited.inc()

    def refused(self, kind: str) -> None:
        """Somebody was told no; `kind` is a class name of the tree of errors."""
        self._refused.labels(kind).inc()

    def unexpected(self) -> None:
        """An error that has no class in the tree."""
        self._unexpected.inc()

    def page(self, now: Snapshot) -> bytes:
        """Prometheus' text format."""
        for what, there in (
            ("gateway", now.gateway),
            ("planner", now.planner),
            ("drawers", now.drawers),
            ("paused", now.paused),
            ("database", now.database),
        ):
            self._up.labels(what).set(there)
        _show(self._jobs, now.jobs)
        _show(self._deliveries, now.deliveries)
        _show(self._adapters, now.adapters)
        return generate_latest(self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"stylus_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"stylus_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"stylus_{name}", text, registry=self._registry, buckets=buckets)


def _show(gauge: Gauge, counts: Mapping[str, int]) -> None:
    """These and no others: what is no longer told is no longer there."""
    gauge.clear()
    for label, count in counts.items():
        gauge.labels(label).set(count)


@asynccontextmanager
async def watching_the_loop(metrics: Metrics) -> AsyncGenerator[None, None]:
    """Tell how late the event loop is, ten times a second, until the block ends."""
    watch = asyncio.create_task(_watch(metrics))
    try:
        yield
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _watch(metrics: Metrics) -> None:
    while True:
        before = time.monotonic()
        await asyncio.sleep(BEAT)
        metrics.stalled(max(0.0, time.monotonic() - before - BEAT))
