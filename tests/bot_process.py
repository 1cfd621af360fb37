"""The real bot as a process, pointed at the playground: what `stylus bot` starts.

async with Playground() as play, BotProcess(play, tmp_path) as bot:
    ...
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.playground.driver import HOUSE, Playground

SLEEPY = (sys.executable, str(HOUSE / "tests" / "workers" / "sleepy.py"))


class BotProcess:
    """Settings are environment variables, as `line__waiting=1`. The log lies in `folder`."""

    def __init__(
        self,
        play: Playground,
        folder: Path,
        *,
        step_seconds: float = 0.01,
        wait: bool = True,
        **settings: object,
    ) -> None:
        self.play = play
        self.folder = folder
        self.wait = wait
        self.log_path = folder / "bot.log"
        self.forgiven = 0
        self.settings: dict[str, object] = {
            "discord__token": play.token,
            "discord__api": play.url,
            "paths__data": folder / "data",
            "health__port": 0,
            "delivery__edit_seconds": 0.2,
            "workers__command": json.dumps([*SLEEPY, *self._words(step_seconds)]),
            **settings,
        }

    def _words(self, step_seconds: float) -> list[str]:
        pictures = self.folder / "data" / "pictures"
        return ["--pictures", str(pictures), "--step-seconds", str(step_seconds)]

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")[self.forgiven :]

    def forgive(self) -> None:
        """What stands in the log by now was meant."""
        self.forgiven += len(self.log)

    def planner(self) -> int:
        """The process that plans for this bot."""
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                if b"\0planner\0" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
        raise AssertionError("there is no planner")

    async def __aenter__(self) -> Self:
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("STYLUS_")
        }
        ours = {f"STYLUS_{name.upper()}": str(value) for name, value in self.settings.items()}
        with self.log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "bot",
                cwd=HOUSE, env=clean | ours, stdout=log, stderr=log,
            )  # fmt: skip
        if self.wait:
            await self.ready()
        return self

    async def ready(self) -> None:
        """Connected, with its commands; else the log says why not."""
        try:
            await self.play.online(seconds=60)
            await self.play.commands("imagine", "queue", "admin", seconds=60)
        except AssertionError as error:
            await self.kill()
            raise AssertionError(f"{error}\n{self.log[-4000:]}") from error

    async def stop(self, seconds: float = 40) -> int:
        """As a service manager does; the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.ended(seconds)

    async def ended(self, seconds: float = 40) -> int:
        return await asyncio.wait_for(self.process.wait(), seconds)

    async def kill(self) -> None:
        """At once: nothing is given back."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.returncode is not None:
            return
        try:
            await self.stop()
        except TimeoutError:
            await self.kill()
            raise
