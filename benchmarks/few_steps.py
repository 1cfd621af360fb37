"""What a few-step adapter is worth: the miniature's own, four steps with it against four without and twelve.

    python -m benchmarks.few_steps [--quick] [--prompts 60] [--sheet docs/few-steps.png]

Through the engine's own sampler, the same prompts and seeds for all arms.  Two worlds: prompts
that the checkpoint draws alone (truth: subject, colour and place), and prompts whose
subject, style and light come from adapters, all lit (truth: those parts).  `edges` is the mean
step between neighbouring pixels, as a share of that of the twelve steps: a picture that
says the right thing faintly has fewer.
"""

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from msgspec.structs import replace
from PIL import Image

from benchmarks.correlating import Numbers
from benchmarks.easel import shot, weighted
from benchmarks.health import DATA, opened
from benchmarks.strength import once, row, wishes
from benchmarks.table import Report, Row
from miniature import sheet
from miniature.cards import card_id
from miniature.drawing import Album
from miniature.judge import Judge
from miniature.report import SCENES, random_scene
from miniature.training.shelf import FAST
from miniature.world.captions import plain_prompt
from stylus_engine.assembly import House
from stylus_engine.errors import DrawFailed
from stylus_engine.model import Drawn, Failed, Recipe, Weighted
from stylus_engine.planning.few_steps import few_step_of
from stylus_engine.planning.recipes import with_triggers

PROMPTS, QUICK, SHOWN = 60, 6, 6
NOTES = [
    "On the miniature: 64 × 64, by its judge; seconds are those of one pass over all prompts.",
    "Rows of a difference: the mean with its 95 % interval, paired by prompt and seed.",
]


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to sample."""

    name: str
    steps: int
    sampler: str
    guidance: float
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt, what it lights, and what a right picture shows."""

    recipe: Recipe
    parts: Mapping[str, str]


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} prompts; says nothing yet")
    parser.add_argument("--prompts", type=int, default=PROMPTS)
    parser.add_argument("--sheet", type=Path, help="also draw a contact sheet into this file")
    given = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with TemporaryDirectory() as scratch, closing(opened(Path(scratch), album := Album())) as house:
        bench = Bench(house, album, QUICK if given.quick else given.prompts)
        report = Report("few_steps", notes=NOTES, rows=bench.rows())
        if given.sheet:
            bench.sheet().save(given.sheet)
    report.print()
    if not given.quick:
        print(f"written to {report.write()}")


class Bench:
    """All arms over the same prompts."""

    def __init__(self, house: House, album: Album, count: int) -> None:
        self._house = house
        self._album = album
        self._judge = Judge.load(DATA)
        self._card = house.cards.get(card_id(FAST))
        few = few_step_of(self._card)
        self._arms = (
            Arm("12 steps", 12, "dpmpp_2m_karras", 5.0),
            Arm("4 steps", 4, "dpmpp_2m_karras", 5.0),
            Arm(f"4 steps, {few.sampler} alone", 4, few.sampler, few.guidance),
            Arm("4 steps, few-step adapter", few.steps, few.sampler, few.guidance, quick=True),
        )
        self._worlds = {"the checkpoint's own": own(count), "with adapters": self._worn(count)}
        self._shown: dict[str, list[Image.Image]] = {}

    def rows(self) -> list[Row]:
        """Truth, edges and seconds of each arm, in each world."""
        return [each for world, asked in self._worlds.items() for each in self._world(world, asked)]

    def sheet(self) -> Image.Image:
        """A row an arm: the checkpoint's own world, then adapters."""
        first, second = self._worlds
        rows = [
            sheet.Row(
                arm.name, arm.name, self._shown[first + arm.name], self._shown[second + arm.name]
            )
            for arm in self._arms
        ]
        return sheet.sheet(rows, (first, f"{second}: subject, style and light"))

    def _world(self, world: str, asked: Sequence[Asked]) -> list[Row]:
        told: list[Row] = []
        truths: list[Numbers] = []
        sharp: list[float] = []
        self._drawn(self._arms[0], asked[:2])  # warm
        for arm in self._arms:
            began = time.perf_counter()
            pictures = self._drawn(arm, asked)
            seconds = time.perf_counter() - began
            self._shown[world + arm.name] = pictures[:SHOWN]
            truths.append(self._truth(asked, pictures))
            sharp.append(edges(pictures))
            told.append(row(world, f"truth, {arm.name}", truths[-1]))
            told += [
                Row(world, f"edges, {arm.name}", "of 12 steps", once(sharp[-1] / sharp[0])),
                Row(world, f"time, {arm.name}", "s", once(seconds)),
            ]
        least = truths[-1]
        told += [
            row(world, f"truth, few-step adapter less {arm.name}", least - truth)
            for arm, truth in zip(self._arms[:-1], truths[:-1], strict=True)
        ]
        return told

    def _drawn(self, arm: Arm, asked: Sequence[Asked]) -> list[Image.Image]:
        """One picture a prompt. Raises `DrawFailed`."""
        for index, one in enumerate(asked):
            made = shot(self._dressed(one.recipe, arm), index)
            sampling = {"steps": arm.steps, "guidance": arm.guidance, "sampler": arm.sampler}
            self._house.sampler.admit(replace(made, **sampling))
        with closing(self._house.sampler.events()) as events:
            ended = [event for event in events if isinstance(event, Drawn | Failed)]
        for event in ended:
            if isinstance(event, Failed):
                raise DrawFailed(why=event.sentence)
        return [Image.fromarray(self._album.pixels.pop(f"b-{i}")) for i in range(len(asked))]

    def _dressed(self, recipe: Recipe, arm: Arm) -> Recipe:
        if not arm.quick:
            return recipe
        quick = Weighted(adapter=self._card, weight=few_step_of(self._card).weight)
        return replace(recipe, adapters=(*recipe.adapters, quick))

    def _worn(self, count: int) -> list[Asked]:
        """Subject, style and light of the shelf, as `benchmarks.strength` asks for them."""
        found: list[Asked] = []
        for wish in wishes(count):
            lit = weighted(self._house, wish.specs)
            share = min(1.0, 2.5 / sum(one.weight for one in lit))
            lit = tuple(replace(one, weight=one.weight * share) for one in lit)
            recipe = Recipe(adapters=lit, prompt=with_triggers(wish.prompt, lit, lambda _: True))
            found.append(Asked(recipe, {spec.kind: spec.word for spec in wish.specs}))
        return found

    def _truth(self, asked: Sequence[Asked], pictures: Sequence[Image.Image]) -> Numbers:
        pairs = zip(asked, self._judge.read(pictures), strict=True)
        return np.array([
            sum(getattr(seen, kind) == word for kind, word in one.parts.items()) / len(one.parts)
            for one, seen in pairs
        ])  # fmt: skip


def own(count: int) -> list[Asked]:
    """Prompts that the checkpoint draws alone."""
    rng = Random(SCENES + 7)
    scenes = [random_scene(rng) for _ in range(count)]
    return [
        Asked(
            Recipe(prompt=plain_prompt(scene)),
            {"subject": scene.subject, "colour": scene.colour, "place": scene.place},
        )
        for scene in scenes
    ]


def edges(pictures: Sequence[Image.Image]) -> float:
    """The mean step between neighbouring pixels, 0 … 255."""
    stack = np.stack([np.asarray(picture.convert("RGB"), np.float32) for picture in pictures])
    down, right = np.abs(np.diff(stack, axis=1)).mean(), np.abs(np.diff(stack, axis=2)).mean()
    return float(down + right) / 2


if __name__ == "__main__":
    main()
