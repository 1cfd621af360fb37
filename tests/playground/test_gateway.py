"""The gateway frame by frame: greetings, close codes, RESUME, intents, shards."""

import asyncio
import json
import zlib

import pytest

from tests.playground.driver import Playground, until
from tests.playground.here import PlaygroundHere
from tests.playground.raw_bot import COMMAND, GUILDS_AND_MESSAGES, RawBot, connected, dialled

GUILDS, MESSAGES, DIRECT, CONTENT, MEMBERS = 1, 1 << 9, 1 << 12, 1 << 15, 1 << 1


@pytest.mark.asyncio
async def test_hello_ready_and_every_guild():
    async with PlaygroundHere(heartbeat_seconds=30) as play, dialled(play) as bot:
        await bot.send(1)
        assert (await bot.frame())["op"] == 11  # a heartbeat is fine before IDENTIFY
        told = await bot.ready()
        assert told["guilds"] == [
            {"id": guild["id"], "unavailable": True} for guild in (await play.world())["guilds"]
        ]
        assert told["application"]["id"] == told["user"]["id"]
        guilds = [await bot.event("GUILD_CREATE") for _ in told["guilds"]]
        assert [len(guild["channels"]) for guild in guilds] == [4, 1]
        assert [len(guild["members"]) for guild in guilds] == [1, 1]  # no members intent
        await play.online()


@pytest.mark.asyncio
async def test_hello_names_the_heartbeat():
    async with PlaygroundHere(heartbeat_seconds=12.5) as play:
        url = play.url.replace("http", "ws") + "/gw/?v=10&encoding=json"
        async with play.http.ws_connect(url) as socket:
            hello = await socket.receive_json()
        assert hello["d"]["heartbeat_interval"] == 12500


BAD_FRAMES = {
    4001: {"op": 99, "d": None},
    4002: "{",
    4003: {"op": 3, "d": {}},
    4004: {"op": 2, "d": {"token": "wrong", "intents": 1}},
    4010: {"op": 2, "d": {"token": "", "intents": 1, "shard": [2, 2]}},
    4013: {"op": 2, "d": {"token": "", "intents": 1 << 30}},
    4014: {"op": 2, "d": {"token": "", "intents": 1 << 15}},
}


@pytest.mark.asyncio
@pytest.mark.parametrize("wanted", BAD_FRAMES)
async def test_a_bad_frame_closes_with_its_code(wanted: int):
    async with PlaygroundHere() as play, dialled(play) as bot:
        frame = BAD_FRAMES[wanted]
        if isinstance(frame, dict) and (frame.get("d") or {}).get("token") == "":
            frame = {**frame, "d": {**frame["d"], "token": play.token}}
        await bot.socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))
        assert await bot.close_code() == wanted


@pytest.mark.asyncio
async def test_a_long_frame_closes_4002():
    async with PlaygroundHere() as play, dialled(play) as bot:
        await bot.identify(properties={"os": "x" * 4096})
        assert await bot.close_code() == 4002


@pytest.mark.asyncio
async def test_a_second_identify_closes_4005():
    async with PlaygroundHere() as play, connected(play) as bot:
        await bot.identify()
        assert await bot.close_code() == 4005


@pytest.mark.asyncio
async def test_120_frames_a_minute_and_no_more():
    async with PlaygroundHere() as play, connected(play) as bot:
        for _ in range(119):
            await bot.send(1)
        for _ in range(119):
            await bot.op(11)
        await bot.send(1)
        assert await bot.close_code() == 4008


@pytest.mark.asyncio
async def test_another_version_closes_4012_and_another_encoding_is_refused():
    async with PlaygroundHere() as play:
        async with dialled(play, v="6") as bot:
            assert await bot.close_code() == 4012
        async with play.http.get(f"{play.url}/gw/?v=10&encoding=etf") as answer:
            assert answer.status == 400


@pytest.mark.asyncio
async def test_a_missed_heartbeat_is_cut_off():
    async with PlaygroundHere(heartbeat_seconds=0.2) as play, connected(play) as bot:
        for _ in range(3):
            await asyncio.sleep(0.15)
            await bot.send(1)
            await bot.op(11)
        assert await bot.close_code() == 4000


@pytest.mark.asyncio
async def test_too_few_shards_close_4011():
    async with PlaygroundHere(guilds_per_shard=1) as play:
        async with dialled(play) as bot:
            await bot.identify()
            assert await bot.close_code() == 4011
        async with dialled(play) as bot:
            assert await bot.ready(shard=[0, 2])


@pytest.mark.asyncio
async def test_one_identify_in_five_seconds():
    async with PlaygroundHere(identify_seconds=0.5) as play, dialled(play) as one:
        await one.ready()
        async with dialled(play) as two:
            await two.identify()
            told = await two.frame()
            assert (told["op"], told["d"]) == (9, False)
            await asyncio.sleep(0.6)
            assert await two.ready()


# --- RESUME


async def leave(bot: RawBot, code: int) -> None:
    await bot.socket.close(code=code)


async def say(play: Playground, *words: str) -> None:
    for word in words:
        await play.person("ada").say(word)


@pytest.mark.asyncio
async def test_resume_replays_what_was_missed_in_order():
    async with PlaygroundHere(privileged=True) as play:
        async with connected(play, GUILDS | MESSAGES | CONTENT) as bot:
            await say(play, "heard")
            await bot.event("MESSAGE_CREATE")
            session, seq = bot.session, bot.seq
            assert seq is not None
            await leave(bot, 4000)
        await play.online(up=False)
        await say(play, "one", "two")
        async with dialled(play) as bot:
            await bot.resume(session, seq)
            missed = [await bot.frame() for _ in range(3)]
            assert [f["d"].get("content") for f in missed] == ["one", "two", None]
            assert [f["s"] for f in missed] == [seq + 1, seq + 2, seq + 3]
            assert missed[-1]["t"] == "RESUMED"
            await say(play, "live")
            assert (await bot.event("MESSAGE_CREATE"))["content"] == "live"


@pytest.mark.asyncio
@pytest.mark.parametrize("goodbye", [1000, 1001])
async def test_a_goodbye_ends_the_session(goodbye: int):
    async with PlaygroundHere() as play:
        async with connected(play) as bot:
            session = bot.session
            await leave(bot, goodbye)
        async with dialled(play) as bot:
            await bot.resume(session, 1)
            told = await bot.op(9)
            assert told["d"] is False
            assert await bot.ready()  # the same socket may identify


@pytest.mark.asyncio
async def test_a_session_waits_only_so_long():
    async with PlaygroundHere(resume_seconds=0.3) as play:
        async with connected(play) as bot:
            session = bot.session
            await leave(bot, 4000)
        await asyncio.sleep(0.5)
        async with dialled(play) as bot:
            await bot.resume(session, 1)
            assert (await bot.op(9))["d"] is False


@pytest.mark.asyncio
async def test_a_seq_from_the_future_closes_4007_and_a_wrong_token_4004():
    async with PlaygroundHere() as play, connected(play) as bot:
        async with dialled(play) as other:
            await other.resume(bot.session, 10_000)
            assert await other.close_code() == 4007
        async with dialled(play) as other:
            await other.send(6, {"token": "wrong", "session_id": bot.session, "seq": 1})
            assert await other.close_code() == 4004


@pytest.mark.asyncio
async def test_resuming_elsewhere_closes_the_old_socket():
    async with PlaygroundHere() as play, connected(play) as old, dialled(play) as new:
        await new.resume(old.session, old.seq or 0)
        await new.event("RESUMED")
        assert await old.close_code() == 4000
        await say(play, "x")
        assert await new.event("MESSAGE_CREATE")
        await play.online()


# --- what people order


@pytest.mark.asyncio
async def test_reconnect_invalid_close_and_drop_on_demand():
    async with PlaygroundHere() as play:
        async with connected(play) as bot:
            assert await play.gateway("reconnect") == 1
            assert await bot.op(7)
            await play.gateway("invalid", resumable=True)
            assert (await bot.op(9))["d"] is True
            await play.gateway("close", code=4009)
            assert await bot.close_code() == 4009
        async with connected(play) as bot:
            await play.gateway("invalid", resumable=False)
            assert (await bot.op(9))["d"] is False
        async with connected(play) as bot:
            await play.gateway("drop")
            assert await bot.close_code() == 1006
        async with connected(play) as bot:
            await play.gateway("silence")
            await bot.send(1)
            with pytest.raises(TimeoutError):
                await bot.op(11, seconds=0.3)


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [4004, 4010, 4013, 4014])
async def test_after_a_fatal_close_nothing_is_resumed(code: int):
    async with PlaygroundHere() as play:
        async with connected(play) as bot:
            await play.gateway("close", code=code)
            assert await bot.close_code() == code
        async with dialled(play) as other:
            await other.resume(bot.session, 1)
            assert (await other.op(9))["d"] is False


# --- who hears what


@pytest.mark.asyncio
async def test_without_the_intent_no_event_but_interactions_always():
    async with PlaygroundHere() as play, dialled(play) as bot:
        await bot.ready(0)
        app = (await play.world())["bot"]["id"]
        await play.rest("PUT", f"/applications/{app}/commands", json=[COMMAND])
        await say(play, "unheard")
        await play.person("ada").slash("go")
        assert (await bot.frame())["t"] == "INTERACTION_CREATE"


@pytest.mark.asyncio
async def test_content_is_blank_without_its_intent_unless_it_concerns_the_bot():
    async with PlaygroundHere() as play, connected(play) as bot:
        me = (await play.world())["bot"]["id"]
        await say(play, "secret", f"hey <@{me}>")
        assert (await bot.event("MESSAGE_CREATE"))["content"] == ""
        assert (await bot.event("MESSAGE_CREATE"))["content"] == f"hey <@{me}>"
        where = f"/channels/{await play.channel('general')}/messages"
        await play.rest("POST", where, json={"content": "my own"})
        own = await bot.event("MESSAGE_CREATE")
        assert own["content"] == "my own"
        assert own["guild_id"]
        there = await play.person("ada").direct()
        await there.say("just us")
        direct = await bot.event("MESSAGE_CREATE")
        assert direct["content"] == "just us"
        assert "guild_id" not in direct


@pytest.mark.asyncio
async def test_each_shard_hears_of_its_own_guilds():
    async with PlaygroundHere(shards=2) as play:
        _, told = await play.rest("GET", "/gateway/bot")
        assert told["shards"] == 2
        guilds = [int(guild["id"]) for guild in (await play.world())["guilds"]]
        assert [id_ >> 22 & 1 for id_ in guilds] == [0, 1]
        async with dialled(play) as zero, dialled(play) as one:
            await zero.ready(shard=[0, 2])
            ready = await one.ready(shard=[1, 2])
            assert [int(guild["id"]) for guild in ready["guilds"]] == guilds[1:]
            await play.person("ada").at("lobby").say("to one")
            await play.person("ada").at("general").say("to zero")
            assert int((await one.event("MESSAGE_CREATE"))["guild_id"]) == guilds[1]
            assert int((await zero.event("MESSAGE_CREATE"))["guild_id"]) == guilds[0]
            await (await play.person("ada").direct()).say("direct goes to zero")
            assert (await zero.event("MESSAGE_CREATE"))["channel_type"] == 1


@pytest.mark.asyncio
async def test_json_in_binary_frames_and_zlib_streams():
    async with PlaygroundHere() as play:
        url = play.url.replace("http", "ws") + "/gw/?v=10&encoding=json&compress=zlib-stream"
        async with play.http.ws_connect(url) as socket:
            unpack = zlib.decompressobj()
            hello = json.loads(unpack.decompress(await socket.receive_bytes()))
            assert hello["op"] == 10
            frame = {"op": 2, "d": {"token": play.token, "intents": GUILDS_AND_MESSAGES}}
            await socket.send_bytes(json.dumps(frame).encode())
            ready = json.loads(unpack.decompress(await socket.receive_bytes()))
            assert ready["t"] == "READY"


@pytest.mark.asyncio
async def test_members_are_told_when_asked():
    async with PlaygroundHere(privileged=True) as play, connected(play, GUILDS | MEMBERS) as bot:
        guild = (await play.world())["guilds"][0]["id"]
        await bot.send(8, {"guild_id": guild, "query": "", "limit": 0, "nonce": "n"})
        chunk = await bot.event("GUILD_MEMBERS_CHUNK")
        assert {member["user"]["username"] for member in chunk["members"]} >= {"ada", "ben"}
        assert chunk["nonce"] == "n"


@pytest.mark.asyncio
async def test_changed_rights_are_told():
    async with PlaygroundHere() as play, connected(play) as bot:
        await play.deny("general", "ATTACH_FILES")
        told = await bot.event("CHANNEL_UPDATE")
        assert told["permission_overwrites"][0]["deny"] == str(1 << 15)


@pytest.mark.asyncio
async def test_offline_is_seen():
    async with PlaygroundHere() as play, play.events("ada") as news:
        async with connected(play):
            await play.online()
        await play.online(up=False)
        seen: list[bool] = []

        async def both() -> bool:
            while not news.empty():
                seen.append(news.get_nowait()["online"])
            return seen == [True, False]

        await until(both, 5, "news of coming and going")


@pytest.mark.asyncio
async def test_a_heartbeat_together_with_a_bad_identify_still_closes():
    """As discord.py sends them: both lie in the socket before the first is read."""
    async with PlaygroundHere() as play:
        for _ in range(5):
            async with dialled(play) as bot:
                await bot.send(1)
                await bot.identify(1 << 15)
                assert await bot.close_code() == 4014
