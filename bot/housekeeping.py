"""What the bot does now and then: hold its lease, forget what is old, delete those pictures."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from bot.services import Services

log = logging.getLogger(__name__)
HOLD_SECONDS = 10.0  # a third of the lease that the line gives a bot
SWEEP_SECONDS = 3600.0


async def hold(services: Services) -> None:
    """Keep the database ours. Raises `LeaseLost` when it is not any more."""
    while True:
        await services.clock.sleep(HOLD_SECONDS)
        await services.line.hold(services.now())


async def sweep(services: Services) -> None:
    """Once at the start, then every hour."""
    pictures = services.settings.paths.place("pictures")
    while True:
        swept = await services.line.sweep(services.now())
        if swept.pictures:
            await asyncio.to_thread(delete, pictures, swept.pictures)
            await services.line.forgotten(swept.pictures)
        if swept.jobs:
            log.info("forgot %d jobs and %d pictures", swept.jobs, len(swept.pictures))
        await services.clock.sleep(SWEEP_SECONDS)


def delete(folder: Path, addresses: Sequence[str]) -> None:
    """Take files out of the picture store; `ab/abcdef….png` is its own way of naming them."""
    for address in addresses:
        (folder / address[:2] / f"{address}.png").unlink(missing_ok=True)
