"""What comes in with a picture of its own."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from bot.delivery.wire import Sent
from bot.jobs.line import Line, Rules
from bot.jobs.nouns import Job
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


async def away(*_: object, **__: object) -> None:
    raise LineAway


def serving(line: Line, woken: list[str]) -> Any:
    """What an entrance needs, around a real line; the clerk's letters are words."""

    async def status(*_: object, **__: object) -> str:
        return "it waits"

    async def notice(job: Job, key: str) -> str:
        return key

    return SimpleNamespace(
        line=line,
        settings=Settings(),
        now=lambda: NOW,
        clerk=SimpleNamespace(status=status, notice=notice),
        supervisor=SimpleNamespace(drawers_up=1),
        dispatcher=SimpleNamespace(wake=lambda: woken.append("dispatcher")),
        courier=SimpleNamespace(wake=lambda: woken.append("courier")),
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "letter"), [("acknowledged", "it waits"), ("place", "accepted")], ids=str
)
async def test_whoever_is_in_the_line_is_not_told_that_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, letter: str
):
    """The line is away just before or after the answer: the job stands, and the courier asks after it."""

    async def send(told: str, **_: object) -> Sent:
        said.append(told)
        return Sent(message=1, channel=2)

    said: list[str] = []
    woken: list[str] = []
    line = await Line.open(f"sqlite:///{tmp_path}/line.db", Rules(), owner="bot", now=NOW)
    monkeypatch.setattr(line, call, away)
    reply: Any = SimpleNamespace(interaction=SimpleNamespace(channel=None), send=send)
    await Entrance(serving(line, woken)).admit(replace(wish(), private=True), reply)
    assert said == [letter]
    assert woken == ["dispatcher", "courier"]
    [job] = await line.unfinished(wish().origin.user)
    assert job.state == "queued"
    await line.close()
