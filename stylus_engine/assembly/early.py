"""Files of adapters that a language model has just named: on their way before it has finished speaking."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from contextlib import aclosing, contextmanager, suppress
from contextvars import ContextVar
from typing import Protocol

from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter

MOST = 8  # named ahead at once; what is named beyond them waits for its turn at the drawing


class Coming(Protocol):
    """Downloads that are shared: see `Downloads`."""

    def pieces(self, adapter: Adapter) -> AsyncGenerator[object, None]:
        """What is told of one file until it is here. Raises a `StylusError`."""
        ...


class Early:
    """Called with each card id as it is named; fetches only while something is to be drawn.

    A plan that nobody draws fetches nothing.  What fails here fails again, and is told,
    when the picture needs the file; of two who ask for a file at once, one downloads.
    `ready` hears of each file that is here, for whoever draws; and whether it was only
    guessed.  For a guess nothing is ever fetched.
    """

    def __init__(
        self,
        card: Callable[[str], Adapter],
        holds: Callable[[Adapter], bool],
        downloads: Coming,
    ) -> None:
        self._card = card
        self._holds = holds
        self._downloads = downloads
        self.ready: Callable[[str, Adapter, bool], None] = nobody
        self._wanted: ContextVar[str | None] = ContextVar("wanted", default=None)
        self._tasks: dict[asyncio.Task[None], str] = {}

    @contextmanager
    def drawing(self, job: str) -> Generator[None]:
        """What is named in here, by whoever is awaited in here, will be drawn for `job`."""
        token = self._wanted.set(job)
        try:
            yield
        finally:
            self._wanted.reset(token)

    def __call__(self, card_id: str) -> None:
        """Returns at once and raises nothing."""
        job = self._wanted.get()
        if job is not None and len(self._tasks) < MOST:
            self._begin(job, self._fetch(job, card_id))

    def guess(self, cards: Sequence[Adapter]) -> None:
        """These are likely to be named. Returns at once and raises nothing."""
        job = self._wanted.get()
        if job is not None and len(self._tasks) < MOST:
            self._begin(job, self._look(job, cards))

    def drop(self, job: str) -> None:
        """Nobody will draw this job: what only it waits for is given up."""
        for task, whose in self._tasks.items():
            if whose == job:
                task.cancel()

    def _begin(self, job: str, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = job
        task.add_done_callback(self._tasks.pop)

    async def _look(self, job: str, cards: Sequence[Adapter]) -> None:
        for card in cards:
            if await asyncio.to_thread(self._holds, card):
                self.ready(job, card, True)

    async def _fetch(self, job: str, card_id: str) -> None:
        with suppress(StylusError):
            card = await asyncio.to_thread(self._card, card_id)
            if card.url and card.path is None and not await asyncio.to_thread(self._holds, card):
                async with aclosing(self._downloads.pieces(card)) as pieces:
                    async for _ in pieces:
                        pass
            self.ready(job, card, False)


def nobody(_: str, __: Adapter, ___: bool) -> None:
    """Nobody waits for what is ready."""
