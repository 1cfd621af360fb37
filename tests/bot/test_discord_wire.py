"""The wire against the playground, over sockets: every call, and what every no becomes."""

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import discord
import msgspec
import pytest
import pytest_asyncio
from discord import ui
from PIL import Image

from bot.cards.letter import Enclosure, Letter
from bot.custom_ids import Pressed
from bot.delivery.wire import (
    Blocked,
    MessageGone,
    NoRights,
    Refused,
    Sent,
    TokenGone,
    TooBig,
    TooOld,
    Unreachable,
    Unreadable,
    WireError,
    nonce,
)
from bot.discord_wire import DiscordWire, translated, watching_limits
from bot.jobs.nouns import Job
from tests.bot.cards.examples import CHILD, JOB
from tests.playground.discord_bot import Bot, running
from tests.playground.driver import DOCUMENT, Json, Person, Playground, parts, texts, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]
MANY = {"bucket_calls": 1000, "global_calls": 1000}  # limits have a test of their own


def png(colour: str = "red", edge: int = 8) -> bytes:
    made = BytesIO()
    Image.new("RGB", (edge, edge), colour).save(made, "PNG")
    return made.getvalue()


def letter(
    words: str = "a fox", *files: Enclosure, action: str = "info", job: str = JOB.id, **more: Any
) -> Letter:
    def view() -> ui.LayoutView:
        made, box = ui.LayoutView(timeout=None), ui.Container[ui.LayoutView]()
        box.add_item(ui.TextDisplay(words))
        if files:
            gallery = ui.MediaGallery[ui.LayoutView]()
            for each in files:
                gallery.add_item(media=each.url, description=each.alt)
            box.add_item(gallery)
        button = ui.Button[ui.LayoutView](label=action, custom_id=Pressed(job, action).custom_id)
        box.add_item(ui.ActionRow(button))
        made.add_item(box)
        return made

    return Letter(view=view, files=files, **more)


STATUS = letter("working", action="cancel")


@dataclass
class Stage:
    play: Playground
    bot: Bot
    wire: DiscordWire
    ada: Person
    limits: list[None]
    asked: list[discord.Interaction] = field(default_factory=list)

    async def job(self, *, private: bool = False, how: str = "status") -> tuple[Job, Json | None]:
        """Ada's command, answered as `how` says, and the message of the answer."""
        said = await self.ada.slash("imagine", how=how, private=private)
        if how != "never":
            await self.ada.answer(said)

        async def heard() -> bool:
            return bool(self.asked) and str(self.asked[-1].id) == said

        await until(heard, 5, "the bot to hear it")
        asked = self.asked[-1]
        origin = msgspec.structs.replace(
            JOB.origin, interaction=asked.id, token=asked.token, channel=asked.channel_id
        )
        job = msgspec.structs.replace(JOB, origin=origin, private=private)
        seen = await self.ada.messages()
        return job, seen[-1] if how != "never" else None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole() -> AsyncGenerator[Stage]:
    limits: list[None] = []
    bot = Bot(http_trace=watching_limits(lambda: limits.append(None)))
    asked: list[discord.Interaction] = []

    @bot.tree.command(description="draws")
    async def imagine(interaction: discord.Interaction, how: str, private: bool):
        asked.append(interaction)
        if how == "status":
            await interaction.response.send_message(view=STATUS.view(), ephemeral=private)
        elif how == "defer":
            await interaction.response.defer(ephemeral=private)

    document = DOCUMENT if DOCUMENT.exists() else None
    flags = MANY | {"openapi": document, "old_edits": 1}
    with pytest.MonkeyPatch.context() as patch:
        async with Playground(**flags) as play, running(play, bot, patch):
            wire = DiscordWire(bot, seconds=2.0, seconds_with_files=4.0)
            yield Stage(play, bot, wire, play.person("ada"), limits, asked)


@pytest_asyncio.fixture(loop_scope="module")
async def stage(whole: Stage) -> AsyncGenerator[Stage]:
    yield whole
    await whole.play.no_faults()
    for channel in ("pictures", "general", "no-files"):
        await whole.play.deny(channel, *(["ATTACH_FILES"] if channel == "no-files" else []))
    await whole.play.settings(dms_closed=[], automod=[], upload_limit=10 << 20)


async def clean(stage: Stage) -> None:
    await stage.play.judged_clean()


# --- what is sent ---------------------------------------------------------------------


async def test_the_token_replaces_words_and_files(stage: Stage):
    job, first = await stage.job()
    assert first is not None
    for colour, count in (("red", 2), ("blue", 1)):
        files = [
            Enclosure(name=f"{i}.png", alt=f"{colour} {i}", data=png(colour)) for i in range(count)
        ]
        sent = await stage.wire.edit_by_token(job, letter(f"a {colour} fox", *files))
        assert sent == Sent(int(first["id"]), int(first["channel_id"]))
        seen = await stage.ada.message(first["id"])
        assert seen is not None
        assert texts(seen).strip() == f"a {colour} fox"
        assert len(seen["attachments"]) == count
        assert await stage.ada.read(seen["attachments"][0]["url"]) == png(colour)
        alts = [item["description"] for p in parts(seen) if p["type"] == 12 for item in p["items"]]
        assert alts == [f"{colour} {i}" for i in range(count)]
    sent = await stage.wire.edit_by_token(job, letter("no files"))
    assert (await stage.ada.message(first["id"]) or {})["attachments"] == []
    await clean(stage)


async def test_the_bot_edits_without_any_token(stage: Stage):
    job, first = await stage.job()
    assert first is not None
    await stage.play.clock(expire_tokens=True)
    with pytest.raises(TokenGone):
        await stage.wire.edit_by_token(job, letter())
    there = Sent(int(first["id"]), int(first["channel_id"]))
    file = Enclosure(name="a.png", data=png())
    assert await stage.wire.edit_by_bot(there.channel, there.message, letter("late", file)) == there
    seen = await stage.ada.message(first["id"])
    assert seen is not None
    assert (texts(seen).strip(), len(seen["attachments"])) == ("late", 1)
    await clean(stage)


async def test_a_new_message_pings_nobody_but_whom_it_may(stage: Stage):
    user = stage.bot.user
    assert user is not None
    ada = int((await stage.play.world())["users"][0]["id"])
    channel = await stage.play.channel("pictures")
    for mention in (None, ada):
        words = f"<@{ada}> @everyone"
        sent = await stage.wire.send(
            channel, nonce(JOB.id, str(bool(mention))[:1]), letter(words, mention=mention)
        )
        row = (await stage.play.requests("POST", f"/channels/{channel}/messages"))[-1]
        allowed = row["body"]["allowed_mentions"]
        assert allowed["parse"] == []
        assert allowed.get("users", []) == ([ada] if mention else [])
        assert (await stage.ada.message(str(sent.message)) or {})["mention_everyone"] is False
    await clean(stage)


async def test_a_nonce_is_enforced_as_long_as_discord_remembers_it(stage: Stage):
    channel = await stage.play.channel("general")
    first = await stage.wire.send(channel, nonce(CHILD), letter("once"))
    assert await stage.wire.send(channel, nonce(CHILD), letter("twice")) == first
    await stage.play.clock(forget_nonces=True)
    assert await stage.wire.send(channel, nonce(CHILD), letter("thrice")) != first


async def test_a_reply_refers_to_the_card(stage: Stage):
    channel = await stage.play.channel("general")
    card = await stage.wire.send(channel, nonce(JOB.id, "a"), letter())
    reply = await stage.wire.send(
        channel, nonce(JOB.id, "b"), letter("ready"), reply_to=card.message
    )
    seen = await stage.ada.at("general").message(str(reply.message))
    assert seen is not None
    assert seen["message_reference"]["message_id"] == str(card.message)
    await stage.wire.delete(card.channel, card.message)
    assert await stage.ada.at("general").message(str(card.message)) is None
    again = await stage.wire.send(
        channel, nonce(JOB.id, "c"), letter("ready"), reply_to=card.message
    )
    assert again != reply
    await clean(stage)


async def test_a_direct_message(stage: Stage):
    ada = int((await stage.play.world())["users"][0]["id"])
    channel = await stage.wire.private(ada)
    assert await stage.wire.private(ada) == channel
    sent = await stage.wire.send(channel, nonce(JOB.id, "d"), letter("for you"))
    assert sent.channel == channel
    assert await stage.wire.find(channel, time.time(), JOB.id) == sent
    await stage.play.settings(dms_closed=[str(ada)])
    with pytest.raises(NoRights):
        await stage.wire.send(channel, nonce(JOB.id, "e"), letter("for you"))
    await clean(stage)


async def test_discord_py_keeps_no_view(stage: Stage):
    job, first = await stage.job()
    assert first is not None
    await stage.wire.edit_by_token(job, letter())
    await stage.wire.edit_by_bot(int(first["channel_id"]), int(first["id"]), letter())
    stored = stage.bot._connection._view_store._synced_message_views
    assert Pressed(JOB.id, "info").custom_id not in repr(stored)


# --- what is read ---------------------------------------------------------------------


@pytest.mark.parametrize("how", ["status", "defer"])
@pytest.mark.parametrize("private", [False, True])
async def test_the_first_answer_is_found(stage: Stage, how: str, private: bool):
    job, first = await stage.job(how=how, private=private)
    assert first is not None
    assert await stage.wire.original(job) == Sent(int(first["id"]), int(first["channel_id"]))


async def test_an_answer_that_never_was(stage: Stage):
    job, _ = await stage.job(how="never")
    assert await stage.wire.original(job) is None


async def test_an_old_token_says_nothing(stage: Stage):
    job, _ = await stage.job()
    await stage.play.clock(expire_tokens=True)
    with pytest.raises(TokenGone):
        await stage.wire.original(job)


async def test_the_card_is_found_and_the_status_is_not(stage: Stage):
    job, first = await stage.job()
    assert first is not None
    other = str(CHILD)
    channel, since = job.origin.channel, time.time()
    await stage.wire.edit_by_token(job, letter(action="cancel", job=other))
    assert await stage.wire.find(channel, since, other) is None
    assert not await stage.wire.holds(channel, int(first["id"]), other)
    await stage.wire.edit_by_token(job, letter(action="u", job=other))
    there = Sent(int(first["id"]), channel)
    assert await stage.wire.find(channel, since, other) == there
    assert await stage.wire.holds(channel, int(first["id"]), other)
    assert await stage.wire.find(channel, since + 120, other) is None
    await clean(stage)


async def test_a_card_is_found_behind_many_messages_and_given_up_behind_too_many(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    there = stage.ada.at("general")
    channel, name = await stage.play.channel("general"), "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    for number in range(130):
        await there.say(str(number))
    sent = await stage.wire.send(channel, nonce(name), letter(job=name))
    assert await stage.wire.find(channel, time.time(), name) == sent
    monkeypatch.setattr("bot.discord_wire.MOST_PAGES", 1)
    with pytest.raises(Unreadable):
        await stage.wire.find(channel, time.time(), name)


async def test_other_peoples_buttons_are_not_ours(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    channel, name = await stage.play.channel("pictures"), "01BX5ZZKBKACTAV9WEVGEMMVRZ"
    sent = await stage.wire.send(channel, nonce(name), letter(job=name))
    stranger = discord.Object(5)
    monkeypatch.setattr(stage.bot._connection, "user", stranger)
    assert await stage.wire.find(channel, time.time(), name) is None
    assert not await stage.wire.holds(channel, sent.message, name)


@pytest.mark.parametrize("right", ["READ_MESSAGE_HISTORY", "VIEW_CHANNEL"])
async def test_a_closed_history_is_not_an_empty_one(stage: Stage, right: str):
    job, first = await stage.job()
    assert first is not None
    await stage.play.deny("pictures", right)
    with pytest.raises(Unreadable):
        await stage.wire.find(job.origin.channel, time.time(), job.id)
    with pytest.raises(Unreadable):
        await stage.wire.holds(job.origin.channel, int(first["id"]), job.id)


async def test_an_empty_history_is_not_a_closed_one(stage: Stage):
    channel = await stage.play.channel("after-dark")
    assert await stage.wire.find(channel, time.time(), JOB.id) is None


# --- what is refused ------------------------------------------------------------------


async def test_a_deleted_message_is_gone_on_every_road(stage: Stage):
    job, first = await stage.job()
    assert first is not None
    await stage.ada.delete(first)
    channel, message = int(first["channel_id"]), int(first["id"])
    with pytest.raises(MessageGone):
        await stage.wire.edit_by_token(job, letter())
    with pytest.raises(MessageGone):
        await stage.wire.edit_by_bot(channel, message, letter())
    with pytest.raises(MessageGone):
        await stage.wire.holds(channel, message, job.id)


async def test_an_ephemeral_message_is_out_of_the_bots_reach(stage: Stage):
    job, first = await stage.job(private=True)
    assert first is not None
    with pytest.raises(MessageGone):
        await stage.wire.edit_by_bot(int(first["channel_id"]), int(first["id"]), letter())
    assert await stage.wire.edit_by_token(job, letter()) == Sent(
        int(first["id"]), int(first["channel_id"])
    )


async def test_a_token_of_an_interaction_that_was_never_answered(stage: Stage):
    job, _ = await stage.job(how="never")
    with pytest.raises((TokenGone, MessageGone)):
        await stage.wire.edit_by_token(job, letter())


async def test_files_may_be_too_big(stage: Stage):
    await stage.play.settings(upload_limit=50)
    job, first = await stage.job()
    assert first is not None
    heavy = letter("a fox", Enclosure(name="a.png", data=png(edge=64)))
    with pytest.raises(TooBig):
        await stage.wire.edit_by_token(job, heavy)
    with pytest.raises(TooBig):
        await stage.wire.edit_by_bot(int(first["channel_id"]), int(first["id"]), heavy)
    with pytest.raises(TooBig):
        await stage.wire.send(job.origin.channel, nonce(JOB.id, "f"), heavy)


async def test_automod_blocks(stage: Stage):
    await stage.play.settings(automod=["dragon"])
    channel = await stage.play.channel("pictures")
    with pytest.raises(Blocked):
        await stage.wire.send(channel, nonce(JOB.id, "g"), letter("a dragon"))


@pytest.mark.parametrize("right", ["SEND_MESSAGES", "VIEW_CHANNEL", "ATTACH_FILES"])
async def test_missing_rights(stage: Stage, right: str):
    await stage.play.deny("pictures", right)
    channel = await stage.play.channel("pictures")
    file = Enclosure(name="a.png", data=png())
    with pytest.raises(NoRights):
        await stage.wire.send(channel, nonce(JOB.id, "h"), letter("a fox", file))


async def test_a_letter_that_discord_will_never_take(stage: Stage):
    channel = await stage.play.channel("pictures")
    with pytest.raises(Refused):
        await stage.wire.send(channel, nonce(JOB.id, "i"), letter("x" * 4001))


async def test_a_file_that_is_not_there_any_more(stage: Stage):
    before = len(await stage.play.requests("POST", "/messages"))
    channel = await stage.play.channel("pictures")
    gone = Enclosure(name="a.png", path="/nowhere/a.png")
    with pytest.raises(Refused, match="cannot be read"):
        await stage.wire.send(channel, nonce(JOB.id, "j"), letter("a fox", gone))
    assert len(await stage.play.requests("POST", "/messages")) == before


async def test_an_old_message_that_was_edited_too_often_is_for_later(stage: Stage):
    """Discord calls it a rate limit, and discord.py waits it out, longer than we do."""
    _, first = await stage.job()
    assert first is not None
    channel, message = int(first["channel_id"]), int(first["id"])
    await stage.play.clock(age_messages=3700)
    await stage.wire.edit_by_bot(channel, message, letter())
    with pytest.raises((TooOld, Unreachable)):
        await stage.wire.edit_by_bot(channel, message, letter())


async def test_an_unknown_channel(stage: Stage):
    with pytest.raises((MessageGone, NoRights)):
        await stage.wire.send(5, nonce(JOB.id, "k"), letter())


# --- no answer ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "slow", "status"])
async def test_no_answer_is_unreachable_whatever_the_reason(stage: Stage, kind: str):
    job, first = await stage.job()
    assert first is not None
    channel, message = int(first["channel_id"]), int(first["id"])
    calls = (
        ("PATCH", lambda: stage.wire.edit_by_token(job, letter())),
        ("GET", lambda: stage.wire.original(job)),
        ("PATCH", lambda: stage.wire.edit_by_bot(channel, message, letter())),
        ("POST", lambda: stage.wire.send(channel, nonce(JOB.id, kind[:3]), letter())),
        ("GET", lambda: stage.wire.find(channel, time.time(), job.id)),
        ("GET", lambda: stage.wire.holds(channel, message, job.id)),
    )
    for method, call in calls if kind != "slow" else calls[:1]:
        await stage.play.fault(kind, "/messages", method, times=9, seconds=5, status=503)
        with pytest.raises(Unreachable):
            await call()
        await stage.play.no_faults()


async def test_what_took_effect_without_an_answer_is_found(stage: Stage):
    name = "01CRZ3NDEKTSV4RRFFQ69G5FAV"
    channel, since = await stage.play.channel("pictures"), time.time()
    await stage.play.fault("drop_after", "/messages", "POST")
    with pytest.raises(Unreachable):
        await stage.wire.send(channel, nonce(name), letter(job=name))
    found = await stage.wire.find(channel, since, name)
    assert found == await stage.wire.send(channel, nonce(name), letter(job=name))


async def test_a_429_is_waited_out_and_told(stage: Stage):
    job, first = await stage.job()
    assert first is not None
    before = len(stage.limits)
    await stage.play.fault("limit", "/messages", "PATCH", seconds=0.2)
    await stage.wire.edit_by_token(job, letter())
    assert len(stage.limits) == before + 1


async def test_a_long_429_is_for_later(stage: Stage):
    channel = await stage.play.channel("pictures")
    await stage.play.fault("limit", "/messages", "POST", seconds=40)
    with pytest.raises(Unreachable) as told:
        await stage.wire.send(channel, nonce(JOB.id, "l"), letter())
    assert told.value.after >= 39


async def test_a_client_that_was_closed(stage: Stage):
    closed = Bot()
    closed._application = None
    with pytest.raises(Unreachable):
        await DiscordWire(closed).edit_by_token(JOB, letter())


# --- the table ------------------------------------------------------------------------


class Answer:
    """As much of an aiohttp response as discord.py's errors read."""

    reason = "said"

    def __init__(self, status: int, **headers: str) -> None:
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.mark.parametrize(
    ("status", "code", "by_token", "kind"),
    [
        (401, 50027, True, TokenGone),
        (404, 10015, True, TokenGone),
        (404, 0, True, TokenGone),
        (404, 10008, True, MessageGone),
        (404, 10008, False, MessageGone),
        (404, 10003, False, MessageGone),
        (404, 0, False, MessageGone),
        (401, 0, False, Unreachable),
        (429, 30046, False, TooOld),
        (429, 0, False, Unreachable),
        (403, 50001, False, NoRights),
        (403, 50013, False, NoRights),
        (403, 50007, False, NoRights),
        (403, 0, False, NoRights),
        (403, 40333, False, Unreachable),
        (413, 0, False, TooBig),
        (413, 40005, False, TooBig),
        (400, 50045, False, TooBig),
        (400, 200000, False, Blocked),
        (400, 200001, False, Blocked),
        (403, 20009, False, Blocked),
        (400, 240000, False, Blocked),
        (400, 50035, False, Refused),
        (408, 0, False, Unreachable),
        (502, 0, True, Unreachable),
        (599, 0, False, Unreachable),
    ],
)
async def test_numbers(status: int, code: int, by_token: bool, kind: type[WireError]):
    said = discord.HTTPException(Answer(status), {"code": code, "message": "no"})  # pyright: ignore[reportArgumentType]  a response's face
    assert type(translated(said, by_token=by_token)) is kind


async def test_how_long_to_wait_is_read_and_nonsense_is_not():
    def told(header: str) -> float:
        said = discord.HTTPException(Answer(429, Retry_After=header), "no")  # pyright: ignore[reportArgumentType]  a response's face
        answer = translated(said)
        assert isinstance(answer, Unreachable)
        return answer.after

    assert told("7") == 7.0
    assert told("soon") == 0.0
