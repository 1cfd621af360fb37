"""Work for jobs that somebody may call off while it goes on."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any, TypeVar

from stylus_engine.errors import Cancelled

T = TypeVar("T")


class InHand:
    """What is being done for which job."""

    def __init__(self) -> None:
        self._work: dict[str, set[asyncio.Task[Any]]] = defaultdict(set)

    async def done(self, job: str, work: Coroutine[Any, Any, T]) -> T:
        """What `work` comes to. Raises `Cancelled` once the job is dropped, and whatever it raises."""
        task = asyncio.create_task(work)
        self._work[job].add(task)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            self._put_away(job, task)
        if task.cancelled():
            raise Cancelled(done=0)
        return task.result()

    def drop(self, job: str) -> None:
        """Nothing more is done for this job."""
        for task in self._work.get(job, ()):
            task.cancel()

    def _put_away(self, job: str, task: "asyncio.Task[Any]") -> None:
        self._work[job].discard(task)
        if not self._work[job]:
            del self._work[job]
