"""The model's refiner with the real client over real sockets, against every way a server answers."""

import json

import pytest

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.refiner import describe
from stylus_engine.catalog.refiner.reading import read
from stylus_engine.catalog.refiner.schema import SCHEMA
from stylus_engine.errors import BadSettings, BudgetSpent, SourceOdd, SourceRefused, SourceSilent
from tests.catalog.refiner.cards import (
    GOOD,
    JPEG,
    PNG,
    DictMemory,
    answer,
    known,
    prompted,
    purse,
    refiner_of,
    server_at,
)  # fmt: skip
from tests.openai_server import (
    Dropped,
    Raw,
    Server,
    Traits,
    cut_off,
    failing,
    html,
    refusing,
    said,
)  # fmt: skip
from tests.openai_server.schemas import complaints

NO_FORMATS: frozenset[str] = frozenset()


async def refined(answering, *pictures: bytes, traits: Traits | None = None, card=None):
    """What became of one card, and the server it was asked of."""
    async with Server(answering, traits) as server, server_at(server.url) as ours:
        return await refiner_of(ours, *pictures).describe(card or known()), server


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
    _, server = await refined(said(answer()), b"<html>", b"", PNG + bytes(2**20), JPEG, *[PNG] * 12)
    assert len(server.asked[0].pictures) == 7  # of the first ten, those that can be sent


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


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "body",
    [
        html(),
        Raw(b""),
        Raw(b"null"),
        Raw(b"[]"),
        Raw(b'{"choices": "none"}'),
        Raw(b'{"choices": [{"message": "hi"}]}'),
        Raw(b'{"error": "busy"}'),
        Raw(b"\xff\xfe\x00"),
        Raw(b'{"choices": [{"message": {"content": "\\ud800"}}]}'),
        Raw(b"[" * 100_000),
        said(answer(), more={"choices": [{"message": {"content": ["a", "list"]}}]}),
    ],
    ids=lambda raw: getattr(raw, "body", b"list")[:14],
)
async def test_what_is_no_completion_is_the_servers_fault(body):
    with pytest.raises(SourceOdd, match="it is no chat completion; is the base_url right"):
        await refined(body)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answering", "error", "why"),
    [
        (failing(500), SourceSilent, "500, .*not your fault"),
        (failing(429, "Slow down."), SourceSilent, "429, .*Slow down"),
        (failing(503), SourceSilent, "503"),
        (Dropped(), SourceSilent, "the connection failed"),
        (said(answer(), seconds=5), SourceSilent, "no answer in 0.3 s"),
        (failing(403, "No."), SourceRefused, "403"),
        (html("Not here", 404), SourceRefused, "404"),
        (failing(402, "Pay."), SourceRefused, "402"),
    ],
)
async def test_a_server_in_trouble_is_an_error_and_costs_nothing(answering, error, why: str):
    held = purse()
    async with Server(answering) as server, server_at(server.url, held, timeout=0.3) as ours:
        with pytest.raises(error, match=why):
            await refiner_of(ours).describe(known())
    assert (held.tokens_in, held.calls) == (0, 0)


@pytest.mark.asyncio
async def test_nobody_there():
    async with Server(said("")) as server:
        url = server.url
    with pytest.raises(SourceSilent, match="the connection failed"):
        async with server_at(url) as ours:
            await refiner_of(ours).describe(known())


@pytest.mark.asyncio
async def test_retry_after_is_waited_for():
    answers = [failing(429, retry_after=0.05), said(answer())]
    async with Server(answers) as server, server_at(server.url, retries=1) as ours:
        told = await refiner_of(ours).describe(known())
    assert (told.how, len(server.asked)) == ("model", 2)


@pytest.mark.asyncio
async def test_the_key_is_never_told():
    strict = Server(said(answer()), Traits(key="sk-right"))
    async with strict as server, server_at(server.url, key="sk-very-secret") as ours:
        with pytest.raises(SourceRefused, match="Incorrect API key provided: …") as told:
            await refiner_of(ours).describe(known())
    assert "secret" not in repr(told.value) + str(told.value) + repr(ours.endpoint)


@pytest.mark.parametrize(
    ("endpoint", "key", "where"),
    [
        ({"base_url": "file:///etc/passwd"}, "k", "refiner.base_url"),
        ({"base_url": "not an address"}, "k", "refiner.base_url"),
        ({"model": " "}, "k", "refiner.model"),
        ({}, "k\nX-Evil: 1", "refiner.api_key"),
        ({}, "ключ", "refiner.api_key"),
    ],
)
def test_settings_that_cannot_be(endpoint: dict, key: str, where: str):
    with pytest.raises(BadSettings, match=where) as told:
        server_at("http://127.0.0.1/v1", key=key, **endpoint)
    assert key not in str(told.value) or key == "k"


# --- ways --------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("traits", "form", "pictures"),
    [
        (Traits(), "json_schema", 1),
        (Traits(formats=frozenset({"json_object"})), "json_object", 1),
        (Traits(formats=NO_FORMATS), "", 1),
        (Traits(sees=False), "json_schema", 0),
        (Traits(sees=False, formats=NO_FORMATS), "", 0),
        (Traits(modern=True), "json_schema", 1),
        (Traits(modern=True, sees=False, formats=frozenset({"json_object"})), "json_object", 0),
        (Traits(mute=True, formats=frozenset({"json_object"})), "json_object", 1),
        (Traits(mute=True, sees=False, formats=NO_FORMATS), "", 0),
    ],
)
async def test_how_a_server_wants_to_be_asked_is_found_out_once(traits, form: str, pictures: int):
    async with Server(said(answer()), traits) as server, server_at(server.url) as ours:
        refiner = refiner_of(ours, PNG)
        for number in range(5):
            told = await refiner.describe(known(f"Dragon {number}"))
            assert told.how == "model"
        assert {(asked.form, len(asked.pictures)) for asked in server.heard} == {(form, pictures)}
        assert [bool(asked.refused) for asked in server.asked[-3:]] == [False] * 3
        assert len(server.asked) <= 5 + 2 * 7


@pytest.mark.asyncio
async def test_a_card_that_is_refused_is_written_by_the_rules_and_the_way_stays():
    def answering(asked):
        return (
            failing(400, "Your request was rejected.") if "Nasty" in asked.user else said(answer())
        )

    async with Server(answering) as server, server_at(server.url) as ours:
        refiner = refiner_of(ours, PNG)
        hows = [(await refiner.describe(known(name))).how for name in ("A cat", "Nasty", "A dog")]
        assert hows == ["model", "rules", "model"]
        assert len(server.asked) == 3
        assert server.asked[-1].form == "json_schema"


@pytest.mark.asyncio
async def test_a_first_card_that_is_refused_on_every_way_is_nobodys_description():
    with pytest.raises(SourceRefused, match="400"):
        await refined(failing(400, "No."), PNG)


# --- memory ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_answer_is_paid_for_once(tmp_path):
    memory = Catalogue(tmp_path / "catalogue.sqlite")
    async with Server(said(answer())) as server, server_at(server.url) as ours:
        first = await refiner_of(ours, PNG, memory=memory).describe(known())
        again = await refiner_of(ours, PNG, memory=memory).describe(known())
        assert (first.how, again.how, len(server.asked)) == ("model", "remembered", 1)
        assert again.described == first.described
        for other in (refiner_of(ours, JPEG, memory=memory), refiner_of(ours, memory=memory)):
            assert (await other.describe(known())).how == "model"
        assert (await refiner_of(ours, PNG, memory=memory).describe(known("Other"))).how == "model"
        assert len(server.asked) == 4


@pytest.mark.asyncio
@pytest.mark.parametrize("left", [b"", b"\xff\xfe", b"{}", answer(category="hero").encode()])
async def test_a_remembered_answer_is_believed_no_more_than_a_fresh_one(left: bytes):
    memory = DictMemory()
    async with Server(said(answer())) as server, server_at(server.url) as ours:
        await refiner_of(ours, memory=memory).describe(known())
        memory.update(dict.fromkeys(memory, left))
        assert (await refiner_of(ours, memory=memory).describe(known())).how == "model"
        assert len(server.asked) == 2


@pytest.mark.asyncio
async def test_what_could_not_be_used_is_not_remembered():
    memory = DictMemory()
    async with Server(said("no")) as server, server_at(server.url) as ours:
        await refiner_of(ours, memory=memory).describe(known())
    assert not memory


# --- cost --------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ((300, 40), (300, 40, 0)),
        (None, None),
        ({"prompt_tokens": -5, "completion_tokens": 1}, None),
        ({"prompt_tokens": "many"}, None),
        ({"prompt_tokens": 10**12, "completion_tokens": 1}, None),
        ([], None),
        ("free", None),
    ],
)
async def test_what_the_server_counts_is_the_bill_where_it_can_be_believed(usage, counted):
    held = purse()
    async with Server(said(answer(), usage=usage)) as server, server_at(server.url, held) as ours:
        await refiner_of(ours, PNG).describe(known())
    if counted is None:
        assert held.tokens_in > 300
        assert (held.tokens_out, held.guessed) == (700, 1)
    else:
        assert (held.tokens_in, held.tokens_out, held.guessed) == counted


@pytest.mark.asyncio
async def test_nothing_is_asked_that_the_budget_has_no_room_for():
    held = purse(tokens=1000)
    async with Server(said(answer())) as server, server_at(server.url, held) as ours:
        with pytest.raises(BudgetSpent):
            await refiner_of(ours).describe(known())
    assert not server.asked
