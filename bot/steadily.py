"""One step of a round that never ends by itself: a step that fails is logged, and made again."""

import logging
from collections.abc import Awaitable, Callable

from bot.jobs.database import LeaseLost
from bot.refusals import LineAway

log = logging.getLogger(__name__)


async def steadily(step: Callable[[], Awaitable[None]], what: str) -> bool:
    """Make it; whether it went well. Raises `LeaseLost`, after which no step is ours to make."""
    try:
        await step()
    except LeaseLost:
        raise
    except LineAway as away:  # no traceback a second while it lasts
        log.warning("%s failed; it is tried again: %s", what, away)
        return False
    except Exception:  # a full disk or a database that is away may not end the bot: it passes
        log.exception("%s failed; it is tried again", what)
        return False
    return True
