"""What the composer named is ready in the drawing process when the first picture needs it."""

import asyncio
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.settings import load
from bot.worker import open_house
from stylus_engine.model import Adapter, Drawn, Mask, Recipe, Shot, Weighted

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


def shot(job: str, *cards: Adapter) -> Shot:
    worn = tuple(Weighted(adapter=card, weight=0.8) for card in cards)
    recipe = Recipe(adapters=worn, prompt="a red fox", mask=Mask())
    return Shot(
        id=f"{job}-1", job=job, index=0, recipe=recipe, seed=3, width=64, height=64, steps=1,
        guidance=5.0, sampler="euler",
    )  # fmt: skip


async def test_an_adapter_made_ready_ahead_is_only_picked_up(tmp_path: Path):
    settings = load(None, {"STYLUS_PATHS__DATA": str(tmp_path / "data")})
    with closing(open_house(settings)) as house:
        card = house.cards.find("Soft Pencil")
        house.prepare("ahead", card)
        assert house.counts == {}  # no checkpoint is in memory: nothing is made ready
        async for _ in house.draw("bare", [shot("bare")]):
            pass
        house.prepare("ahead", card)
        end = time.monotonic() + 60
        while not house.counts["prepared"]:
            assert time.monotonic() < end, house.counts
            await asyncio.sleep(0.01)
        assert (house.counts["loads"], house.counts["hits"]) == (1, 0)
        ended = [event async for event in house.draw("ahead", [shot("ahead", card)])]
        assert isinstance(ended[-1], Drawn)
        assert (house.counts["loads"], house.counts["hits"]) == (1, 1)
        house.drop("ahead")
        gathered, taken = house.counts["gathered"], house.counts["gathered_bytes"]
        assert 0 < taken <= settings.sampling.factor_device_mib << 20
        for job, worn in (("between", ()), ("again", (card,))):  # the one between wears nothing
            async for _ in house.draw(job, [shot(job, *worn)]):
                pass
        assert (house.counts["gathered"], house.counts["gathered_bytes"]) == (gathered, taken)
        assert house.counts["gathered_hits"] == gathered  # once for each of the models it changes
        assert await house.rest()
        assert house.counts["gathered_bytes"] == 0
