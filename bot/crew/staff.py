"""What the dispatcher needs of a supervisor, and how patient it is."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from bot.crew.post import Ear
from bot.crew.signals import Signal
from bot.settings import Settings
from stylus_engine.workers.frames import Draw, Drop, FromWorker, Prepare, Question


class Crew(Protocol):
    """What the dispatcher needs of a supervisor."""

    @property
    def signals(self) -> asyncio.Queue[Signal]:
        """What has happened, in this order; only the dispatcher reads it."""
        ...

    @property
    def planner(self) -> str | None:
        """The planner's name."""
        ...

    @property
    def drawers(self) -> Mapping[str, int]:
        """Name -> slots."""
        ...

    async def ask(
        self, question: Question, seconds: float | None = None, hear: Ear | None = None
    ) -> FromWorker:
        """See `Supervisor.ask`."""
        ...

    async def send(self, worker: str, frame: Draw | Drop | Prepare) -> bool:
        """See `Supervisor.send`."""
        ...

    async def rest(self, worker: str, seconds: float) -> None:
        """See `Supervisor.rest`."""
        ...

    async def kill(self, worker: str, why: str) -> None:
        """See `Supervisor.kill`."""
        ...


@dataclass(frozen=True, slots=True)
class Idle:
    """Whether spare time is used, how long nothing must have happened, words that are never drawn."""

    on: bool = False
    after_seconds: float = 60.0
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As they are set."""
        checking = settings.checking
        return cls(checking.idle, checking.after_seconds, settings.safety.words)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look, and how long to wait."""

    beat_seconds: float = 5.0
    pause_seconds: float = 5.0
    no_worker_hours: float = 2.0
    idle: Idle = Idle()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As they are set."""
        return cls(
            beat_seconds=settings.line.beat_seconds,
            pause_seconds=settings.workers.pause_seconds,
            no_worker_hours=settings.line.no_worker_hours,
            idle=Idle.of(settings),
        )
