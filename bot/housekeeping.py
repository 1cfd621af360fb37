"""What the bot does now and then: hold its lease, forget what is old, delete those pictures.

A step that fails is logged and made again; only a lost lease ends a round, and the bot.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bot.jobs.database import LeaseRunOut
from bot.jobs.lease import BOT_SECONDS
from bot.services import Services
from bot.steadily import steadily

log = logging.getLogger(__name__)
HOLD_SECONDS = BOT_SECONDS / 3
SWEEP_SECONDS = 3600.0
FRESH_SECONDS = 3600.0  # a file so young may have been brought again, for a job not yet accepted


async def hold(services: Services) -> None:
    """Keep the database ours. Raises `LeaseLost` when it is not, `LeaseRunOut` when it may not be any more."""
    held = services.clock.ticks()
    while True:
        await services.clock.sleep(HOLD_SECONDS)
        began = services.clock.ticks()
        if await steadily(partial(services.line.hold, services.now()), "holding the database"):
            held = began
        elif services.clock.ticks() - held > BOT_SECONDS:
            raise LeaseRunOut


async def sweep(services: Services) -> None:
    """Once at the start, then every hour.

    What a clock says that somebody has set forward is believed an hour later: until then
    it may have been set back, and what was forgotten does not come back.
    """
    clock = services.clock
    now, ticks = clock.now(), clock.ticks()
    while True:
        passed = now + clock.ticks() - ticks
        now, ticks = clock.now(), clock.ticks()
        await steadily(partial(_swept, services, min(now, passed)), "forgetting what is old")
        await clock.sleep(SWEEP_SECONDS)


async def _swept(services: Services, now: float) -> None:
    swept = await services.line.sweep(now)
    if swept.pictures:
        pictures = services.settings.paths.place("pictures")
        gone = await asyncio.to_thread(delete, pictures, swept.pictures)
        await services.line.forgotten(gone)
    if swept.jobs:
        log.info("forgot %d jobs and %d pictures", swept.jobs, len(swept.pictures))


def delete(folder: Path, addresses: Sequence[str]) -> list[str]:
    """Take files out of the picture store; those that are gone. `ab/abcdef….png` is its own way of naming them."""
    return [each for each in addresses if _gone(folder / each[:2] / f"{each}.png")]


def _gone(file: Path) -> bool:
    try:
        if file.stat().st_mtime > time.time() - FRESH_SECONDS:
            return False
        file.unlink()
    except FileNotFoundError:
        return True
    except OSError as error:
        log.warning("%s stays, the next sweep tries again: %s", file.name, error.strerror)
        return False
    return True
