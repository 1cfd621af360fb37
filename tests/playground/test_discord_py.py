"""discord.py, unchanged: every kind of interaction, a lost gateway, dead tokens, shards."""

import asyncio
import io
from typing import Any

import discord
import pytest
from discord.gateway import DiscordWebSocket

from tests.playground.discord_bot import Bot, dialled, running
from tests.playground.driver import Playground, until
from tests.playground.everything import everything, file, picture, walk_through
from tests.playground.here import PlaygroundHere


@pytest.mark.asyncio
async def test_every_kind_of_interaction(monkeypatch: Any):
    async with PlaygroundHere() as play, running(play, everything(), monkeypatch):
        await walk_through(play.person("ada"))
        await play.judged_clean()


@pytest.mark.asyncio
async def test_the_order_of_calls_is_the_measured_one(monkeypatch: Any):
    bot = everything()
    async with PlaygroundHere() as play, running(play, bot, monkeypatch):
        calls = [(row["method"], row["path"]) for row in await play.requests()]
        app = (await play.world())["bot"]["id"]
        assert calls == [
            ("GET", "/api/v10/users/@me"),
            ("GET", "/api/v10/oauth2/applications/@me"),
            ("PUT", f"/api/v10/applications/{app}/commands"),
        ]
        assert [len(guild.text_channels) for guild in bot.guilds] == [4, 1]
        no_files = discord.utils.get(bot.guilds[0].text_channels, name="no-files")
        assert no_files is not None
        held = no_files.permissions_for(bot.guilds[0].me)
        assert held.send_messages
        assert not held.attach_files


@pytest.mark.asyncio
async def test_a_wrong_token_is_a_login_failure(monkeypatch: Any):
    async with PlaygroundHere() as play, dialled(play, monkeypatch):
        bot = Bot()
        with pytest.raises(discord.LoginFailure):
            await bot.start("wrong")
        await bot.close()


@pytest.mark.asyncio
async def test_privileged_intents_must_be_switched_on(monkeypatch: Any):
    bot = Bot(intents=discord.Intents(guilds=True, message_content=True))
    async with PlaygroundHere() as play:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with running(play, bot, monkeypatch):
                raise AssertionError("it became ready")


# --- a lost gateway


async def heard(bot: Bot, event: str, times: int = 1) -> None:
    async def there() -> bool:
        return bot.heard.count(event) >= times

    await until(there, 15, f"{event} ({bot.heard[-8:]})")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trouble",
    [{"do": "reconnect"}, {"do": "invalid"}, {"do": "close", "code": 4009}, {"do": "drop"}],
    ids=lambda trouble: trouble["do"],
)
async def test_it_resumes_and_hears_what_it_missed(monkeypatch: Any, trouble: dict[str, Any]):
    said: list[str] = []
    bot = Bot(intents=discord.Intents.all())

    @bot.event
    async def on_message(message: discord.Message):
        said.append(message.content)

    async with PlaygroundHere(privileged=True) as play, running(play, bot, monkeypatch):
        assert await play.gateway(trouble.pop("do"), **trouble) == 1
        await play.person("ada").say("in between")
        await heard(bot, "resumed")
        await play.person("ada").say("after")

        async def both() -> bool:
            return said == ["in between", "after"]

        await until(both, 10, f"both messages, heard {said}")
        assert bot.heard.count("ready") == 1


@pytest.mark.asyncio
async def test_an_invalid_session_starts_anew(monkeypatch: Any):
    async def at_once(*_: object, **__: object) -> None:
        return None

    bot = Bot()
    monkeypatch.setattr(bot, "before_identify_hook", at_once)  # it sleeps five seconds
    async with PlaygroundHere() as play, running(play, bot, monkeypatch):
        await play.gateway("invalid", resumable=False)
        await heard(bot, "ready", times=2)
        assert "resumed" not in bot.heard


@pytest.mark.asyncio
async def test_a_silent_gateway_is_left_and_resumed(monkeypatch: Any):
    bot = Bot(heartbeat_timeout=1.0)
    async with PlaygroundHere(heartbeat_seconds=0.5) as play, running(play, bot, monkeypatch):
        await play.gateway("silence")
        await heard(bot, "resumed")


@pytest.mark.asyncio
async def test_two_shards(monkeypatch: Any):
    class Sharded(discord.AutoShardedClient):
        async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False):
            """Five seconds apart in earnest."""

    told: dict[int, int] = {}
    bot = Sharded(intents=discord.Intents(guilds=True), guild_ready_timeout=0.1)

    @bot.event
    async def on_interaction(interaction: discord.Interaction):
        assert interaction.guild is not None
        told[interaction.guild.id] = interaction.guild.shard_id
        await interaction.response.send_message("here")

    async with PlaygroundHere(shards=2) as play, dialled(play, monkeypatch):
        await play.rest(
            "PUT",
            f"/applications/{(await play.world())['bot']['id']}/commands",
            json=[{"name": "go", "description": "goes"}],
        )
        task = asyncio.create_task(bot.start(play.token))
        try:
            await until(lambda: _ready(bot), 20, "two shards")
            assert set(bot.shards) == {0, 1}
            ada = play.person("ada")
            for channel in ("pictures", "lobby"):
                await ada.answer(await ada.at(channel).slash("go"))
            assert sorted(told.values()) == [0, 1]
            assert all((guild >> 22) % 2 == shard for guild, shard in told.items())
        finally:
            await bot.close()
            await asyncio.gather(task, return_exceptions=True)


async def _ready(bot: discord.Client) -> bool:
    return bot.is_ready()


# --- after the token's life


@pytest.mark.asyncio
async def test_a_dead_token_says_50027_and_the_bot_token_goes_on(monkeypatch: Any):
    seen: dict[str, Any] = {}
    go_on = asyncio.Event()
    bot = Bot()

    @bot.tree.command(description="late")
    async def late(interaction: discord.Interaction):
        await interaction.response.send_message("first")
        original = await interaction.original_response()
        await go_on.wait()
        for name, act in (
            ("edit", interaction.edit_original_response(content="no")),
            ("follow", interaction.followup.send("no")),
        ):
            try:
                await act
            except discord.HTTPException as error:
                seen[name] = (error.status, error.code)
        assert isinstance(interaction.channel, discord.TextChannel)
        partial = interaction.channel.get_partial_message(original.id)
        await partial.edit(content="by the bot", attachments=[file("late.png")])

    async with PlaygroundHere() as play, running(play, bot, monkeypatch):
        ada = play.person("ada")
        await ada.answer(await ada.slash("late"))
        await play.clock(expire_tokens=True)
        go_on.set()
        message = await ada.message_where(lambda m: m["content"] == "by the bot")
        assert seen == {"edit": (401, 50027), "follow": (401, 50027)}
        assert await ada.read(message["attachments"][0]["url"]) == picture()


@pytest.mark.asyncio
async def test_a_late_first_answer_is_not_found(monkeypatch: Any):
    seen: list[tuple[int, int]] = []
    bot = Bot()

    @bot.tree.command(description="slow")
    async def slow(interaction: discord.Interaction):
        await asyncio.sleep(0.6)
        try:
            await interaction.response.send_message("too late")
        except discord.NotFound as error:
            seen.append((error.status, error.code))

    async with PlaygroundHere(ack_seconds=0.3) as play, running(play, bot, monkeypatch):
        asked = await play.person("ada").slash("slow")
        assert (await play.person("ada").interaction(asked, wait=3))["state"] == "expired"

        async def told() -> bool:
            return seen == [(404, 10062)]

        await until(told, 5, "10062")


@pytest.mark.asyncio
async def test_a_nonce_posts_once(monkeypatch: Any):
    bot = Bot()
    async with PlaygroundHere() as play, running(play, bot, monkeypatch):
        channel = bot.get_channel(await play.channel("pictures"))
        assert isinstance(channel, discord.TextChannel)
        one = await channel.send("once", nonce="n-1")
        two = await channel.send("once", nonce="n-1")
        assert one.id == two.id
        assert len(await play.person("ada").messages()) == 1


@pytest.mark.asyncio
async def test_a_limit_is_waited_for_and_a_5xx_is_tried_again(monkeypatch: Any):
    bot = Bot()
    async with PlaygroundHere() as play, running(play, bot, monkeypatch):
        channel = bot.get_channel(await play.channel("pictures"))
        assert isinstance(channel, discord.TextChannel)
        await play.fault("limit", "messages$", "POST", seconds=0.2)
        await channel.send("after a wait")
        await play.fault("status", "messages$", "POST", status=502)
        await channel.send("after another try")
        said = [message["content"] for message in await play.person("ada").messages()]
        assert said == ["after a wait", "after another try"]
        statuses = [row["status"] for row in await play.requests("POST", "messages")]
        assert statuses == [429, 200, 502, 200]


@pytest.mark.asyncio
async def test_names_of_files_survive(monkeypatch: Any):
    bot = Bot()
    async with PlaygroundHere() as play, running(play, bot, monkeypatch):
        channel = bot.get_channel(await play.channel("pictures"))
        assert isinstance(channel, discord.TextChannel)
        sent = await channel.send(file=discord.File(io.BytesIO(b"x" * 3), "grüße 🎨.txt"))
        assert sent.attachments[0].filename == "grüße_🎨.txt"
        assert await sent.attachments[0].read() == b"xxx"


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_first_handshake_that_fails_reaches_the_bot(monkeypatch: Any):
    """discord.py #10520: what the bot has to survive can be made to happen here."""
    bot = Bot()
    async with Playground() as play, dialled(play, monkeypatch):
        nowhere = DiscordWebSocket.DEFAULT_GATEWAY.with_port(1)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", nowhere)
        with pytest.raises((AttributeError, OSError)):
            await asyncio.wait_for(bot.start(play.token), 20)
        await bot.close()
