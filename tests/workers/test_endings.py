"""How a worker ends, and a start that never was one."""

import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stylus_engine.model import Request
from stylus_engine.workers.channel import ChannelBroken
from stylus_engine.workers.frames import (
    Arrange,
    Cards,
    Draw,
    Lookup,
    Role,
)
from stylus_engine.workers.process import Launch, WorkerFailed, WorkerProcess
from tests.workers.beside import (
    PROMPT,
    SLEEPY,
    alive,
    asked,
    events_until,
    launch,
    shots_for,
    started,
)

pytestmark = pytest.mark.slow


@pytest.mark.asyncio
async def test_garbage_breaks_the_conversation(tmp_path: Path) -> None:
    shots = await shots_for(tmp_path, "GARBAGE from here", count=1)
    async with started(tmp_path, "drawer") as drawer:
        await drawer.send(Draw(job="job", fence=1, shots=shots))
        with pytest.raises(ChannelBroken):
            await events_until(drawer, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("role", ["planner", "drawer"])
async def test_the_end_of_the_conversation_ends_it_at_once_even_at_work(
    tmp_path: Path, role: Role
) -> None:
    shots = await shots_for(tmp_path, "STALL here now")
    async with started(tmp_path, role, "--plan-seconds", "60") as worker:
        if role == "planner":
            await worker.send(Arrange(call=1, job="j", request=Request(prompt=PROMPT)))
        else:
            await worker.send(Draw(job="job", fence=1, shots=shots))
            await asyncio.sleep(0.3)
        before = time.monotonic()
        await worker.stop(grace=10)
        assert time.monotonic() - before < 1
        assert worker.exit_code == 0


@pytest.mark.asyncio
async def test_ctrl_c_and_sigterm_do_not_end_it(tmp_path: Path) -> None:
    async with started(tmp_path, "planner") as planner:
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(planner.pid, number)
        assert isinstance(await asked(planner, Lookup(call=1, names=())), Cards)
        assert os.getpgid(planner.pid) != os.getpgid(0)


@pytest.mark.asyncio
async def test_kill_ends_one_that_hangs(tmp_path: Path) -> None:
    async with started(tmp_path, "drawer") as drawer:
        os.kill(drawer.pid, signal.SIGSTOP)
        await asyncio.wait_for(drawer.kill(), 5)
        assert drawer.exit_code == -signal.SIGKILL


@pytest.mark.asyncio
async def test_a_group_of_zombies_is_ended_on_macos_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.killpg

    def killpg(group: int, number: int) -> None:
        real(group, number)
        raise PermissionError(errno.EPERM, "Operation not permitted")

    async with started(tmp_path, "drawer") as drawer:
        monkeypatch.setattr(os, "killpg", killpg)
        await drawer.kill()
        assert drawer.exit_code == -signal.SIGKILL


@pytest.mark.asyncio
async def test_no_socket_left_is_a_start_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "socketpair", full)
    with pytest.raises(WorkerFailed, match="Too many open files"):
        await WorkerProcess.start(launch(tmp_path, "drawer"), name="w")


@pytest.mark.asyncio
async def test_a_greeting_that_breaks_is_a_start_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: socket.socket) -> None:
        raise OSError(errno.ENOBUFS, "No buffer space available")

    monkeypatch.setattr("stylus_engine.workers.process.to_worker", broken)
    with pytest.raises(WorkerFailed, match="No buffer space"):
        await WorkerProcess.start(launch(tmp_path, "drawer"), name="w")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("program", "why"),
    [
        (("/no/such/program",), "No such file"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "exit 3"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "not ready within"),
        (
            (sys.executable, "-c", "import os, sys; os.write(int(sys.argv[-1]), b'\\xff' * 9)"),
            "is announced",
        ),
        ((sys.executable, SLEEPY, "planner", "--pictures", "{folder}"), "is no drawer"),
    ],
)
async def test_a_start_that_fails_says_why_and_leaves_nothing(
    tmp_path: Path, program: tuple[str, ...], why: str
) -> None:
    seconds = 1 if "sleep(60)" in program[-1] else 20
    command = tuple(word.replace("{folder}", str(tmp_path)) for word in program)
    with pytest.raises(WorkerFailed, match=why):
        await WorkerProcess.start(Launch(command, "drawer", ready_seconds=seconds), name="w")
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    assert not [pid for pid in children if b"sleepy" in Path(f"/proc/{pid}/cmdline").read_bytes()]


PARENT = """
import asyncio, sys
from stylus_engine.workers.frames import Draw
from tests.workers.beside import launch, shots_for
from stylus_engine.workers.process import WorkerProcess
from pathlib import Path

async def main():
    folder = Path(sys.argv[1])
    shots = await shots_for(folder, "STALL here now")
    worker = await WorkerProcess.start(launch(folder, "drawer"), name="w")
    await worker.send(Draw(job="job", fence=1, shots=shots))
    print(worker.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("stopped", [False, True], ids=["at work", "stopped"])
def test_no_worker_outlives_its_bot(tmp_path: Path, stopped: bool) -> None:
    """kill -9 of the bot: at work or hanging, the child is gone within a second."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        if stopped:
            os.kill(child, signal.SIGSTOP)
        parent.kill()
        end = time.monotonic() + 1
        while alive(child) and time.monotonic() < end:
            time.sleep(0.02)
        assert not alive(child)
