"""What was paid for is remembered, and what it cost is counted."""

import pytest

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.errors import BudgetSpent
from tests.catalog.refiner.cards import (
    JPEG,
    PNG,
    DictMemory,
    answer,
    known,
    purse,
    refiner_of,
    server_at,
)  # fmt: skip
from tests.openai_server import (
    Server,
    said,
)  # fmt: skip


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
