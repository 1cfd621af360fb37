"""The worker that is at a post now, and what is waited for."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.crew.watching import Watch
from stylus_engine.model import Fetching
from stylus_engine.workers.frames import FromWorker
from stylus_engine.workers.process import WorkerProcess

Ear: TypeAlias = Callable[[Fetching], None]


@dataclass(eq=False)
class Present:
    """Times are a clock's ticks."""

    process: WorkerProcess
    heard: float
    moved: float
    steps: int = 0
    loaded: bool = False
    counts: dict[str, int] = field(default_factory=dict[str, int])
    answered: bool = False
    killed_for: str = ""
    shots: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    calls: dict[int, asyncio.Future[FromWorker]] = field(default_factory=dict)
    ears: dict[int, Ear] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        return bool(self.shots or self.calls)

    def excuse(self, late: float, now: float) -> None:
        """While we ourselves were held up, a silence is nobody's fault."""
        self.heard = min(now, self.heard + late)
        self.moved = min(now, self.moved + late)

    def watch(self) -> Watch:
        return Watch(
            role=self.process.ready.role,
            heard=self.heard,
            moved=self.moved,
            busy=self.busy,
            loaded=self.loaded,
            answered=self.answered,
        )
