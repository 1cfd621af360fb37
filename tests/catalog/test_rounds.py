"""Rounds: each card learns once, what is stopped goes on, what cannot be is told and passed over."""

import asyncio
import shutil
from pathlib import Path

import pytest

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.catalog.orders import Step
from stylus_engine.catalog.rounds import TURN, describe_all, probe_all
from stylus_engine.model import Adapter
from tests.house.source import HOUSE

NOW = "2026-11-28T12:00:00+00:00"
ROBOT = HOUSE / "miniature" / "data" / "adapters" / "tin_robot.safetensors"
pytestmark = pytest.mark.asyncio


def filled(folder: Path, *paths: str | None) -> Catalogue:
    catalogue = Catalogue(folder / "catalog.db")
    cards = [
        Adapter(
            card_id=f"t:{number}:1",
            name=f"Card {number}",
            family_declared="sdxl",
            path=path and str(folder / path),
            popularity=-number,
        )
        for number, path in enumerate(paths)
    ]
    catalogue.take("t", Page(items=tuple(Item(card=card) for card in cards)), NOW)
    return catalogue


async def test_a_probe_learns_what_the_file_is_and_quarantines_what_is_none(tmp_path: Path):
    shutil.copy(ROBOT, tmp_path / "good.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"<html>")
    catalogue = filled(tmp_path, "good.safetensors", "bad.safetensors", None, "gone.safetensors")
    steps: list[Step] = []
    told = await probe_all(catalogue, steps.append)
    assert (told.learned, told.skipped) == (2, {"no file": 1, "not reachable": 1})
    assert [each.what for each in told.examples] == ["Card 2", "Card 3"]
    assert steps == [Step(done=4, of=4, skipped=2)]
    good, bad = catalogue.get("t:0:1"), catalogue.get("t:1:1")
    assert (good.family, good.kind, good.health) == ("sd1-96", "locon", "unknown")
    assert bad.health == "quarantined"
    assert "safetensors" in bad.quarantine
    again = await probe_all(catalogue, steps.append)
    assert again.learned == 0


async def test_rules_describe_each_card_once_the_most_popular_first(tmp_path: Path):
    catalogue = filled(tmp_path, *[None] * (2 * TURN + 3))
    first = await describe_all(catalogue, lambda _: None, most=2)
    assert first.learned == 2
    assert catalogue.get("t:0:1").described_by == "rules"
    assert catalogue.get("t:2:1").described_by == ""
    steps: list[Step] = []
    assert (await describe_all(catalogue, steps.append)).learned == 2 * TURN + 1
    assert [step.done for step in steps] == [TURN, 2 * TURN, 2 * TURN + 1]


async def test_a_round_that_is_stopped_keeps_what_it_has(tmp_path: Path):
    catalogue = filled(tmp_path, *[None] * (4 * TURN))

    def tell(_: Step) -> None:
        work.cancel()

    work = asyncio.ensure_future(describe_all(catalogue, tell))
    with pytest.raises(asyncio.CancelledError):
        await work
    done = sum(card.described_by == "rules" for card in catalogue.cards())
    assert TURN <= done < 4 * TURN
    rest = (await describe_all(catalogue, lambda _: None)).learned
    assert 2 * TURN <= rest <= 4 * TURN - done  # what was being written then is kept too
    assert all(card.described_by == "rules" for card in catalogue.cards())
