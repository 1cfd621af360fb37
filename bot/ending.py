"""How the bot's process ends: asked, by a fault, by another bot or without its database."""

import asyncio
import logging
from collections.abc import Coroutine, Generator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from bot.jobs.database import LeaseLost, LeaseRunOut
from bot.refusals import LineAway
from stylus_engine.errors import BadSettings, StylusError

log = logging.getLogger(__name__)


@contextmanager
def database_told() -> Generator[None]:
    """A line that is away where the bot cannot go on without it: what must be mended is the database."""
    try:
        yield
    except LineAway as away:
        raise BadSettings(where="database.url", why=f"it cannot be used ({away.why})") from away


async def before(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Whether the work ended before somebody asked to stop."""
    task, asked = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((task, asked), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        return task.done()
    finally:
        for each in (task, asked):
            each.cancel()
        await asyncio.gather(task, asked, return_exceptions=True)


async def first_end(
    work: Sequence[asyncio.Task[None]], stop: asyncio.Event
) -> asyncio.Task[None] | None:
    """The task that ended though it should not; None when somebody asked to stop."""
    asked = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait((asked, *work), return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
    return None if stop.is_set() else next(task for task in work if task.done())


def blame(ended: asyncio.Task[None]) -> int:
    """Raises what a person can mend; the rest goes to the log, and whoever watches starts us anew."""
    error = ended.exception()
    if isinstance(error, StylusError):
        raise error
    if isinstance(error, LeaseRunOut):
        why = "it could not be used for so long that another bot may have it; start the bot again"
        raise BadSettings(where="database.url", why=why) from error
    if _is_about(error, LeaseLost):
        why = "another bot has taken this database over"
        raise BadSettings(where="database.url", why=why) from error
    log.error("the bot ends: its %s did", ended.get_name(), exc_info=error)
    return 1


def _is_about(error: BaseException | None, kind: type[Exception]) -> bool:
    """Whether it is this, or a task group's bundle with one inside."""
    if isinstance(error, BaseExceptionGroup):
        bundle = cast("BaseExceptionGroup[BaseException]", error)
        return any(_is_about(each, kind) for each in bundle.exceptions)
    return isinstance(error, kind)
