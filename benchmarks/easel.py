"""Single pictures of the miniature, a recipe each, and what the health checks said of its adapters."""

import json
from collections.abc import Sequence
from contextlib import closing

from PIL import Image

from benchmarks.table import RESULTS
from miniature.cards import card_id
from miniature.drawing import GUIDANCE, SAMPLER, STEPS, Album
from miniature.training.shelf import Spec
from stylus_engine.assembly import House
from stylus_engine.errors import DrawFailed
from stylus_engine.model import Drawn, Failed, Recipe, Shot, Weighted

FIRST = 1000  # seed


def weighted(house: House, specs: Sequence[Spec]) -> tuple[Weighted, ...]:
    """Each at its own weight."""
    cards = [house.cards.get(card_id(spec)) for spec in specs]
    return tuple(Weighted(adapter=card, weight=card.weight) for card in cards)


def drawn(house: House, album: Album, wanted: Sequence[Recipe]) -> list[Image.Image]:
    """One picture a recipe, seeds in a row. Raises `DrawFailed`."""
    for index, recipe in enumerate(wanted):
        house.sampler.admit(shot(recipe, index))
    with closing(house.sampler.events()) as events:
        ended = [event for event in events if isinstance(event, Drawn | Failed)]
    for event in ended:
        if isinstance(event, Failed):
            raise DrawFailed(why=event.sentence)
    return [Image.fromarray(album.pixels.pop(f"b-{i}")) for i in range(len(wanted))]


def shot(recipe: Recipe, index: int) -> Shot:
    """A picture of the miniature, as `miniature.report` draws it."""
    return Shot(
        id=f"b-{index}",
        job="b",
        index=index,
        recipe=recipe,
        seed=FIRST + index,
        width=64,
        height=64,
        steps=STEPS,
        guidance=GUIDANCE,
        sampler=SAMPLER,
    )


def figures() -> dict[str, dict[str, float]]:
    """The health figures of each adapter, from the committed results of `benchmarks.health`."""
    found: dict[str, dict[str, float]] = {}
    for file in sorted(RESULTS.glob("health-*.json")):
        for row in json.loads(file.read_text(encoding="utf-8"))["rows"]:
            if isinstance(row["ours"], dict):
                found.setdefault(row["case"], {})[row["metric"]] = row["ours"]["median"]
    return found
