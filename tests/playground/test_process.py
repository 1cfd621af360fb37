"""The stand-in as a process: one line of JSON, loopback only, and its ends."""

import asyncio
import ipaddress
import json
import signal
import sys
from pathlib import Path

import pytest

from tests.playground.driver import HOUSE, Playground

pytestmark = pytest.mark.slow


async def started(*words: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "playground", *words, cwd=HOUSE, stdin=pipe, stdout=pipe, stderr=pipe
    )


async def told(process: asyncio.subprocess.Process) -> dict[str, str]:
    assert process.stdout is not None
    return json.loads(await asyncio.wait_for(process.stdout.readline(), 30))


@pytest.mark.asyncio
@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGINT, "end of file"])
async def test_it_says_where_it_is_and_ends_when_told(way: signal.Signals | str):
    process = await started("--with-parent", "--token", "chosen")
    where = await told(process)
    assert where["token"] == "chosen"  # noqa: S105 - a word of this test
    assert where["page"] == where["url"] + "/playground/"
    assert process.stdin is not None
    if isinstance(way, signal.Signals):
        process.send_signal(way)
    else:
        process.stdin.close()
    out, err = await asyncio.wait_for(process.communicate(), 15)
    assert (process.returncode, out, err) == (0, b"", b"")


@pytest.mark.asyncio
async def test_it_listens_on_loopback_alone():
    async with Playground() as play:
        port = int(play.url.rpartition(":")[2])
        listening = [
            line.split()[1]
            for table in ("/proc/net/tcp", "/proc/net/tcp6")
            for line in Path(table).read_text().splitlines()[1:]
            if line.split()[3] == "0A" and int(line.split()[1].rpartition(":")[2], 16) == port
        ]
        if not listening:
            pytest.skip("this system does not list its sockets under /proc")
        hexes = [bytes.fromhex(address.partition(":")[0])[::-1] for address in listening]
        assert all(ipaddress.ip_address(address).is_loopback for address in hexes)


@pytest.mark.asyncio
async def test_flags_that_are_none_are_refused():
    process = await started("--fly")
    _, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert b"--fly" in err


@pytest.mark.asyncio
async def test_two_of_them_do_not_share_a_world():
    async with Playground() as one, Playground() as two:
        await one.person("ada").say("hello")
        assert len(await one.person("ada").messages()) == 1
        assert await two.person("ada").messages() == []
        assert one.token != two.token
