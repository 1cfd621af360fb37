"""What everybody in this room works with."""

from dataclasses import dataclass
from typing import Generic

from bot.clock import Clock
from bot.crew.bus import Bus
from bot.delivery.roads import Limits
from bot.delivery.wire import Clerk, Letter, Wire
from bot.jobs.line import Line
from bot.metrics import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Office(Generic[Letter]):
    """One per bot."""

    line: Line
    wire: Wire[Letter]
    clerk: Clerk[Letter]
    bus: Bus
    clock: Clock
    limits: Limits
    metrics: Metrics | None = None
