"""Sleepy as a process beside the test, and how tests speak with it."""

import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from stylus_engine.model import Drawn, Event, Failed, Request, Shot
from stylus_engine.workers.frames import (
    Arrange,
    Arranged,
    Beat,
    FromWorker,
    Happened,
    Role,
    ToWorker,
)
from stylus_engine.workers.process import Launch, WorkerProcess

SLEEPY = str(Path(__file__).with_name("sleepy.py"))
PROMPT = "ink night city"


def launch(folder: Path, role: Role, *more: str) -> Launch:
    command = (sys.executable, SLEEPY, role, "--pictures", str(folder / "pictures"), *more)
    return Launch(command, role, ready_seconds=30)


@asynccontextmanager
async def started(folder: Path, role: Role, *more: str) -> AsyncGenerator[WorkerProcess]:
    worker = await WorkerProcess.start(launch(folder, role, *more), name=role)
    try:
        yield worker
    finally:
        await worker.kill()
    assert not alive(worker.pid)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def heard(worker: WorkerProcess, count: int) -> list[FromWorker]:
    """The next `count` frames that are no beats."""
    found: list[FromWorker] = []
    async with aclosing(worker.frames()) as frames:
        async for frame in frames:
            if not isinstance(frame, Beat):
                found.append(frame)
            if len(found) == count:
                break
    return found


async def asked(worker: WorkerProcess, question: ToWorker) -> FromWorker:
    await worker.send(question)
    return (await heard(worker, 1))[0]


async def arranged(worker: WorkerProcess, prompt: str = PROMPT, **fields: int) -> Arranged:
    request = Request(prompt=prompt, **({"steps": 3, "seed": 5} | fields))  # pyright: ignore[reportArgumentType] - numbers all
    answer = await asked(worker, Arrange(call=1, job="job", request=request))
    assert isinstance(answer, Arranged)
    return answer


async def shots_for(folder: Path, prompt: str = PROMPT, **fields: int) -> tuple[Shot, ...]:
    async with started(folder, "planner") as planner:
        return (await arranged(planner, prompt, **fields)).shots


async def events_until(worker: WorkerProcess, ended: int, fence: int = 1) -> list[Event]:
    """Events of the job until `ended` shots have ended."""
    found: list[Event] = []
    async with aclosing(worker.frames()) as frames:
        async for frame in frames:
            if isinstance(frame, Happened):
                assert frame.fence == fence
                found.append(frame.event)
            if sum(isinstance(event, Drawn | Failed) for event in found) == ended:
                return found
    raise AssertionError(f"it ended early: {found}")
