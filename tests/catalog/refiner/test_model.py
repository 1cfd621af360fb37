"""What a model is asked, and what becomes of its answers, with the real client over real sockets."""

import json

import pytest

from stylus_engine.catalog.refiner import describe
from stylus_engine.catalog.refiner.reading import read
from stylus_engine.catalog.refiner.schema import SCHEMA
from tests.catalog.refiner.cards import (
    GOOD,
    JPEG,
    PNG,
    answer,
    known,
    prompted,
    refined,
    refiner_of,
    server_at,
)  # fmt: skip
from tests.openai_server import (
    Server,
    cut_off,
    refusing,
    said,
)  # fmt: skip
from tests.openai_server.schemas import complaints


def test_the_schema_is_one_that_strict_mode_takes():
    assert list(complaints("description", True, SCHEMA)) == []
    assert set(SCHEMA["required"]) == GOOD.keys()  # pyright: ignore[reportArgumentType] - a list


@pytest.mark.asyncio
async def test_a_card_is_asked_with_its_words_and_pictures():
    card = known(
        triggers=("sbdragon",), tags=("dragon",), examples=prompted("a red dragon", weight=0.7)
    )
    told, server = await refined(said(answer()), PNG, JPEG, card=card)
    assert (told.how, told.described) == ("model", read(answer(), "a-model", card))
    (asked,) = server.asked
    assert asked.pictures == (("png", PNG), ("jpeg", JPEG))
    assert asked.form == "json_schema"
    assert asked.body["response_format"]["json_schema"]["strict"] is True
    assert asked.headers["Authorization"] == "Bearer sk-test"
    for words in ("Storybook Dragon", "sbdragon", "a red dragon", "0.7", "A small winged dragon"):
        assert words in asked.user
        assert words not in asked.system


@pytest.mark.asyncio
async def test_no_id_no_path_no_author_is_told():
    card = known(card_id="civitai:4711:0815", url="https://civitai.com/4711", path="/srv/x.safetensors",
                 author="mallory", model_key="civitai:4711", previews=("https://i.example/1.png",))  # fmt: skip
    _, server = await refined(said(answer()), PNG, card=card)
    asked = json.dumps(server.asked[0].body)
    assert not [word for word in ("4711", "0815", "/srv", "mallory", "https://") if word in asked]


@pytest.mark.asyncio
async def test_every_call_has_another_fence_around_all_that_a_card_says():
    async with Server(said(answer())) as server, server_at(server.url) as ours:
        for number in range(3):
            await refiner_of(ours).describe(known(f"Dragon {number}"))
    fences = set()
    for asked in server.asked:
        lines = asked.user.splitlines()
        fence = lines[0].removeprefix("The fence word is ").rstrip(".")
        inside = lines[lines.index(fence) + 1 : len(lines) - 1 - lines[::-1].index(fence)]
        assert any("A small winged dragon" in line for line in inside)
        assert lines.count(fence) == 2
        fences.add(fence)
    assert len(fences) == 3


@pytest.mark.asyncio
async def test_what_is_no_picture_is_not_sent():
    none = (b"<html>", b"", b"RIFF1234WAVE", PNG + bytes(2**20))
    _, server = await refined(said(answer()), *none, JPEG, *[PNG] * 12)
    (asked,) = server.asked
    assert len(asked.pictures) == 6  # of the first ten, those that can be sent
    assert len(asked.body["messages"][1]["content"]) == 7


# --- answers ---------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "text",
    [f"```json\n{answer()}\n```", f"<think>hm</think>{answer()}", f"Sure! {answer()}"],
)
async def test_wrapped_answers_need_no_second_call(text: str):
    told, server = await refined(said(text))
    assert (told.how, len(server.asked)) == ("model", 1)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (said("I would rather not."), "the answer holds no JSON object"),
        (said(""), "the answer was empty"),
        (said(None), "the answer was empty"),
        (said("   \n "), "the answer was empty"),
        (said(answer(), more={"choices": []}), "the answer was empty"),
        (cut_off(answer()[:60]), "cut off"),
        (said(answer(category="hero")), "category must be one of"),
        (said(answer(concepts=[])), "concepts holds no phrase"),
    ],
)
async def test_a_bad_answer_gets_one_repair_and_is_told_why(bad, why: str):
    told, server = await refined([bad, said(answer())])
    assert told.how == "model"
    assert len(server.asked) == 2
    assert why in server.asked[1].messages[-1][1]
    assert server.asked[1].messages[-2][0] == "assistant"
    told, server = await refined([bad, bad])
    assert (told.how, told.described) == ("rules", describe(known()))
    assert why in told.why
    assert len(server.asked) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("answering", [refusing(), said("", finish="content_filter")])
async def test_a_refusal_is_final(answering):
    told, server = await refined(answering)
    assert (told.how, told.why, len(server.asked)) == ("rules", "refused", 1)
