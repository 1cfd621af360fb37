"""`stylus learning`: over a line that a bot has left, and beside one that runs."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from bot.commands import application
from bot.jobs.line import Line, Rules
from tests.bot.jobs.people import ADA, NOW, accepted, wish

pytestmark = pytest.mark.asyncio
GUILD = "7"


def stylus(folder: Path, *words: str):
    flags = ("--set", f"paths.data={folder}")
    return CliRunner().invoke(application(None), [*flags, "learning", *words])  # pyright: ignore[reportArgumentType] - no command here opens an engine


async def line_in(folder: Path, now: float = NOW) -> Line:
    return await Line.open(f"sqlite:///{folder}/stylus.db", Rules(), owner="bot", now=now)


async def taught(folder: Path) -> None:
    line = await line_in(folder)
    job = await accepted(line, wish(), "posted")
    await line.vote(job.id, 0, ADA, NOW, good=True)
    wanted = replace(wish(ADA), action="compare", arms=("stylus", "base"))
    both = await accepted(line, wanted, "posted")
    known = await line.comparison(both.id)
    assert known is not None
    await line.ballot(both.id, ADA, "a" if known.left == "stylus" else "b", NOW)
    await line.reveal(both.id, ADA, NOW)
    await line.close()


async def test_show_export_delete_and_comparisons(tmp_path: Path):
    await taught(tmp_path)
    shown = await in_thread(tmp_path, "show", GUILD)
    assert "for 1, against 0  test:t0-a0:1  (t0)" in shown.stdout
    told = json.loads((await in_thread(tmp_path, "export", GUILD)).stdout)
    assert [one["for"] for one in told["counts"]] == [1.0, 1.0]
    [pair] = json.loads((await in_thread(tmp_path, "comparisons", "--json")).stdout)
    assert (pair["one"], pair["wins"], pair["losses"]) == ("base", 0, 1)
    plain = (await in_thread(tmp_path, "comparisons")).stdout
    assert "base against stylus: 0 % (0 to 79 %); 0 to 1, 0 no difference" in plain
    assert "is deleted" in (await in_thread(tmp_path, "delete", GUILD)).stderr
    assert "Nothing was learned" in (await in_thread(tmp_path, "show", GUILD)).stderr


async def test_beside_a_living_bot_it_reads_and_deletes_nothing(tmp_path: Path):
    await taught(tmp_path)

    bot = await line_in(tmp_path, time.time())
    try:
        assert "for 1" in (await in_thread(tmp_path, "show", GUILD)).stdout
        refused = await in_thread(tmp_path, "delete", GUILD)
        assert refused.exit_code == 1
        assert len(await bot.learned(int(GUILD))) == 2
    finally:
        await bot.close()


async def test_without_a_line_it_makes_none(tmp_path: Path):
    told = await in_thread(tmp_path, "show", GUILD)
    assert "no bot ran yet" in told.stderr
    assert list(tmp_path.iterdir()) == []


async def in_thread(folder: Path, *words: str):
    """The command has a loop of its own."""

    return await asyncio.to_thread(stylus, folder, *words)
