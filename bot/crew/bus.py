"""News inside this process, for those who show them. Nothing durable: the line knows the truth."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stylus_engine.model import Plan

LOG = logging.getLogger("stylus.crew")

What: TypeAlias = Literal[
    "queued",
    "planning",
    "fetching",
    "planned",
    "drawing",
    "step",
    "drawn",
    "failed",
    "cancelled",
    "requeued",
    "paused",
    "resumed",
]


@dataclass(frozen=True, slots=True)
class News:
    """Something happened to a job.

    `step` of `of` steps of all its pictures together are made; `done` of `count`
    pictures are finished.  `plan` comes with "planned".  With "fetching", `name` is the
    adapter whose file is on its way, `step` of `of` its bytes (0 = not told).
    """

    job: str
    what: What
    step: int = 0
    of: int = 0
    done: int = 0
    count: int = 0
    plan: Plan | None = None
    name: str = ""


Ear: TypeAlias = Callable[[News], None]


class Bus:
    """Hands news on, in the order in which they happened."""

    def __init__(self) -> None:
        self._ears: list[Ear] = []

    def subscribe(self, ear: Ear) -> Callable[[], None]:
        """Hear everything from now on. `ear` must not block. Returns how to stop."""
        self._ears.append(ear)
        return lambda: self._ears.remove(ear)

    def publish(self, news: News) -> None:
        """Tell everybody. One listener's fault is not another's, nor the teller's."""
        for ear in tuple(self._ears):
            try:
                ear(news)
            except Exception:  # whoever shows news badly may not stop the drawing
                LOG.exception("a listener failed at %s", news.what)
