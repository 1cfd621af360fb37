"""A batch: lines that a server takes, answers that may be anything, a run that is killed, a budget that holds."""

import asyncio
import json
from typing import Any

import pytest

from stylus_engine.catalog.refiner import asking
from stylus_engine.catalog.refiner.batch import complaint, request, told
from stylus_engine.catalog.refiner.budget import Budget, Prices, Purse, Used
from stylus_engine.catalog.refiner.ledger import Ledger
from stylus_engine.catalog.refiner.many import Run
from stylus_engine.catalog.refiner.parcels import Pace, Parcels
from stylus_engine.catalog.refiner.posting import Post
from stylus_engine.catalog.refiner.ways import Way
from stylus_engine.catalog.rows import Known
from stylus_engine.errors import (
    BudgetSpent,
    RefinerFailed,
    SourceRefused,
    SourceSilent,
    UnknownName,
)
from tests.catalog.refiner.cards import PNG, DictMemory, answer, known, refiner_of, server_at
from tests.openai_server import Server, Traits, failing, refusing, said
from tests.openai_server.checking import refusals

CARDS = [known(f"Dragon {n}", card_id=f"test:{n}:1") for n in range(6)]
ASKED = [asking.ask(card, (PNG,), "a-model") for card in CARDS]
QUICK = Pace(first=0.01, most=0.02, failures=3)


def came_back(line: bytes, text: str = answer(), **changes: object) -> bytes:
    """A line as a batch endpoint writes it."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 300, "completion_tokens": 50, "total_tokens": 350}
    body = {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}
    response = {"status_code": 200, "request_id": "r", "body": body}
    made = {"id": "b", "custom_id": json.loads(line)["custom_id"], "response": response}
    return json.dumps(made | {"error": None} | changes).encode()


def line_of(asked: asking.Ask, model: str = "a-model", most: int = 700) -> bytes:
    return request(asked, model, most, Way())


def test_every_line_is_a_request_that_the_server_takes():
    lines = [json.loads(line_of(asked)) for asked in ASKED]
    assert len({line["custom_id"] for line in lines}) == len(CARDS)
    for line in lines:
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        assert list(refusals(line["body"], {}, Traits())) == []


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"null", b"[1]", b"\xff\xfe", b"[" * 5000, b'{"custom_id": "x"}', b"",
        came_back(line_of(ASKED[0]), custom_id="../../etc/passwd"),
        came_back(line_of(ASKED[0]), custom_id="A" * 64),
        came_back(line_of(ASKED[0]), response=None),
        came_back(line_of(ASKED[0]), response={"status_code": 500, "body": {"error": "x"}}),
        came_back(line_of(ASKED[0]), text="x" * 2**20),
    ],
    ids=range(12),
)  # fmt: skip
def test_odd_lines_are_nothing(line: bytes):
    assert told(line, lambda _: Used(0, 0)) is None
    assert complaint(line) is None or isinstance(complaint(line), tuple)


class Desk:
    """One run after another over the same memory, as commands would."""

    def __init__(self, cards: list[Known] | None = None) -> None:
        self.cards = {card.card_id: card for card in cards or CARDS}
        self.memory = DictMemory()
        self.described: dict[str, Any] = {}
        self.outcomes: list[Any] = []
        self.statuses: list[str] = []

    def due(self) -> list[str]:
        return [card_id for card_id in self.cards if card_id not in self.described]

    def known(self, card_id: str) -> Known:
        if card_id not in self.cards:
            raise UnknownName(kind="adapter", name=card_id, known="")
        return self.cards[card_id]

    async def run(
        self, url: str, purse: Purse | None = None, pace: Pace = QUICK, **more: Any
    ) -> Run:
        held = purse or Purse(Budget(), Prices(price_in=1.0, price_out=10.0))
        async with server_at(url, held, **more) as server:
            refiner = refiner_of(server, PNG, memory=self.memory)
            run = Run(refiner, held, self.described.__setitem__, self.outcomes.append)
            ledger = Ledger(self.memory, server.endpoint)
            parcels = Parcels(
                server, refiner, ledger, run, held, share=0.5, pace=pace,
                waits=lambda batch: self.statuses.append(batch.status),
            )  # fmt: skip
            await parcels.all(self.due, self.known)
        return run


async def ended_while_it_waits(desk: Desk, server: Server) -> None:
    task = asyncio.create_task(desk.run(server.url))
    await server.batching.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.asyncio
async def test_all_are_described_at_half_the_price():
    desk = Desk()
    async with Server(said(answer())) as server:
        server.batching.looks = 2
        run = await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()
    assert {each.by for each in desk.described.values()} == {"a-model"}
    assert (len(server.asked), len(server.batched)) == (1, 5)  # the first finds out how
    assert all(len(asked.pictures) == 1 for asked in server.batched)
    assert desk.statuses == ["in_progress", "in_progress", "completed"]
    # By hand: every call cost the same; one at the whole price, five at half of it.
    spent = run.spent
    each = Prices(price_in=1.0, price_out=10.0).of(spent.tokens_in, spent.tokens_out) / 6
    assert spent.money == pytest.approx(each * (1 + 5 / 2))
    assert (spent.by_model, spent.calls, spent.guessed) == (6, 6, 0)


@pytest.mark.asyncio
async def test_a_killed_run_is_found_again_and_nothing_is_paid_twice():
    desk = Desk()
    async with Server(said(answer())) as server:
        server.batching.looks = 10**6
        await ended_while_it_waits(desk, server)
        assert len(desk.described) == 1
        server.batching.looks = 0
        await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()
    assert len(server.batching.batches) == 1
    assert (len(server.asked), len(server.batched)) == (1, 5)


@pytest.mark.asyncio
@pytest.mark.parametrize("heard", [False, True], ids=["not heard of", "begun"])
async def test_a_kill_between_two_writings(heard, monkeypatch):
    """Written down before it is asked for: the server's list tells whether it ever began."""
    desk = Desk()

    async def killed(self: Post, file: str):
        if heard:
            await begin(self, file)
        raise KeyboardInterrupt

    begin = Post.begin
    async with Server(said(answer())) as server:
        monkeypatch.setattr(Post, "begin", killed)
        with pytest.raises(KeyboardInterrupt):
            await desk.run(server.url)
        monkeypatch.setattr(Post, "begin", begin)
        await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()
    assert len(server.batching.batches) == 1


@pytest.mark.asyncio
async def test_a_budget_holds_and_what_is_left_is_said():
    desk = Desk()
    each = ASKED[0].tokens + 700
    purse = Purse(Budget(tokens=3 * each), Prices())
    async with Server(said(answer(), usage=(ASKED[0].tokens, 700))) as server:
        with pytest.raises(BudgetSpent):
            await desk.run(server.url, purse)
    assert len(desk.described) == 3
    assert purse.tokens_in + purse.tokens_out <= 3 * each


@pytest.mark.asyncio
async def test_money_holds_too_and_a_batch_is_half_of_it():
    desk = Desk()
    prices = Prices(price_out=1e6)  # a whole unit of money for each token
    purse = Purse(Budget(money=1400.0), prices)
    async with Server(said(answer(), usage=(0, 700))) as server:
        with pytest.raises(BudgetSpent, match="1400"):
            await desk.run(server.url, purse)
    assert len(desk.described) == 3  # 700 alone, then two for 350
    assert purse.money == pytest.approx(1400)


@pytest.mark.asyncio
async def test_lines_that_the_server_refuses_are_left_and_odd_answers_are_the_rules():
    def answering(asked):
        for name, given in (
            ("Dragon 2", refusing()),
            ("Dragon 3", failing(500)),
            ("Dragon 4", said("no JSON")),
        ):
            if name in asked.user:
                return given
        return said(answer())

    desk = Desk()
    async with Server(answering) as server:
        run = await desk.run(server.url)
    hows = {each.card_id: each.how for each in desk.outcomes}
    assert [hows.get(card.card_id) for card in CARDS] == [
        "model", "model", "rules", "failed", "rules", "model",
    ]  # fmt: skip
    assert (run.spent.by_rules, run.spent.failed) == (2, 1)
    [left] = [each for each in desk.outcomes if each.how == "failed"]
    assert left.why == "The server had an error"
    assert not any(key.startswith("batch:") and value for key, value in desk.memory.items())


@pytest.mark.asyncio
async def test_a_batch_that_expired_is_taken_as_far_as_it_came():
    desk = Desk()
    async with Server(said(answer())) as server:
        server.batching.ends = "expired"
        await desk.run(server.url)
        assert len(desk.described) == 3
        server.batching.ends = "completed"
        await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()
    assert (len(server.asked), len(server.batched)) == (2, 4)


@pytest.mark.asyncio
async def test_a_batch_that_the_server_lost_is_said_and_forgotten():
    desk = Desk()
    async with Server(said(answer())) as server:
        server.batching.looks = 10**6
        await ended_while_it_waits(desk, server)
        server.batching.batches.clear()
        server.batching.looks = 0
        with pytest.raises(SourceRefused, match="No batch found"):
            await desk.run(server.url)
        await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()


@pytest.mark.asyncio
async def test_a_server_without_batches_is_one_sentence():
    desk = Desk()
    async with Server(said(answer())) as server:
        server.batching.uploads = False
        with pytest.raises(SourceRefused, match="404"):
            await desk.run(server.url)
    assert len(desk.described) == 1


@pytest.mark.asyncio
async def test_a_file_that_is_refused_whole_is_said_in_the_servers_words(monkeypatch):
    monkeypatch.setattr("tests.openai_server.batches._wrong", lambda *_: {"message": "Too odd."})
    desk = Desk()
    async with Server(said(answer())) as server:
        with pytest.raises(RefinerFailed, match="Too odd"):
            await desk.run(server.url)
    assert sum(each.how == "failed" for each in desk.outcomes) == 5


@pytest.mark.asyncio
async def test_a_server_that_is_silent_for_a_while_is_asked_again():
    desk = Desk()
    async with Server(said(answer())) as server:
        server.batching.silent = 3
        await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()


@pytest.mark.asyncio
async def test_a_reasoning_models_way_is_found_before_the_batch():
    desk = Desk()
    async with Server(said(answer()), Traits(modern=True)) as server:
        await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()
    assert all("max_completion_tokens" in asked.body for asked in server.batched)


@pytest.mark.asyncio
async def test_a_card_that_changed_meanwhile_waits_for_another_run():
    desk = Desk()
    async with Server(said(answer())) as server:
        server.batching.looks = 10**6
        await ended_while_it_waits(desk, server)
        desk.cards["test:3:1"] = known("Quite Another", card_id="test:3:1")
        del desk.cards["test:4:1"]
        server.batching.looks = 0
        await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()
    [left] = [each for each in desk.outcomes if each.how == "failed"]
    assert left.why == "its card has changed meanwhile"
    assert (len(server.asked), len(server.batched)) == (2, 5)


@pytest.mark.asyncio
async def test_answers_that_break_off_are_silence_and_fetched_by_the_next_run():
    desk = Desk()
    async with Server(said(answer())) as server:
        server.batching.torn = 1
        with pytest.raises(SourceSilent, match="connection broke"):
            await desk.run(server.url)
        await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()
    assert (len(server.batching.batches), len(server.batched)) == (1, 5)


@pytest.mark.asyncio
async def test_a_file_that_the_server_lost_before_its_batch_began_is_sent_anew(monkeypatch):
    desk = Desk()

    async def killed(self: Post, file: str):
        raise KeyboardInterrupt

    async with Server(said(answer())) as server:
        with monkeypatch.context() as patch:
            patch.setattr(Post, "begin", killed)
            with pytest.raises(KeyboardInterrupt):
                await desk.run(server.url)
        server.batching.files.clear()
        await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()
    assert (len(server.asked), len(server.batched)) == (2, 4)  # each run finds out how


@pytest.mark.asyncio
async def test_cards_of_the_same_words_are_asked_for_once_and_both_described():
    twin = known("Dragon 3", card_id="test:twin:1")
    desk = Desk([*CARDS, twin])
    async with Server(said(answer())) as server:
        run = await desk.run(server.url)
    assert desk.described.keys() == desk.cards.keys()
    assert (len(server.asked), len(server.batched)) == (1, 5)
    assert (run.spent.by_model, run.spent.remembered) == (6, 1)
