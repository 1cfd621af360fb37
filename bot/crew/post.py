"""One place in the crew: a worker, and when it ends the next one."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing

import msgspec

from bot.clock import Clock
from bot.crew.present import Ear, Present
from bot.crew.signals import Came, Heard, Signal, Went
from bot.crew.told import Told
from bot.crew.watching import Patience, failures_after, pause_before, verdict
from bot.refusals import NoWorker
from stylus_engine.model import Drawn, Failed
from stylus_engine.workers.channel import ChannelBroken
from stylus_engine.workers.frames import (
    Beat,
    Draw,
    Drop,
    FromWorker,
    Happened,
    Meanwhile,
    Named,
    Prepare,
    Question,
    Ready,
    Refused,
    Rest,
)
from stylus_engine.workers.process import Launch, WorkerFailed, WorkerProcess

LOG = logging.getLogger("stylus.crew")


class Post:
    """Keeps one worker. `tell` hears of its coming, its words and its going."""

    def __init__(
        self,
        title: str,
        launch: Launch,
        patience: Patience,
        restart_seconds: float,
        clock: Clock,
        tell: Callable[[Signal], None],
    ) -> None:
        self._title = title
        self._launch = launch
        self._patience = patience
        self._restart = restart_seconds
        self._clock = clock
        self._tell = tell
        self._starts = 0
        self._calls = 0
        self._here: Present | None = None
        self.manned = asyncio.Event()

    @property
    def name(self) -> str | None:
        """The name of the worker that is here now."""
        return self._here.process.name if self._here else None

    @property
    def slots(self) -> int:
        """How many pictures it draws at a time."""
        return self._here.process.ready.slots if self._here else 0

    @property
    def counts(self) -> dict[str, int]:
        """What it counts, as last said."""
        return self._here.counts if self._here else {}

    @property
    def ready(self) -> Ready | None:
        """What it said of itself."""
        return self._here.process.ready if self._here else None

    async def keep(self) -> None:
        """Start a worker, hold it until it ends, start the next one; for ever. Cancel it to end all."""
        failures = 0
        while True:
            began = self._clock.ticks()
            wanted = await self._lived()
            failures = failures_after(failures, self._clock.ticks() - began)
            if not wanted:
                await self._clock.sleep(pause_before(failures, self._restart))

    async def send(self, frame: Draw | Drop | Prepare) -> bool:
        """Whether somebody is here to hear it. Raises `FrameTooLong`."""
        here = self._here
        if here is None:
            return False
        if isinstance(frame, Draw):
            self._begin(here)
            here.shots |= {(frame.job, shot.id) for shot in frame.shots}
        try:
            await here.process.send(frame)
        except ChannelBroken:
            return False
        return True

    async def ask(
        self, question: Question, seconds: float | None = None, hear: Ear | None = None
    ) -> FromWorker:
        """Its answer; `hear` what is fetched for it meanwhile, and do not block.

        Raises `NoWorker`, `Told`, `TimeoutError` after `seconds`, `FrameTooLong`.
        """
        here = self._here
        if here is None:
            raise NoWorker
        self._begin(here)
        self._calls += 1
        call = self._calls
        here.calls[call] = asyncio.get_running_loop().create_future()
        if hear is not None:
            here.ears[call] = hear
        try:
            await here.process.send(msgspec.structs.replace(question, call=call))
            async with asyncio.timeout(seconds):
                answer = await here.calls[call]
        except ChannelBroken as error:
            raise NoWorker from error
        finally:
            here.calls.pop(call, None)
            here.ears.pop(call, None)
        if isinstance(answer, Refused):
            raise Told(kind=answer.kind, sentence=answer.sentence)
        return answer

    async def kill(self, why: str, *, wanted: bool = False) -> None:
        """End the worker that is here. `wanted`: it did no wrong, the next one comes at once."""
        here = self._here
        if here is not None:
            LOG.warning("%s is ended: %s", here.process.name, why)
            here.killed_for = "wanted" if wanted else why
            await here.process.kill()

    async def _lived(self) -> bool:
        try:
            return await self._one()
        except Exception:  # what nobody foresaw may not leave the post unmanned for ever
            LOG.exception("%s: the life of a worker was cut short", self._title)
            return False

    async def _one(self) -> bool:
        """One worker's whole life; whether its end was wanted."""
        self._starts += 1
        name = f"{self._title}.{self._starts}"
        try:
            process = await WorkerProcess.start(self._launch, name=name)
        except WorkerFailed as error:
            LOG.error("%s", error)  # noqa: TRY400 - the sentence is all there is to know
            return False
        now = self._clock.ticks()
        here = self._here = Present(process, heard=now, moved=now)
        try:
            await self._hold(here)
        finally:
            self._here = None
            self.manned.clear()
            try:
                await process.kill()
            finally:
                self._bury(here)
        return here.killed_for == "wanted"

    async def _hold(self, here: Present) -> None:
        process = here.process
        LOG.info("%s is ready (process %d)", process.name, process.pid)
        self.manned.set()
        self._tell(Came(process.name, process.ready.role, process.ready.slots))
        watcher = asyncio.create_task(self._watched(here), name=f"{process.name} watch")
        try:
            async with aclosing(process.frames()) as frames:
                async for frame in frames:
                    self._hear(here, frame)
        except ChannelBroken as error:
            LOG.warning("%s says what is no frame: %s", process.name, error)
        finally:
            watcher.cancel()

    def _bury(self, here: Present) -> None:
        for call in here.calls.values():
            if not call.done():
                call.set_exception(NoWorker())
        LOG.info("%s has ended (exit %s)", here.process.name, here.process.exit_code)
        self._tell(Went(here.process.name))

    def _hear(self, here: Present, frame: FromWorker) -> None:
        here.heard = self._clock.ticks()
        match frame:
            case Beat():
                here.loaded = frame.loaded
                here.counts = frame.counts
                self._moved(here, moved=frame.steps != here.steps)
                here.steps = frame.steps
                self._tell(Heard(here.process.name, frame))
            case Happened():
                self._moved(here, moved=True)
                if isinstance(frame.event, Drawn | Failed):
                    _ended(here.shots, frame.job, frame.event.shot)
                self._tell(Heard(here.process.name, frame))
            case Named():
                self._moved(here, moved=True)
                self._tell(Heard(here.process.name, frame))
            case Meanwhile(call=call, event=event):
                self._moved(here, moved=True)
                if (ear := here.ears.get(call)) is not None:
                    ear(event)
            case Ready():
                LOG.warning("%s says that it is ready, again", here.process.name)
            case _:
                self._moved(here, moved=True)
                if (call := here.calls.get(frame.call)) is not None and not call.done():
                    call.set_result(frame)

    def _begin(self, here: Present) -> None:
        """Whoever had nothing to do has not stood still."""
        if not here.busy:
            here.moved = self._clock.ticks()

    def _moved(self, here: Present, *, moved: bool) -> None:
        if moved:
            here.moved = self._clock.ticks()
            here.answered = True

    async def _watched(self, here: Present) -> None:
        pause = min(1.0, self._patience.silence / 4)
        while True:
            began = self._clock.ticks()
            await self._clock.sleep(pause)
            now = self._clock.ticks()
            here.excuse(max(0.0, now - began - pause), now)
            match verdict(here.watch(), now, self._patience):
                case "silent":
                    return await self.kill(f"silent for {self._patience.silence:g} s")
                case "stalled":
                    return await self.kill(f"no step for {self._patience.stall:g} s")
                case "idle":
                    await self._rest(here)
                case "sound":
                    pass

    async def _rest(self, here: Present) -> None:
        """A refusal means that work has come meanwhile; no answer, that it hangs."""
        try:
            await self.ask(Rest(call=0), self._patience.stall)
        except (NoWorker, Told):
            return
        except TimeoutError:
            await self.kill(f"no rest within {self._patience.stall:g} s")
            return
        here.loaded = False
        LOG.info("%s rests", here.process.name)


def _ended(shots: set[tuple[str, str]], job: str, shot: str) -> None:
    """A failure of shot "" is the whole job's."""
    if shot:
        shots.discard((job, shot))
    else:
        shots -= {each for each in shots if each[0] == job}
