"""Health from the file to the plan: real checks on the miniature, and what the next plan makes of them."""

import shutil
from collections.abc import Iterator
from contextlib import aclosing, closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from stylus_engine.assembly import House, Setup
from stylus_engine.catalog import CardFile
from stylus_engine.catalog.nouns import Checked
from stylus_engine.model import Adapter, Drawn, Event, Plan, Request
from stylus_engine.pictures.store import PictureStore

if TYPE_CHECKING:
    from stylus_engine.catalog.orders import Step

DATA = Path(__file__).parents[1] / "miniature" / "data"
PROMPT = "a fairy castle on a beach"
GOOD, BURNT = "miniature:fairy_castle:1", "miniature:hyper_castle:1"
pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Two castles whose cards say nothing of their health; the burnt one is praised just the same."""
    known = {card.card_id: card for card in CardFile(DATA / "cards.jsonl").cards()}
    cards = [unjudged(known[GOOD]), unjudged(known[BURNT])]
    (tmp_path / "cards.jsonl").write_bytes(b"\n".join(msgspec.json.encode(c) for c in cards))
    (tmp_path / "adapters").mkdir()
    for card in cards:
        shutil.copy(DATA / str(card.path), tmp_path / str(card.path))
    setup = Setup(
        checkpoints={"miniature": DATA / "checkpoint"},
        default_checkpoint="miniature",
        cards=(tmp_path / "cards.jsonl",),
        pictures=tmp_path / "pictures",
        index=tmp_path / "index",
        catalog=tmp_path / "catalog",
        cache=tmp_path / "cache",
        slots=18,
    )
    with closing(House(setup)) as made:
        yield made


def unjudged(card: Adapter) -> Adapter:
    return msgspec.structs.replace(
        card,
        health="unknown",
        path=f"adapters/{Path(card.path or '').name}",
        previews=(),
        description="A fairy castle with towers.",
        tags=("castle", "fairy castle"),
        triggers=("fairy castle",),
    )


async def planned(house: House) -> Plan:
    await house.index()
    return await house.plan(Request(prompt=PROMPT))


async def seen(house: House) -> set[str]:
    """Who could be chosen: policy is applied inside the index."""
    return {found.adapter.card_id for found in await house.search(PROMPT, 40)}


def weights(plan: Plan) -> dict[str, float]:
    return {c.adapter.card_id: c.weight for task in plan.tasks for c in task.choices}


async def test_a_check_by_hand_quarantines_what_breaks_pictures_and_no_plan_sees_it_again(
    house: House,
) -> None:
    await planned(house)
    assert await seen(house) == {GOOD, BURNT}
    told: list[Step] = []
    found = await house.check(["hyper castle v9 final"], 0, told.append)
    assert found.learned == 1
    assert found.facts["quarantined"] == "1"
    assert [(step.done, step.of) for step in told] == [(1, 1)]
    card = house.cards.get(BURNT)
    assert (card.health, card.quarantine) == (
        "quarantined",
        "with it every prompt gives the same picture",
    )
    assert await seen(house) == {GOOD}
    assert BURNT not in weights(await planned(house))


async def test_idle_checks_give_a_good_one_pictures_of_its_own_and_then_nobody_waits(
    house: House, tmp_path: Path
) -> None:
    ended: list[Event] = []
    jobs: list[str] = []
    while shots := await house.checks(ended):
        jobs.append(shots[0].job)
        async with aclosing(house.draw(shots[0].job, shots)) as events:
            ended = [event async for event in events if isinstance(event, Drawn)]
    assert set(jobs) == {f"check-{GOOD}", f"check-{BURNT}"}
    good, burnt = house.cards.get(GOOD), house.cards.get(BURNT)
    assert (good.health, burnt.health) == ("good", "quarantined")
    assert good.weight == 1.0
    assert len(good.previews) == 4
    for address in good.previews:
        _, manifest = PictureStore(tmp_path / "pictures").read(address)
        assert manifest is not None
        assert [lit.card_id for lit in manifest.adapters] == [GOOD]
    assert await seen(house) == {GOOD}, "the index has followed"
    assert await house.checks(()) == ()


async def test_the_scale_that_was_found_is_the_weight_that_is_planned(house: House) -> None:
    before = weights(await planned(house))
    assert before[GOOD] == 1.0
    turned_down = Checked(
        sha256="f" * 64, checkpoint="c", strength=0.6, direction=0.3, consistency=0.5,
        saturation=0.2, scale=0.7,
    )  # fmt: skip
    house._stock.catalogue.learn(GOOD, checked=turned_down)
    assert weights(await planned(house))[GOOD] == pytest.approx(0.7)
