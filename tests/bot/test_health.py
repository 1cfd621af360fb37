"""The pages for machines, read by a real client over a real socket."""

import asyncio
import re
import socket
import time
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot.health import health_pages
from bot.metrics import Metrics, Snapshot, watching_the_loop
from bot.sections import Paths
from stylus_engine.errors import BadSettings

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
UP = Snapshot(
    gateway=True, planner=True, drawers=1, paused=False, jobs={"queued": 3}, adapters={"loads": 2}
)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def look() -> Snapshot:
    return UP


async def read(port: int, page: str) -> tuple[int, str]:
    where = f"http://127.0.0.1:{port}/{page}"
    async with aiohttp.ClientSession() as session, session.get(where) as answer:
        return answer.status, await answer.text()


def value(page: str, name: str) -> float:
    return next(float(line.split()[-1]) for line in page.splitlines() if line.startswith(name))


@pytest.mark.asyncio
async def test_the_pages_tell_what_is_so(port: int):
    metrics = Metrics()
    metrics.answered(0.2)
    metrics.refused("LineFull")
    async with health_pages(port, metrics, look):
        assert (await read(port, "healthz"))[0] == 200
        _, page = await read(port, "metrics")
    assert value(page, 'stylus_jobs{state="queued"}') == 3
    assert value(page, 'stylus_adapters{what="loads"}') == 2
    assert value(page, "stylus_answer_seconds_sum") == 0.2
    assert value(page, 'stylus_refused_total{kind="LineFull"}') == 1
    assert value(page, 'stylus_up{what="drawers"}') == 1


def test_what_the_operator_s_page_names_is_told():
    page = Metrics().page(UP).decode()
    named = set(re.findall(r"`(stylus_[a-z_]+)", OPERATING.read_text(encoding="utf-8")))
    assert len(named) >= 4
    told = re.findall(r"^(stylus_[a-z_]+?)(?:_bucket)?\b", page, re.MULTILINE)
    assert named <= set(told)


def test_the_operator_s_page_names_every_folder_of_the_data():
    named = set(re.findall(r"`([a-z]+)/`", OPERATING.read_text(encoding="utf-8")))
    assert named == {name for name in Paths.__struct_fields__ if name != "data"}


def test_what_is_over_is_not_told_for_ever():
    metrics = Metrics()
    metrics.page(UP)
    later = replace(UP, jobs={"posted": 3}, adapters={})
    page = metrics.page(later).decode()
    assert value(page, 'stylus_jobs{state="posted"}') == 3
    assert 'state="queued"' not in page
    assert 'what="loads"' not in page


@pytest.mark.parametrize(
    ("now", "healthy"),
    [
        (UP, True),
        (Snapshot(gateway=False, planner=True, drawers=1, paused=False), False),
        (Snapshot(gateway=True, planner=True, drawers=0, paused=False), False),
        (Snapshot(gateway=True, planner=False, drawers=0, paused=True), True),
        (replace(UP, database=False), False),
    ],
)
def test_who_is_healthy(now: Snapshot, healthy: bool):
    assert now.healthy is healthy


@pytest.mark.asyncio
async def test_a_sick_bot_answers_503(port: int):
    async def sick() -> Snapshot:
        return Snapshot(gateway=False, planner=True, drawers=1, paused=False)

    async with health_pages(port, Metrics(), sick):
        assert (await read(port, "healthz"))[0] == 503


@pytest.mark.asyncio
async def test_a_taken_port_is_one_sentence(port: int):
    with socket.create_server(("127.0.0.1", port)), pytest.raises(BadSettings, match=str(port)):
        async with health_pages(port, Metrics(), look):
            pytest.fail("it served on a taken port")


@pytest.mark.asyncio
async def test_no_port_serves_nothing(port: int):
    async with health_pages(0, Metrics(), look):
        with pytest.raises(aiohttp.ClientConnectionError):
            await read(port, "healthz")


@pytest.mark.asyncio
async def test_a_blocked_loop_is_seen():
    metrics = Metrics()
    async with watching_the_loop(metrics):
        await asyncio.sleep(0.01)
        time.sleep(0.4)  # noqa: ASYNC251 - blocking the loop is what is tested
        await asyncio.sleep(0.15)
    page = metrics.page(UP).decode()
    assert value(page, "stylus_loop_stall_seconds_sum") >= 0.25
