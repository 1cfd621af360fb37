"""Files of adapters that a language model has just named: on their way before it has finished speaking."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from contextvars import ContextVar
from typing import Protocol

from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter

MOST = 8  # downloads at once; what is named beyond them waits for its turn at the drawing


class Bringing(Protocol):
    """A store of files with a way to the web."""

    def holds(self, adapter: Adapter) -> bool:
        """Whether the file is here."""
        ...

    async def bring(self, adapter: Adapter) -> object:
        """Fetch it unless it is here. Raises a `StylusError`."""
        ...


class Early:
    """Called with each card id as it is named; fetches only while something is to be drawn.

    A plan that nobody draws fetches nothing.  What fails here fails again, and is told,
    when the picture needs the file; of two who ask for a file at once, one downloads.
    """

    def __init__(
        self,
        card: Callable[[str], Adapter],
        opened: Callable[[], AbstractAsyncContextManager[Bringing]],
    ) -> None:
        self._card = card
        self._opened = opened
        self._wanted: ContextVar[bool] = ContextVar("wanted", default=False)
        self._tasks: set[asyncio.Task[None]] = set()

    @contextmanager
    def drawing(self) -> Generator[None]:
        """What is named in here, by whoever is awaited in here, will be drawn."""
        token = self._wanted.set(True)
        try:
            yield
        finally:
            self._wanted.reset(token)

    def __call__(self, card_id: str) -> None:
        """Returns at once and raises nothing."""
        if self._wanted.get() and len(self._tasks) < MOST:
            task = asyncio.get_running_loop().create_task(self._fetch(card_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fetch(self, card_id: str) -> None:
        with suppress(StylusError):
            card = await asyncio.to_thread(self._card, card_id)
            if card.url and card.path is None:
                async with self._opened() as weights:
                    if not await asyncio.to_thread(weights.holds, card):
                        await weights.bring(card)
