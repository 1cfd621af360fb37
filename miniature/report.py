"""Measures the miniature: can the checkpoint draw its world, and does every adapter add what it says?

    python -m miniature.report [--fresh 200] [--each 20]

Bars (on the miniature, by its judge).  Checkpoint alone, fresh prompts: subject
≥ 90 %, colour ≥ 85 %, place ≥ 90 %.  Each good adapter at its recommended weight:
its concept ≥ 80 % where the bare checkpoint has ≤ 15 %, and the other named parts
keep ≥ 80 % of the checkpoint's own rate.  Prints a table, writes
`miniature/data/report.json`, the contact sheet `miniature/data/report.png` and the
cards' previews.
"""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from miniature import world
from miniature.cards import card_id
from miniature.drawing import Studio
from miniature.judge import Judge, Verdict
from miniature.sheet import Row, sheet
from miniature.training.shelf import SHELF, Spec
from miniature.world import Scene
from miniature.world.captions import caption, plain_prompt

DATA = Path(__file__).parent / "data"
PARTS = ("subject", "colour", "place")
SCENES = 31  # millions: the first seed of scenes that no training has drawn


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `n` pictures show it."""

    hits: int
    n: int

    @property
    def share(self) -> float:
        """Hits / n; of nothing, 0."""
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        if not self.n:
            return (0.0, 1.0)
        z, p, n = 1.96, self.share, self.n
        middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return ((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.share:4.0%} [{low:.0%}–{high:.0%}]"


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the report."""

    case: str
    what: str
    rate: Rate
    bar: str
    holds: bool


def measure(studio: Studio, judge: Judge, fresh: int, each: int) -> tuple[list[Bar], list[Row]]:
    """The whole report: `fresh` prompts of the checkpoint's world, `each` for every adapter."""
    own = checkpoint_rates(studio, judge, fresh)
    bars = [
        Bar("checkpoint", part, own[part], f"≥ {low:.0%}", own[part].share >= low)
        for part, low in (("subject", 0.90), ("colour", 0.85), ("place", 0.90))
    ]
    rows: list[Row] = []
    for spec in SHELF:
        measured, row = adapter_bars(studio, judge, spec, own, each)
        bars += measured
        rows.append(row)
        print(
            *(
                f"{b.case:28} {b.what:22} {b.rate!s:18} {b.bar:8} {'ok' if b.holds else 'MISS'}"
                for b in measured
            ),
            sep="\n",
            flush=True,
        )
    return bars, rows


def checkpoint_rates(studio: Studio, judge: Judge, n: int) -> dict[str, Rate]:
    """How often the bare checkpoint shows the subject, colour and place it was asked for."""
    rng = Random(SCENES)
    scenes = [random_scene(rng) for _ in range(n)]
    pictures = studio.draw([full_caption(scene, rng) for scene in scenes])
    return rates(scenes, judge.read(pictures))


def adapter_bars(
    studio: Studio, judge: Judge, spec: Spec, own: dict[str, Rate], n: int
) -> tuple[list[Bar], Row]:
    """Draw `n` prompts that name the concept, with the adapter and without, from the same seeds."""
    rng = Random(f"{SCENES}{spec.name}")
    scenes = [with_concept(random_scene(rng), spec) for _ in range(n)]
    prompts = [plain_prompt(scene) for scene in scenes]
    bare, drawn = studio.draw(prompts), studio.draw(prompts, adapter=card_id(spec))
    before = rate_of(spec, scenes, judge.read(bare))
    after, others = rate_of(spec, scenes, judge.read(drawn)), rates(scenes, judge.read(drawn))
    bars = concept_bars(spec, before, after) + kept_bars(spec, own, others)
    return bars, Row(spec.name, spec.title, bare[:2], drawn[:6])


def concept_bars(spec: Spec, before: Rate, after: Rate) -> list[Bar]:
    """The concept appears with the adapter, and only with it. Bad ones are shown, not held to it."""
    return [
        Bar(spec.name, f"{spec.word}, without", before, "≤ 15%", before.share <= 0.15),
        Bar(
            spec.name, f"{spec.word}, with", after, "≥ 80%", bool(spec.flaw) or after.share >= 0.80
        ),
    ]


def kept_bars(spec: Spec, own: dict[str, Rate], others: dict[str, Rate]) -> list[Bar]:
    """The parts the adapter is not about keep 80 % of the checkpoint's own rate."""
    bars: list[Bar] = []
    for part in (part for part in PARTS if part != spec.kind):
        low = 0.8 * own[part].share
        holds = bool(spec.flaw) or others[part].share >= low
        bars.append(Bar(spec.name, f"keeps {part}", others[part], f"≥ {low:.0%}", holds))
    return bars


def rates(scenes: Sequence[Scene], seen: Sequence[Verdict]) -> dict[str, Rate]:
    """For each named part, how often the judge saw what the scene says."""
    pairs = list(zip(scenes, seen, strict=True))
    return {
        part: Rate(sum(getattr(s, part) == getattr(v, part) for s, v in pairs), len(pairs))
        for part in PARTS
    }


def rate_of(spec: Spec, scenes: Sequence[Scene], seen: Sequence[Verdict]) -> Rate:
    """How often the judge saw the adapter's own concept."""
    return Rate(sum(getattr(verdict, spec.kind) == spec.word for verdict in seen), len(scenes))


def random_scene(rng: Random) -> Scene:
    """A scene of the checkpoint's own world."""
    return Scene(
        rng.choice(world.SUBJECTS),
        rng.choice(world.COLOURS),
        rng.choice(world.PLACES),
        seed=SCENES * 10**6 + rng.randrange(10**6),
    )


def with_concept(scene: Scene, spec: Spec) -> Scene:
    """The same scene with the adapter's concept in the place of its own."""
    return replace(scene, **{spec.kind: spec.word})


def full_caption(scene: Scene, rng: Random) -> str:
    """A caption that leaves none of the three parts out."""
    text = caption(scene, rng)
    while not all(getattr(scene, part) in text for part in PARTS):
        text = caption(scene, rng)
    return text


def save(folder: Path, bars: Sequence[Bar], rows: Sequence[Row], checkpoint: str) -> None:
    """Write report.json and report.png."""
    lines = [
        {
            "case": b.case,
            "what": b.what,
            "hits": b.rate.hits,
            "n": b.rate.n,
            "share": round(b.rate.share, 4),
        }
        | {"interval": [round(x, 4) for x in b.rate.interval], "bar": b.bar, "holds": b.holds}
        for b in bars
    ]
    whole = {"on": "the miniature, by its judge", "checkpoint": checkpoint, "rows": lines}
    (folder / "report.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    sheet(rows).save(folder / "report.png", optimize=True)
    (folder / "previews").mkdir(exist_ok=True)
    for row in rows:
        row.drawn[0].save(folder / "previews" / f"{row.name}-1.png", optimize=True)


def main() -> None:
    """Measure, print, save; exit 1 when a bar does not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--fresh", type=int, default=200, help="prompts for the checkpoint alone")
    parser.add_argument("--each", type=int, default=20, help="prompts for every adapter")
    parser.add_argument("--out", type=Path, default=DATA)
    arguments = parser.parse_args()
    with Studio(DATA) as studio:
        bars, rows = measure(studio, Judge.load(DATA), arguments.fresh, arguments.each)
        arguments.out.mkdir(parents=True, exist_ok=True)
        save(arguments.out, bars, rows, studio.checkpoint.id)
    misses = [bar for bar in bars if not bar.holds]
    print(*(f"MISS {b.case}: {b.what} {b.rate} where {b.bar} is asked" for b in misses), sep="\n")
    print(f"{len(bars) - len(misses)} of {len(bars)} bars hold")
    raise SystemExit(bool(misses))


if __name__ == "__main__":
    main()
