"""On their way into the line: what one job's drawer has said waits for what it said before, and for nobody else's."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.jobs.line import LeaseLost

LOG = logging.getLogger("stylus.crew")
Work: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(eq=False)
class Writing:
    """Works of each job in the order in which they came. `group`: where they are done."""

    group: asyncio.TaskGroup | None = None
    _waiting: dict[str, deque[Work]] = field(default_factory=dict[str, "deque[Work]"])

    def put(self, job: str, work: Work) -> None:
        """Returns at once."""
        if self.group is None:
            raise LookupError("nobody writes yet")
        waiting = self._waiting.setdefault(job, deque())
        waiting.append(work)
        if len(waiting) == 1:
            self.group.create_task(self._written(job, waiting), name=f"pictures of {job}")

    async def _written(self, job: str, waiting: deque[Work]) -> None:
        while waiting:
            try:
                await waiting[0]()
            except LeaseLost:
                raise
            except Exception:  # one word that was badly kept may not end the crew's day
                LOG.exception("what was heard of job %s could not be kept", job)
            waiting.popleft()
        del self._waiting[job]
