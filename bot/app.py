"""The bot's process: everything is put together here, runs, and ends in order.

    line -> client with its services -> login -> workers, courier, status, health -> gateway
                                                                ... until asked to stop
    line closed <- workers ended <- clicks answered <- gateway closed <- courier, dispatcher drained

Tests replace parts through the keyword arguments of `run`, and through nothing else.
"""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import discord

from bot import housekeeping, secrets
from bot.address import pointed_at
from bot.cards.letter import Letter
from bot.clerk import Clerk
from bot.client import StylusBot
from bot.clock import Clock, SystemClock
from bot.connecting import connected, logged_in
from bot.crew.bus import Bus
from bot.crew.dispatcher import Dispatcher
from bot.crew.staff import Pace
from bot.crew.supervisor import Supervisor
from bot.delivery.courier import Courier
from bot.delivery.office import Office
from bot.delivery.roads import Limits
from bot.delivery.status import Status
from bot.delivery.wire import Wire
from bot.discord_wire import DiscordWire, watching_limits
from bot.ending import before, blame, database_told, first_end
from bot.glance import glance
from bot.health import health_pages
from bot.hiding import hiding
from bot.jobs.database import address_of
from bot.jobs.line import Line, Rules
from bot.metrics import Metrics, watching_the_loop
from bot.refusals import LineAway
from bot.services import Services
from bot.settings import Settings
from bot.signals import stopped_by_signals
from bot.texts import Texts
from stylus_engine.errors import BadSettings

log = logging.getLogger(__name__)
POSTING_SHARE = 0.8  # of the time to stop is for drawing, the rest for posting
GLANCE = 0.1  # seconds between two looks at what is still to be posted


class OpenLine(Protocol):
    """How the line is opened: `Line.open`, or a test's."""

    def __call__(self, url: str, rules: Rules, *, owner: str, now: float) -> Awaitable[Line]:
        """See `Line.open`."""
        ...


async def run(
    settings: Settings,
    *,
    clock: Clock | None = None,
    open_line: OpenLine = Line.open,
    make_wire: Callable[[discord.Client], Wire[Letter]] = DiscordWire,
    make_supervisor: Callable[[Settings, Clock], Supervisor] = Supervisor,
    stop: asyncio.Event | None = None,
) -> int:
    """Run until SIGTERM, Ctrl-C or `stop`; 0 when it ended well.

    Raises `BadSettings` for what a person must mend: a wrong token, an address that is
    not this machine's, a database that another bot lives on.
    """
    token = secrets.token(settings.discord)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # there is no voice here
    clock = clock or SystemClock()
    asked = stop or asyncio.Event()
    where = pointed_at(settings.discord.api)
    with hiding(token), where, stopped_by_signals(asked), database_told():
        async with _line(settings, clock, open_line) as line:

            def make(client: StylusBot) -> Services:
                return services(
                    settings, line, make_supervisor(settings, clock), make_wire(client), clock
                )

            bot = _client(settings, make)
            return await _live(bot, token, asked)


def services(
    settings: Settings, line: Line, supervisor: Supervisor, wire: Wire[Letter], clock: Clock
) -> Services:
    """Everything, put together; nothing runs yet."""
    bus, metrics, texts = Bus(), Metrics(), Texts.load()
    clerk = Clerk(line=line, supervisor=supervisor, texts=texts, clock=clock, settings=settings)
    office = Office(
        line=line,
        wire=wire,
        clerk=clerk,
        bus=bus,
        clock=clock,
        limits=Limits.of(settings.delivery),
        metrics=metrics,
    )
    status = Status(office, workers=lambda: supervisor.drawers_up)
    return Services(
        settings=settings,
        line=line,
        supervisor=supervisor,
        dispatcher=Dispatcher(line, supervisor, bus, clock, Pace.of(settings)),
        bus=bus,
        wire=wire,
        courier=Courier(office, status),
        status=status,
        clerk=clerk,
        texts=texts,
        clock=clock,
        metrics=metrics,
    )


@asynccontextmanager
async def _line(
    settings: Settings, clock: Clock, open_line: OpenLine
) -> AsyncGenerator[Line, None]:
    """The database, ours alone until the block ends."""
    rules = Rules(
        running=settings.line.running,
        waiting=settings.line.waiting,
        attempts=settings.line.attempts,
        lease_seconds=settings.line.lease_seconds,
        retention_days=settings.line.retention_days,
        restore_hours=settings.line.restore_hours,
        learning=settings.learning.on,
        share=settings.learning.share,
    )
    owner = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
    line = await open_line(database_of(settings), rules, owner=owner, now=clock.now())
    try:
        yield line
    finally:
        await line.close()


def database_of(settings: Settings) -> str:
    """The address of the line's database; its folder is made. Raises `BadSettings` where none can be."""
    folder = Path(settings.paths.data).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"{folder} cannot be made ({error.strerror})"
        raise BadSettings(where="paths.data", why=why) from error
    return settings.database.url or address_of(folder / "stylus.db")


def _client(settings: Settings, make: Callable[[StylusBot], Services]) -> StylusBot:
    """discord.py takes one trace of its requests, before there are services to tell."""
    told: list[Callable[[], None]] = []

    def limited() -> None:
        for tell in told:
            tell()

    trace = watching_limits(limited)
    bot = StylusBot(make, shards=settings.discord.shards, trace=trace)
    told += [bot.services.metrics.limited, bot.services.status.limited]
    return bot


async def _live(bot: StylusBot, token: str, stop: asyncio.Event) -> int:
    """Log in, work until asked to stop, drain. 1: something ended that should not have."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(bot.close)
        if not await before(stop, logged_in(bot, token)):
            return 0
        await _open_health(bot, stack)
        await bot.services.supervisor.start()
        stack.push_async_callback(bot.services.supervisor.stop)
        stack.push_async_callback(_hear_no_more, bot)
        await bot.services.courier.resume()
        async with _at_work(bot) as work:
            ended = await first_end(work, stop)
            if ended is None:
                await _drain(bot.services)
            return 0 if ended is None else blame(ended)


async def _open_health(bot: StylusBot, stack: AsyncExitStack) -> None:
    services = bot.services
    pages = health_pages(services.settings.health.port, services.metrics, lambda: glance(bot))
    await stack.enter_async_context(pages)
    await stack.enter_async_context(watching_the_loop(services.metrics))


@asynccontextmanager
async def _at_work(bot: StylusBot) -> AsyncGenerator[tuple[asyncio.Task[None], ...], None]:
    """What never ends by itself, ended with the block."""
    services = bot.services
    rounds: dict[str, Coroutine[Any, Any, None]] = {
        "gateway": connected(bot),
        "dispatcher": services.dispatcher.run(),
        "courier": services.courier.run(),
        "status": services.status.run(),
        "lease": housekeeping.hold(services),
        "sweep": housekeeping.sweep(services),
    }
    tasks = tuple(asyncio.create_task(work, name=name) for name, work in rounds.items())
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _drain(services: Services) -> None:
    """Nothing new is drawn; what is being drawn is finished and posted, while there is time."""
    log.info("stopping: finishing what was begun")
    try:
        await _finish(services)
    except LineAway as away:
        log.warning("what was begun goes on after the next start: %s", away)


async def _finish(services: Services) -> None:
    clock, seconds = services.clock, services.settings.delivery.drain_seconds
    end = clock.ticks() + seconds
    await services.dispatcher.drain(POSTING_SHARE * seconds)
    while await services.line.to_post() and clock.ticks() < end:
        services.courier.wake()
        await services.courier.drain(max(0.0, end - clock.ticks()))
        await clock.sleep(GLANCE)


async def _hear_no_more(bot: StylusBot) -> None:
    """The gateway first, then whoever clicked just before: their answers need the line and Discord.

    Not `bot.close()`: it ends the requests at once, with the answers in them.
    """
    for shard in bot.shards.values():
        await shard.disconnect()
    delivery = bot.services.settings.delivery
    await bot.services.turns.all_answered(delivery.acknowledge_seconds)
