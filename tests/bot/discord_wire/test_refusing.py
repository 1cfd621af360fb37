"""What Discord refuses, and what it leaves unanswered."""

import time
from pathlib import Path

import discord
import pytest

from bot.cards.letter import Enclosure
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
    WireError,
    nonce,
)
from bot.discord_wire import DiscordWire, translated
from tests.bot.cards.examples import JOB
from tests.bot.discord_wire.wire_stage import Stage, letter, png
from tests.playground.discord_bot import Bot

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]


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


async def test_a_file_that_is_there_and_cannot_be_opened_is_tried_again(
    stage: Stage, tmp_path: Path
):
    """As when too many are open, or a disk does not answer."""
    channel = await stage.play.channel("pictures")
    shut = Enclosure(name="a.png", path=str(tmp_path))
    with pytest.raises(Unreachable, match="cannot be read"):
        await stage.wire.send(channel, nonce(JOB.id, "s"), letter("a fox", shut))


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
