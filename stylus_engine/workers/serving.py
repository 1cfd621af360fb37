"""What a worker process does all its life: answer, draw, say that it is there, and end with its bot.

Two threads.  The first one owns the conversation: it reads, writes and beats, and at
the end of file it ends the process at once, whatever the other is doing.  The second
one is the desk's: it may load and compute for minutes.  Questions of one kind are
answered one after the other, files are fetched for many at once, and questions of
different kinds do not wait for each other unless the desk computes on its own thread.
"""

import asyncio
import ctypes
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any, Protocol, TypeAlias

from stylus_engine.errors import DrawFailed, StylusError, public
from stylus_engine.model import Event, Fetching
from stylus_engine.workers.channel import Channel, ChannelBroken, to_bot
from stylus_engine.workers.frames import (
    Beat,
    Draw,
    Drop,
    Fetch,
    FromWorker,
    Happened,
    Meanwhile,
    Named,
    Prepare,
    Question,
    Ready,
    Refused,
    ToWorker,
)

LOG = logging.getLogger("stylus.worker")
Tell: TypeAlias = Callable[[Event], None]
TellFetching: TypeAlias = Callable[[Fetching | Named], None]
Leave: TypeAlias = Callable[[int], None]

ENDED, BROKEN = 0, 70  # exit codes; 70 is EX_SOFTWARE
DIE_WITH_PARENT = 1  # Linux, PR_SET_PDEATHSIG


class Desk(Protocol):
    """What one worker offers. Everything but `ready` and the properties is called on the desk's thread."""

    @property
    def steps(self) -> int:
        """What the sampler did since the start."""
        ...

    @property
    def loaded(self) -> bool:
        """Whether a checkpoint is in memory."""
        ...

    @property
    def counts(self) -> dict[str, int]:
        """What an operator may want to see of it. Quick."""
        ...

    def ready(self) -> Ready:
        """Who speaks. Quick: nothing is loaded for it."""
        ...

    async def open(self) -> None:
        """Make ready for questions; they may come meanwhile. Raises `StylusError`: told, not fatal."""
        ...

    async def answer(self, question: Question, tell: TellFetching) -> FromWorker:
        """Raises `StylusError`; anything else is a fault of ours that is told as one.

        `tell` what is being fetched for it, at least once a minute.
        """
        ...

    async def draw(self, work: Draw, tell: Tell) -> None:
        """Tell every event of `work`, the last of each shot included. Raising ends the process."""
        ...

    def drop(self, job: str) -> None:
        """Let go of a job, if it is here."""
        ...

    def prepare(self, wish: Prepare) -> None:
        """Make ready what a job will need, if there is time. Returns at once."""
        ...


async def serve(fd: int, desk: Desk, beat_seconds: float, leave: Leave = os._exit) -> None:
    """Speak over the socket `fd` until the other side ends. `leave` ends the process; it may return in tests."""
    channel = await to_bot(socket.socket(fileno=fd))
    office = _Office(desk, asyncio.get_running_loop(), leave)
    try:
        await channel.send(desk.ready())
        office.start()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_speak(channel, office.outbox))
            tasks.create_task(_beat(desk, office.outbox, beat_seconds))
            tasks.create_task(_listen(channel, office))
    except* (ChannelBroken, _EndOfFile) as broken:
        for error in broken.exceptions:
            LOG.info("the conversation is over: %s", error)
    finally:
        sys.stderr.flush()
        leave(ENDED)


def die_with_parent() -> None:
    """On Linux the kernel ends this process with its bot, even one that hangs in a driver."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)


def outlive_signals() -> None:
    """Ctrl-C and a service manager's SIGTERM are the bot's to answer; a worker ends with its socket."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


class _EndOfFile(Exception):
    """The bot is gone, or has let go."""


async def _listen(channel: "Channel[ToWorker, FromWorker]", office: "_Office") -> None:
    async for frame in channel.frames():
        office.take(frame)
    raise _EndOfFile("end of file")


async def _speak(
    channel: "Channel[ToWorker, FromWorker]", outbox: "asyncio.Queue[FromWorker]"
) -> None:
    while True:
        await channel.send(await outbox.get())


async def _beat(desk: Desk, outbox: "asyncio.Queue[FromWorker]", seconds: float) -> None:
    while True:
        outbox.put_nowait(Beat(steps=desk.steps, loaded=desk.loaded, counts=desk.counts))
        await asyncio.sleep(seconds)


class _Office:
    """The desk's thread, and what goes in and out of it."""

    def __init__(self, desk: Desk, front: asyncio.AbstractEventLoop, leave: Leave) -> None:
        self.outbox: asyncio.Queue[FromWorker] = asyncio.Queue()
        self._desk = desk
        self._front = front
        self._leave = leave
        self._loop = asyncio.new_event_loop()
        self._lines: dict[type, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Open the desk on a thread that no exit waits for."""
        threading.Thread(target=self._loop.run_forever, name="desk", daemon=True).start()
        self._later(self._opened())

    def take(self, frame: ToWorker) -> None:
        """Called on the first thread, returns at once."""
        match frame:
            case Drop():
                self._later(self._dropped(frame.job))
            case Prepare():
                self._later(self._prepared(frame))
            case Draw():
                self._later(self._drawn(frame))
            case _:
                self._later(self._answered(frame))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        self._loop.call_soon_threadsafe(self._begin, work)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._tasks.discard)

    def _say(self, frame: FromWorker) -> None:
        self._front.call_soon_threadsafe(self.outbox.put_nowait, frame)

    def _meanwhile(self, call: int, told: Fetching | Named) -> None:
        self._say(told if isinstance(told, Named) else Meanwhile(call=call, event=told))

    async def _opened(self) -> None:
        try:
            await self._desk.open()
        except StylusError as error:  # each question will hear it; a mended file heals it
            LOG.warning("not ready for questions: %s", error)
        except Exception:  # the same for a fault of ours: a planner that only lists cards is useful
            LOG.exception("not ready for questions")

    async def _answered(self, question: Question) -> None:
        async with self._turn(question):
            try:
                answer = await self._desk.answer(question, partial(self._meanwhile, question.call))
            except StylusError as error:
                answer = refused(question, error)
            except Exception as error:  # the one place: a fault of ours may not end the answering
                LOG.exception("no answer to %s", type(question).__name__)
                answer = refused(question, _fault(error))
        self._say(answer)

    def _turn(self, question: Question) -> AbstractAsyncContextManager[None]:
        """Whoever waits for a file computes nothing: nobody waits for his turn at that."""
        if isinstance(question, Fetch):
            return nullcontext()
        return self._lines.setdefault(type(question), asyncio.Lock())

    async def _dropped(self, job: str) -> None:
        """A task like the drawing itself, or it would be done before a drawing that came first."""
        self._desk.drop(job)

    async def _prepared(self, wish: Prepare) -> None:
        self._desk.prepare(wish)

    async def _drawn(self, work: Draw) -> None:
        def tell(event: Event) -> None:
            self._say(Happened(job=work.job, fence=work.fence, event=event))

        try:
            await self._desk.draw(work, tell)
        except Exception:  # a broken device breaks every later drawing too: end, start anew
            LOG.exception("drawing broke")
            sys.stderr.flush()
            self._leave(BROKEN)


def refused(question: Question, error: StylusError) -> Refused:
    """A refusal as a frame."""
    return Refused(call=question.call, kind=type(error).__name__, sentence=public(error))


def _fault(error: Exception) -> DrawFailed:
    return DrawFailed(why=f"an unexpected {type(error).__name__}")
