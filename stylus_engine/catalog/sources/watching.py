# watchfiles names types of trio, which nobody has to install.
# pyright: reportUnknownVariableType=false
"""Folders that are watched: a file dropped in is a card within seconds, a file gone is gone.

    an event, or time -> did the folder change? -> walk; again while a file is being written

The system tells that something happened (watchfiles: inotify and its kin); what happened
is found by walking again, which costs a stat for each file.  Network file systems send no
events and a system can run out of watches, so a look is taken every few seconds anyhow;
where nothing can be watched, such looks are all there is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TypeAlias

from watchfiles import awatch

from stylus_engine.catalog.sources.folder import Folder
from stylus_engine.catalog.sources.listing import listed
from stylus_engine.errors import SourceSilent

LOOK = 4.0  # seconds between looks without an event
GATHER = 0.5  # seconds in which events become one look
MARGIN = 0.1  # seconds after which a quiet file surely was quiet long enough
Walk: TypeAlias = Callable[[Folder], Awaitable[object]]


async def watch(folders: Iterable[Folder], walk: Walk, *, look: float = LOOK) -> None:
    """Call `walk` for a folder whenever there is news in it, until cancelled; one walk at a time.

    Each folder is walked once at the beginning.  One that is not there, or goes away, is
    waited for: its cards stay meanwhile.  Make the folders with `quiet`, or a file is read
    while it is copied.  Raises what `walk` raises.
    """
    one = asyncio.Lock()
    try:
        async with asyncio.TaskGroup() as group:
            for folder in folders:
                bell = asyncio.Event()
                group.create_task(_ring(folder.root, bell, look))
                group.create_task(_follow(folder, walk, one, bell, look))
    except ExceptionGroup as several:
        raise several.exceptions[0] from several


async def _follow(
    folder: Folder, walk: Walk, one: asyncio.Lock, bell: asyncio.Event, look: float
) -> None:
    """Walk when the folder is not what it was when it was last walked to the end, or had files that were not done."""
    before: object = None
    while True:
        now = await asyncio.to_thread(_state, folder.root)
        if now is not None and (now != before or folder.waiting):
            async with one:
                now = now if await _walked(folder, walk) else None
        before = now
        await _rest(bell, folder.quiet + MARGIN if folder.waiting else look)


async def _walked(folder: Folder, walk: Walk) -> bool:
    """Whether to the end. A folder that goes away meanwhile is no error: it is waited for."""
    try:
        await walk(folder)
    except SourceSilent as error:
        if error.source != str(folder.root):
            raise
        return False
    return True


async def _rest(bell: asyncio.Event, seconds: float) -> None:
    """Until the bell rings, and a moment longer; or so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()
        await asyncio.sleep(GATHER)
    bell.clear()


def _state(root: Path) -> object:
    """What a folder holds, to compare with itself later; None when it is not there."""
    try:
        files = listed(root).files
    except SourceSilent:
        return None
    return hash(tuple((each.name, each.stamp, each.stamp_beside) for each in files))


async def _ring(root: Path, bell: asyncio.Event, look: float) -> None:
    """Ring for every event below `root`, as long as it is the same folder; then watch the new one."""
    pause = round(look * 1000)
    while True:
        place = _place(root)
        # RuntimeError is how watchfiles says that the system has no watches left.
        with suppress(OSError, RuntimeError):
            seen = awatch(
                root, watch_filter=None, step=50, rust_timeout=pause, yield_on_timeout=True
            )
            async with aclosing(seen) as events:
                async for changes in events:
                    if changes:
                        bell.set()
                    if _place(root) != place:
                        break
        await asyncio.sleep(look / 4)


def _place(root: Path) -> tuple[int, int] | None:
    """Which folder has this name now."""
    try:
        about = root.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino
