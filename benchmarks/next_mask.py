"""The next mask of the same plan: what has to happen between the click and the first step.

`python -m benchmarks.next_mask [--quick]`.  A grid of four pictures of one plan of eight
adapters was drawn on the miniature; then four other masks are asked for, again and again,
each time other ones.  Counted: files loaded, factors gathered, merges, texts encoded.
Timed: from the click to the first step's beginning (nothing else is drawn; and at the
worst moment of somebody's long picture), against one step of that grid, and against diffusers + peft
with the same eight adapters loaded (`set_adapters`, first step of one picture).
Under a minute.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from msgspec.structs import replace

# diffusers hides its names from type checkers, and types a callback of two kinds for one.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false, reportAttributeAccessIssue=false
from benchmarks.contenders import OFTEN, Peer, plain
from benchmarks.table import Report, Row, Spread
from stylus_engine.model import Mask, Recipe, Shot, Stepped, Weighted
from stylus_engine.sampling.devices import use_threads
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.executors import Stacking
from stylus_engine.sampling.families import family_of
from stylus_engine.sampling.store import FactorStore
from tests.sampling.draws import Pool, folder_pool
from tests.sampling.judge import Files, Nowhere
from tests.sampling.oracle import Oracle, quiet

DATA = Path(__file__).parents[1] / "miniature" / "data"
STEPS = 6


class Bench:
    """A drawer that has drawn a grid, and clicks."""

    def __init__(self, pool: Pool) -> None:
        parts = family_of(pool.checkpoint).load(pool.checkpoint)
        self.store = FactorStore(Files(pool.files), OFTEN)
        self.executor = Stacking(parts.modules)
        self.drawer = Drawer(parts, self.store, Nowhere(), slots=8, executor=self.executor)
        self.began: list[float] = []
        self.coming: list[Shot] = []  # clicked for as soon as the next forward has begun
        self.clicked = 0.0
        parts.unet.register_forward_pre_hook(lambda *_: self._forward())

    @property
    def counts(self) -> dict[str, int]:
        """What should not happen again."""
        gathers = sum(stack.gathers for stack in self.executor.stacks.values())
        return {"files loaded": self.store.loads, "factors gathered": gathers}

    def click(self, shots: Sequence[Shot], beside: Sequence[Shot] = ()) -> tuple[float, float]:
        """Seconds to the beginning of the first step, and one step's.

        While `beside` is drawn the click falls on the beginning of its second step: no
        other moment makes one wait longer.
        """
        for shot in beside:
            self.drawer.admit(shot)
        if not beside:
            self._admit(shots)
        wanted, ends = {shot.id for shot in shots}, list[float]()
        with closing(self.drawer.events()) as events:
            for event in events:
                if not isinstance(event, Stepped):
                    continue
                if event.shot in wanted:
                    ends.append(time.perf_counter())
                elif event.step == 1:
                    self.coming = list(shots)
                if len(ends) == 2 * len(shots):
                    break
        first = max(at for at in self.began if at <= ends[0])
        return first - self.clicked, ends[-1] - ends[len(shots) - 1]

    def _forward(self) -> None:
        self.began.append(time.perf_counter())
        if self.coming:
            self._admit(self.coming)
            self.coming = []

    def _admit(self, shots: Sequence[Shot]) -> None:
        self.began.clear()
        self.clicked = time.perf_counter()
        for shot in shots:
            self.drawer.admit(shot)


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=0, help="0 = torch's own choice")
    asked = parser.parse_args()
    use_threads(asked.threads)
    report = Report("next_mask-quick" if asked.quick else "next_mask")
    report.notes.append(
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, fp32, 8 adapters, 64×64, guidance 5."
    )
    report.rows += _rows(5 if asked.quick else 25)
    report.print()
    report.write()
    return int(any(row.holds is False for row in report.rows))


def _rows(rounds: int) -> Iterator[Row]:
    pool = folder_pool(DATA / "checkpoint", DATA / "adapters")
    oracle = Oracle(pool.folder, pool.files)
    files = {name: pool.files[name] for name in pool.files if oracle.fused_by_diffusers(name)}
    files = dict(list(files.items())[:8])
    bench, dice = Bench(pool), random.Random(1)
    full = _shot(pool, files, "full", dice, lit=8)
    bench.click([full, *(_shot(pool, files, str(n), dice) for n in range(3))])
    before, encoded = bench.counts, bench.drawer.phrases.forwards
    alone = [bench.click(_grid(pool, files, dice)) for _ in range(rounds)]
    long = replace(_shot(pool, files, "long", dice), steps=9, preview_every=0)
    beside = [bench.click(_grid(pool, files, dice), [long]) for _ in range(rounds)]
    for what, count in bench.counts.items():
        yield Row("next mask", what, "", Spread.of([count - before[what]]), bar=0)
    forwards = bench.drawer.phrases.forwards - encoded
    yield Row("next mask", "texts encoded anew", "", Spread.of([forwards]))
    step = Spread.of([step for _, step in alone])
    waited = Spread.of([wait for wait, _ in alone])
    yield Row("nothing else drawn", "click to first step", "s", waited, "a step", step, 1.0)
    theirs = _peer(pool, files, rounds)
    first = Spread.of([wait + step for wait, step in alone])
    yield Row(
        "nothing else drawn",
        "click to end of first step",
        "s",
        first,
        "diffusers + peft, one picture of four",
        theirs,
    )
    step = Spread.of([step for _, step in beside])
    waited = Spread.of([wait for wait, _ in beside])
    yield Row("a long one is drawn", "click to first step", "s", waited, "a step", step, 1.0)


def _peer(pool: Pool, files: Mapping[str, Path], rounds: int) -> Spread:
    """Diffusers with all eight resident: switch, encode, first step."""
    parts = family_of(pool.checkpoint).load(pool.checkpoint)
    peer, dice = Peer(plain(parts, "dpmpp_2m_karras"), files), random.Random(1)
    seconds = list[float]()
    for _ in range(rounds + 1):
        shot = _shot(pool, files, "theirs", dice)
        began = time.perf_counter()
        worn = {peer.names[w.adapter.card_id]: w.weight for w in shot.recipe.adapters}
        peer.pipeline.set_adapters(list(worn), list(worn.values()))
        seconds.append(_first_step(peer.pipeline, shot) - began)
    return Spread.of(seconds[1:])


@torch.inference_mode()
def _first_step(pipeline: StableDiffusionPipeline, shot: Shot) -> float:
    ends = list[float]()

    def stop(pipe: StableDiffusionPipeline, *_: object) -> dict[str, object]:
        ends.append(time.perf_counter())
        pipe._interrupt = True  # noqa: SLF001  diffusers' own way to stop
        return {}

    with quiet():
        pipeline(
            prompt=shot.recipe.prompt,
            width=shot.width,
            height=shot.height,
            num_inference_steps=shot.steps,
            guidance_scale=shot.guidance,
            callback_on_step_end=stop,
            output_type="latent",
        )
    return ends[0]


def _grid(pool: Pool, files: Mapping[str, Path], dice: random.Random) -> list[Shot]:
    return [_shot(pool, files, f"grid{number}", dice) for number in range(4)]


def _shot(
    pool: Pool, files: Mapping[str, Path], name: str, dice: random.Random, lit: int = 4
) -> Shot:
    known = {adapter.card_id: adapter for adapter in pool.adapters}
    worn = tuple(
        Weighted(adapter=known[card], weight=1.2 / lit) for card in dice.sample(list(files), lit)
    )
    size = pool.checkpoint.size
    return Shot(
        id=name,
        job=name,
        index=0,
        recipe=Recipe(adapters=worn, prompt=pool.prompts[0], mask=Mask()),
        seed=1,
        width=size,
        height=size,
        steps=STEPS,
        guidance=5.0,
        sampler="dpmpp_2m_karras",
    )


if __name__ == "__main__":
    sys.exit(main())
