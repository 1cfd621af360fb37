"""The first answer and the token: once, in time, of the right kind; then fifteen minutes."""

import asyncio
import io
import json
from typing import Any

import pytest
from aiohttp import FormData

from tests.playground.driver import Json, Playground, Refusal
from tests.playground.everything import picture
from tests.playground.here import PlaygroundHere
from tests.playground.raw_bot import RawBot, asked, connected

EPHEMERAL, LOADING, V2 = 64, 128, 32768
ROW = {"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "x"}]}


def form(body: Json, *files: tuple[str, bytes]) -> FormData:
    made = FormData()
    made.add_field("payload_json", json.dumps(body))
    for n, (name, data) in enumerate(files):
        kind = "application/octet-stream"
        made.add_field(f"files[{n}]", io.BytesIO(data), filename=name, content_type=kind)
    return made


def code(answer: tuple[int, Any]) -> tuple[int, int]:
    status, body = answer
    return status, body["code"]


@pytest.mark.asyncio
async def test_the_interaction_carries_what_libraries_read():
    async with PlaygroundHere() as play, asked(play) as (_bot, event, _):
        assert event["type"] == 2
        assert event["data"]["name"] == "go"
        assert event["context"] == 0
        assert event["attachment_size_limit"] == 10 * 1024 * 1024
        assert event["authorizing_integration_owners"] == {"0": event["guild_id"]}
        assert event["channel"]["id"] == event["channel_id"]
        assert int(event["app_permissions"]) & 1 << 15
        assert int(event["member"]["permissions"]) & 1 << 13  # Ada manages messages
        assert event["locale"] == event["guild_locale"] == "en-US"


@pytest.mark.asyncio
async def test_with_response_tells_of_the_message_and_without_says_nothing():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        status, told = await bot.callback(event, 4, content="hi")
        assert status == 200
        assert told["resource"]["message"]["content"] == "hi"
        assert told["interaction"]["response_message_id"] == told["resource"]["message"]["id"]
        await play.person("ada").slash("go")
        again = await bot.event("INTERACTION_CREATE")
        path = f"/interactions/{again['id']}/{again['token']}/callback"
        assert await play.rest("POST", path, token=None, json={"type": 5}) == (204, None)


@pytest.mark.asyncio
async def test_the_content_type_is_exactly_json():
    async with PlaygroundHere() as play:
        head = {"Authorization": f"Bot {play.token}", "User-Agent": "DiscordBot (x, 1)"}
        async with play.http.get(f"{play.url}/api/v10/users/@me", headers=head) as answer:
            assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.asyncio
async def test_a_second_answer_is_refused():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        assert (await bot.callback(event, 5))[0] == 200
        assert code(await bot.callback(event, 4, content="x")) == (400, 40060)


@pytest.mark.asyncio
async def test_a_late_answer_is_unknown_and_people_are_told():
    async with PlaygroundHere(ack_seconds=0.3) as play, asked(play) as (bot, event, id_):
        told = await play.person("ada").interaction(id_, wait=2)
        assert told["state"] == "expired"
        assert code(await bot.callback(event, 4, content="x")) == (404, 10062)
        assert code(await bot.hook("GET", event)) == (404, 10015)


@pytest.mark.asyncio
async def test_strangers_and_wrong_tokens_are_unknown():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        wrong = event | {"token": "x" * 100}
        assert code(await bot.callback(wrong, 5)) == (404, 10062)
        assert code(await bot.callback(event | {"id": "1"}, 5)) == (404, 10062)
        assert code(await bot.hook("GET", wrong)) == (404, 10015)


@pytest.mark.asyncio
async def test_nothing_is_reached_before_the_first_answer():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        assert code(await bot.hook("GET", event)) == (404, 10015)
        assert code(await bot.hook("POST", event, "", json={"content": "x"})) == (404, 10015)


@pytest.mark.asyncio
@pytest.mark.parametrize("type_", [1, 6, 7, 8, 10, 12])
async def test_a_command_takes_only_its_own_answers(type_: int):
    async with PlaygroundHere() as play, asked(play) as (bot, event, id_):
        assert code(await bot.callback(event, type_, content="x", choices=[])) == (400, 50035)
        assert (await play.person("ada").interaction(id_))["state"] == "waiting"
        assert (await bot.callback(event, 4, content="still in time"))[0] == 200


async def pressed(play: Playground, bot: RawBot, event: Json, **more: Any) -> Json:
    """Answer with a button, and press it."""
    _, told = await bot.callback(event, 4, content="x", components=[ROW], **more)
    await play.person("ada").press(told["resource"]["message"], "x")
    return await bot.event("INTERACTION_CREATE")


@pytest.mark.asyncio
async def test_update_and_deferred_update_keep_the_pressed_message():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        press = await pressed(play, bot, event)
        assert press["message"]["content"] == "x"
        status, told = await bot.callback(press, 7, content="y", components=[ROW])
        assert (status, told["resource"]["message"]["content"]) == (200, "y")
        assert told["resource"]["message"]["id"] == press["message"]["id"]
        await play.person("ada").press(told["resource"]["message"], "x")
        second = await bot.event("INTERACTION_CREATE")
        assert (await bot.callback(second, 6))[0] == 200
        status, edited = await bot.hook("PATCH", second, json={"content": "z"})
        assert (status, edited["id"]) == (200, press["message"]["id"])


@pytest.mark.asyncio
async def test_a_form_may_not_answer_a_form():
    modal = {
        "custom_id": "m",
        "title": "T",
        "components": [
            {
                "type": 18,
                "label": "L",
                "component": {"type": 4, "custom_id": "t", "style": 1, "max_length": 5},
            }
        ],
    }
    async with PlaygroundHere() as play, asked(play) as (bot, event, id_):
        ada = play.person("ada")
        assert (await bot.callback(event, 9, **modal))[0] == 200
        with pytest.raises(Refusal, match="required"):
            await ada.submit(id_)
        with pytest.raises(Refusal, match="at most 5"):
            await ada.submit(id_, t="too long")
        with pytest.raises(Refusal, match="no field u"):
            await ada.submit(id_, t="ok", u="?")
        await ada.submit(id_, t="ok")
        with pytest.raises(Refusal, match="No form"):
            await ada.submit(id_, t="ok")
        sent = await bot.event("INTERACTION_CREATE")
        inner = sent["data"]["components"][0]
        assert inner["type"] == 18
        assert inner["component"]["value"] == "ok"
        assert code(await bot.callback(sent, 9, **modal)) == (400, 50035)
        assert code(await bot.callback(sent, 6)) == (400, 50035)  # no message behind it
        assert (await bot.callback(sent, 4, content="done"))[0] == 200


@pytest.mark.asyncio
async def test_a_failed_form_stays_open():
    text = {"type": 4, "custom_id": "t", "style": 1, "label": "L"}
    modal = {"custom_id": "m", "title": "T", "components": [{"type": 1, "components": [text]}]}
    async with PlaygroundHere(ack_seconds=0.4) as play, asked(play) as (bot, event, id_):
        ada = play.person("ada")
        await bot.callback(event, 9, **modal)
        sent = await ada.submit(id_, t="a")
        assert (await ada.interaction(sent, wait=2))["state"] == "expired"
        await ada.submit(id_, t="b")


@pytest.mark.asyncio
async def test_a_deferral_keeps_only_ephemeral():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        assert code(await bot.callback(event, 5, flags=V2)) == (400, 50035)
        assert code(await bot.callback(event, 5, flags=EPHEMERAL | LOADING)) == (400, 50035)
        assert (await bot.callback(event, 5, flags=EPHEMERAL))[0] == 200
        _, waiting = await bot.hook("GET", event)
        assert waiting["flags"] == EPHEMERAL | LOADING


@pytest.mark.asyncio
async def test_the_first_follow_up_fills_the_deferred_answer_whatever_its_flags():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        await bot.callback(event, 5)
        _, waiting = await bot.hook("GET", event)
        body = {"content": "filled", "flags": EPHEMERAL}
        status, filled = await bot.hook("POST", event, "", json=body)
        assert (status, filled["id"], filled["flags"]) == (200, waiting["id"], 0)
        assert filled["edited_timestamp"] is None
        _, second = await bot.hook("POST", event, "", json=body)
        assert second["id"] != waiting["id"]
        assert second["flags"] == EPHEMERAL


@pytest.mark.asyncio
async def test_an_edit_names_the_files_that_stay():
    one, two = ("one.png", picture("red")), ("two.png", picture("blue"))
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        await bot.callback(event, 5)
        body = {"content": "x", "attachments": [{"id": 0, "filename": "one.png"}]}
        _, first = await bot.hook("PATCH", event, data=form(body, one))
        kept = first["attachments"][0]
        assert kept["content_type"] == "image/png"
        assert (kept["width"], kept["height"]) == (32, 24)
        _, both = await bot.hook("PATCH", event, data=form({"content": "y"}, two))
        assert [a["filename"] for a in both["attachments"]] == ["one.png", "two.png"]
        body = {"attachments": [{"id": kept["id"]}]}
        _, less = await bot.hook("PATCH", event, json=body)
        assert [a["id"] for a in less["attachments"]] == [kept["id"]]
        _, none = await bot.hook("PATCH", event, json={"attachments": []})
        assert none["attachments"] == []
        assert none["content"] == "y"


@pytest.mark.asyncio
async def test_a_gallery_may_only_show_files_that_are_there():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        gallery = {"type": 12, "items": [{"media": {"url": "attachment://lost.png"}}]}
        answer = await bot.callback(event, 4, flags=V2, components=[gallery])
        assert code(answer) == (400, 50035)
        await bot.callback(event, 5)
        body = {"flags": V2, "components": [gallery], "attachments": [{"id": 0}]}
        answer = await bot.hook("PATCH", event, data=form(body, ("there.png", picture())))
        assert code(answer) == (400, 50035)
        assert (await bot.hook("GET", event))[1]["flags"] == LOADING  # nothing happened


@pytest.mark.asyncio
async def test_a_v2_message_stays_one():
    text = {"type": 10, "content": "words"}
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        await bot.callback(event, 5)
        status, _ = await bot.hook("PATCH", event, json={"flags": V2, "components": [text]})
        assert status == 200
        assert code(await bot.hook("PATCH", event, json={"content": "old"})) == (400, 50035)
        less = await bot.hook("PATCH", event, json={"flags": 0, "components": [text]})
        assert code(less) == (400, 50035)
        assert (await bot.hook("GET", event))[1]["flags"] & V2


@pytest.mark.asyncio
@pytest.mark.parametrize("how", ["by time", "on demand"])
async def test_a_dead_token_leaves_only_the_bots_own_road(how: str):
    life = 0.6 if how == "by time" else 900
    async with PlaygroundHere(token_seconds=life) as play, asked(play) as (bot, event, _):
        _, told = await bot.callback(event, 4, content="x")
        message = told["resource"]["message"]
        await (asyncio.sleep(0.7) if how == "by time" else play.clock(expire_tokens=True))
        assert code(await bot.hook("PATCH", event, json={"content": "y"})) == (401, 50027)
        assert code(await bot.hook("POST", event, "", json={"content": "y"})) == (401, 50027)
        assert code(await bot.hook("GET", event)) == (401, 50027)
        where = f"/channels/{message['channel_id']}/messages/{message['id']}"
        status, edited = await play.rest("PATCH", where, json={"content": "by the bot"})
        assert (status, edited["content"]) == (200, "by the bot")


@pytest.mark.asyncio
async def test_an_ephemeral_message_exists_for_its_person_and_its_token_alone():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        press = await pressed(play, bot, event, flags=EPHEMERAL)
        hidden = press["message"]
        assert hidden["flags"] & EPHEMERAL
        where = f"/channels/{hidden['channel_id']}/messages/{hidden['id']}"
        for method, body in (("GET", None), ("PATCH", {"content": "y"}), ("DELETE", None)):
            assert code(await play.rest(method, where, json=body)) == (404, 10008)
        listed = await play.rest("GET", f"/channels/{hidden['channel_id']}/messages")
        assert listed == (200, [])
        assert await play.person("ada").message(hidden["id"])
        assert await play.person("ben").message(hidden["id"]) is None
        with pytest.raises(Refusal, match="no such message"):
            await play.person("ben").press(hidden, "x")
        assert (await bot.hook("PATCH", event, json={"content": "z"}))[0] == 200
        assert (await bot.hook("DELETE", event))[0] == 204
        assert code(await bot.hook("GET", event)) == (404, 10008)


@pytest.mark.asyncio
async def test_messages_of_another_interaction_are_out_of_reach():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        _, told = await bot.callback(event, 4, content="x")
        await play.person("ben").slash("go")
        other = await bot.event("INTERACTION_CREATE")
        await bot.callback(other, 4, content="y")
        path = f"/messages/{told['resource']['message']['id']}"
        assert code(await bot.hook("PATCH", other, path, json={"content": "!"})) == (404, 10008)
        assert (await bot.hook("PATCH", event, path, json={"content": "!"}))[0] == 200


@pytest.mark.asyncio
async def test_suggestions_come_back_or_time_out():
    option = {"type": 4, "name": "n", "description": "d", "autocomplete": True, "required": True}
    command = {"name": "pick", "description": "d", "options": [option]}
    async with PlaygroundHere(ack_seconds=0.5) as play, connected(play) as bot:
        app = (await play.world())["bot"]["id"]
        await play.rest("PUT", f"/applications/{app}/commands", json=[command])
        asking = asyncio.create_task(play.person("ada").autocomplete("pick", "n", n="1"))
        event = await bot.event("INTERACTION_CREATE")
        assert event["type"] == 4
        assert event["data"]["options"] == [{"name": "n", "type": 4, "value": "1", "focused": True}]
        assert code(await bot.callback(event, 4, content="x")) == (400, 50035)
        assert code(await bot.callback(event, 5)) == (400, 50035)
        assert (await bot.callback(event, 8, choices=[{"name": "ten", "value": 10}]))[0] == 200
        assert await asking == [{"name": "ten", "value": 10}]
        assert code(await bot.hook("POST", event, "", json={"content": "x"})) == (404, 10015)
        with pytest.raises(Refusal) as slow:
            await play.person("ada").autocomplete("pick", "n", n="2")
        assert slow.value.status == 504


@pytest.mark.asyncio
async def test_a_direct_channel_has_a_user_and_no_guild():
    async with PlaygroundHere() as play, asked(play) as (bot, first, _):
        assert "member" in first
        there = await play.person("ada").direct()
        await there.slash("go")
        event = await bot.event("INTERACTION_CREATE")
        assert event["user"]["username"] == "ada"
        assert event["context"] == 1
        assert not {"member", "guild_id", "guild_locale"} & event.keys()
        assert event["channel"]["type"] == 1
        assert (await bot.callback(event, 4, content="hi"))[0] == 200
        ben = play.person("ben").at(there.channel)
        assert await ben.messages() == []
        with pytest.raises(Refusal, match="somebody else"):
            await ben.say("hello?")
