"""What people may do: a client's own checks, what each of them sees, and the news."""

from typing import Any

import pytest

from tests.playground.driver import Json, Playground, Refusal, until
from tests.playground.everything import picture
from tests.playground.here import PlaygroundHere
from tests.playground.raw_bot import asked, connected

OPTIONS = [
    {"type": 3, "name": "text", "description": "d", "required": True, "max_length": 5},
    {"type": 4, "name": "count", "description": "d", "min_value": 1, "max_value": 4},
    {
        "type": 3,
        "name": "size",
        "description": "d",
        "choices": [{"name": "Small", "value": "s"}],
    },
    {"type": 11, "name": "file", "description": "d"},
    {"type": 5, "name": "loud", "description": "d"},
]
SUB = {"type": 1, "name": "info", "description": "d", "options": OPTIONS[1:2]}
FORWARDS = 1 | 1 << 9  # guilds and their messages, without what they say
DRAW = {"name": "draw", "description": "d", "options": OPTIONS}
FAMILY = {"name": "family", "description": "d", "options": [SUB]}


async def register(play: Playground, *commands: Json) -> None:
    app = (await play.world())["bot"]["id"]
    status, told = await play.rest("PUT", f"/applications/{app}/commands", json=list(commands))
    assert status == 200, told


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("command", "options", "sentence"),
    [
        ("paint", {}, "no command paint"),
        ("draw", {}, "text is required"),
        ("draw", {"text": "too long"}, "at most 5"),
        ("draw", {"text": ""}, "empty"),
        ("draw", {"text": "x", "count": 9}, "at most 4"),
        ("draw", {"text": "x", "count": 0}, "at least 1"),
        ("draw", {"text": "x", "count": "many"}, "is a number"),
        ("draw", {"text": "x", "size": "m"}, "none of its choices"),
        ("draw", {"text": "x", "file": "123"}, "not uploaded"),
        ("draw", {"text": "x", "loud": "maybe"}, "true or false"),
        ("draw", {"text": "x", "speed": 1}, "no option speed"),
        ("draw now", {"text": "x"}, "no now"),
        ("family", {}, "needs one of: info"),
    ],
)
async def test_a_client_refuses(command: str, options: Json, sentence: str):
    async with PlaygroundHere() as play:
        await register(play, DRAW, FAMILY)
        with pytest.raises(Refusal, match=sentence):
            await play.person("ada").slash(command, **options)


@pytest.mark.asyncio
async def test_options_arrive_typed_nested_and_resolved():
    async with PlaygroundHere() as play, connected(play) as bot:
        await register(play, DRAW, FAMILY)
        ada = play.person("ada", locale="de")
        file = await ada.attach(picture(), "p.png")
        await ada.slash("draw", text="x", count="3", file=file, loud="true")
        event = await bot.event("INTERACTION_CREATE")
        assert event["locale"] == "de"
        values = {option["name"]: option["value"] for option in event["data"]["options"]}
        assert values == {"text": "x", "count": 3, "file": file, "loud": True}
        held = event["data"]["resolved"]["attachments"][file]
        assert (held["width"], held["height"], held["content_type"]) == (32, 24, "image/png")
        assert await ada.read(held["url"]) == picture()
        await ada.slash("family info", count=2)
        event = await bot.event("INTERACTION_CREATE")
        inner = {"name": "count", "type": 4, "value": 2}
        assert event["data"]["options"] == [{"name": "info", "type": 1, "options": [inner]}]


@pytest.mark.asyncio
async def test_a_wrong_kind_and_a_huge_upload():
    async with PlaygroundHere() as play:
        ada = play.person("ada")
        await ada.attach(b"", "empty.png")
        await play.settings(upload_limit=10)
        with pytest.raises(Refusal, match="too powerful"):
            await ada.attach(b"x" * 11, "big.png")


def row(**button: Any) -> list[Json]:
    made = {"type": 2, "style": 1, "label": "x", "custom_id": "x", **button}
    return [{"type": 1, "components": [made]}]


SELECT = {
    "type": 3,
    "custom_id": "s",
    "min_values": 1,
    "max_values": 2,
    "options": [{"label": n, "value": n} for n in "abc"],
}


@pytest.mark.asyncio
async def test_presses_are_checked_unless_forged():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        ada = play.person("ada")
        parts = [*row(), *row(disabled=True, custom_id="off"), {"type": 1, "components": [SELECT]}]
        _, told = await bot.callback(event, 4, content="x", components=parts)
        message = told["resource"]["message"]
        for custom_id, values, sentence in (
            ("lost", None, "has no lost"),
            ("off", None, "disabled"),
            ("s", [], "between 1 and 2"),
            ("s", ["a", "b", "c"], "between 1 and 2"),
            ("s", ["z"], "offers no z"),
        ):
            with pytest.raises(Refusal, match=sentence):
                await ada.press(message, custom_id, values)
        await ada.press(message, "s", ["a", "c"])
        data = (await bot.event("INTERACTION_CREATE"))["data"]
        assert (data["component_type"], data["values"]) == (3, ["a", "c"])
        await ada.press(message, "lost", forged=True)
        assert (await bot.event("INTERACTION_CREATE"))["data"]["custom_id"] == "lost"


@pytest.mark.asyncio
async def test_who_may_delete():
    async with PlaygroundHere() as play, asked(play) as (bot, event, _):
        ada, ben = play.person("ada"), play.person("ben")
        said = await ada.say("mine")
        with pytest.raises(Refusal, match="moderator"):
            await ben.delete(said)
        await ben.delete(await ben.say("my own"))
        _, told = await bot.callback(event, 4, content="the bot's")
        await ada.delete(told["resource"]["message"])
        gone = await bot.hook("GET", event)
        assert gone[1]["code"] == 10008
        await bot.event("MESSAGE_DELETE")
        assert [m["content"] for m in await ben.messages()] == ["mine"]


@pytest.mark.asyncio
async def test_the_news_reach_those_who_may_see_it():
    async with (
        PlaygroundHere() as play,
        play.events("ada") as ada,
        play.events("ben") as ben,
        asked(play) as (bot, event, id_),
    ):
        await bot.callback(event, 4, content="for one", flags=64)
        await bot.hook("PATCH", event, json={"content": "changed"})
        await bot.hook("DELETE", event)
        await play.person("ben").say("for all")
        heard = await news_until(ada, "message.delete")
        kinds = [news["type"] for news in heard if news["type"] != "world"]
        assert kinds == ["message.create", "interaction", "message.update", "message.delete"]
        about = next(news for news in heard if news["type"] == "interaction")
        assert about["interaction"]["id"] == id_
        assert about["interaction"]["state"] == "answered"
        seen = await news_until(ben, "message.create")
        assert [n["message"]["content"] for n in seen if "message" in n] == ["for all"]


async def news_until(news: Any, kind: str) -> list[Json]:
    heard: list[Json] = []

    async def there() -> bool:
        while not news.empty():
            heard.append(news.get_nowait())
        return any(each["type"] == kind for each in heard)

    await until(there, 5, kind)
    return heard


@pytest.mark.asyncio
async def test_a_form_is_news_and_stays_open_until_sent():
    text = {"type": 4, "custom_id": "t", "style": 1, "label": "L", "value": "before"}
    modal = {"custom_id": "m", "title": "T", "components": [{"type": 1, "components": [text]}]}
    async with (
        PlaygroundHere() as play,
        play.events("ada") as news,
        asked(play) as (bot, event, id_),
    ):
        await bot.callback(event, 9, **modal)
        heard = await news_until(news, "modal")
        assert next(n for n in heard if n["type"] == "modal")["modal"]["title"] == "T"
        assert [m["interaction"] for m in await play.get("modals", user="ada")] == [id_]
        assert await play.get("modals", user="ben") == []
        with pytest.raises(Refusal):
            await play.person("ben").submit(id_, t="not mine")
        await play.person("ada").submit(id_)  # what was filled in beforehand is sent
        sent = await bot.event("INTERACTION_CREATE")
        assert sent["data"]["components"][0]["components"][0]["value"] == "before"
        assert await play.get("modals", user="ada") == []


@pytest.mark.asyncio
async def test_a_modal_with_every_kind_of_field():
    kinds = [
        {"type": 3, "custom_id": "s", "options": [{"label": n, "value": n} for n in "ab"]},
        {"type": 5, "custom_id": "u"},
        {"type": 8, "custom_id": "c"},
        {"type": 19, "custom_id": "f"},
        {"type": 4, "custom_id": "t", "style": 2, "required": False},
    ]
    labels = [{"type": 18, "label": part["custom_id"], "component": part} for part in kinds]
    async with PlaygroundHere() as play, asked(play) as (bot, event, id_):
        ada = play.person("ada")
        status, told = await bot.callback(event, 9, custom_id="m", title="T", components=labels)
        assert status == 200, told
        file = await ada.attach(picture(), "p.png")
        await ada.submit(id_, s=["a"], u=["ben"], c=["general"], f=[file])
        sent = (await bot.event("INTERACTION_CREATE"))["data"]
        given = {p["component"]["custom_id"]: p["component"] for p in sent["components"]}
        assert given["s"]["values"] == ["a"]
        assert given["t"]["value"] == ""
        assert list(sent["resolved"]["users"]) == given["u"]["values"]
        assert list(sent["resolved"]["channels"]) == given["c"]["values"]
        assert list(sent["resolved"]["attachments"]) == [file]


@pytest.mark.asyncio
async def test_links_expire_and_cannot_be_forged():
    async with PlaygroundHere(cdn_seconds=-1) as play:
        file = await play._ask("POST", "attachments", params={"filename": "a.png"}, data=picture())
        async with play.http.get(file["url"]) as answer:
            assert answer.status == 404
    async with PlaygroundHere() as play:
        file = await play._ask(
            "POST", "attachments", params={"filename": "a ä.png"}, data=picture()
        )
        assert file["filename"] == "a_ä.png"
        async with play.http.get(file["url"]) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "image/png"
        for forged in (file["url"].split("?")[0], file["url"].replace("hm=", "hm=0")):
            async with play.http.get(forged) as answer:
                assert answer.status == 404


@pytest.mark.asyncio
async def test_the_world_can_come_from_a_file(tmp_path: Any):
    plan = tmp_path / "world.json"
    plan.write_text(
        '{"users": [{"username": "eve", "global_name": "Eve", "moderator": true}],'
        ' "guilds": [{"name": "G", "locale": "de", "channels": [{"name": "only"}]}]}'
    )
    async with PlaygroundHere(guild_file=plan) as play:
        world = await play.world()
        assert [user["username"] for user in world["users"]] == ["eve"]
        assert [guild["name"] for guild in world["guilds"]] == ["G"]
        assert (await play.person("eve").at("only").say("hi"))["content"] == "hi"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("slash", {"user": "nobody", "channel": "pictures", "command": "x"}),
        ("slash", {"user": "ada", "channel": "nowhere", "command": "x"}),
        ("slash", {"user": "ada", "channel": "pictures"}),
        ("messages", {"user": "ada", "channel": "pictures", "content": "x" * 2001}),
        ("permissions", {"channel": "pictures", "deny": ["FLY"]}),
        ("gateway", {"do": "explode"}),
        ("submit", {"user": "ada", "interaction": "1"}),
    ],
)
async def test_nonsense_gets_one_sentence(path: str, body: Json):
    async with PlaygroundHere() as play:
        with pytest.raises(Refusal) as refused:
            await play.post(path, **body)
        assert refused.value.sentence
        assert refused.value.status in {400, 404}


@pytest.mark.asyncio
async def test_people_send_pictures():
    async with PlaygroundHere() as play:
        ada = play.person("ada")
        said = await ada.say("", await ada.attach(picture(), "p.png"))
        assert said["attachments"][0]["filename"] == "p.png"
        assert f"/{said['channel_id']}/" in said["attachments"][0]["url"]
        assert await ada.read(said["attachments"][0]["url"]) == picture()
        for nothing in ([], ["123"]):
            with pytest.raises(Refusal):
                await ada.say("", *nothing)


@pytest.mark.asyncio
async def test_what_is_forwarded_lies_in_a_snapshot_of_its_time():
    async with PlaygroundHere(privileged=True) as play, connected(play, FORWARDS) as bot:
        await register(play, {"name": "Look", "type": 3})
        ada, ben = play.person("ada"), play.person("ben")
        said = await ada.say("see this", await ada.attach(picture(), "p.png"))
        sent = await ben.forward(said)
        await ada.delete(said)
        assert (sent["content"], sent["attachments"], sent["author"]["username"]) == ("", [], "ben")
        assert sent["message_reference"]["type"] == 1
        assert sent["message_reference"]["message_id"] == said["id"]
        (snapshot,) = sent["message_snapshots"]
        assert snapshot["message"]["content"] == "see this"
        assert not {"author", "id"} & snapshot["message"].keys()
        (file,) = snapshot["message"]["attachments"]
        assert await ben.read(file["url"]) == picture()
        while "message_snapshots" not in (event := await bot.event("MESSAGE_CREATE")):
            pass
        blank = event["message_snapshots"][0]["message"]
        assert (blank["content"], blank["attachments"]) == ("", [])
        await ben.menu("Look", sent)
        (target,) = (await bot.event("INTERACTION_CREATE"))["data"]["resolved"]["messages"].values()
        assert target["message_snapshots"][0]["message"]["content"] == "see this"
        status, told = await play.rest("GET", f"/channels/{sent['channel_id']}/messages")
        assert (status, told[0]["id"]) == (200, sent["id"])


@pytest.mark.asyncio
async def test_who_may_forward_what_and_where_to():
    async with PlaygroundHere() as play:
        ada, ben = play.person("ada"), play.person("ben")
        said = await ada.say("hello")
        there = await ada.direct()
        sent = await ada.forward(said, there.channel)
        assert sent["channel_id"] == there.channel
        assert sent["message_reference"]["channel_id"] == said["channel_id"]
        with pytest.raises(Refusal, match="cannot be forwarded"):
            await ben.forward(said, there.channel)
        with pytest.raises(Refusal, match="no such message"):
            await ben.forward({"id": "1"})
