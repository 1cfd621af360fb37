"""What the oracle is asked: checkpoints with adapters, and seeded random shots over them."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import get_args

import torch

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.model import SAMPLERS, Adapter, Checkpoint, Mask, Recipe, Shot, Weighted
from tests.sampling.oracle import pristine
from tests.sampling.tiny import Layout, random_adapter, save

NEGATIVES = ("", "", "blurry, low quality", "a red house")
GUIDANCES = (0.0, 1.0, 5.0, 7.5)
BATCH = 8
SANE = 2.0  # Σ|weight| of one picture; beyond it networks leave what they were trained for


@dataclass(frozen=True)
class Pool:
    """A checkpoint, the adapters for it, and what to ask for."""

    checkpoint: Checkpoint
    adapters: tuple[Adapter, ...]
    files: Mapping[str, Path]  # card id -> file
    prompts: tuple[str, ...]
    sizes: tuple[int, ...]  # pixels; the first one is the usual

    @property
    def folder(self) -> Path:
        return Path(self.checkpoint.path)


def tiny_pool(folder: Path) -> Pool:
    """Random weights; every file layout twice: fp32 with, fp16 without text-encoder factors, alpha ≠ rank."""
    checkpoint = tiny_checkpoint(folder)
    pipeline = pristine(Path(checkpoint.path))
    files: dict[str, Path] = {}
    for number, layout in enumerate(get_args(Layout)):
        for dtype, text in ((torch.float32, True), (torch.float16, False)):
            path = folder / f"{layout}-{str(dtype)[6:]}.safetensors"
            random_adapter(
                path,
                pipeline,
                layout,
                rank=2 + number % 3,
                alpha=1.0 + number % 2,
                seed=2 * number + text,
                dtype=dtype,
                text_encoder=text,
            )
            files[path.stem] = path
    prompts = ("a red cat", "the fox in a tree, painting", "blue bird of the sea", "")
    return Pool(checkpoint, adapters(checkpoint, files), files, prompts, (16, 16, 16, 24))


def tiny_checkpoint(folder: Path) -> Checkpoint:
    """The tiny checkpoint, written below `folder`."""
    return _checkpoint(save(folder / "checkpoint"))


def folder_pool(checkpoint: Path, files: Path) -> Pool:
    """A trained checkpoint and every `*.safetensors` of a folder."""
    found = _checkpoint(checkpoint)
    paths = {path.stem: path for path in sorted(files.glob("*.safetensors"))}
    prompts = (
        "a red fox in the snow at night",
        "a pencil sketch of a blue bird by the sea",
        "in a forest, a green cat",
        "a yellow house, watercolour",
        "a purple boat under the stars, neon",
    )
    return Pool(found, adapters(found, paths), paths, prompts, (found.size,))


def adapters(checkpoint: Checkpoint, files: Mapping[str, Path]) -> tuple[Adapter, ...]:
    """A card for each file, with every weight allowed."""
    return tuple(
        Adapter(
            card_id=name,
            name=name,
            family_declared=checkpoint.family,
            weight_low=-4.0,
            weight_high=4.0,
            path=str(path),
        )
        for name, path in files.items()
    )


def batches(pool: Pool, steps: int, seed: int) -> Iterator[list[Shot]]:
    """Endless seeded batches of eight: each one job, one plan of at most five adapters, eight masks.

    Every adapter of the pool has its turn; one shot in eight has wild weights.
    """
    turn = 0
    for number in count():
        dice = random.Random(f"{seed}/{number}")  # any batch can be drawn again alone
        plan = [pool.adapters[(turn + step) % len(pool.adapters)] for step in range(5)]
        turn += 4
        yield [_shot(dice, pool, plan, f"{number}.{index}", steps) for index in range(BATCH)]


def _shot(dice: random.Random, pool: Pool, plan: list[Adapter], name: str, steps: int) -> Shot:
    job, index = name.split(".")
    wild = int(index) == BATCH - 1
    bits = tuple(dice.random() < 0.55 for _ in plan)
    lit = [adapter for adapter, bit in zip(plan, bits, strict=True) if bit]
    recipe = Recipe(
        adapters=_weighted(dice, lit, wild),
        prompt=dice.choice(pool.prompts),
        negative=dice.choice(NEGATIVES),
        mask=Mask(bits=(bits,)),
    )
    size = dice.choice(pool.sizes)
    return Shot(
        id=name,
        job=job,
        index=int(index),
        recipe=recipe,
        seed=dice.randrange(2**32),
        width=size,
        height=size,
        steps=steps,
        guidance=12.0 if wild and dice.random() < 0.5 else dice.choice(GUIDANCES),
        sampler=SAMPLERS[(int(index) + int(job)) % len(SAMPLERS)],
    )


def _weighted(dice: random.Random, lit: list[Adapter], wild: bool) -> tuple[Weighted, ...]:
    """Weights with zeros and negatives among them; Σ|weight| ≤ SANE unless wild."""
    drawn = [dice.choice((0.0, 1.0, *(dice.uniform(-1.0, 1.2) for _ in range(4)))) for _ in lit]
    total = sum(abs(weight) for weight in drawn)
    stretch = 2.5 if wild else min(1.0, SANE / max(total, SANE))
    return tuple(
        Weighted(adapter=adapter, weight=round(weight * stretch, 4))
        for adapter, weight in zip(lit, drawn, strict=True)
    )


def sane(shot: Shot) -> bool:
    """Whether the design's fixed bound applies: moderate guidance, moderate weights."""
    weights = sum(abs(weighted.weight) for weighted in shot.recipe.adapters)
    return shot.guidance <= 7.5 and weights <= SANE + 1e-3


def _checkpoint(folder: Path) -> Checkpoint:
    return LocalCheckpoints({folder.name: folder}, folder.name).find("")


def fingerprint(pool: Pool) -> str:
    """Names a pool, so that a half-done campaign is never continued with other files."""
    stamps = {name: path.stat().st_size for name, path in pool.files.items()}
    return json.dumps([pool.checkpoint.id, stamps], sort_keys=True)
