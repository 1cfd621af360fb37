"""One thread walks the sampler; every job hears its own events.

The sampler's generator holds weights and torch's grad mode, which belong to the
thread that walks it; so exactly one thread ever does, and closes it.  Asking a
pool (`asyncio.to_thread`) instead ends in «generator already executing».
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TypeVar

from stylus_engine.errors import DrawFailed
from stylus_engine.model import Drawn, Event, Failed, Shot
from stylus_engine.ports import Sampler

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Ear:
    """Where one job listens: its queue and the loop that queue belongs to."""

    queue: "asyncio.Queue[Event | None]"
    loop: asyncio.AbstractEventLoop

    def tell(self, event: Event | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: whoever listened has left
            self.loop.call_soon_threadsafe(self.queue.put_nowait, event)


class Walker:
    """Draws the shots of many jobs on one sampler."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sampler")
        self._ears: dict[str, _Ear] = {}

    async def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """Admit `shots` and yield their events until each is `Drawn` or `Failed`.

        Leave it with `aclosing`: what is unfinished then is cancelled.  Raises
        `Busy` when the sampler takes no more, and whatever broke the walk.
        """
        ear = _Ear(asyncio.Queue(), asyncio.get_running_loop())
        self._ears[job] = ear
        open_shots: set[str] = set()
        try:
            walk = self._start(shots, open_shots)
            walk.add_done_callback(lambda _: ear.tell(None))
            while open_shots:
                event = await _next(ear, walk)
                open_shots -= _ended(event)
                yield event
        finally:
            del self._ears[job]
            for shot in open_shots:
                self._sampler.cancel(shot)

    def between(self, work: Callable[[], T]) -> "Future[T]":
        """Do `work` on the thread that walks, when no walk is under way. Safe from any thread."""
        return self._thread.submit(work)

    def close(self) -> None:
        """Wait for the walk to end and give the thread back."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _start(self, shots: Sequence[Shot], open_shots: set[str]) -> "Future[None]":
        """Admit, then walk: also after a refusal, so that what was admitted before it can leave."""
        try:
            for shot in shots:
                self._sampler.admit(shot)
                open_shots.add(shot.id)
        finally:
            walk = self._thread.submit(self._walk)
        return walk

    def _walk(self) -> None:
        """Every draw queues one walk; a walk that finds nothing left to draw ends at once."""
        with closing(self._sampler.events()) as events:
            for event in events:
                ear = self._ears.get(event.job)
                if ear is not None:
                    ear.tell(event)


async def _next(ear: _Ear, walk: "Future[None]") -> Event:
    event = await ear.queue.get()
    if event is not None:
        return event
    walk.result()  # raises what broke the walk
    raise DrawFailed(why="the sampler stopped before the picture was finished")


def _ended(event: Event) -> set[str]:
    return {event.shot} if isinstance(event, Drawn | Failed) else set()
