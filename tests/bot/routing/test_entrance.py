"""What comes in with a picture of its own."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from bot.jobs.line import Line, Rules
from bot.refusals import LineFull
from bot.routing.entrance import Entrance
from bot.settings import Settings
from stylus_engine.model import Start
from tests.bot.jobs.people import NOW, accepted, wish


@pytest.mark.asyncio
async def test_who_may_not_have_another_job_leaves_no_picture(tmp_path: Path):
    """Or a full line would be a way to fill the disk."""
    brought: list[str] = []

    async def bring() -> Start:
        brought.append("a picture")
        raise LookupError

    line = await Line.open(f"sqlite:///{tmp_path}/line.db", Rules(waiting=0), owner="bot", now=NOW)
    services: Any = SimpleNamespace(line=line, settings=Settings(), now=lambda: NOW)
    reply: Any = SimpleNamespace(interaction=SimpleNamespace(channel=None))
    await accepted(line, wish())
    with pytest.raises(LineFull):
        await Entrance(services).begin(replace(wish(), private=True), bring, reply)
    await line.close()
    assert brought == []
