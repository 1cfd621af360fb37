"""What comes in with a picture of its own."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from bot.delivery.wire import Sent
from bot.jobs.line import Line, Rules
from bot.refusals import LineAway, LineFull
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


@pytest.mark.asyncio
async def test_whoever_was_answered_is_not_told_that_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The line is away just when the answer is to be noted: the job stands, and the courier asks after it."""

    async def status(*_: object, **__: object) -> str:
        return "it waits"

    async def send(*_: object, **__: object) -> Sent:
        monkeypatch.setattr(line, "acknowledged", away)
        return Sent(message=1, channel=2)

    async def away(*_: object, **__: object) -> None:
        raise LineAway

    woken: list[str] = []
    line = await Line.open(f"sqlite:///{tmp_path}/line.db", Rules(), owner="bot", now=NOW)
    services: Any = SimpleNamespace(
        line=line,
        settings=Settings(),
        now=lambda: NOW,
        clerk=SimpleNamespace(status=status),
        supervisor=SimpleNamespace(drawers_up=1),
        dispatcher=SimpleNamespace(wake=lambda: woken.append("dispatcher")),
        courier=SimpleNamespace(wake=lambda: woken.append("courier")),
    )
    reply: Any = SimpleNamespace(interaction=SimpleNamespace(channel=None), send=send)
    await Entrance(services).admit(replace(wish(), private=True), reply)
    assert woken == ["dispatcher", "courier"]
    [job] = await line.unacknowledged()
    assert job.state == "queued"
    await line.close()
