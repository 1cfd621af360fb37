"""A batch: the file that goes out is what the server takes, the file that comes back fills the memory."""

import json

import pytest

from stylus_engine.catalog.refiner import asking
from stylus_engine.catalog.refiner.batch import Taken, request, taken
from tests.catalog.refiner.cards import PNG, DictMemory, answer, known, refiner_of, server_at
from tests.openai_server import Server, Traits, said
from tests.openai_server.checking import refusals

CARDS = [known(f"Dragon {n}", card_id=f"test:{n}:1") for n in range(4)]
ASKED = [asking.ask(card, (PNG,), "a-model") for card in CARDS]


def came_back(line: bytes, text: str = answer(), **changes: object) -> bytes:
    """A line as a batch endpoint writes it."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    usage = {"prompt_tokens": 300, "completion_tokens": 50, "total_tokens": 350}
    body = {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}
    response = {"status_code": 200, "request_id": "r", "body": body}
    told = {
        "id": "b",
        "custom_id": json.loads(line)["custom_id"],
        "response": response,
        "error": None,
    }
    return json.dumps(told | changes).encode() + b"\n"


def test_every_line_is_a_request_that_the_server_takes():
    lines = [json.loads(request(asked, "a-model", 700)) for asked in ASKED]
    assert len({line["custom_id"] for line in lines}) == 4
    for line in lines:
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        assert list(refusals(line["body"], {}, Traits())) == []


@pytest.mark.asyncio
async def test_a_run_after_a_batch_asks_for_what_is_missing_only():
    memory = DictMemory()
    lines = [came_back(request(asked, "a-model", 700)) for asked in ASKED[:3]]
    assert taken(lines, memory) == Taken(3, 0, 900, 150)
    async with Server(said(answer())) as server, server_at(server.url) as ours:
        refiner = refiner_of(ours, PNG, memory=memory)
        hows = [(await refiner.describe(card)).how for card in CARDS]
    assert hows == ["remembered", "remembered", "remembered", "model"]
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"null", b"[1]", b"\xff\xfe", b"[" * 5000, b'{"custom_id": "x"}',
        came_back(request(ASKED[0], "m", 1), custom_id="../../etc/passwd"),
        came_back(request(ASKED[0], "m", 1), custom_id="A" * 64),
        came_back(request(ASKED[0], "m", 1), response=None),
        came_back(request(ASKED[0], "m", 1), response={"status_code": 500, "body": {"error": "x"}}),
        came_back(request(ASKED[0], "m", 1), text=""),
        came_back(request(ASKED[0], "m", 1), text="x" * 2**20),
    ],
    ids=range(12),
)  # fmt: skip
def test_odd_lines_are_counted_and_left_out(line: bytes):
    memory = DictMemory()
    good = came_back(request(ASKED[1], "a-model", 700))
    assert taken([line, b"\n", good], memory) == Taken(1, 1, 300, 50)
    assert memory.keys() == {ASKED[1].key}
