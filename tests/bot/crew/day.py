"""One day of a crew for tests: a real line on SQLite, real processes, everything short."""

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bot.clock import SystemClock
from bot.crew.bus import Bus, News
from bot.crew.dispatcher import Dispatcher
from bot.crew.staff import Pace
from bot.crew.supervisor import Supervisor
from bot.jobs.line import LeaseLost, Line, Rules
from bot.jobs.nouns import Job, Origin, Wish
from bot.settings import Settings
from stylus_engine.model import Request
from stylus_engine.pictures.store import read

SLEEPY = str(Path(__file__).parents[2] / "workers" / "sleepy.py")
WORD = "no secret"
INTERACTIONS = itertools.count(1)


def settings_for(folder: Path, *more: str, **sections: dict[str, Any]) -> Settings:
    """A sleepy crew in `folder`, quick to notice everything; `sections` over it."""
    told: dict[str, dict[str, Any]] = {
        "paths": {"data": str(folder)},
        "line": {"lease_seconds": 6.0, "beat_seconds": 0.2, "stall_seconds": 2.0},
        "workers": {
            "command": [sys.executable, SLEEPY, "--pictures", str(folder / "pictures"), *more],
            "restart_seconds": 0.05,
            "pause_seconds": 2.0,
        },
    }
    for name, section in sections.items():
        told[name] = told.get(name, {}) | section
    return msgspec.convert(told, Settings)


def wish(prompt: str = "ink night city", user: int = 1, **fields: Any) -> Wish:
    number = next(INTERACTIONS)
    wanted: dict[str, Any] = {"count": 4, "steps": 4, "seed": 7} | fields
    until = time.time() + 900
    origin = Origin(interaction=number, token=WORD, token_until=until, user=user, channel=1)
    return Wish(origin=origin, request=Request(prompt=prompt, **wanted))


@dataclass
class Day:
    """What a test can see and do."""

    line: Line
    supervisor: Supervisor
    dispatcher: Dispatcher
    running: "asyncio.Task[None]"
    news: list[News] = field(default_factory=list)
    drawn: list[Job] = field(default_factory=list)
    ended: list[Job] = field(default_factory=list)

    async def accept(self, *wishes: Wish) -> list[str]:
        jobs = [(await self.line.accept(each, time.time())).job.id for each in wishes]
        self.dispatcher.wake()
        return jobs

    async def job(self, job: str) -> Job:
        found = await self.line.job(job)
        assert found is not None
        return found

    async def until(self, job: str, *states: str, seconds: float = 20) -> Job:
        """The job once it is in one of `states`."""
        await reached(lambda: self._in(job, states), seconds, lambda: self.told(job))
        return await self.job(job)

    async def _in(self, job: str, states: Sequence[str]) -> bool:
        return (await self.job(job)).state in states

    def told(self, job: str) -> list[str]:
        return [news.what for news in self.news if news.job == job]

    async def step(self, job: str, seconds: float = 20) -> None:
        """Until the job has made a step in its latest drawing."""

        async def stepped() -> bool:
            told = self.told(job)
            return "step" in told and "requeued" not in told[-told[::-1].index("step") :]

        await reached(stepped, seconds, lambda: self.told(job))

    def pid(self, worker: str | None) -> int:
        post = self.supervisor._at(worker or "")
        assert post is not None
        assert post._here is not None
        return post._here.process.pid

    def drawer(self) -> str:
        (name,) = self.supervisor.drawers
        return name


async def reached(
    there: Callable[[], Any], seconds: float = 20, told: Callable[[], object] = lambda: ""
) -> None:
    end = time.monotonic() + seconds
    while not await there():
        assert time.monotonic() < end, f"not within {seconds} s: {told()}"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def a_day(
    settings: Settings, *, attempts: int = 2, running: int = 9, url: str = ""
) -> AsyncGenerator[Day, None]:
    """Everything running; at the end all processes are gone."""
    rules = msgspec.structs.replace(settings.line, attempts=attempts, running=running, waiting=99)
    url = url or f"sqlite:///{settings.paths.data}/stylus.db"
    line = await Line.open(url, rules_of(rules), owner="test", now=time.time())
    supervisor = Supervisor(settings)
    bus = Bus()
    drawn: list[Job] = []
    ended: list[Job] = []
    dispatcher = Dispatcher(
        line, supervisor, bus, SystemClock(), Pace.of(settings),
        on_drawn=drawn.append, on_ended=ended.append,
    )  # fmt: skip
    run = asyncio.create_task(dispatcher.run())
    day = Day(line, supervisor, dispatcher, run, drawn=drawn, ended=ended)
    bus.subscribe(day.news.append)
    await supervisor.start()
    try:
        yield day
    finally:
        run.cancel()
        with suppress(asyncio.CancelledError, LeaseLost):
            await run
        await supervisor.stop()
        await line.close()


def rules_of(line: Any) -> Rules:
    names = set(Rules.__dataclass_fields__)
    return Rules(**{name: getattr(line, name) for name in names if hasattr(line, name)})


async def pictures(day: Day, job: str) -> list[str]:
    """The ids of a job's pictures; each can be read."""
    found = [each.picture for each in await day.line.positions(job)]
    for picture in found:
        assert picture is not None
        assert read(Path(picture.path))[1] == picture.manifest
    return [picture.id for picture in found if picture is not None]
