"""The bot's own life on the wire: restarts, the pause, bans, wrong tokens, an orderly end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from playground.world import FIRST_USER
from tests.bot_process import BotProcess
from tests.playground.driver import Playground
from tests.reading import buttons, hidden, is_card, job_of, text
from tests.stage import Json, Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
ROOMY: Json = {"line__waiting": 9, "delivery__acknowledge_seconds": 20}
SLOW = 0.3  # seconds a step: a job that lasts


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A roomy bot that Ada owns, for whatever ends no bot and needs no other settings."""
    owned: Json = ROOMY | {"safety__owners": [FIRST_USER], "selection__most_rating": "r"}
    folder = tmp_path_factory.mktemp("owned")
    async with Playground(ack_seconds=20) as play, BotProcess(play, folder, **owned) as bot:
        yield Stage(play, bot)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def narrow(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A slow bot without owners, and with room for one that waits."""
    folder = tmp_path_factory.mktemp("narrow")
    async with (
        Playground(ack_seconds=20) as play,
        BotProcess(play, folder, step_seconds=SLOW, line__waiting=1) as bot,
    ):
        yield Stage(play, bot)


async def test_buttons_outlive_the_bot_and_commands_are_registered_once(tmp_path: Path):
    async with Playground(ack_seconds=20) as play:
        async with BotProcess(play, tmp_path, **ROOMY) as bot:
            stage = Stage(play, bot)
            card = await stage.imagine(stage.ada, seed=7)
            pressed = await stage.ben.press(card, buttons(card)["edit"])
            await stage.ben.answer(pressed)
            assert await bot.stop() == 0
        await play.online(up=False)
        async with BotProcess(play, tmp_path, **ROOMY) as bot:
            stage = Stage(play, bot)
            again = await stage.derived(stage.ben, card, "mask")
            assert is_card(again)
            typed = await stage.ben.submit(pressed, prompt="typed before, sent after")
            edited = (await stage.ben.answer(typed))["message"]
            assert "typed before, sent after" in text(edited)
        puts = await play.requests("PUT", "/commands")
        assert len(puts) == 1


async def test_old_cards_offer_no_more_than_todays_settings_allow(tmp_path: Path):
    async with Playground(ack_seconds=20) as play:
        async with BotProcess(play, tmp_path, **ROOMY) as bot:
            stage = Stage(play, bot)
            card = await stage.imagine(stage.ada, count=2)
            single = await stage.derived(stage.ada, card, "u:0")
            assert await bot.stop() == 0
        await play.online(up=False)
        small: Json = {"drawing__most_edge": 64, "drawing__most_count": 1, "drawing__count": 1}
        async with BotProcess(play, tmp_path, **ROOMY, **small) as bot:
            stage = Stage(play, bot)
            for pressed, what, most in (
                (card, "seed", "1; 2 was"),
                (single, "x2:0", "64; 128 was"),
            ):
                told = (await stage.press(stage.ada, pressed, what))["message"]
                assert hidden(told)
                assert most in text(told)
            assert is_card(await stage.derived(stage.ada, card, "u:1"))
            assert is_card(await stage.derived(stage.ada, single, "seed"))


async def test_a_killed_bot_loses_nothing(tmp_path: Path):
    async with Playground(ack_seconds=20) as play:
        async with BotProcess(play, tmp_path, step_seconds=SLOW, **ROOMY) as bot:
            stage = Stage(play, bot)
            pressed = await stage.ada.slash("imagine", prompt="a patient fox", count=1)
            status = (await stage.ada.answer(pressed))["message"]
            await stage.being_drawn(stage.ada, status)
            await bot.kill()
        await play.online(up=False)
        async with BotProcess(play, tmp_path, **ROOMY) as bot:
            stage = Stage(play, bot)
            assert is_card(await stage.card(stage.ada, status["id"]))
            cards = [m for m in await stage.ada.messages() if is_card(m)]
            assert len(cards) == 1


async def test_sigterm_finishes_what_was_begun(tmp_path: Path):
    async with Playground(ack_seconds=20) as play:
        async with BotProcess(play, tmp_path, step_seconds=0.2, **ROOMY) as bot:
            stage = Stage(play, bot)
            pressed = await stage.ada.slash("imagine", prompt="a fox in a hurry", count=1)
            status = (await stage.ada.answer(pressed))["message"]
            await stage.being_drawn(stage.ada, status)
            assert await bot.stop() == 0
            assert stage.state(job_of(status)) == "posted"
        shown = await stage.ada.message(status["id"])
        assert shown is not None
        assert is_card(shown)


async def test_whoever_clicked_just_before_the_end_has_an_answer(tmp_path: Path):
    settings: Json = ROOMY | {"delivery__drain_seconds": 1}
    async with Playground(ack_seconds=20) as play:
        async with BotProcess(play, tmp_path, **settings) as bot:
            stage = Stage(play, bot)
            with stage.holding():
                pressed = [await stage.ada.slash("imagine", prompt=f"fox {n}") for n in range(8)]
                ended = asyncio.create_task(bot.stop())
                await asyncio.sleep(2)
                assert not ended.done()
            answers = [await stage.ada.answer(each) for each in pressed]
            assert await ended == 0
            states = [stage.state(job_of(answer["message"])) for answer in answers]
        assert len(states) == len(pressed)
        assert "ERROR" not in bot.log


async def test_what_is_pressed_in_direct_messages_comes_there_without_its_token(tmp_path: Path):
    brief: Json = {"delivery__token_seconds": 4, "delivery__token_margin_seconds": 1}
    async with (
        Playground(ack_seconds=20, token_seconds=4) as play,
        BotProcess(play, tmp_path, step_seconds=0.15, **brief) as bot,
    ):
        ada = Stage(play, bot).ada
        private = await ada.direct()
        await ada.answer(await ada.slash("imagine", prompt="a fox", private=True, count=4))
        card = await private.message_where(is_card, 60, "a card in private")
        status = await private.answer(await private.press(card, buttons(card)["seed"]))
        later = await private.message_where(
            lambda m: is_card(m) and m["id"] != card["id"], 60, "the card of the press"
        )
        assert later["id"] != status["message"]["id"]  # by the token it would stand there
        assert job_of(later) == job_of(status["message"])


async def test_pause_and_resume(stage: Stage):
    assert "owners" in text(await stage.told(stage.ben, "admin pause"))
    paused = await stage.told(stage.ada, "admin pause")
    assert hidden(paused)
    assert "paused" in text(paused)
    assert "already" in text(await stage.told(stage.ada, "admin pause"))
    pressed = await stage.ben.slash("imagine", prompt="a fox that waits")
    status = (await stage.ben.answer(pressed))["message"]
    assert "paused" in text(status)
    assert "paused" in text(await stage.told(stage.ben, "queue"))
    await stage.told(stage.ada, "admin resume")
    assert is_card(await stage.card(stage.ben, status["id"]))


async def test_a_moderator_of_one_server_does_not_stop_the_others(narrow: Stage):
    assert "manage this server" in text(
        await narrow.told(narrow.ben, "admin unban", user=FIRST_USER)
    )
    for command in ("admin pause", "admin resume"):
        refused = await narrow.told(narrow.ada, command)
        assert hidden(refused)
        assert "owners" in text(refused)


async def test_ban_and_unban(stage: Stage):
    ben = next(u["id"] for u in (await stage.play.world())["users"] if u["username"] == "ben")
    card = await stage.imagine(stage.ben)
    assert "may no longer" in text(
        await stage.told(stage.ada, "admin ban", user=ben, reason="too many foxes")
    )
    refused = await stage.told(stage.ben, "imagine", prompt="a fox")
    assert hidden(refused)
    assert "too many foxes" in text(refused)
    for what, more in (("seed", {}), ("rate", {"values": ["0-up"]})):
        told = await stage.press(stage.ben, card, what, **more)
        assert "too many foxes" in text(told["message"])
    assert "again" in text(await stage.told(stage.ada, "admin unban", user=ben))
    assert "was not" in text(await stage.told(stage.ada, "admin unban", user=ben))
    assert is_card(await stage.imagine(stage.ben))


async def test_the_line_is_full(narrow: Stage):
    for number in range(2):
        await narrow.told(narrow.ada, "imagine", prompt=f"fox {number}")
    full = await narrow.told(narrow.ada, "imagine", prompt="fox 3")
    assert hidden(full)
    assert "the limit" in text(full)
    freed = await narrow.press(narrow.ada, full, "cancel")
    assert "Cancelled" in text(freed["message"])
    assert not hidden(await narrow.told(narrow.ada, "imagine", prompt="fox 4"))


async def test_age_restricted_channels_and_others(stage: Stage):
    dark = stage.ada.at("after-dark")
    card = await stage.imagine(dark)
    assert stage.request(card).policy.most_rating == "r"
    assert is_card(await stage.derived(dark, card, "seed"))
    refused = await stage.told(stage.ada, "show", job=job_of(card))
    assert hidden(refused)
    light = await stage.imagine(stage.ada)
    assert stage.request(light).policy.most_rating == "pg13"


async def test_three_seconds_are_kept_while_the_database_is_slow(tmp_path: Path):
    """Real limits on both sides; somebody holds the database for longer than Discord waits."""
    async with Playground() as play, BotProcess(play, tmp_path) as bot:
        stage = Stage(play, bot)
        await stage.imagine(stage.ada, count=1)
        with stage.holding():
            pressed = await stage.ada.slash("imagine", prompt="a fox behind a lock", count=1)
            answer = await stage.ada.answer(pressed)
            assert answer["type"] == 5
        assert is_card(await stage.card(stage.ada, answer["message"]["id"]))


async def test_whatever_is_slow_is_seen_by_whom_it_concerns(tmp_path: Path):
    """ "Thinking" goes out at once; what replaces it keeps its own visibility."""
    hurry: Json = {"delivery__acknowledge_seconds": 0.02, "line__waiting": 9}
    async with Playground(ack_seconds=20) as play, BotProcess(play, tmp_path, **hurry) as bot:
        stage = Stage(play, bot)
        card = await stage.imagine(stage.ada, count=1)
        with stage.holding():
            pressed = await stage.ada.press(card, buttons(card)["seed"])
            answer = await stage.ada.answer(pressed)
            assert answer["type"] == 5
        assert not hidden(answer["message"])
        assert is_card(await stage.card(stage.ben, answer["message"]["id"]))
        secret = await stage.imagine(stage.ada, count=1, private=True, prompt="a secret garden")
        with stage.holding():
            shown = await stage.ada.slash("show", job=job_of(secret))
            assert (await stage.ada.answer(shown))["type"] == 5
        again = await stage.ada.message_where(
            lambda m: m["id"] != secret["id"] and is_card(m) and "a secret garden" in text(m)
        )
        assert hidden(again)
        assert all("a secret garden" not in text(message) for message in await stage.ben.messages())


async def test_a_wrong_token_is_one_sentence(stage: Stage, tmp_path: Path):
    secret = "wrong.token.value"  # noqa: S105 - it is nobody's
    bot = BotProcess(stage.play, tmp_path, wait=False, discord__token=secret)
    async with bot:
        assert await bot.ended() == 1
    assert "Discord does not know this token" in bot.log
    assert "Traceback" not in bot.log
    assert secret not in bot.log


async def test_an_address_elsewhere_is_refused(stage: Stage, tmp_path: Path):
    bot = BotProcess(stage.play, tmp_path, wait=False, discord__api="http://discord.example")
    async with bot:
        assert await bot.ended() == 1
    assert "discord.api" in bot.log
    assert "Traceback" not in bot.log


async def test_a_second_bot_on_the_database_is_refused(stage: Stage, tmp_path: Path):
    data = stage.bot.settings["paths__data"]
    second = BotProcess(stage.play, tmp_path, wait=False, paths__data=data)
    async with second:
        assert await second.ended() == 1
    assert "another bot" in second.log
    assert "Traceback" not in second.log
    assert is_card(await stage.imagine(stage.ada, count=1))


async def test_a_failed_first_handshake_does_not_end_the_bot(tmp_path: Path):
    async with Playground() as play:
        await play.fault("status", path="/gw", method="GET", status=503, times=1)
        await play.fault("status", path="/gateway/bot", method="GET", status=503, times=1)
        async with BotProcess(play, tmp_path):
            pass


async def test_a_lost_gateway_is_found_again(stage: Stage):
    await stage.play.gateway("drop")
    await stage.play.online(seconds=60)
    assert is_card(await stage.imagine(stage.ada, count=1))


async def test_the_token_is_never_in_the_log(tmp_path: Path):
    """Of a bot that started, drew and ended."""
    async with Playground(ack_seconds=20) as play, BotProcess(play, tmp_path, **ROOMY) as bot:
        stage = Stage(play, bot)
        await stage.imagine(stage.ada, count=1)
        await bot.stop()
        assert play.token not in bot.log
