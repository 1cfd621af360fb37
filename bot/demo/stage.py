"""Starts the playground and the bot as two processes, and ends both whatever happens."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from stylus_engine.errors import BadSettings

PATIENCE = 30.0  # seconds for the playground to listen
GRACE = 30.0  # seconds for the bot to finish what it began


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the page is, and the bot that plays on it."""

    url: str
    page: str
    bot: asyncio.subprocess.Process


@asynccontextmanager
async def stage(
    port: int, data: Path, log: Path, flags: Sequence[str]
) -> AsyncGenerator[Stage, None]:
    """Both processes, until the block ends. Raises `BadSettings` when one does not come up."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        playground = await _start(
            ("-m", "playground", "--with-parent", "--port", str(port)), out.fileno(), os.environ
        )
        try:
            told = await _told(playground, log)
            bot = await _start(
                ("-m", "bot", *_flags(flags), "bot"), out.fileno(), _environment(told, data)
            )
            try:
                yield Stage(url=told["url"], page=told["page"], bot=bot)
            finally:
                await end(bot)
        finally:
            await end(playground)


async def unless_it_ends(
    bot: asyncio.subprocess.Process, log: Path, script: Coroutine[None, None, None]
) -> None:
    """Play the script; a bot that ends before it is told at once. Raises `BadSettings`."""
    playing, gone = asyncio.ensure_future(script), asyncio.ensure_future(bot.wait())
    try:
        await asyncio.wait({playing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            why = f"it ended by itself; the reason is in {log}"
            raise BadSettings(where="the bot", why=why)
        playing.result()
    finally:
        playing.cancel()
        gone.cancel()


async def end(process: asyncio.subprocess.Process, grace: float = GRACE) -> None:
    """SIGTERM, and after the grace what nobody can ignore."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _start(
    arguments: Sequence[str], log: int, environment: Mapping[str, str]
) -> asyncio.subprocess.Process:
    """In a session of its own: Ctrl-C reaches the demo, which then ends them in order."""
    return await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE if "playground" in arguments else log,
        stderr=log, env=dict(environment), start_new_session=True,
    )  # fmt: skip


async def _told(playground: asyncio.subprocess.Process, log: Path) -> dict[str, str]:
    """The one line of JSON that the playground prints when it listens."""
    assert playground.stdout is not None  # noqa: S101 - it was asked for as a pipe
    try:
        async with asyncio.timeout(PATIENCE):
            line = await playground.stdout.readline()
        return json.loads(line)
    except (TimeoutError, ValueError) as error:
        why = f"it did not start; the reason is in {log}"
        raise BadSettings(where="the playground", why=why) from error


def _environment(told: Mapping[str, str], data: Path) -> dict[str, str]:
    """The person's own settings stay out of the demo: it must look the same for everybody."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STYLUS_")}
    return kept | {
        "STYLUS_DISCORD__API": told["url"],
        "STYLUS_DISCORD__TOKEN": told["token"],
        "STYLUS_PATHS__DATA": str(data),
        "STYLUS_HEALTH__PORT": "0",
        "STYLUS_CONFIG": os.devnull,
    }


def _flags(flags: Sequence[str]) -> list[str]:
    return [word for flag in flags for word in ("--set", flag)]
