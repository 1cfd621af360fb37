"""Plans by a language model, over real HTTP, through the real client."""

import pytest

from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.model import Request
from tests.composition.asked import GOOD, PROMPT, answer, composing, lit, query, shelf
from tests.openai_server import Dropped, Raw, cut_off, failing, html, refusing, said

pytestmark = pytest.mark.asyncio
WANTED = [("Pencil  sketch", ["Graphite"]), ("dragon", ["Wyrm", "Drake"]), ("sunset", ["Dusk"])]


async def offline():
    return await OfflineComposer().compose(Request(prompt=PROMPT), query(), shelf())


async def test_a_good_answer_is_the_plan():
    async with composing(said(GOOD)) as it:
        plan = await it.plan()
    assert lit(plan) == WANTED
    assert (plan.composer, plan.instead, plan.dropped) == ("a-model", "", ())
    assert plan.choices[2].weight == pytest.approx(0.6)  # weaker than the card's 0.8
    assert plan.choices[0].reason == "suits it"
    assert len(plan.seen) == 5
    assert it.server.asked[0].form == "json_schema"
    assert it.server.asked[0].body["stream"] is True
    assert len(it.server.asked) == 1


async def test_nothing_fits_is_a_good_answer():
    async with composing(said(answer())) as it:
        plan = await it.plan()
    assert (plan.tasks, plan.composer, plan.instead) == ((), "a-model", "")


BAD = {
    "empty": said(""),
    "blank": said("  \n \n"),
    "prose": said("I would take the dragon one."),
    "html": html(),
    "html 502": html(status=502),
    "truncated": cut_off(GOOD[:40]),
    "refused": refusing(),
    "500": failing(500),
    "401": failing(401, "Incorrect API key provided: sk-secret"),
    "dropped": Dropped(),
    "torn": said(GOOD[:30], torn=True),
    "huge": said("x" * 10_000_000),
    "huge event": Raw(b"data: " + b"x" * 10_000_000, kind="text/event-stream"),
    "huge json": Raw(b'{"choices": [' + b" " * 10_000_000),
    "deep": said('{"tasks": ' + "[" * 60_000),
    "deep body": Raw(b'{"choices":' + b"[" * 200_000),
    "invented": said(answer(("dragon", "a99", "civitai:1:1"))),
    "elsewhere": said(answer(("spaceship", "a1"))),
    "no choices": Raw(b'{"choices": []}'),
    "number": Raw(b"5"),
    "null": Raw(b"null"),
    "not utf-8": Raw(b"\xff\xfe\x00"),
    "event of nothing": Raw(b"data: 5\n\ndata: [DONE]\n\n", kind="text/event-stream"),
    "only done": Raw(b"data: [DONE]\n\n", kind="text/event-stream"),
    "error in a stream": Raw(b'data: {"error": {"message": "no"}}\n\n', kind="text/event-stream"),
    "no stream at all": Raw(b"", kind="text/event-stream"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
async def test_whatever_goes_wrong_the_offline_plan_says_why(name):
    async with composing(BAD[name], key="sk-secret") as it:
        plan = await it.plan()
    assert plan.composer == "offline"
    assert plan.instead.startswith("a-model: ")
    assert "sk-secret" not in plan.instead
    assert plan.tasks == (await offline()).tasks
