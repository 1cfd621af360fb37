"""`stylus catalog refine --batch`: by a command, over real sockets, with the answers in the catalogue."""

import asyncio
import json
import shutil
import threading
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from bot.commands import application, open_engine
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.catalog.refiner import parcels
from stylus_engine.model import Adapter
from tests.catalog.refiner.cards import answer
from tests.house.source import HOUSE
from tests.openai_server import Server, said

FILE = HOUSE / "miniature" / "data" / "adapters" / "moonlit.safetensors"


@contextmanager
def serving(answering):
    """The server on a thread of its own: a command has an event loop of its own."""
    with asyncio.Runner() as runner:
        server = Server(answering)
        ready, done = threading.Event(), runner.get_loop().create_future()

        async def serve() -> None:
            async with server:
                ready.set()
                await done

        thread = threading.Thread(target=runner.run, args=(serve(),))
        thread.start()
        ready.wait(10)
        try:
            yield server
        finally:
            runner.get_loop().call_soon_threadsafe(done.set_result, None)
            thread.join()


def refine(folder, server, *words: str, **settings: object):
    told = {
        "paths.data": folder / "data", "cards.builtin": "false", "refiner.base_url": server.url,
        "refiner.model": "a-model", "refiner.price_in": 1.0, "refiner.price_out": 10.0, **settings,
    }  # fmt: skip
    flags = [word for name, value in told.items() for word in ("--set", f"{name}={value}")]
    app = application(open_engine)
    result = CliRunner().invoke(app, [*flags, "catalog", *words], prog_name="stylus")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def asked(folder, server, *words: str, **settings: object) -> Any:
    return json.loads(refine(folder, server, *words, "--json", **settings).stdout)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Four cards, and no patience."""
    monkeypatch.setattr(parcels, "Pace", lambda: PACE)
    shutil.copy(FILE, tmp_path / "a.safetensors")
    cards = [
        Adapter(
            card_id=f"mine:{n}:1", name=f"Card {n}", family_declared="sd1-96", path="a.safetensors",
            description="A small winged dragon.",
        )
        for n in range(4)
    ]  # fmt: skip
    (tmp_path / "cards.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, cards)))
    return tmp_path


PACE = parcels.Pace(first=0.01, most=0.02, failures=3)


def test_cards_are_described_by_a_batch_and_the_bill_is_told(folder):
    with serving(said(answer(), usage=(1000, 100))) as server:
        asked(folder, server, "import", "cards", str(folder / "cards.jsonl"), "--no-index")
        dry = refine(folder, server, "refine", "--batch", "--dry-run")
        whole = refine(folder, server, "refine", "--model", "--dry-run")
        shown = refine(folder, server, "refine", "--batch")
        again = asked(folder, server, "refine", "--batch")
        counted = asked(folder, server, "stats")
    assert "4 adapters" in dry.stderr
    assert cost(dry) == pytest.approx(cost(whole) / 2, abs=1e-4)
    assert shown.exit_code == 0, shown.output
    # By hand: a call is 1,000 x 1 + 100 x 10 of a million; one whole and three halves.
    assert "0.0050" in shown.stdout
    assert "by the model" in shown.stdout
    assert again["learned"] == 0
    assert (len(server.asked), len(server.batched)) == (1, 3)
    assert counted["describers"][0] == {"name": "a-model", "count": 4}


def cost(result) -> float:
    return float(result.stderr.rsplit("out, ", 1)[1].split(" ")[0])


def test_a_command_that_was_ended_goes_on_with_the_same_batch(folder, monkeypatch):
    with serving(said(answer())) as server:
        asked(folder, server, "import", "cards", str(folder / "cards.jsonl"), "--no-index")
        server.batching.looks = 10**6
        monkeypatch.setattr(parcels.Parcels, "_over", _interrupted)
        refused = refine(folder, server, "refine", "--batch")
        assert refused.exit_code != 0
        monkeypatch.undo()
        server.batching.looks = 0
        assert asked(folder, server, "refine", "--batch")["learned"] == 3
    assert len(server.batching.batches) == 1


def test_a_card_that_changes_while_the_model_thinks_is_described_again(folder):
    def while_thinking(question):
        if len(server.asked) == 1:
            store = Catalogue(folder / "data" / "catalog" / "catalog.db")
            now = replace(store.known("mine:0:1").said, description="A castle on a hill.")
            source = f"cards:{folder / 'cards.jsonl'}"
            store.take(source, Page(items=(Item(card=now, stamp="new"),)), "2026-11-30")
        return said(answer())

    one_by_one = {"refiner.concurrency": 1}
    with serving(while_thinking) as server:
        asked(folder, server, "import", "cards", str(folder / "cards.jsonl"), "--no-index")
        assert asked(folder, server, "refine", "--model", **one_by_one)["learned"] == 4
        assert asked(folder, server, "refine", "--model", **one_by_one)["learned"] == 1
        assert asked(folder, server, "refine", "--model", **one_by_one)["learned"] == 0
    assert len(server.asked) == 5


async def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_budget_ends_it_with_its_bill(folder):
    with serving(said(answer(), usage=(1500, 700))) as server:
        asked(folder, server, "import", "cards", str(folder / "cards.jsonl"), "--no-index")
        told = asked(folder, server, "refine", "--batch", **{"refiner.budget_tokens": 5000})
    assert told["stopped"][0] == "BudgetSpent"
    assert told["learned"] == 2
    assert int(told["facts"]["tokens in"].replace(",", "")) == 3000


def test_a_slow_model_has_the_time_that_its_owner_gives_it(folder):
    with serving(said(answer(), seconds=0.6)) as server:
        asked(folder, server, "import", "cards", str(folder / "cards.jsonl"), "--no-index")
        words = ("refine", "--model", "--most", "1")
        hurried = asked(folder, server, *words, **{"refiner.timeout_seconds": 0.1})
        patient = asked(folder, server, *words, **{"refiner.timeout_seconds": 30})
    assert (hurried["learned"], patient["learned"]) == (0, 1)
    assert "no answer in 0.1 s" in json.dumps(hurried)
