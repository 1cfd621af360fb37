"""A worker as the bot holds it: a process, a conversation, an end that is certain."""

import asyncio
import logging
import os
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from stylus_engine.workers.channel import Channel, ChannelBroken, to_worker
from stylus_engine.workers.frames import VERSION, FromWorker, Ready, Role, ToWorker

LOG = logging.getLogger("stylus.worker")
MOST_LINE = 2000  # characters of one line of a worker that are logged
READY_SECONDS = 120.0


class WorkerFailed(RuntimeError):
    """No worker came of it: no such program, it ended at once, it said what it should not."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a worker is started. `command` gets `--fd N`; `stdin` is what it can read there."""

    command: tuple[str, ...]
    role: Role
    stdin: bytes = b""
    environment: Mapping[str, str] | None = None  # None: this process's own
    ready_seconds: float = READY_SECONDS


class WorkerProcess:
    """One started worker. Whoever starts it ends it with `stop` or `kill`."""

    def __init__(
        self,
        name: str,
        ready: Ready,
        process: Process,
        channel: "Channel[FromWorker, ToWorker]",
        chatter: "asyncio.Task[None]",
    ) -> None:
        self.name = name
        self.ready = ready
        self._process = process
        self._channel = channel
        self._chatter = chatter

    @classmethod
    async def start(cls, launch: Launch, *, name: str) -> "WorkerProcess":
        """Start it and wait for `Ready`. Raises `WorkerFailed`; then nothing is left behind."""
        process, ours = await _spawned(launch)
        chatter = asyncio.create_task(_log_lines(process, name), name=f"{name} stderr")
        try:
            channel, ready = await _greeted(process, ours, launch)
        except (OSError, ChannelBroken) as error:  # a `TimeoutError` is an `OSError`
            await _ended(process, chatter)
            why = str(error) or f"not ready within {launch.ready_seconds:g} s"
            raise WorkerFailed(f"{name}: {why} (exit {process.returncode})") from error
        except BaseException:  # cancelled: nothing is left behind then either
            await _ended(process, chatter)
            raise
        return cls(name, ready, process, channel, chatter)

    @property
    def pid(self) -> int:
        """Its process id, also after its end."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended, as far as the system told us."""
        return self._process.returncode is None

    @property
    def exit_code(self) -> int | None:
        """`None` while it lives; negative for a signal."""
        return self._process.returncode

    async def send(self, frame: ToWorker) -> None:
        """Raises `ChannelBroken`, `FrameTooLong`."""
        await self._channel.send(frame)

    def frames(self) -> AsyncGenerator[FromWorker, None]:
        """All it says, until it ends. Raises `ChannelBroken`. Leave it with `aclosing`."""
        return self._channel.frames()

    async def kill(self) -> None:
        """End it and all it started, now; returns when it is gone."""
        self._channel.close()
        await _ended(self._process, self._chatter)

    async def stop(self, grace: float) -> None:
        """End the conversation, which ends a sound worker; after `grace` seconds `kill`."""
        self._channel.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._process.wait()
        await self.kill()


async def _spawned(launch: Launch) -> tuple[Process, socket.socket]:
    """The process and our end. It leads a session of its own: Ctrl-C is the bot's to answer."""
    try:
        ours, theirs = socket.socketpair()
    except OSError as error:
        raise WorkerFailed(f"no socket for a worker: {error.strerror}") from error
    try:
        process = await asyncio.create_subprocess_exec(
            *launch.command, "--fd", str(theirs.fileno()),
            pass_fds=(theirs.fileno(),), start_new_session=True, env=launch.environment,
            stdin=PIPE if launch.stdin else DEVNULL, stdout=PIPE, stderr=STDOUT,
        )  # fmt: skip
    except OSError as error:
        ours.close()
        raise WorkerFailed(f"{launch.command[0]}: {error.strerror}") from error
    except BaseException:  # cancelled: asyncio has ended the process itself
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours


async def _greeted(
    process: Process, ours: socket.socket, launch: Launch
) -> "tuple[Channel[FromWorker, ToWorker], Ready]":
    """The conversation, opened by its `Ready`. Raises `OSError`, `ChannelBroken`."""
    channel: Channel[FromWorker, ToWorker] | None = None
    try:
        channel = await to_worker(ours)
        await _fed(process, launch.stdin)
        async with asyncio.timeout(launch.ready_seconds):
            return channel, await _ready(channel, launch.role)
    except BaseException:
        (channel or ours).close()
        raise


async def _fed(process: Process, data: bytes) -> None:
    if process.stdin is not None:
        with suppress(ConnectionError):  # it ended, or does not read: `Ready` will tell
            process.stdin.write(data)
            await process.stdin.drain()
        process.stdin.close()


async def _ready(channel: "Channel[FromWorker, ToWorker]", role: Role) -> Ready:
    """The first frame. Raises `ChannelBroken` for any but the one that is due."""
    frame = await channel.receive()
    if frame is None:
        raise ChannelBroken("it ended before it was ready")
    if not isinstance(frame, Ready) or frame.v != VERSION or frame.role != role:
        raise ChannelBroken(f"it is no {role} of version {VERSION}: {str(frame)[:120]}")
    return frame


async def _log_lines(process: Process, name: str) -> None:
    """What it prints becomes log lines. Read in pieces: a line without an end fills no memory."""
    assert process.stdout is not None  # noqa: S101  `_spawned` asked for it
    rest = b""
    while piece := await process.stdout.read(8192):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            _log(name, line)
        if len(rest) > MOST_LINE:
            _log(name, rest)
            rest = b""
    _log(name, rest)


def _log(name: str, line: bytes) -> None:
    if text := line.decode(errors="replace").rstrip():
        LOG.info("%s: %s", name, text[:MOST_LINE])


async def _ended(process: Process, chatter: "asyncio.Task[None]") -> None:
    """Kill the whole session: what a worker started must not outlive it. Wait, and hear its last words."""
    with suppress(ProcessLookupError, PermissionError):  # macOS: of a group that is only zombies
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    await asyncio.wait([chatter], timeout=1)
