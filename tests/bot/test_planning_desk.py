"""The planner's desk beside slow disks: it is ready at once, and its loop turns while a catalogue is read."""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.desks import planning
from bot.desks.planning import PlanningDesk
from bot.settings import load
from bot.worker import open_house
from stylus_engine.engine import Engine, Method
from stylus_engine.model import Adapter, Request, Start
from stylus_engine.planning.presets import presets
from stylus_engine.planning.weights import Budgets
from stylus_engine.walking import Walker
from stylus_engine.workers.frames import Begin, Cards, Lookup
from tests.workers.sandman import SHELF, Checkpoints, Inventor, Nothing, Shelf, Words

PAUSE = 0.3  # seconds of a slow look-up
pytestmark = pytest.mark.asyncio


class SlowShelf(Shelf):
    """As a catalogue of a million cards on a slow disk."""

    def find(self, name: str) -> Adapter:
        time.sleep(PAUSE)
        return super().find(name)

    def get(self, card_id: str) -> Adapter:
        time.sleep(PAUSE)
        return super().get(card_id)


class Opened:
    """An engine that has nothing but cards."""

    cards = SlowShelf()


def engine() -> Engine:
    method = Method(Nothing(), Inventor(0.0), presets(Budgets())["stylus"])
    return Engine(
        checkpoints=Checkpoints(), cards=SlowShelf(), methods={"stylus": method}, tokens=Words(),
        walker=Walker(None),  # pyright: ignore[reportArgumentType] - nothing is drawn
    )  # fmt: skip


async def longest_pause(work: Coroutine[Any, Any, Any]) -> float:
    """How long nothing else had a turn while `work` was done; it takes `PAUSE` at least."""
    task = asyncio.ensure_future(work)
    longest, began = 0.0, time.monotonic()
    last = began
    while not task.done():
        await asyncio.sleep(0.005)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    await task
    assert time.monotonic() - began >= PAUSE
    return longest


async def test_a_planner_is_ready_before_its_cards_are_read(tmp_path: Path):
    cards = [
        Adapter(card_id=f"mine:{n}:1", name=f"Ember {n}", family_declared="sd1-96", path="x")
        for n in range(50)
    ]
    file = tmp_path / "cards.jsonl"
    file.write_bytes(b"\n".join(msgspec.json.encode(card) for card in cards))
    told = {"PATHS__DATA": str(tmp_path), "CARDS__BUILTIN": "false", "CARDS__FILES": f'["{file}"]'}
    opened = open_house(load(None, {f"STYLUS_{name}": value for name, value in told.items()}))
    desk = PlanningDesk(opened, tmp_path)
    assert desk.ready().adapters == 0
    assert len(opened._stock.catalogue) == 0
    assert len(opened.cards) == 50
    assert desk.ready().adapters == 50


async def test_names_are_looked_up_beside_other_questions(tmp_path: Path):
    desk = PlanningDesk(Opened(), tmp_path)  # pyright: ignore[reportArgumentType] - all it asks for
    question = Lookup(call=1, names=(SHELF[0].card_id, "Nobody"))
    found: list[object] = []

    async def ask() -> None:
        found.append(await desk.answer(question, lambda _: None))

    assert await longest_pause(ask()) < PAUSE
    assert found == [Cards(call=1, adapters=(SHELF[0],))]


async def test_planning_looks_names_up_beside_other_questions():
    pinned = Request(prompt="ink night city", pinned=(SHELF[0].card_id,))
    assert await longest_pause(engine().plan(pinned)) < PAUSE


async def test_an_old_plan_is_held_against_todays_cards_beside_other_questions():
    made = engine()
    plan = await made.plan(Request(prompt="ink night city"))
    again = made.arrange(Request(prompt="ink night city"), "j", plan=plan)
    assert await longest_pause(again) < PAUSE


async def test_pictures_are_opened_one_after_another_beside_other_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Several large ones at once would be more memory than a small machine has."""
    doing: list[int] = []
    most: list[int] = []

    def slow(question: Begin, folder: Path) -> Start:
        doing.append(question.call)
        most.append(len(doing))
        time.sleep(PAUSE / 3)
        doing.remove(question.call)
        return Start(picture="0" * 64)

    monkeypatch.setattr(planning, "begun", slow)
    desk = PlanningDesk(Opened(), tmp_path)  # pyright: ignore[reportArgumentType] - as above
    asked = (desk.answer(Begin(call=n, data=b"", name=""), lambda _: None) for n in range(4))

    async def together() -> None:
        await asyncio.gather(*asked)

    assert await longest_pause(together()) < PAUSE / 3
    assert most == [1] * 4
