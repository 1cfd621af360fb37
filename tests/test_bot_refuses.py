"""What the bot says no to, on the wire: unsafe words, missing rights, forged ids, double clicks."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.playground.driver import until
from tests.reading import buttons, hidden, is_card, job_of, parts, text
from tests.stage import Json, Stage, staged

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with staged(tmp_path_factory.mktemp("bot"), safety__words='["forbiddenfruit"]') as made:
        yield made


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("a nude child", "nude, child"),
        ("n4k3d k\u200bids at the beach", "n4k3d, kids"),
        ("a forbiddenfruit on a table", "forbiddenfruit"),
    ],
)
async def test_the_floor_of_safety(stage: Stage, prompt: str, words: str):
    before = stage.rows("SELECT count(*) FROM jobs")
    told = await stage.told(stage.ada, "imagine", prompt=prompt)
    assert hidden(told)
    assert words in text(told)
    assert stage.rows("SELECT count(*) FROM jobs") == before


async def test_an_edited_prompt_passes_the_same_floor(stage: Stage):
    card = await stage.imagine(stage.ada)
    pressed = await stage.ada.press(card, buttons(card)["edit"])
    await stage.ada.answer(pressed)
    typed = await stage.ada.submit(pressed, prompt="a nude child")
    assert "nude, child" in text((await stage.ada.answer(typed))["message"])


async def test_missing_rights_are_named_and_nothing_is_queued(stage: Stage):
    before = stage.rows("SELECT count(*) FROM jobs")
    told = await stage.told(stage.ada.at("no-files"), "imagine", prompt="a fox")
    assert hidden(told)
    assert "Attach Files" in text(told)
    assert stage.rows("SELECT count(*) FROM jobs") == before


@pytest.mark.parametrize(
    "custom_id",
    [
        "sty:1:01ARZ3NDEKTSV4RRFFQ69G5FAV:seed",  # a job that never was
        "sty:1:01ARZ3NDEKTSV4RRFFQ69G5FAV:page:history~0",
        "sty:1:00000000000000000000000000:seed",
        "sty:1:00000000000000000000000000:page:nonsense",
        "sty:1:00000000000000000000000000:open:adapter",
        "sty:0:01ARZ3NDEKTSV4RRFFQ69G5FAV:seed",
        "sty:1:01ARZ3NDEKTSV4RRFFQ69G5FAV:explode",
        "another-bot:1",
        "x" * 100,
    ],
)
async def test_forged_and_stale_ids_get_one_sentence(stage: Stage, custom_id: str):
    card = await stage.card_of_this_file()
    answer = await stage.ben.answer(await stage.ben.press(card, custom_id, forged=True))
    shown = answer["message"]
    assert hidden(shown) or answer["type"] == 7
    assert text(shown)


@pytest.mark.parametrize("values", [["99"], ["-1"], ["nonsense"], ["0", "99"]])
async def test_forged_choices_are_refused(stage: Stage, values: list[str]):
    card = await stage.card_of_this_file()
    pressed = await stage.ben.press(card, buttons(card)["keep"], values, forged=True)
    assert hidden((await stage.ben.answer(pressed))["message"])


async def test_a_double_click_is_one_job(stage: Stage):
    card = await stage.imagine(stage.ada)
    pressed = [await stage.ada.press(card, buttons(card)["seed"]) for _ in range(3)]
    answers = [await stage.ada.answer(one) for one in pressed]
    assert sorted(hidden(answer["message"]) for answer in answers) == [False, True, True]
    [(count,)] = stage.rows(
        f"SELECT count(*) FROM jobs WHERE source = '{job_of(card)}' AND action = 'seed'"  # noqa: S608 - as above
    )
    assert count == 1


async def test_a_double_click_compares_once_more_once(stage: Stage):
    pressed = await stage.ben.slash("compare", prompt="HANG a slow fox", count=1)
    status = (await stage.ben.answer(pressed))["message"]
    await stage.press(stage.ben, status, "cancel")
    ended = await stage.ben.message_where(
        lambda m: m["id"] == status["id"] and "again" in buttons(m), what="the end"
    )
    pressed = [await stage.ben.press(ended, buttons(ended)["again"]) for _ in range(2)]
    answers = [text((await stage.ben.answer(one))["message"]) for one in pressed]
    assert sorted("already on its way" in answer for answer in answers) == [False, True]
    await stage.told(stage.ben, "cancel", job="all")


async def test_a_comparison_is_led_to_and_not_offered_again(stage: Stage):
    pressed = await stage.ben.slash("compare", prompt="two voles", count=1)
    asked = (await stage.ben.answer(pressed))["message"]["id"]
    card = await stage.ben.message_where(lambda m: m["id"] == asked and "ab:a" in buttons(m), 60)
    await stage.posted(job_of(card))
    assert await stage.ben.autocomplete("show", "job", job="voles") == []
    links = [part.get("url", "") for part in parts(await stage.told(stage.ben, "history"))]
    assert any(link.endswith(f"/{asked}") for link in links)


async def test_a_card_that_discord_kept_is_deleted_by_the_next_press(stage: Stage):
    card = await stage.imagine(stage.ada, count=1)
    await stage.play.fault("status", "messages/@original", "DELETE", status=403, code=50013)
    await stage.press(stage.ada, card, "del")
    told = await stage.ada.message_where(lambda m: "Something went wrong" in text(m))
    assert hidden(told)
    assert await stage.ada.message(card["id"]) is not None
    stage.bot.forgive()
    await stage.press(stage.ada, card, "del")
    await stage.gone(stage.ada, card)
    offer = await stage.ada.message_where(lambda m: "restore" in buttons(m))
    assert is_card((await stage.press(stage.ada, offer, "restore"))["message"])


async def test_words_that_automod_stops_are_left_out_of_the_first_answer(stage: Stage):
    await stage.play.fault("status", "/callback$", "POST", status=400, code=200000)
    pressed = await stage.ada.slash("imagine", prompt="HANG a slow badword", count=1)
    status = (await stage.ada.answer(pressed))["message"]
    assert "AutoMod blocked words of this prompt" in text(status)
    assert "badword" not in text(status)
    await stage.press(stage.ada, status, "cancel")


async def test_a_restored_card_that_automod_stops_comes_without_the_words(stage: Stage):
    card = await stage.imagine(stage.ada, prompt="a fox and a badword", count=1)
    await stage.press(stage.ada, card, "del")
    await stage.gone(stage.ada, card)
    offer = await stage.ada.message_where(lambda m: "restore" in buttons(m))
    await stage.play.settings(automod=["badword"])
    back = (await stage.press(stage.ada, offer, "restore"))["message"]
    await stage.play.settings(automod=[])
    assert is_card(back)
    assert "badword" not in text(back)
    late = await stage.press(stage.ada, offer, "restore")
    assert "the job is posted" in text(late["message"])


async def test_a_list_that_automod_stops_says_so(stage: Stage):
    await stage.play.fault("status", "/callback$", "POST", status=400, code=200000)
    assert "AutoMod blocked the message" in text(await stage.told(stage.ada, "queue"))


async def test_nasty_prompts_stay_words(stage: Stage):
    nasty = "@everyone <@1> **bold** `code` [x](https://evil.example) \u200b\u202e " + "é" * 1400
    pressed = await stage.ada.slash("imagine", prompt=nasty[:1500], count=1)
    status = (await stage.ada.answer(pressed))["message"]
    card = await stage.card(stage.ada, status["id"])
    for message in (status, card):
        assert message["mention_everyone"] is False
        assert "@everyone" not in text(message)
        assert "**bold**" not in text(message)


async def test_the_stand_in_itself_spoke_as_discord_does(stage: Stage):
    assert await stage.play.faults_of_ours() == []


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("drop_after", {}),  # Discord has shown the answer, we never hear of it
        ("drop_before", {}),
        ("status", {"status": 503}),
        ("limit", {"seconds": 0.3}),
    ],
)
async def test_a_first_answer_on_a_bad_road(stage: Stage, kind: str, more: Json):
    await stage.play.fault(kind, path="/callback", method="POST", times=1, **more)
    card = await stage.imagine(stage.ada, count=1)
    cards = [m for m in await stage.ada.messages() if is_card(m) and job_of(m) == job_of(card)]
    assert len(cards) == 1


async def test_an_answer_that_came_too_late_leaves_no_job(stage: Stage):
    """Discord has told the person that it failed, so nothing may appear later."""
    refused = {"status": 404, "code": 10062}
    await stage.play.fault("status", path="/callback", method="POST", times=1, **refused)
    await stage.ada.slash("imagine", prompt="a fox too late")

    async def taken_back() -> bool:
        rows = stage.rows("SELECT state, told_at FROM jobs ORDER BY made_at DESC, id DESC LIMIT 1")
        return rows[0][0] == "cancelled" and rows[0][1] is not None

    await until(taken_back, 20, "the job to be taken back")
    assert all("a fox too late" not in text(message) for message in await stage.ada.messages())


async def test_something_unforeseen_gets_a_number_that_stands_in_the_log(stage: Stage):
    """The planner answers a search with rubbish: nobody planned for that."""
    await stage.play.fault(
        "status", path="/callback", method="POST", status=400, code=50035, times=1
    )
    told = await stage.ada.slash("help")
    state = await stage.ada.interaction(told, wait=10)
    code = text(state["message"]).partition("E-")[2][:4]
    assert f"E-{code} in /help" in stage.bot.log
    stage.bot.forgive()


async def test_words_where_a_job_is_to_be_chosen_are_no_old_job(stage: Stage):
    for command in ("show", "cancel"):
        told = await stage.told(stage.ada, command, job="a slow fox")
        assert "There is no job called “a slow fox”" in text(told)
        gone = await stage.told(stage.ada, command, job="01arz3ndektsv4rrffq69g5fav")
        assert "is too old" in text(gone)
    assert "nothing to cancel" in text(await stage.told(stage.ada, "cancel", job=" All"))
