"""Posts that are always manned: deaths, silences, refusals to start, and nothing that reaches the bot."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from bot.crew.signals import Came, Signal, Went
from bot.crew.supervisor import Supervisor
from bot.crew.told import Told
from bot.refusals import NoWorker
from bot.settings import Settings
from stylus_engine.errors import BadSettings
from stylus_engine.model import Request
from stylus_engine.workers.frames import Arrange, Cards, Lookup, Search
from stylus_engine.workers.process import WorkerProcess
from tests.bot.crew.day import reached, settings_for

ASK = Lookup(call=0, names=("Ink A",))
SILENCE = 1.5  # seconds
pytestmark = pytest.mark.slow


@asynccontextmanager
async def supervised(settings: Settings) -> AsyncGenerator[Supervisor]:
    supervisor = Supervisor(settings)
    await supervisor.start()
    try:
        yield supervisor
    finally:
        await supervisor.stop()
    assert supervisor.planner is None
    assert supervisor.drawers == {}


async def all_up(supervisor: Supervisor, drawers: int = 1) -> None:
    async def up() -> bool:
        return supervisor.planner_up and supervisor.drawers_up == drawers

    await reached(up)


def pid(supervisor: Supervisor, worker: str | None) -> int:
    post = supervisor._at(worker or "")
    assert post is not None
    assert post._here is not None
    return post._here.process.pid


def seen(supervisor: Supervisor) -> list[Signal]:
    found: list[Signal] = []
    while not supervisor.signals.empty():
        found.append(supervisor.signals.get_nowait())
    return found


@pytest.mark.asyncio
async def test_every_post_is_manned_and_questions_find_the_planner(tmp_path: Path) -> None:
    async with supervised(settings_for(tmp_path, workers={"drawers": 3})) as supervisor:
        await all_up(supervisor, 3)
        answer = await supervisor.ask(ASK)
        assert isinstance(answer, Cards)
        assert [card.name for card in answer.adapters] == ["Ink A"]
        assert supervisor.drawers == {"drawer-1.1": 4, "drawer-2.1": 4, "drawer-3.1": 4}
        assert supervisor.checkpoints == ("sleepy",)
        assert supervisor.adapters == 6


@pytest.mark.asyncio
async def test_many_questions_at_once_get_their_own_answers(tmp_path: Path) -> None:
    async with supervised(settings_for(tmp_path)) as supervisor:
        await all_up(supervisor)
        names = ["Ink A", "Ink B", "Night A", "City B"] * 10
        answers = await asyncio.gather(
            *(supervisor.ask(Lookup(call=0, names=(name,))) for name in names)
        )
        told = [answer.adapters[0].name for answer in answers if isinstance(answer, Cards)]
        assert told == names


@pytest.mark.asyncio
async def test_a_refusal_is_rebuilt_here(tmp_path: Path) -> None:
    async with supervised(settings_for(tmp_path)) as supervisor:
        await all_up(supervisor)
        question = Arrange(call=0, job="j", request=Request(prompt="REFUSE it"))
        with pytest.raises(Told, match="There is no adapter called") as told:
            await supervisor.ask(question)
        assert told.value.kind == "UnknownName"


@pytest.mark.asyncio
async def test_a_question_that_takes_too_long_is_given_up_and_its_late_answer_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with supervised(settings_for(tmp_path, "--plan-seconds", "0.5")) as supervisor:
        await all_up(supervisor)
        question = Arrange(call=0, job="j", request=Request(prompt="a b c"))
        with pytest.raises(TimeoutError):
            await supervisor.ask(question, 0.1)
        monkeypatch.setattr("bot.crew.supervisor.PATIENCE_OF_PEOPLE", 0.1)
        with pytest.raises(NoWorker):
            await supervisor.consult(question)
        assert isinstance(await supervisor.ask(ASK), Cards)
        await asyncio.sleep(0.6)
        assert isinstance(await supervisor.ask(ASK), Cards)


@pytest.mark.asyncio
async def test_nobody_there_is_told_within_two_seconds(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, workers={"command": ["/no/such/program"]})
    async with supervised(settings) as supervisor:
        began = time.monotonic()
        with pytest.raises(NoWorker):
            await supervisor.ask(ASK)
        assert 1.9 < time.monotonic() - began < 3


@pytest.mark.asyncio
async def test_a_question_whose_planner_dies_is_told(tmp_path: Path) -> None:
    async with supervised(settings_for(tmp_path, "--plan-seconds", "60")) as supervisor:
        await all_up(supervisor)
        question = Arrange(call=0, job="j", request=Request(prompt="a b c"))
        asked = asyncio.create_task(supervisor.ask(question))
        await asyncio.sleep(0.2)
        os.kill(pid(supervisor, supervisor.planner), signal.SIGKILL)
        with pytest.raises(NoWorker):
            await asked
        await all_up(supervisor)
        assert isinstance(await supervisor.ask(ASK), Cards), "the next planner answers"


@pytest.mark.asyncio
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "silent"])
async def test_who_dies_or_falls_silent_is_followed_by_another_under_another_name(
    tmp_path: Path, how: signal.Signals
) -> None:
    async with supervised(settings_for(tmp_path)) as supervisor:
        await all_up(supervisor)
        seen(supervisor)
        before = pid(supervisor, "drawer-1.1")
        os.kill(before, how)

        gone_first: list[bool] = []
        told: list[Signal] = []

        async def followed() -> bool:
            for one in seen(supervisor):
                if isinstance(one, Came | Went):
                    told.append(one)
                    gone_first.append(not Path(f"/proc/{before}").exists())
            return len(told) == 2

        await reached(followed)
        assert told == [Went("drawer-1.1"), Came("drawer-1.2", "drawer", 4)]
        assert gone_first == [True, True], "it is gone before anybody is told"


@pytest.mark.asyncio
async def test_whoever_was_held_up_together_with_us_has_not_been_silent(tmp_path: Path) -> None:
    """A container that is paused, a machine that is overloaded: the bot slept as long as its worker."""
    async with supervised(settings_for(tmp_path, line={"lease_seconds": SILENCE})) as supervisor:
        await all_up(supervisor)
        drawer = pid(supervisor, "drawer-1.1")
        os.kill(drawer, signal.SIGSTOP)
        time.sleep(2 * SILENCE)  # noqa: ASYNC251 - it is the loop that is held up
        os.kill(drawer, signal.SIGCONT)
        await asyncio.sleep(0.5)
        assert pid(supervisor, "drawer-1.1") == drawer


@pytest.mark.asyncio
async def test_a_crash_loop_is_tried_ever_more_rarely(tmp_path: Path) -> None:
    log = tmp_path / "starts"
    program = f"open({str(log)!r}, 'a').write('x')"
    settings = settings_for(
        tmp_path, workers={"command": [sys.executable, "-c", program], "restart_seconds": 0.4}
    )
    async with supervised(settings):
        await asyncio.sleep(2.6)
    starts = len(log.read_text()) / 2  # a planner and a drawer
    assert 1.5 <= starts <= 4, "0, 0.4, 1.2, 2.8 … and not one after the other"


@pytest.mark.asyncio
async def test_secrets_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker opens files of strangers; it is told neither token nor database."""
    monkeypatch.setenv("STYLUS_DISCORD__TOKEN", "s3cret-token")
    told = tmp_path / "told"
    program = (
        "import json, os, sys;"
        f"open({str(told)!r} + sys.argv[1], 'w').write("
        "json.dumps([sys.argv, dict(os.environ), sys.stdin.read()]))"
    )
    settings = settings_for(
        tmp_path,
        workers={"command": [sys.executable, "-c", program], "devices": ["cuda:7"]},
        discord={"token": "s3cret-token"},
        database={"url": "postgresql://u:s3cret-token@h/d"},
        refiner={"api_key": "s3cret-token"},
        catalog={"civitai_token": "fetching-token", "huggingface_token_file": "/run/hub"},
        embedder={"api_key": "embedding-key"},
        composer={"api_key": "choosing-key"},
    )
    async with supervised(settings):

        async def both_told() -> bool:
            files = [Path(f"{told}{role}") for role in ("planner", "drawer")]
            return all(file.exists() and file.stat().st_size for file in files)

        await reached(both_told)
    text = Path(f"{told}drawer").read_text()
    planner = Path(f"{told}planner").read_text()
    assert "s3cret" not in text + planner
    for needed in ("fetching-token", "/run/hub", "embedding-key", "choosing-key"):  # to do its work
        assert needed in planner
        assert needed not in text
    words, _, stdin = json.loads(text)
    assert words[1:4] == ["drawer", "--device", "cuda:7"]
    inherited = msgspec.json.decode(stdin, type=Settings)
    assert inherited.paths == settings.paths
    assert inherited.workers == settings.workers


@pytest.mark.asyncio
async def test_stopping_leaves_no_process(tmp_path: Path) -> None:
    async with supervised(settings_for(tmp_path, workers={"drawers": 2})) as supervisor:
        await all_up(supervisor, 2)
        pids = [pid(supervisor, name) for name in (supervisor.planner, *supervisor.drawers)]
    assert not [one for one in pids if Path(f"/proc/{one}").exists()]


@pytest.mark.asyncio
async def test_stopping_while_workers_start_leaves_no_process(tmp_path: Path) -> None:
    mark = f"--pictures={tmp_path}/nobody-else-has-this"
    settings = settings_for(tmp_path, mark, "--start-seconds", "30", workers={"drawers": 2})
    for moment in (0.0, 0.01, 0.3):
        async with supervised(settings):
            await asyncio.sleep(moment)
        assert not _running(mark)


def _running(word: str) -> list[str]:
    found: list[str] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if word.encode() in line:
            found.append(folder.name)
    return found


@pytest.mark.asyncio
async def test_searching_waits_for_no_planning(tmp_path: Path) -> None:
    """Questions of different kinds do not wait for each other."""
    async with supervised(settings_for(tmp_path, "--plan-seconds", "5")) as supervisor:
        await all_up(supervisor)
        question = Arrange(call=0, job="j", request=Request(prompt="a b c"))
        planning = asyncio.create_task(supervisor.ask(question))
        await asyncio.sleep(0.1)
        await supervisor.ask(Search(call=0, text="ink"), 2)
        assert not planning.done()
        planning.cancel()


@pytest.mark.asyncio
async def test_what_nobody_foresaw_leaves_no_post_unmanned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, faults = WorkerProcess.start, [ZeroDivisionError(), ZeroDivisionError()]

    async def start(*words: object, **named: object) -> WorkerProcess:
        if faults:
            raise faults.pop()
        return await real(*words, **named)  # pyright: ignore[reportArgumentType] - handed through

    monkeypatch.setattr(WorkerProcess, "start", start)
    async with supervised(settings_for(tmp_path)) as supervisor:
        await all_up(supervisor)
        assert supervisor.drawers == {"drawer-1.2": 4}


@pytest.mark.asyncio
async def test_who_could_not_be_ended_in_order_is_buried_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, faults = WorkerProcess.kill, [ZeroDivisionError()]

    async def kill(self: WorkerProcess) -> None:
        await real(self)
        if faults:
            raise faults.pop()

    async with supervised(settings_for(tmp_path)) as supervisor:
        await all_up(supervisor)
        monkeypatch.setattr(WorkerProcess, "kill", kill)
        seen(supervisor)
        os.kill(pid(supervisor, "drawer-1.1"), signal.SIGKILL)

        async def followed() -> bool:
            return "drawer-1.2" in supervisor.drawers

        await reached(followed)
        assert Went("drawer-1.1") in seen(supervisor)


def test_windows_is_told_why_it_has_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(BadSettings, match="on Windows use WSL"):
        Supervisor(Settings())
