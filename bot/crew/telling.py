"""What became of a job is told twice: as news, and to whoever delivers."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from bot.crew.bus import Bus, News, What
from bot.jobs.nouns import Job, State

Hearer: TypeAlias = Callable[[Job], None]
_WHAT: dict[State, What] = {
    "queued": "requeued",
    "planned": "requeued",
    "drawn": "drawn",
    "posting": "drawn",
    "posted": "drawn",
    "failed": "failed",
    "cancelled": "cancelled",
    "undeliverable": "failed",
}


def nobody(_: Job) -> None:
    """Nobody listens."""


class Teller:
    """Publishes, and calls `on_drawn` for pictures to deliver, `on_ended` for ends to be told."""

    def __init__(self, bus: Bus, on_drawn: Hearer = nobody, on_ended: Hearer = nobody) -> None:
        self._bus = bus
        self._on_drawn = on_drawn
        self._on_ended = on_ended

    def news(self, news: News) -> None:
        """Something on the way."""
        self._bus.publish(news)

    def became(self, job: Job | None) -> None:
        """The line has moved a job; `None`: it did not."""
        if job is None:
            return
        self._bus.publish(News(job.id, _WHAT[job.state], count=job.request.count))
        if job.state == "drawn":
            self._on_drawn(job)
        elif job.finished:
            self._on_ended(job)

    def all_became(self, jobs: Iterable[Job]) -> None:
        """Several of them."""
        for job in jobs:
            self.became(job)
