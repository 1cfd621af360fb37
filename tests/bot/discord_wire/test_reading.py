"""What the wire sends, and what it finds again."""

import time

import discord
import pytest

from bot.cards.letter import Enclosure
from bot.custom_ids import Pressed
from bot.delivery.wire import (
    MessageGone,
    NoRights,
    Sent,
    TokenGone,
    Unreadable,
    nonce,
)
from tests.bot.cards.examples import CHILD, JOB
from tests.bot.discord_wire.wire_stage import Stage, clean, letter, png
from tests.playground.driver import parts, texts

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]


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


async def test_an_answer_that_was_deleted_was_one(stage: Stage):
    job, first = await stage.job()
    assert first is not None
    await stage.ada.delete(first)
    with pytest.raises(MessageGone):
        await stage.wire.original(job)


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
    monkeypatch.setattr("bot.discord_wire.wire.MOST_PAGES", 1)
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
