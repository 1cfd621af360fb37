"""What the bot token may do without an interaction: messages, channels, registration."""

import asyncio
from typing import Any

import pytest

from tests.playground.driver import Json, Playground, Refusal
from tests.playground.here import PlaygroundHere
from tests.playground.raw_bot import COMMAND, asked, connected
from tests.playground.test_answers import code, form

MIB = 1024 * 1024
V2 = 32768


async def post(play: Playground, **body: Any) -> tuple[int, Any]:
    where = f"/channels/{await play.channel('pictures')}/messages"
    return await play.rest("POST", where, json={"content": "x", **body})


def path(message: Json) -> str:
    return f"/channels/{message['channel_id']}/messages/{message['id']}"


# --- nonces


@pytest.mark.asyncio
async def test_an_enforced_nonce_posts_once_while_it_is_remembered():
    async with PlaygroundHere(nonce_seconds=0.5) as play, connected(play) as bot:
        _, first = await post(play, nonce="abc", enforce_nonce=True)
        _, second = await post(play, content="other", nonce="abc", enforce_nonce=True)
        assert second["id"] == first["id"]
        assert second["content"] == "x"
        assert second["nonce"] == "abc"
        _, loose = await post(play, nonce="abc")
        assert loose["id"] != first["id"]
        await asyncio.sleep(0.6)
        _, later = await post(play, nonce="abc", enforce_nonce=True)
        assert later["id"] not in {first["id"], loose["id"]}
        heard = [(await bot.event("MESSAGE_CREATE"))["id"] for _ in range(3)]
        assert heard == [first["id"], loose["id"], later["id"]]


@pytest.mark.asyncio
async def test_nonces_can_be_forgotten_and_are_at_most_25_long():
    async with PlaygroundHere() as play:
        _, first = await post(play, nonce="abc", enforce_nonce=True)
        await play.clock(forget_nonces=True)
        _, second = await post(play, nonce="abc", enforce_nonce=True)
        assert second["id"] != first["id"]
        assert code(await post(play, nonce="a" * 26)) == (400, 50035)


# --- rights


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("denied", "status", "wanted"),
    [("SEND_MESSAGES", 403, 50013), ("VIEW_CHANNEL", 403, 50001)],
)
async def test_posting_needs_rights(denied: str, status: int, wanted: int):
    async with PlaygroundHere() as play:
        await play.deny("pictures", denied)
        assert code(await post(play)) == (status, wanted)
        await play.deny("pictures")
        assert (await post(play))[0] == 200


@pytest.mark.asyncio
async def test_files_need_a_right_of_their_own():
    async with PlaygroundHere() as play:
        where = f"/channels/{await play.channel('no-files')}/messages"
        body = form({"content": "x"}, ("a.txt", b"a"))
        assert code(await play.rest("POST", where, data=body)) == (403, 50013)
        _, message = await play.rest("POST", where, json={"content": "x"})
        body = form({}, ("a.txt", b"a"))
        assert code(await play.rest("PATCH", path(message), data=body)) == (403, 50013)


@pytest.mark.asyncio
async def test_history_needs_a_right_and_is_silent_without():
    async with PlaygroundHere() as play:
        _, message = await post(play)
        where = f"/channels/{message['channel_id']}/messages"
        await play.deny("pictures", "READ_MESSAGE_HISTORY")
        assert await play.rest("GET", where) == (200, [])
        assert code(await play.rest("GET", path(message))) == (403, 50013)
        reply = {"message_reference": {"message_id": message["id"]}}
        where = f"/channels/{message['channel_id']}/messages"
        body = {"content": "x", **reply}
        assert code(await play.rest("POST", where, json=body)) == (403, 160002)


@pytest.mark.asyncio
async def test_embeds_vanish_without_their_right():
    async with PlaygroundHere() as play:
        await play.deny("pictures", "EMBED_LINKS")
        _, message = await post(play, embeds=[{"title": "T"}])
        assert message["embeds"] == []


@pytest.mark.asyncio
async def test_only_own_messages_are_edited_and_others_deleted_with_a_right():
    async with PlaygroundHere() as play:
        said = await play.person("ada").say("mine")
        assert code(await play.rest("PATCH", path(said), json={"content": "!"})) == (403, 50005)
        assert code(await play.rest("DELETE", path(said))) == (403, 50013)
        _, own = await post(play)
        assert await play.rest("DELETE", path(own)) == (204, None)
        assert code(await play.rest("DELETE", path(own))) == (404, 10008)
        assert code(await play.rest("PATCH", path(own), json={"content": "!"})) == (404, 10008)


@pytest.mark.asyncio
async def test_a_closed_direct_channel():
    async with PlaygroundHere() as play:
        ada = (await play.world())["users"][0]["id"]
        _, there = await play.rest("POST", "/users/@me/channels", json={"recipient_id": ada})
        _, same = await play.rest("POST", "/users/@me/channels", json={"recipient_id": ada})
        assert there == same
        assert there["recipients"][0]["id"] == ada
        await play.settings(dms_closed=["ada"])
        where = f"/channels/{there['id']}/messages"
        assert code(await play.rest("POST", where, json={"content": "x"})) == (403, 50007)
        await play.settings(dms_closed=[])
        assert (await play.rest("POST", where, json={"content": "x"}))[0] == 200
        assert [m["content"] for m in await play.person("ada").at(there["id"]).messages()] == ["x"]
        body = {"recipient_id": "123"}
        assert code(await play.rest("POST", "/users/@me/channels", json=body)) == (400, 50033)


@pytest.mark.asyncio
async def test_forbidden_words_are_blocked_everywhere():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        await play.settings(automod=["Swan"])
        assert code(await post(play, content="a SWAN song")) == (400, 200000)
        text = {"type": 10, "content": "the swan"}
        answer = await bot.callback(event, 4, flags=V2, components=[text])
        assert code(answer) == (400, 200000)
        _, message = await post(play, content="a duck")
        edit = {"embeds": [{"title": "swan"}]}
        assert code(await play.rest("PATCH", path(message), json=edit)) == (400, 200000)
        assert (await play.rest("GET", path(message)))[1]["embeds"] == []


# --- sizes


@pytest.mark.asyncio
async def test_files_and_requests_have_a_size():
    async with PlaygroundHere(request_limit=3 * MIB) as play:
        await play.settings(upload_limit=MIB)
        where = f"/channels/{await play.channel('pictures')}/messages"
        fits = form({}, ("a.bin", b"a" * MIB))
        assert (await play.rest("POST", where, data=fits))[0] == 200
        over = form({}, ("a.bin", b"a" * (MIB + 1)))
        assert code(await play.rest("POST", where, data=over)) == (413, 40005)
        many = form({}, *((f"{n}.bin", b"a" * MIB) for n in range(4)))
        assert code(await play.rest("POST", where, data=many)) == (413, 40005)


# --- old messages


@pytest.mark.asyncio
async def test_old_messages_may_be_edited_only_so_often():
    async with PlaygroundHere(old_edits=2, bucket_calls=50) as play:
        _, message = await post(play)
        for n in range(4):
            assert (await play.rest("PATCH", path(message), json={"content": str(n)}))[0] == 200
        await play.clock(age_messages=3700)
        for n in range(2):
            assert (await play.rest("PATCH", path(message), json={"content": str(n)}))[0] == 200
        status, told = await play.rest("PATCH", path(message), json={"content": "once more"})
        assert (status, told["code"]) == (429, 30046)
        assert told["retry_after"] > 0


# --- reading


@pytest.mark.asyncio
async def test_history_is_paged():
    async with PlaygroundHere(bucket_calls=100) as play:
        sent = [(await post(play, content=str(n)))[1] for n in range(7)]
        where = f"/channels/{sent[0]['channel_id']}/messages"

        async def listed(**query: Any) -> list[str]:
            status, told = await play.rest("GET", where, params=query)
            assert status == 200
            return [message["content"] for message in told]

        middle = sent[3]["id"]
        assert await listed() == ["6", "5", "4", "3", "2", "1", "0"]
        assert await listed(limit=2) == ["6", "5"]
        assert await listed(before=middle, limit=2) == ["2", "1"]
        assert await listed(after=middle, limit=2) == ["5", "4"]
        assert await listed(around=middle, limit=3) == ["4", "3", "2"]
        for bad in ({"limit": 0}, {"limit": 101}, {"after": "x"}, {"after": 1, "before": 2}):
            assert code(await play.rest("GET", where, params=bad)) == (400, 50035)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("GET", "/channels/1", (404, 10003)),
        ("GET", "/guilds/1", (404, 10004)),
        ("GET", "/users/1", (404, 10013)),
        ("GET", "/channels/300000000000000001/messages/1", (404, 10008)),
        ("GET", "/channels/pictures", (400, 50035)),
        ("GET", "/applications/100000000000000100/commands/1", (404, 10063)),
        ("GET", "/applications/1/commands", (403, 20012)),
        ("GET", "/nowhere", (404, 0)),
    ],
)
async def test_what_is_not_there(method: str, path: str, wanted: tuple[int, int]):
    async with PlaygroundHere() as play:
        assert code(await play.rest(method, path)) == wanted


@pytest.mark.asyncio
async def test_who_may_enter():
    async with PlaygroundHere() as play:
        assert (await play.rest("GET", "/users/@me"))[1]["bot"] is True
        wrong = await play.rest("GET", "/users/@me", token="wrong")  # noqa: S106 - not a secret, a wrong word
        assert wrong == (401, {"message": "401: Unauthorized", "code": 0})
        assert (await play.rest("GET", "/users/@me", token=None))[0] == 401
        browser = {"User-Agent": "Mozilla/5.0"}
        assert code(await play.rest("GET", "/users/@me", headers=browser)) == (403, 40333)


@pytest.mark.asyncio
async def test_bodies_that_cannot_be_read():
    async with PlaygroundHere() as play:
        where = f"/channels/{await play.channel('pictures')}/messages"
        json_type = {"Content-Type": "application/json"}
        for broken in (b"{", b"[" * 100_000, b"\xff"):
            answer = await play.rest("POST", where, data=broken, headers=json_type)
            assert code(answer) == (400, 50109)
        plain = {"Content-Type": "text/plain"}
        assert code(await play.rest("POST", where, data=b"x", headers=plain)) == (400, 50035)
        assert code(await play.rest("POST", where, data=form({}))) == (400, 50006)


@pytest.mark.asyncio
async def test_replies_and_mentions():
    async with PlaygroundHere() as play:
        ada = (await play.world())["users"][0]
        asked_ = await play.person("ada").say("a question")
        answer = {"content": f"<@{ada['id']}> @everyone", "message_reference": {}}
        answer["message_reference"] = {"message_id": asked_["id"]}
        _, loud = await post(play, **answer)
        assert loud["type"] == 19
        assert loud["referenced_message"]["id"] == asked_["id"]
        assert [who["id"] for who in loud["mentions"]] == [ada["id"]]
        assert loud["mention_everyone"] is False  # the bot has no right to it
        _, quiet = await post(play, **answer, allowed_mentions={"parse": []})
        assert quiet["mentions"] == []
        lost = {"message_reference": {"message_id": "1"}}
        assert code(await post(play, **lost)) == (400, 50035)
        lost["message_reference"]["fail_if_not_exists"] = False  # pyright: ignore[reportArgumentType] - JSON has no types
        assert (await post(play, **lost))[0] == 200


# --- registration


@pytest.mark.asyncio
async def test_commands_keep_their_id_until_they_change():
    async with PlaygroundHere() as play:
        app = (await play.world())["bot"]["id"]
        where = f"/applications/{app}/commands"
        _, first = await play.rest("PUT", where, json=[COMMAND])
        _, same = await play.rest("PUT", where, json=[COMMAND])
        assert same == first
        _, changed = await play.rest("PUT", where, json=[COMMAND | {"description": "new"}])
        assert changed[0]["id"] == first[0]["id"]
        assert changed[0]["version"] != first[0]["version"]
        _, gone = await play.rest("PUT", where, json=[])
        assert gone == []
        status, made = await play.rest("POST", where, json=COMMAND)
        assert status == 201
        assert (await play.rest("POST", where, json=COMMAND))[0] == 200
        one = f"{where}/{made['id']}"
        assert (await play.rest("PATCH", one, json={"description": "x"}))[1]["description"] == "x"
        assert (await play.rest("DELETE", one))[0] == 204
        assert code(await play.rest("GET", one)) == (404, 10063)
        bad = [COMMAND | {"name": "Has Blanks"}]
        assert code(await play.rest("PUT", where, json=bad)) == (400, 50035)


@pytest.mark.asyncio
async def test_a_guild_command_is_seen_in_its_guild_alone():
    async with PlaygroundHere() as play, connected(play) as bot:
        world = await play.world()
        where = f"/applications/{world['bot']['id']}/guilds/{world['guilds'][0]['id']}/commands"
        status, told = await play.rest("PUT", where, json=[COMMAND])
        assert status == 200
        assert told[0]["guild_id"] == world["guilds"][0]["id"]
        await play.person("ada").slash("go")
        event = await bot.event("INTERACTION_CREATE")
        assert event["data"]["guild_id"] == world["guilds"][0]["id"]
        with pytest.raises(Refusal, match="no command go"):
            await play.person("ada").at("lobby").slash("go")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("more", "ada", "ben", "dark"),
    [
        ({"default_member_permissions": str(1 << 13)}, True, False, True),
        ({"default_member_permissions": "0"}, False, False, False),
        ({"nsfw": True}, False, False, True),
        ({"contexts": [1]}, False, False, False),
    ],
)
async def test_a_command_is_offered_to_those_who_may(more: Json, ada: bool, ben: bool, dark: bool):
    async with PlaygroundHere() as play:
        app = (await play.world())["bot"]["id"]
        await play.rest("PUT", f"/applications/{app}/commands", json=[COMMAND | more])

        async def offered(name: str, channel: str) -> bool:
            try:
                await play.person(name).at(channel).slash("go")
            except Refusal:
                return False
            return True

        seen = [await offered(*who) for who in (("ada", "general"), ("ben", "general"))]
        assert [*seen, await offered("ada", "after-dark")] == [ada, ben, dark]
