"""How strong adapters may be together, and what helps when one drowns another: measured by who survives.

    python -m benchmarks.strength [--quick] [--prompts 60]

Prompts of the miniature that name a subject, a style and a light (every other one a place
too), all from adapters, drawn with all of them lit: the hardest a plan can be.  Truth: of
these parts, the share that the judge sees, per picture.  Arms over the same prompts and seeds:

    total      the budget of a picture, from 1 to 4 (no budget at all)
    health     weights held back by the saturation that checks have measured, or not
    apart      content taken out of what its style listens to, by 0 … 1
    check      pictures looked at, and drawn once more where a part is lost

The look is by the judge itself, which also keeps the score: what `check` gains here is
what a perfect eye could gain, not what a CLIP will.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from benchmarks.correlating import Numbers
from benchmarks.easel import drawn, figures, shot
from benchmarks.eye import JudgeEye
from benchmarks.health import DATA, opened
from benchmarks.table import Report, Row, Spread
from miniature.cards import card_id
from miniature.drawing import Album
from miniature.judge import Judge
from miniature.report import SCENES, random_scene
from miniature.training.shelf import SHELF, Spec
from miniature.world import Scene
from miniature.world.captions import LIGHT_WORDS, STYLE_NAMES, WHERE, plain_prompt
from stylus_engine.assembly import House
from stylus_engine.mending import Mender
from stylus_engine.model import Choice, Drawn, Plan, Recipe, Request, Strain, Task
from stylus_engine.planning.masks import best_mask, sizes
from stylus_engine.planning.presets import presets
from stylus_engine.planning.recipes import recipe
from stylus_engine.planning.weights import Budgets
from stylus_engine.ports import Scorer

PROMPTS, QUICK = 60, 4
TOTALS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
NOW = 2.5
APART = (0.25, 0.5, 1.0)
NOTES = [
    "On the miniature: 64 × 64, 20 steps, guidance 5; all adapters of a plan lit; by its judge."
]
PHRASES = {"style": STYLE_NAMES, "place": WHERE, "light": {k: v[0] for k, v in LIGHT_WORDS.items()}}


@dataclass(frozen=True, slots=True)
class Wish:
    """A prompt with everything it needs, and the adapters that have it."""

    scene: Scene
    specs: tuple[Spec, ...]

    @property
    def prompt(self) -> str:
        """The canonical phrasing."""
        return plain_prompt(self.scene)


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} prompts; says nothing yet")
    parser.add_argument("--prompts", type=int, default=PROMPTS)
    given = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with TemporaryDirectory() as scratch, closing(opened(Path(scratch), album := Album())) as house:
        bench = Bench(house, album, wishes(QUICK if given.quick else given.prompts))
        report = Report("strength", notes=NOTES, rows=bench.rows())
    report.print()
    if not given.quick:
        print(f"written to {report.write()}")


def wishes(count: int) -> list[Wish]:
    """Subject, style and light from the shelf in turn; every other one a place too."""
    good = {
        kind: [s for s in SHELF if s.kind == kind and not s.flaw] for kind in (*PHRASES, "subject")
    }
    rng = Random(SCENES + 1)
    found: list[Wish] = []
    for number in range(count):
        kinds = ("subject", "style", "light", "place")[: 3 + number % 2]
        specs = tuple(rng.choice(good[kind]) for kind in kinds)
        parts = {spec.kind: spec.word for spec in specs}
        found.append(Wish(replace(random_scene(rng), **parts), specs))
    return found


class Bench:
    """All arms over the same wishes."""

    def __init__(self, house: House, album: Album, asked: Sequence[Wish]) -> None:
        self._house = house
        self._album = album
        self._asked = asked
        self._judge = Judge.load(DATA)
        self._health = figures()

    def rows(self) -> list[Row]:
        """One row an arm: truth with its 95 % interval; then the difference to the arm it is held against."""
        told: list[Row] = []
        by_total = {total: self._truth(self._recipes(total)) for total in TOTALS}
        for total, truth in by_total.items():
            told.append(row("total", f"budget {total:g}", truth))
            told.append(row("total", f"budget {total:g} less {NOW:g}", truth - by_total[NOW]))
        base = by_total[NOW]
        for name, recipes in self._others().items():
            truth = self._truth(recipes)
            told += [row(name, "truth", truth), row(name, f"less plain at {NOW:g}", truth - base)]
        return told + self.checked(base, JudgeEye(self._judge))

    def _others(self) -> dict[str, list[Recipe]]:
        arms = {"health": self._recipes(NOW, health=True)}
        return arms | {f"apart {share:g}": self._recipes(NOW, apart=share) for share in APART}

    def _recipes(self, total: float, *, health: bool = False, apart: float = 0.0) -> list[Recipe]:
        preset = presets(Budgets(total=total), apart)["stylus"]
        plans = [self._plan(wish, health=health) for wish in self._asked]
        return [
            recipe(
                Request(prompt=plan.prompt), plan, best_mask(sizes(plan)), preset, lambda *_: True
            )
            for plan in plans
        ]

    def _plan(self, wish: Wish, *, health: bool) -> Plan:
        tasks = [self._task(wish, spec) for spec in wish.specs]
        tasks.sort(key=lambda task: task.start)
        strains = tuple(self._strain(spec) for spec in wish.specs) if health else ()
        return Plan(prompt=wish.prompt, tasks=tuple(tasks), composer="known", strains=strains)

    def _task(self, wish: Wish, spec: Spec) -> Task:
        concept = PHRASES.get(spec.kind, {}).get(spec.word, spec.word)
        card = self._house.cards.get(card_id(spec))
        choice = Choice(adapter=card, weight=card.weight, reason="it is what the prompt needs")
        return Task(concept=concept, start=wish.prompt.index(concept), choices=(choice,))

    def _strain(self, spec: Spec) -> Strain:
        known = self._health[spec.name]
        return Strain(
            card_id=card_id(spec),
            strength=known["strength"],
            saturation=known["saturation"],
            scale=spec.weight,
        )

    def _truth(self, recipes: Sequence[Recipe]) -> Numbers:
        return self._read(drawn(self._house, self._album, recipes))

    def _read(self, pictures: Sequence[Image.Image]) -> Numbers:
        """Of each picture, the share of its adapters' parts that the judge sees."""
        pairs = zip(self._asked, self._judge.read(pictures), strict=True)
        return np.array([
            sum(getattr(seen, spec.kind) == spec.word for spec in wish.specs) / len(wish.specs)
            for wish, seen in pairs
        ])  # fmt: skip

    def plain(self) -> Numbers:
        """All lit, as the settings are now."""
        return self._truth(self._recipes(NOW))

    def checked(self, base: Numbers, eye: Scorer) -> list[Row]:
        """With a look at each picture; what it costs in seconds, and how many were drawn again."""
        began = time.perf_counter()
        self._truth(self._recipes(NOW))
        plain = time.perf_counter() - began
        began = time.perf_counter()
        truth, again, lost = asyncio.run(self._mended(eye))
        seconds = time.perf_counter() - began
        count = len(self._asked)
        return [
            row("check", "truth", truth),
            row("check", f"less plain at {NOW:g}", truth - base),
            Row("check", "drawn a second time and better", "of all", once(again / count)),
            Row("check", "still without a part, and said so", "of all", once(lost / count)),
            Row("check", "time", "s", once(seconds), "without", once(plain)),
        ]

    async def _mended(self, eye: Scorer) -> tuple[Numbers, int, int]:
        mender = Mender(self._house, self._album, lambda: eye)
        shots = [shot(one, index) for index, one in enumerate(self._recipes(NOW))]
        pictures: dict[str, Drawn] = {}
        async with aclosing(mender.draw("b", shots)) as events:
            async for event in events:
                if isinstance(event, Drawn):
                    pictures[event.shot] = event
        told = [pictures[one.id].picture for one in shots]
        seen = [picture.manifest.survival for picture in told]
        read = self._read([Image.fromarray(self._album.pixels[picture.id]) for picture in told])
        return (
            read,
            sum(s is not None and s.repaired for s in seen),
            sum(bool(s and s.lost) for s in seen),
        )


def row(case: str, metric: str, values: Numbers) -> Row:
    """The mean, its 95 % interval by 2,000 bootstraps as least and most."""
    dice = np.random.default_rng(0)
    means = values[dice.integers(len(values), size=(2000, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Row(case, metric, "", Spread(float(values.mean()), float(low), float(high), len(values)))


def once(value: float) -> Spread:
    """One measurement."""
    return Spread(value, value, value, 1)


if __name__ == "__main__":
    main()
