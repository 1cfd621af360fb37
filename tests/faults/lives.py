"""One bot after the other on the same data folder, each a process of its own."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playground.world import FIRST_USER
from tests.bot_process import SLEEPY
from tests.faults.orders import Desk
from tests.playground.driver import HOUSE, Playground

Json = dict[str, Any]
TAIL = 4000  # characters of a log in a message


class Nursery:
    """The process that forks bots; see `tests.faults.nursery`."""

    async def __aenter__(self) -> Self:
        self.deaths: dict[int, asyncio.Future[int]] = {}
        self._births: asyncio.Queue[int] = asyncio.Queue()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.nursery",
            cwd=HOUSE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await self._line()
        self._reading = asyncio.create_task(self._read())
        return self

    async def _line(self) -> Json:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the nursery has ended"
        return json.loads(line)

    async def _read(self) -> None:
        while True:
            told = await self._line()
            if "born" in told:
                self.deaths[told["born"]] = asyncio.get_running_loop().create_future()
                self._births.put_nowait(told["born"])
            else:
                self.deaths[told["dead"]].set_result(told["status"])

    async def bear(self, environment: dict[str, str], log: Path) -> int:
        """The process number of a bot that has just begun."""
        assert self._process.stdin is not None
        wanted = {"environment": environment, "log": str(log)}
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        return await asyncio.wait_for(self._births.get(), 30)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        assert self._process.stdin is not None
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), 10)


class Lives:
    """Start, kill and stop the bot of one folder. `settings` as in `tests.bot_process`."""

    def __init__(
        self, nursery: Nursery, play: Playground, folder: Path, settings: dict[str, object]
    ) -> None:
        self.nursery = nursery
        self.play = play
        self.folder = folder
        self.desk = Desk(folder)
        self.log_path = folder / "bot.log"
        self.pid = 0
        self.settings = {
            "discord__token": play.token,
            "discord__api": play.url,
            "paths__data": folder / "data",
            "health__port": 0,
            "safety__owners": [FIRST_USER],  # Ada, who pauses
            "workers__command": json.dumps([*SLEEPY, "--pictures", str(self.pictures), *SLOWLY]),
            **settings,
        }

    @property
    def pictures(self) -> Path:
        return self.folder / "data" / "pictures"

    @property
    def database(self) -> Path:
        return self.folder / "data" / "stylus.db"

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8") if self.log_path.exists() else ""

    @property
    def lives(self) -> bool:
        death = self.nursery.deaths.get(self.pid)
        return death is not None and not death.done()

    async def start(self, *, ahead: float = 0.0, **more: object) -> None:
        """Begin a bot; whether it gets far is another question. `ahead`: seconds of its clock."""
        assert not self.lives
        clean = {k: v for k, v in os.environ.items() if not k.startswith("STYLUS_")}
        ours = {f"STYLUS_{k.upper()}": str(v) for k, v in (self.settings | more).items()}
        faults = {"FAULTS_FOLDER": str(self.folder), "FAULTS_AHEAD": str(ahead)}
        self.pid = await self.nursery.bear(clean | ours | faults, self.log_path)

    async def online(self, seconds: float = 60) -> None:
        """Connected, with its commands."""
        try:
            await self.play.online(seconds=seconds)
            await self.play.commands("imagine", "admin", seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log[-TAIL:]}") from error

    async def ended(self, seconds: float) -> bool:
        """Whether it ends within so long."""
        death = self.nursery.deaths[self.pid]
        done, _ = await asyncio.wait((asyncio.shield(death),), timeout=seconds)
        return bool(done)

    def signal(self, number: int) -> None:
        if self.lives:
            os.kill(self.pid, number)

    async def kill(self) -> None:
        """At once; the system is asked whether it is gone."""
        self.signal(signal.SIGKILL)
        assert await self.ended(10)

    async def stop(self, seconds: float = 40) -> None:
        """As a service manager does."""
        if not self.lives:
            return
        self.signal(signal.SIGTERM)
        if not await self.ended(seconds):
            await self.kill()


SLOWLY = ("--step-seconds", "0.03", "--beat-seconds", "0.2", "--slots", "4")
