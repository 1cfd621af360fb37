"""Grids in threads and forum posts: they close when nobody writes, and moderators lock them."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.bot_process import BotProcess
from tests.playground.driver import Person, Playground, until
from tests.reading import buttons, hidden, is_card, job_of, pictures, text
from tests.stage import Json, Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

WORLD = {
    "users": [
        {"username": "ada", "global_name": "Ada", "moderator": True},
        {"username": "ben", "global_name": "Ben"},
    ],
    "guilds": [
        {
            "name": "The Studio",
            "channels": [
                {"name": "pictures", "threads": ["sketches", "closing", "locking", "kept"]},
                {"name": "ideas", "forum": True, "threads": ["a fox, please"]},
                {"name": "after-dark", "nsfw": True, "threads": ["late"]},
            ],
        }
    ],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("bot")
    world = folder / "world.json"
    world.write_text(json.dumps(WORLD))
    roomy = {"line__waiting": 9, "delivery__acknowledge_seconds": 20, "selection__most_rating": "r"}
    async with (
        Playground(ack_seconds=20, guild_file=world) as play,
        BotProcess(play, folder, **roomy) as bot,
    ):
        yield Stage(play, bot)
        assert "Traceback" not in bot.log


async def waiting(stage: Stage, who: Person) -> Json:
    """A job that is not drawn before somebody resumes."""
    await stage.told(stage.ada, "admin pause")
    return await stage.told(who, "imagine", prompt="a fox", count=1)


@pytest.mark.parametrize("where", ["sketches", "a fox, please"])
async def test_a_grid_and_its_buttons_live_in_a_thread(stage: Stage, where: str):
    ben = stage.ben.at(where)
    card = await stage.imagine(ben)
    assert len(pictures(card)) == 4
    for what in ("mask", "seed", "u:1"):
        assert (await stage.derived(ben, card, what))["channel_id"] == card["channel_id"]
    await stage.press(ben, card, "del")
    await stage.gone(ben, card)
    offer = await ben.message_where(lambda m: "restore" in buttons(m))
    assert is_card((await stage.press(ben, offer, "restore"))["message"])


@pytest.mark.parametrize(("where", "most"), [("late", "r"), ("sketches", "pg13")])
async def test_a_thread_is_as_restricted_as_its_channel(stage: Stage, where: str, most: str):
    card = await stage.imagine(stage.ben.at(where), count=1)
    assert stage.request(card).policy.most_rating == most


async def test_the_right_to_write_in_threads_is_named(stage: Stage):
    await stage.play.deny("pictures", "SEND_MESSAGES_IN_THREADS")
    told = await stage.told(stage.ben.at("sketches"), "imagine", prompt="a fox")
    await stage.play.deny("pictures")
    assert hidden(told)
    assert "Send Messages in Threads" in text(told)


async def test_a_thread_that_closed_meanwhile_gets_its_pictures_once(stage: Stage):
    ben = stage.ben.at("closing")
    status = await waiting(stage, ben)
    await stage.play.thread("closing", archived=True)
    await stage.told(stage.ada, "admin resume")
    await stage.posted(job_of(status))
    cards = [message for message in await ben.messages() if is_card(message)]
    assert [job_of(card) for card in cards] == [job_of(status)]
    await stage.gone(ben, status)
    await stage.derived(ben, cards[0], "seed")


async def test_a_thread_that_was_locked_meanwhile_loses_nothing(stage: Stage):
    await waiting(stage, stage.ben.at("locking"))
    await stage.play.thread("locking", archived=True, locked=True)
    await stage.told(stage.ada, "admin resume")
    there = await stage.ben.direct()
    told = await there.message_where(lambda m: "not posted" in text(m), what="where they are")
    assert "the thread is closed" in text(told)
    shown = await stage.press(there, told, "open")
    assert is_card(await stage.card(there, shown["message"]["id"]))


async def test_what_cannot_be_deleted_in_a_closed_thread_says_why(stage: Stage):
    ben = stage.ben.at("kept")
    card = await stage.imagine(ben, count=1)
    await stage.play.thread("kept", archived=True)
    await ben.press(card, buttons(card)["del"])
    told = await ben.message_where(hidden, what="why not")
    assert "This thread is closed" in text(told)
    await ben.say("awake")
    await stage.press(ben, card, "del")
    await stage.gone(ben, card)


async def test_a_locked_thread_takes_no_answer_and_leaves_no_job(stage: Stage):
    await stage.play.thread("sketches", archived=True, locked=True)
    await stage.ben.at("sketches").slash("imagine", prompt="a vole behind a lock", count=1)
    lost = "SELECT state FROM jobs WHERE told_at > 0 AND request LIKE '%behind a lock%'"

    async def taken_back() -> bool:
        told = "was taken back: Discord did not take its answer" in stage.bot.log
        return told and stage.rows(lost) == [("cancelled",)]

    await until(taken_back, 60, "the job to be taken back")
