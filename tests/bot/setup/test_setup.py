"""`stylus setup` from end to end: a person's answers, the stand-in of Discord, files on disk."""

import asyncio
import os
import stat
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from typer.testing import Result

from bot.rights import NEEDED
from bot.setup import servers
from bot.setup.identity import identify
from stylus_engine.errors import BadSettings
from tests.bot.setup.test_looking import adapters, pipeline
from tests.playground.driver import Playground


@pytest_asyncio.fixture
async def play() -> AsyncIterator[Playground]:
    async with Playground() as play:
        yield play


@pytest.fixture
def setup(stylus: Callable[..., Result], play: Playground, home: Path):
    """`await setup("what is typed", flags…)` in a folder with one checkpoint and two adapters."""
    pipeline(home / "models" / "diffusers" / "Dreamy")
    adapters(home / "models" / "Lora", 2)

    async def run(typed: str, *flags: str, folder: str = "models") -> Result:
        before = ("--set", f"discord.api={play.url}")
        look = ("--only-look", "--look", str(home / folder))
        return await asyncio.to_thread(stylus, *before, "setup", *look, *flags, typed=typed)

    return run


@pytest.mark.asyncio
async def test_from_a_token_to_a_running_configuration(setup, play: Playground, home: Path):
    done = await setup(f"{play.token}\nDreamy\ndreamy\ny\ny\n")
    written = tomllib.loads((home / "config.toml").read_text())
    token_file = Path(written["discord"]["token_file"])
    assert token_file.read_text().strip() == play.token
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
    assert written["checkpoints"]["default"] == "dreamy"
    assert written["cards"]["folders"] == [str(home / "models" / "Lora")]
    assert play.token not in done.output
    assert play.token not in (home / "config.toml").read_text()
    assert done.output.count("?") <= 6
    assert "“Dreamy” is none of them." in done.output
    assert "torch" in done.output, "it ends with the doctor"


@pytest.mark.asyncio
async def test_the_link_asks_for_what_is_checked_and_no_more(play: Playground):
    who = await identify(play.token, play.url)
    world = await play.world()
    asked = {name: value[0] for name, value in parse_qs(urlsplit(who.link).query).items()}
    assert who.name == world["bot"]["username"]
    assert int(asked["permissions"]) == sum(right.bit for right in NEEDED)
    assert asked["scope"] == "bot applications.commands"


@pytest.mark.asyncio
async def test_twice_is_once_and_asks_for_no_token(setup, play: Playground, home: Path):
    await setup(f"{play.token}\nminiature\ny\ny\n")
    first = (home / "config.toml").read_text()
    again = await setup("y\nminiature\ny\ny\n")
    assert (home / "config.toml").read_text() == first
    assert "Token (" not in again.output


@pytest.mark.asyncio
async def test_nothing_is_asked_with_yes(setup, play: Playground, home: Path, monkeypatch):
    monkeypatch.setenv("STYLUS_DISCORD__TOKEN", play.token)
    done = await setup("", "--yes")
    written = tomllib.loads((home / "config.toml").read_text())
    assert "token" not in written.get("discord", {})
    assert written["checkpoints"]["default"] == "dreamy"
    assert "?" not in done.output.split("Written")[0].replace("?client_id", "")


@pytest.mark.asyncio
async def test_a_named_file_need_not_be_there(setup, play: Playground, home: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("STYLUS_CONFIG", "~/mine/stylus.toml")
    done = await setup(f"{play.token}\nminiature\ny\ny\n")
    written = tomllib.loads((home / "mine" / "stylus.toml").read_text())
    assert written["checkpoints"]["default"] == "miniature"
    assert written["discord"]["token_file"] == str(home / "mine" / "discord-token")
    assert "Ready" in done.output, "the doctor reads what was written"
    assert not (home / "~").exists()


@pytest.mark.asyncio
async def test_the_home_of_nobody_is_no_folder(stylus, play: Playground, home: Path):
    answers = f"{play.token}\n~nobody-here/models\n\ny\n"
    before = ("--set", f"discord.api={play.url}")
    done = await asyncio.to_thread(stylus, *before, "setup", "--only-look", typed=answers)
    assert "There is no folder ~nobody-here/models." in done.output
    assert (home / "config.toml").exists()


@pytest.mark.asyncio
async def test_a_wrong_token_is_one_sentence_and_writes_nothing(setup, home: Path):
    done = await setup("not-a-token\n")
    assert done.exit_code == 1
    assert "Discord does not know this token" in done.output
    assert "Traceback" not in done.output
    assert not (home / "config.toml").exists()
    assert not (home / "discord-token").exists()


@pytest.mark.asyncio
async def test_no_token_and_no_consent_write_nothing(setup, play: Playground, home: Path):
    assert (await setup("\n")).exit_code == 1
    await setup(f"{play.token}\nminiature\ny\nn\n")
    assert not (home / "config.toml").exists()
    assert not (home / "discord-token").exists()


@pytest.mark.asyncio
async def test_an_old_token_leaves_the_file(setup, play: Playground, home: Path):
    (home / "config.toml").write_text('[discord]\ntoken = "an-old-one"\n')
    done = await setup(f"{play.token}\nminiature\ny\ny\n")
    written = (home / "config.toml").read_text()
    assert "an-old-one" not in written
    assert "token_file" in written
    assert "Discord does not know this token" in done.output


@pytest.mark.asyncio
async def test_discord_out_of_reach_is_one_sentence(play: Playground):
    await play.fault("status", path="/users/@me", status=503)
    with pytest.raises(BadSettings, match="could not be reached"):
        await identify(play.token, play.url)
    with pytest.raises(BadSettings, match="could not be reached"):
        await identify(play.token, "http://127.0.0.1:1")


@pytest.mark.asyncio
async def test_a_language_model_on_this_machine_is_found():
    async def models(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "small-one"}]})

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>")

    apps = [web.Application(), web.Application()]
    apps[0].router.add_get("/v1/models", models)
    apps[1].router.add_get("/v1/models", page)
    runners = [web.AppRunner(app) for app in apps]
    try:
        for runner in runners:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports = tuple(runner.addresses[0][1] for runner in runners)
        found = await servers.find((1, *ports))
    finally:
        for runner in runners:
            await runner.cleanup()
    assert [(server.base_url, server.models) for server in found] == [
        (f"http://127.0.0.1:{ports[0]}/v1", ("small-one",))
    ]
    assert os.environ.get("STYLUS_CONFIG") is None
