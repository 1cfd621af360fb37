"""Do figures tell, before anything is drawn, which adapters are in each other's way?

    python -m benchmarks.interference [--quick] [--pairs 60] [--journal FILE]

Pairs of the miniature's adapters of two kinds (a subject and a style, a style and a
light, …), each at its own weight: pictures of prompts that name both, with both; and with
each alone, for the first pair it is in.  What is lost: of a part's share of pictures with
its adapter alone, what is gone when the other one is lit too; the judge reads all parts.
Predictors: what sketches say of the two updates, and the health figures of the checks.
Spearman's rank correlation, with a 95 % interval by 2,000 bootstraps over pairs.  A
`--journal` keeps each finished pair: a run that is killed goes on.
"""

import argparse
import json
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from msgspec import structs
from PIL import Image

from benchmarks.correlating import correlated, correlation
from benchmarks.easel import drawn, figures, shot, weighted
from benchmarks.health import DATA, opened
from benchmarks.table import Report, Row
from miniature.cards import card_id
from miniature.drawing import Album
from miniature.judge import Judge
from miniature.report import random_scene
from miniature.training.shelf import SHELF, Spec
from miniature.world.captions import plain_prompt
from stylus_engine.assembly import House
from stylus_engine.catalog import LocalFiles
from stylus_engine.model import Recipe, Sketch
from stylus_engine.planning.recipes import with_triggers
from stylus_engine.sampling.overlap import dot
from stylus_engine.sampling.sketchbook import SketchBook

PROMPTS, PAIRS, QUICK, SEED = 12, 60, 4, 5
NOTES = [
    "On the miniature: 64 × 64, 20 steps, guidance 5, each adapter at its own weight, its judge reads.",
    f"{PROMPTS} prompts a pair; lost: 0 … 1, of the share with its adapter alone.",
]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two adapters, and the shares of pictures that show each part: alone, and together."""

    one: str
    other: str
    alone: tuple[float, float]
    both: tuple[float, float]

    @property
    def lost(self) -> tuple[float, float]:
        """What each lost by the other; what was not there alone cannot be lost."""
        first, second = (max(0.0, a - b) for a, b in zip(self.alone, self.both, strict=True))
        return first, second


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} pairs; says nothing yet")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--journal", type=Path, help="finished pairs, kept and gone on from")
    given = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with TemporaryDirectory() as scratch:
        house = opened(Path(scratch), album := Album(), sketches=True)
        with closing(house):
            judge = Judge.load(DATA)
            wanted = pairs()[: QUICK if given.quick else given.pairs]
            book = Journal(given.journal)
            measured = [measure(house, album, judge, pair, book) for pair in wanted]
            sketches = sketched(house, Path(scratch))
    report = Report("interference", notes=NOTES, rows=list(rows(measured, sketches)))
    report.print()
    if not given.quick:
        print(f"written to {report.write()}")


def pairs() -> list[tuple[Spec, Spec]]:
    """All pairs of two kinds in a seeded order; the mislabelled one shows nothing of its word."""
    good = [spec for spec in SHELF if spec.flaw != "mislabelled"]
    found = [(a, b) for a, b in combinations(good, 2) if a.kind != b.kind]
    Random(SEED).shuffle(found)
    return found


def measure(
    house: House, album: Album, judge: Judge, pair: tuple[Spec, Spec], book: "Journal"
) -> Pair:
    """Both lit; and each alone, which is drawn for the first pair that an adapter is in and kept."""
    one, other = pair
    both = book.both.get(key := f"{one.name}+{other.name}")
    if both is None:
        both = shown(judge, pair, drawn(house, album, recipes(house, pair, pair)))
        book.keep_both(key, both)
    alone = [_alone(house, album, judge, pair, spec, book) for spec in pair]
    print(f"{one.name:18} + {other.name:18} alone {alone}, both {both}", flush=True)
    return Pair(one.name, other.name, (alone[0], alone[1]), both)


def _alone(
    house: House, album: Album, judge: Judge, pair: tuple[Spec, Spec], spec: Spec, book: "Journal"
) -> float:
    known = book.alone.get(spec.name)
    if known is None:
        shares = shown(judge, pair, drawn(house, album, recipes(house, pair, [spec])))
        known = shares[pair.index(spec)]
        book.keep_alone(spec.name, known)
    return known


class Journal:
    """Finished shares; in a file, where one is given."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        there = path is not None and path.exists()
        raw = json.loads(path.read_text(encoding="utf-8")) if path is not None and there else {}
        self.both: dict[str, tuple[float, float]] = {
            k: tuple(v) for k, v in raw.get("both", {}).items()
        }
        self.alone: dict[str, float] = raw.get("alone", {})

    def keep_both(self, pair: str, shares: tuple[float, float]) -> None:
        """A pair is done."""
        self.both[pair] = shares
        self._write()

    def keep_alone(self, name: str, share: float) -> None:
        """An adapter alone is done."""
        self.alone[name] = share
        self._write()

    def _write(self) -> None:
        if self._path is not None:
            whole = {"both": self.both, "alone": self.alone}
            self._path.write_text(json.dumps(whole, indent=1), encoding="utf-8")


def recipes(house: House, pair: tuple[Spec, Spec], lit: Sequence[Spec]) -> list[Recipe]:
    """The text names both parts and both triggers in every arm: what differs is what is lit."""
    one, other = pair
    rng = Random(f"{one.name}{other.name}")
    scenes = [
        replace(random_scene(rng), **{one.kind: one.word, other.kind: other.word})
        for _ in range(PROMPTS)
    ]
    worn, named = weighted(house, lit), weighted(house, pair)
    return [
        Recipe(adapters=worn, prompt=with_triggers(plain_prompt(scene), named, lambda _: True))
        for scene in scenes
    ]


def shown(
    judge: Judge, pair: tuple[Spec, Spec], pictures: Sequence[Image.Image]
) -> tuple[float, float]:
    """The share of pictures in which the judge sees each part."""
    seen = judge.read(pictures)
    first, second = (
        sum(getattr(verdict, spec.kind) == spec.word for verdict in seen) / len(seen)
        for spec in pair
    )
    return first, second


def sketched(house: House, scratch: Path) -> dict[str, Sketch]:
    """A sketch of each adapter, as whoever draws leaves them; one step each is enough."""
    for spec in SHELF:
        one = shot(Recipe(adapters=weighted(house, [spec]), prompt="a cat"), 0)
        house.sampler.admit(structs.replace(one, steps=1))
        with closing(house.sampler.events()) as events:
            list(events)
    checkpoint, book = house.checkpoints.find("").id, SketchBook(scratch / "sketches")
    found: dict[str, Sketch] = {}
    for spec in SHELF:
        _, sha256 = LocalFiles().fetch(house.cards.get(card_id(spec)))
        if (sketch := book.find(sha256, checkpoint)) is not None:
            found[spec.name] = sketch
    return found


Predictor = Callable[[str, str], float]


def predictors(sketches: dict[str, Sketch]) -> dict[str, Predictor]:
    """How much the second is expected to take from the first, by each figure alone."""
    health, specs = figures(), {spec.name: spec for spec in SHELF}

    def loud(name: str) -> float:
        return sketches[name].norm * specs[name].weight

    return {
        "sketch: cosine of the updates": lambda a, b: dot(sketches[a].update, sketches[b].update),
        "sketch: same inputs": lambda a, b: dot(sketches[a].listens, sketches[b].listens),
        "sketch: same outputs": lambda a, b: dot(sketches[a].speaks, sketches[b].speaks),
        "sketch: norm of the other / own": lambda a, b: loud(b) / loud(a),
        "health: strength of the other": lambda _, b: health[b]["strength"],
        "health: strength of the other - own": lambda a, b: (
            health[b]["strength"] - health[a]["strength"]
        ),
        "health: strength of the weaker": lambda a, b: (
            min(health[a]["strength"], health[b]["strength"]) / 2
        ),
        "health: saturation of the other": lambda _, b: health[b]["saturation"],
        "health: direction of the other": lambda _, b: health[b]["direction"],
        "health: consistency of the other": lambda _, b: health[b]["consistency"],
        "chance": lambda a, b: Random(a + b).random(),
    }


def rows(measured: Sequence[Pair], sketches: dict[str, Sketch]) -> list[Row]:
    """Rank correlations: of what one loses by the other, and of what both lose together."""
    ways = [(p.one, p.other, p.lost[0]) for p in measured]
    ways += [(p.other, p.one, p.lost[1]) for p in measured]
    group = np.arange(len(measured))
    told = [correlated(f"pairs: {len(measured)}", "share lost", [sum(p.lost) for p in measured])]
    for name, predict in predictors(sketches).items():
        guess = np.array([predict(a, b) for a, b, _ in ways])
        lost = np.array([loss for _, _, loss in ways])
        told.append(correlation(name, "one by the other", guess, lost, np.tile(group, 2)))
        half = len(measured)
        told.append(
            correlation(name, "both", guess[:half] + guess[half:], lost[:half] + lost[half:], group)
        )
    return told


if __name__ == "__main__":
    main()
