"""How a server is asked, asked otherwise and asked again, over real HTTP."""

import asyncio
import json
import re

import pytest

from stylus_engine.composition import speaking
from stylus_engine.composition.llm import LlmComposer
from stylus_engine.composition.speaking import Endpoint, Server, checked
from stylus_engine.errors import BadSettings
from stylus_engine.model import Request
from tests.composition.asked import (
    GOOD,
    PROMPT,
    WANTED,
    answer,
    candidate,
    card,
    composing,
    lit,
    query,
    shelf,
    told,
)
from tests.openai_server import Raw, Traits, failing, said
from tests.openai_server import Server as OpenAI
from tests.openai_server.answers import error

WAYS = {
    "hosted": (Traits(), 1, "json_schema", True),
    "json mode only": (Traits(formats=frozenset({"json_object"})), 2, "json_object", True),
    "no forms": (Traits(formats=frozenset()), 3, "", True),
    "no streams": (Traits(streams=False), 2, "json_schema", False),
    "no usage": (Traits(counts=False), 2, "json_schema", True),
    "a reasoning model": (Traits(modern=True), 2, "json_schema", True),
    "mute, no forms": (Traits(formats=frozenset(), mute=True), 3, "", True),
    "mute, no streams": (Traits(streams=False, mute=True), 4, "json_schema", False),
    "nothing at all": (Traits(formats=frozenset(), streams=False, counts=False), 5, "", False),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", WAYS)
async def test_how_a_server_wants_to_be_asked_is_found_out_once(name):
    traits, asked, form, streams = WAYS[name]
    async with composing(said(GOOD), traits) as it:
        first, second = await it.plan(), await it.plan(f"{PROMPT} and a robot")
        requests = it.server.asked
    assert lit(first) == WANTED
    assert second.composer == "a-model"
    assert len(requests) == asked + 1
    for request in requests[asked - 1 :]:
        assert request.form == form
        assert request.body.get("stream", False) is streams


SMALL = Traits(room=1300)


def crowd():
    """The shelf, and forty that are less near: more than a small server has room for."""
    told = "Draws whatever it is that stands in the prompt, only larger, and with more colours."
    more = [candidate(card(f"Number {at}", description=told), "dragon", 0.1) for at in range(40)]
    return [*shelf(), *more]


@pytest.mark.asyncio
async def test_a_server_with_little_room_is_asked_about_fewer_adapters_and_that_is_remembered():
    async with composing(said(GOOD), SMALL) as it:
        first = await it.plan(candidates=crowd())
        second = await it.plan(f"{PROMPT} and a robot", candidates=crowd())
        long, short, after = it.server.asked
    assert lit(first) == WANTED
    assert second.composer == "a-model"
    offers = [
        len(re.findall(r"^a\d+ \|", each.user, re.MULTILINE)) for each in (long, short, after)
    ]
    assert offers[0] == 40 > offers[1] >= 5
    assert offers[2] < 40
    missing = f"{40 - offers[1]} candidates: the language model's server had no room for them"
    assert missing in told(first)


@pytest.mark.asyncio
@pytest.mark.parametrize("more", ["", " and a tall old tree" * 30])
async def test_a_server_without_room_for_any_question_is_told_in_its_own_words(more):
    """A question cannot become shorter than its prompt and one adapter."""
    async with composing(said(GOOD), Traits(room=100)) as it:
        plan = await it.plan(f"{PROMPT}{more}", candidates=crowd())
    assert plan.composer == "offline"
    assert plan.instead.startswith("a-model: 127.0.0.1 refuses (400): request (")
    assert "exceeds the available context size (100 tokens)" in plan.instead
    assert len(it.server.asked) <= 4


@pytest.mark.asyncio
async def test_what_a_small_server_was_not_shown_cannot_be_chosen():
    async with composing(said(answer(("dragon", "a38"), ("dragon", "a2"))), SMALL) as it:
        plan = await it.plan(candidates=crowd())
    assert lit(plan) == [("dragon", ["Wyrm"])]
    assert "a38: it was not offered" in told(plan)


@pytest.mark.asyncio
async def test_a_model_that_gives_up_on_a_small_server_has_not_chosen():
    async with composing([said("I am not sure."), said(answer())], SMALL) as it:
        plan = await it.plan(candidates=crowd())
    assert (plan.composer, len(it.server.asked)) == ("offline", 3)


@pytest.mark.asyncio
async def test_a_check_that_a_server_has_no_room_for_takes_nothing_back():
    first = answer(("dragon", "a2"), ("sunset", "a3"))
    async with composing(said(first), self_check=True) as it:
        await it.plan(candidates=crowd())
        sizes = [sum(len(text) for _, text in each.messages) // 4 for each in it.server.asked]
    assert sizes[0] < sizes[1]
    async with composing(said(first), Traits(room=sizes[0]), self_check=True) as it:
        plan = await it.plan(candidates=crowd())
        again = await it.plan(f"{PROMPT}!", candidates=crowd())
        asked = it.server.asked
    assert [name for _, names in lit(plan) for name in names] == ["Wyrm", "Dusk"]
    assert any(line.startswith("the check of the answer: ") for line in told(plan))
    assert again.composer == "a-model"
    assert len(re.findall(r"^a\d+ \|", asked[-1].messages[1][1], re.MULTILINE)) == 40


@pytest.mark.asyncio
async def test_a_server_that_answers_a_stream_with_one_object_is_understood():
    body = b'{"choices": [{"message": {"content": "{\\"tasks\\": []}"}}]}'
    async with composing(Raw(body)) as it:
        plan = await it.plan()
    assert (plan.composer, len(it.server.asked)) == ("a-model", 1)


@pytest.mark.asyncio
async def test_429_is_tried_again_when_it_says_so():
    async with composing([failing(429, retry_after=0.3), said(GOOD)]) as it:
        plan = await it.plan()
    assert lit(plan) == WANTED
    assert 0.3 <= it.seconds < 1.5


@pytest.mark.asyncio
async def test_429_for_an_hour_is_not_waited_for():
    async with composing([failing(429, retry_after=3600), said(GOOD)]) as it:
        plan = await it.plan()
    assert plan.composer == "offline"
    assert "429" in plan.instead
    assert it.seconds < 1.0


@pytest.mark.asyncio
async def test_a_model_that_is_not_there_is_asked_for_once():
    async with composing(said(GOOD), Traits(models=("another",))) as it:
        plan = await it.plan()
    assert "does not exist" in plan.instead
    assert len(it.server.asked) == 1


@pytest.mark.asyncio
async def test_a_torn_stream_is_tried_again():
    async with composing([said(GOOD[:30], torn=True), said(GOOD)]) as it:
        plan = await it.plan()
    assert (lit(plan), len(it.server.asked)) == (WANTED, 2)


@pytest.mark.parametrize("url", ["ftp://x/v1", "http://", "http://[::1", "http://h:99999/", "x y"])
def test_an_address_that_is_none_is_told_at_once(url):
    with pytest.raises(BadSettings, match="base_url"):
        checked(Endpoint(model="m", base_url=url), "")


@pytest.mark.parametrize(("model", "key"), [(" ", ""), ("m", "k\n"), ("m", "schlüssel")])
def test_a_model_or_key_that_cannot_be_sent_is_told_at_once(model, key):
    with pytest.raises(BadSettings) as caught:
        checked(Endpoint(model=model), key)
    assert "schlüssel" not in str(caught.value)


@pytest.mark.asyncio
async def test_a_lost_key_file_costs_the_model_and_not_the_picture():
    def lost():
        raise BadSettings(where="composer.api_key_file", why="it cannot be read")

    async with composing(said(GOOD)) as it:
        it.speaker._read_key = lost
        plan = await it.plan()
    assert plan.composer == "offline"
    assert plan.instead == "a-model: composer.api_key_file: it cannot be read"


def test_each_event_loop_has_a_client_of_its_own():
    """The command line runs one loop after the other in one process."""

    async def twice():
        async with OpenAI(said(GOOD)) as server:
            speaker.endpoint = Endpoint(model="a-model", base_url=server.url, tries=1)
            plan = await composer.compose(Request(prompt=PROMPT), query(), shelf())
            return plan.composer

    speaker = Server(Endpoint(model="a-model"), lambda: "")
    for _ in range(2):
        composer = LlmComposer(speaker, "a-model")
        assert asyncio.run(twice()) == "a-model"


@pytest.mark.asyncio
async def test_a_server_that_had_little_room_is_asked_a_whole_question_again_in_time(monkeypatch):
    """Others may have filled it: what was learned then does not hold for ever."""
    monkeypatch.setattr(speaking, "WHOLE_AGAIN", 5)
    async with composing(said(GOOD), SMALL) as it:
        for number in range(5):
            await it.plan(f"{PROMPT} number {number}", candidates=crowd())
        whole = ["\na40 |" in each.user for each in it.server.asked]
    assert [at for at, long in enumerate(whole) if long] == [0, 5]


def completion(**message):
    return Raw(json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode())


def events(*told):
    lines = (f"data: {json.dumps(each)}\n\n" for each in told)
    return Raw("".join(lines).encode(), kind="text/event-stream")


LIMIT = {"message": "Rate limit exceeded for sk-secret: free models", "code": 429}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answered", "asked", "why"),
    [
        (Raw(json.dumps({"error": LIMIT}).encode()), 2, "127.0.0.1 does not answer: 429, Rate limit exceeded for …: free models"),
        (Raw(json.dumps({"error": LIMIT | {"code": 403}}).encode()), 1, "127.0.0.1 refuses (403): Rate limit exceeded for …: free models"),
        (Raw(b'{"error": "No model is loaded"}'), 2, "it broke off with an error: No model is loaded"),
        (events({"error": {"message": "No room on the card"}}), 2, "it broke off with an error: No room on the card"),
        (events({"choices": [{"delta": {"content": GOOD[:30]}}]}, {"error": LIMIT}), 2, "it broke off with an error: Rate limit exceeded for …: free models"),
        (Raw(b'{"error": {"message": 5, "code": {}}}'), 2, "it broke off with an error"),
    ],
)  # fmt: skip
async def test_an_error_under_a_good_status_is_told_in_its_own_words(answered, asked, why):
    async with composing(answered, key="sk-secret") as it:
        plan = await it.plan()
    assert plan.composer == "offline"
    assert plan.instead.endswith(why)
    assert len(it.server.asked) == asked


@pytest.mark.asyncio
async def test_an_error_in_a_stream_that_speaks_of_room_leads_to_a_shorter_question():
    """LM Studio's way: status 200, and an event that says so."""

    def short(asked):
        many = len(re.findall(r"^a\d+ \|", asked.user, re.MULTILINE)) > 30
        told = {"message": "the model is loaded with context length of only 2048 tokens"}
        return events({"error": told}) if many else said(GOOD)

    async with composing(short) as it:
        plan = await it.plan(candidates=crowd())
    assert (lit(plan), len(it.server.asked)) == (WANTED, 2)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (413, "Request too large: Limit 2000, Requested 3600, please reduce your message size."),
        (413, "Error"),
        (422, "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 2300 `inputs` tokens"),
        (400, "Please reduce the length of the messages or completion."),
    ],
)
async def test_whatever_words_say_that_a_question_is_too_long_it_becomes_shorter(status, words):
    def short(asked):
        many = len(re.findall(r"^a\d+ \|", asked.user, re.MULTILINE)) > 30
        return failing(status, words) if many else said(GOOD)

    async with composing(short) as it:
        plan = await it.plan(candidates=crowd())
    assert (lit(plan), len(it.server.asked)) == (WANTED, 2)


@pytest.mark.asyncio
async def test_an_answer_in_pieces_is_one_and_its_thoughts_are_none_of_it():
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    pieces = [thought, {"type": "text", "text": GOOD[:9]}, {"type": "text", "text": GOOD[9:]}]
    for answered in (
        completion(content=pieces),
        events({"choices": [{"delta": {"content": pieces}}]}),
    ):
        async with composing(answered) as it:
            plan = await it.plan()
        assert (lit(plan), len(it.server.asked)) == (WANTED, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("thought", ["", "<think>hm, {} " * 9, "Well, let me see. " * 9])
async def test_a_model_that_thinks_its_room_away_is_given_more_and_that_is_remembered(thought):
    def thinks(asked):
        much = asked.body["max_tokens"] > 4000
        return said(f"{thought}</think>{GOOD}") if much else said(thought, finish="length")

    async with composing(thinks, tokens_per_day=10**6) as it:
        first = await it.plan()
        spent = it.composer._till._purse.spent
        second = await it.plan(f"{PROMPT} and a robot")
        asked = it.server.asked
    assert (lit(first), second.composer) == (WANTED, "a-model")
    assert [each.body["max_tokens"] > 4000 for each in asked] == [False, True, True]
    assert spent > sum(len(each.system + each.user) // 4 for each in asked[:2]) + 900


@pytest.mark.asyncio
async def test_a_model_that_never_stops_thinking_is_asked_twice_and_costs_no_good_way():
    async with composing(said("<think>hm", finish="length")) as it:
        plan = await it.plan()
        it.server.answering = said(GOOD)
        again = await it.plan(f"{PROMPT} and a robot")
        asked = it.server.asked
    assert plan.instead == "a-model: it thought until no room was left for an answer"
    assert again.composer == "a-model"
    assert [each.body["max_tokens"] > 4000 for each in asked] == [False, True, False]


@pytest.mark.asyncio
async def test_room_for_thoughts_that_did_not_help_is_not_given_again_for_a_while(monkeypatch):
    def thinks(asked):
        return said(GOOD) if "quick" in asked.user else said("<think>hm", finish="length")

    monkeypatch.setattr(speaking, "THOUGHTS_AGAIN", 3)
    async with composing(thinks) as it:
        for how in ("slow", "slow", "quick", "slow"):
            await it.plan(f"{PROMPT}, {how} {len(it.server.asked)}")
        much = [each.body["max_tokens"] > 4000 for each in it.server.asked]
    assert much == [False, True, False, False, False, True]


STREAMED = [
    {"choices": [{"delta": {"content": part}, "finish_reason": None}]}
    for part in (GOOD[:9], GOOD[9:40], GOOD[40:])
]
LINES = [f"data: {json.dumps(each)}" for each in STREAMED]
ODD_STREAMS = {
    "crlf": "\r\n\r\n".join(LINES) + "\r\n\r\n",
    "cr": "\r\r".join(LINES) + "\r\r",
    "a byte order mark": "\ufeff" + "\n\n".join(LINES) + "\n\n",
    "comments": ": ping\n\n" + "\n\n: ping\n\n".join(LINES) + "\n\n: bye\n\n",
    "names and numbers": "".join(f"event: chunk\nid: 1\n{each}\n\n" for each in LINES),
    "no space": "\n\n".join(each.replace("data: ", "data:") for each in LINES) + "\n\n",
    "no last line break": "\n\n".join(LINES),
    "blank lines first": "\n\n\n" + "\n\n".join(LINES) + "\n\n",
}


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["text/event-stream", "text/plain", "application/json"])
@pytest.mark.parametrize("name", ODD_STREAMS)
async def test_events_are_understood_whatever_their_server_calls_and_ends_them(name, kind):
    async with composing(Raw(ODD_STREAMS[name].encode(), kind=kind)) as it:
        plan = await it.plan()
    assert (lit(plan), len(it.server.asked)) == (WANTED, 1)


@pytest.mark.asyncio
async def test_an_event_that_a_server_did_not_end_says_nothing_of_the_address():
    torn = Raw("\n\n".join(LINES[:2]).encode()[:-20], kind="text/event-stream")
    async with composing(torn) as it:
        plan = await it.plan()
    assert "the answer holds no JSON object" in plan.instead


@pytest.mark.asyncio
async def test_one_object_may_begin_with_blank_lines_and_a_byte_order_mark():
    body = b"\xef\xbb\xbf\n\n" + completion(content=GOOD).body
    async with composing(Raw(body)) as it:
        assert (lit(await it.plan()), len(it.server.asked)) == (WANTED, 1)


@pytest.mark.asyncio
async def test_a_filter_that_says_no_is_asked_once_and_closes_the_model_to_nobody():
    no = Raw(error("It triggered the content management policy.", "content_filter"), 400)
    async with composing(no) as it:
        plans = [await it.plan(f"{PROMPT}, number {number}") for number in range(4)]
        asked = len(it.server.asked)
        it.server.answering = said(GOOD)
        last = await it.plan()
    assert {plan.instead for plan in plans} == {"a-model: the model declined"}
    assert (asked, last.composer) == (4, "a-model")
