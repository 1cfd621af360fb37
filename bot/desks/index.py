"""The index in line with the cards: opened when it is first needed, followed beside the work."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from stylus_engine.catalog.importing import Summary
from stylus_engine.errors import StylusError

log = logging.getLogger(__name__)
AGAIN = 60.0  # seconds after an error until folders are watched again


class Indexed(Protocol):
    """What the index asks of the engine."""

    async def index(self, *, anew: bool = False, walk: bool = True) -> int:
        """Make the index hold exactly the cards of today; `walk` looks into folders first."""
        ...

    def watch(self) -> AsyncGenerator[Summary, None]:
        """What changes in the folders of adapters, once it is in the index; for ever."""
        ...


class Index:
    """What a planner searches. Its tasks live as long as its process."""

    def __init__(self, engine: Indexed) -> None:
        self._engine = engine
        self._opened = False
        self._opening = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Bring the index in line with the cards. Raises `BadIndex`, `BadCards`, `BadEmbedder`."""
        if self._opened:
            self._refresh()
            return
        async with self._opening:
            if not self._opened:
                await self._engine.index(walk=False)
                self._opened = True
                self._watching = asyncio.create_task(self._watch())

    def _refresh(self) -> None:
        """What another process imported comes in beside the work; this question does not wait for it."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refreshed())

    async def _refreshed(self) -> None:
        try:
            await self._engine.index(walk=False)
        except StylusError as error:
            log.warning("the index stays as it is: %s", error)

    async def _watch(self) -> None:
        """Folders of adapters are read beside the work, as long as this process lives."""
        while True:
            try:
                async with aclosing(self._engine.watch()) as news:
                    async for summary in news:
                        log.info("%s: %s", summary.source, summary.taken)
            except StylusError as error:
                log.warning("folders of adapters, looked at again in %g s: %s", AGAIN, error)
                await asyncio.sleep(AGAIN)
            else:
                return  # there are none
