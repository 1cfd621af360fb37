"""Threads: archived ones open when somebody writes, locked ones stay shut, and what stands there is left alone."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.playground.driver import Json
from tests.playground.here import PlaygroundHere

WORLD = {
    "users": [{"username": "ada", "global_name": "Ada"}],
    "guilds": [
        {
            "name": "G",
            "channels": [{"name": "talk", "threads": ["side"]}, {"name": "ideas", "forum": True}],
        }
    ],
}


@pytest_asyncio.fixture
async def play(tmp_path: Path) -> AsyncIterator[PlaygroundHere]:
    world = tmp_path / "world.json"
    world.write_text(json.dumps(WORLD))
    async with PlaygroundHere(guild_file=world) as made:
        yield made


async def said(play: PlaygroundHere, method: str = "POST", message: str = "") -> tuple[int, Json]:
    """What the bot is answered that writes in the thread, or changes or deletes a message there."""
    [side] = [c for c in play.play.world.channels.values() if c.name == "side"]
    tail = f"/{message}" if message else ""
    body: Json = {} if method == "DELETE" else {"json": {"content": "x"}}
    status, told = await play.rest(method, f"/channels/{side.id}/messages{tail}", **body)
    return status, told or {}


@pytest.mark.asyncio
async def test_who_writes_opens_a_thread_and_nobody_changes_an_archived_one(play: PlaygroundHere):
    _, first = await said(play)
    await play.thread("side", archived=True)
    for method in ("PATCH", "DELETE"):
        status, told = await said(play, method, first["id"])
        assert (status, told["code"]) == (400, 50083)
    assert (await said(play))[0] == 200
    assert (await said(play, "PATCH", first["id"]))[0] == 200
    await play.thread("side", archived=True)
    await play.person("ada").at("side").say("awake")
    assert (await said(play, "DELETE", first["id"]))[0] == 204


@pytest.mark.asyncio
async def test_a_locked_thread_takes_no_word(play: PlaygroundHere):
    await play.thread("side", archived=True, locked=True)
    status, told = await said(play)
    assert (status, told["code"]) == (400, 50083)
    await play.thread("side")
    assert (await said(play))[0] == 200


@pytest.mark.asyncio
async def test_a_thread_has_its_own_right_and_its_channels_denials(play: PlaygroundHere):
    await play.deny("talk", "SEND_MESSAGES")
    assert (await said(play))[0] == 200
    await play.deny("talk", "SEND_MESSAGES_IN_THREADS")
    assert (await said(play))[0] == 403


@pytest.mark.asyncio
async def test_a_thread_is_told_as_discord_tells_it(play: PlaygroundHere):
    [side] = [c for c in play.play.world.channels.values() if c.name == "side"]
    status, told = await play.rest("GET", f"/channels/{side.id}")
    assert (status, told["type"], told["parent_id"]) == (200, 11, str(side.parent))
    _, listed = await play.rest("GET", f"/guilds/{side.guild}/channels")
    assert [(each["name"], each["type"]) for each in listed] == [("talk", 0), ("ideas", 15)]
