"""Keeps the workers: one planner and some drawers, each at its post."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Mapping

import msgspec

from bot import secrets
from bot.clock import Clock, SystemClock
from bot.crew.post import Ear, Post
from bot.crew.signals import Signal
from bot.crew.told import Told
from bot.crew.watching import Patience
from bot.platforms import refuse_windows
from bot.refusals import NoWorker
from bot.sections import DatabaseSettings, DiscordSettings
from bot.settings import Settings
from stylus_engine.workers.frames import Draw, Drop, FromWorker, Prepare, Question, Rest, Role
from stylus_engine.workers.process import READY_SECONDS, Launch

TOKENS = ("civitai_token", "huggingface_token")
PATIENCE_OF_PEOPLE = 10.0  # seconds that somebody waits for a busy planner
PATIENCE_FOR_A_PLANNER = 2.0  # seconds that a question waits for somebody to answer it


class Supervisor:
    """Starts, watches, restarts. Whatever happens to a worker, nothing is raised but what is promised."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        ready_seconds: float = READY_SECONDS,
    ) -> None:
        """Raises `BadSettings` on Windows."""
        refuse_windows()
        self._signals: asyncio.Queue[Signal] = asyncio.Queue()
        self._clock = clock or SystemClock()
        self._tasks: list[asyncio.Task[None]] = []
        environment = os.environ if environment is None else environment
        launches = _launches(settings, environment, ready_seconds)
        self._planner, *self._drawers = (
            self._post(title, launch, settings) for title, launch in launches.items()
        )

    async def start(self) -> None:
        """Man every post. Returns at once; `signals` tell who came."""
        posts = (self._planner, *self._drawers)
        self._tasks = [asyncio.create_task(post.keep()) for post in posts]

    async def stop(self) -> None:
        """End every worker; returns when all are gone. What they drew is not asked after."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    @property
    def signals(self) -> asyncio.Queue[Signal]:
        """Who came, what they said, who went; for the dispatcher."""
        return self._signals

    @property
    def planner(self) -> str | None:
        """The name of the planner that is here now."""
        return self._planner.name

    @property
    def planner_up(self) -> bool:
        """Whether a question would find somebody."""
        return self._planner.name is not None

    @property
    def drawers(self) -> dict[str, int]:
        """The drawers that are here now, and how many pictures each draws at a time."""
        return {post.name: post.slots for post in self._drawers if post.name is not None}

    @property
    def drawers_up(self) -> int:
        """How many drawers are here now."""
        return len(self.drawers)

    @property
    def counts(self) -> dict[str, int]:
        """What the drawers count, added up."""
        total = Counter[str]()
        for post in self._drawers:
            total.update(post.counts)
        return dict(total)

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The names of what can be drawn with, the default first; () while nobody is here."""
        ready = self._planner.ready
        return ready.checkpoints if ready else ()

    @property
    def adapters(self) -> int:
        """How many cards the planner knows."""
        ready = self._planner.ready
        return ready.adapters if ready else 0

    async def ask(
        self, question: Question, seconds: float | None = None, hear: Ear | None = None
    ) -> FromWorker:
        """Ask the planner; `call` is numbered here. `hear` what is fetched for it meanwhile.

        Raises `NoWorker` (nobody within two seconds, or it died meanwhile), `Told` (what
        it refused), `TimeoutError` after `seconds`, `FrameTooLong`.
        """
        try:
            async with asyncio.timeout(PATIENCE_FOR_A_PLANNER):
                await self._planner.manned.wait()
        except TimeoutError as error:
            raise NoWorker from error
        return await self._planner.ask(question, seconds, hear)

    async def consult(self, question: Question, seconds: float | None = None) -> FromWorker:
        """Ask for somebody who waits, ten seconds unless said. Raises `NoWorker` (also of a busy planner), `Told`."""
        try:
            return await self.ask(question, PATIENCE_OF_PEOPLE if seconds is None else seconds)
        except TimeoutError as error:
            raise NoWorker from error

    async def send(self, worker: str, frame: Draw | Drop | Prepare) -> bool:
        """To the worker of this name; False when it is gone. Raises `FrameTooLong`."""
        post = self._at(worker)
        return post is not None and await post.send(frame)

    async def rest(self, worker: str, seconds: float) -> None:
        """The memory of this drawer is free when this returns: it rests, or it is ended."""
        post = self._at(worker)
        if post is None:
            return
        try:
            await post.ask(Rest(call=0), seconds)
        except NoWorker:
            return
        except (Told, TimeoutError):
            await post.kill("it does not rest", wanted=True)

    async def kill(self, worker: str, why: str) -> None:
        """End the worker of this name; another one takes its post."""
        post = self._at(worker)
        if post is not None:
            await post.kill(why)

    def _at(self, worker: str) -> Post | None:
        posts = (self._planner, *self._drawers)
        return next((post for post in posts if post.name == worker), None)

    def _post(self, title: str, launch: Launch, settings: Settings) -> Post:
        patience = Patience(
            silence=settings.line.lease_seconds,
            stall=settings.line.stall_seconds,
            idle=settings.workers.idle_minutes * 60,
        )
        restart = settings.workers.restart_seconds
        return Post(title, launch, patience, restart, self._clock, self._signals.put_nowait)


def _launches(
    settings: Settings, environment: Mapping[str, str], ready_seconds: float
) -> dict[str, Launch]:
    """Title -> how that worker is started; the planner first."""
    devices = settings.workers.devices or ("",)
    drawers: list[tuple[str, Role, str]] = [
        (f"drawer-{number + 1}", "drawer", devices[number % len(devices)])
        for number in range(settings.workers.drawers)
    ]
    planner: tuple[str, Role, str] = ("planner", "planner", "")
    told = {
        role: msgspec.json.encode(_without_secrets(settings, role))
        for role in ("planner", "drawer")
    }
    clean = {k: v for k, v in environment.items() if not k.startswith("STYLUS_")}
    return {
        title: Launch(_command(settings, role, device), role, told[role], clean, ready_seconds)
        for title, role, device in (planner, *drawers)
    }


def _command(settings: Settings, role: Role, device: str) -> tuple[str, ...]:
    """`workers.command` replaces the program; role and device are said to any."""
    given = settings.workers.command
    ours = (sys.executable, "-m", "bot.worker")
    inherit = () if given else ("--inherit",)
    return (*(given or ours), role, *inherit, *(("--device", device) if device else ()))


def _without_secrets(settings: Settings, role: Role) -> Settings:
    """A worker opens files of strangers: it is told neither the token nor the database.

    A planner fetches files, turns texts into vectors and chooses, so it keeps what that needs.
    """
    planner = role == "planner"
    catalog, embedder, composer = settings.catalog, settings.embedder, settings.composer
    return msgspec.structs.replace(
        settings,
        discord=DiscordSettings(),
        database=DatabaseSettings(),
        refiner=secrets.without(settings.refiner, "api_key"),
        composer=composer if planner else secrets.without(composer, "api_key"),
        catalog=catalog if planner else secrets.without(catalog, *TOKENS),
        embedder=embedder if planner else secrets.without(embedder, "api_key"),
    )
