"""Downloads under way: each file once, whoever waits for it, and a few at a time.

Law of this file: a download lives as long as somebody waits for it.  When the last one
has left it is given up, and what had come of it is removed.  Whose turn it is when many
wait, `turns` says.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Protocol, TypeAlias

from stylus_engine.catalog.turns import Turns
from stylus_engine.catalog.weights import Fetching as Piece
from stylus_engine.catalog.weights import key
from stylus_engine.model import Adapter

AT_ONCE = 4  # a fifth large file would only slow the four
QUIET = 30.0  # seconds; whoever watches takes longer silence for standing still


class Store(Protocol):
    """Files with a way to the web: see `Weights`."""

    def bring(self, adapter: Adapter, tell: Callable[[Piece], None]) -> Awaitable[object]:
        """The file, downloaded unless it is here."""
        ...


Open: TypeAlias = Callable[[], AbstractAsyncContextManager[Store]]


class Downloads:
    """`opened` is the store of files with a way to the web."""

    def __init__(self, opened: Open, at_once: int = AT_ONCE) -> None:
        self._opened = opened
        self._turns = Turns(at_once)
        self._coming: dict[str, _Coming] = {}

    async def pieces(self, adapter: Adapter, whose: str = "") -> AsyncGenerator[Piece, None]:
        """What is told of this file until it is here. Raises what `Weights.bring` raises.

        `whose`: the person who wants it, "" = nobody in particular.

        The same piece is told again when nothing was for long.  Leave it with `aclosing`.
        """
        coming = self._joined(adapter, whose)
        try:
            seen = -1
            while not coming.task.done():
                yield coming.last
                seen = await coming.after(seen)
            yield coming.last
            coming.task.result()
        finally:
            await self._left(coming, whose)

    def _joined(self, adapter: Adapter, whose: str) -> "_Coming":
        name = f"{key(adapter)} {adapter.url}"
        coming = self._coming.get(name)
        if coming is None:
            coming = self._coming[name] = _Coming(name, Piece(adapter.name, 0, adapter.file_bytes))
            coming.task = asyncio.create_task(self._brought(adapter, coming))
            coming.task.add_done_callback(lambda _: self._ended(coming))
        coming.people[whose] += 1
        self._turns.look()
        return coming

    async def _brought(self, adapter: Adapter, coming: "_Coming") -> None:
        async with self._turns.turn(coming.people), self._opened() as weights:
            await weights.bring(adapter, coming.tell)

    async def _left(self, coming: "_Coming", whose: str) -> None:
        """Whoever comes from now on starts anew: nobody joins what is being given up."""
        coming.people[whose] -= 1
        if not coming.people[whose]:
            del coming.people[whose]
        if coming.people:
            return
        self._forget(coming)
        coming.task.cancel()
        await asyncio.wait([coming.task])

    def _ended(self, coming: "_Coming") -> None:
        if not coming.task.cancelled():
            coming.task.exception()  # seen, even when nobody is left to hear it
        self._forget(coming)
        coming.ring()

    def _forget(self, coming: "_Coming") -> None:
        if self._coming.get(coming.name) is coming:
            del self._coming[coming.name]


class _Coming:
    """One download: how far it is, and how many of whom wait for it."""

    task: "asyncio.Task[None]"

    def __init__(self, name: str, last: Piece) -> None:
        self.name = name
        self.last = last
        self.people: Counter[str] = Counter()
        self._count = 0
        self._bell = asyncio.Event()

    def tell(self, piece: Piece) -> None:
        """It is this far now."""
        self.last = piece
        self.ring()

    def ring(self) -> None:
        """Wake all who wait."""
        self._count += 1
        self._bell.set()
        self._bell.clear()

    async def after(self, seen: int) -> int:
        """The number of the newest news; waits for one after number `seen`, but not for ever."""
        if self._count == seen and not self.task.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(QUIET):
                    await self._bell.wait()
        return self._count
