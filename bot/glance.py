"""What is so now, for the pages of `bot.health`: asked for at each look, never kept."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.metrics import Snapshot
from bot.refusals import LineAway

if TYPE_CHECKING:
    from bot.client import StylusBot


async def glance(bot: "StylusBot") -> Snapshot:
    """Everything; of a line that is away, that it is."""
    line, supervisor = bot.services.line, bot.services.supervisor
    now = Snapshot(
        gateway=bot.is_ready() and not bot.is_closed(),
        planner=supervisor.planner_up,
        drawers=supervisor.drawers_up,
        paused=False,
        adapters=supervisor.counts,
    )
    try:
        return replace(
            now,
            paused=await line.paused(),
            jobs={str(state): count for state, count in (await line.counts()).items()},
            deliveries=await line.posts(),
        )
    except LineAway:
        return replace(now, database=False)
