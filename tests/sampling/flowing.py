"""What the tests of families of flow matching share: a pool on a tiny pipeline, its stage, shots and pictures."""

# diffusers exports its classes lazily, which a type checker takes for private.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.model import Mask, Recipe, Shot, Weighted
from stylus_engine.ports import Pixels
from tests.sampling.draws import Pool, adapters
from tests.sampling.judge import Stage, stage

EDGE = 32


def tiny_pool(
    root: Path, pipeline: Any, adapter: Callable[..., Path], layouts: Sequence[str]
) -> Pool:
    """The pipeline as a folder, and an adapter of each layout for it, drawn by `adapter`."""
    pipeline.save_pretrained(root / "tiny", safe_serialization=True)
    files = {layout: root / f"{layout}.safetensors" for layout in layouts}
    for number, layout in enumerate(layouts):
        adapter(files[layout], pipeline, layout, seed=number)
    checkpoint = LocalCheckpoints({"tiny": root / "tiny"}, "tiny").find("")
    return Pool(checkpoint, adapters(checkpoint, files), files, ("a red cat",), (EDGE,))


@pytest.fixture(scope="module")
def ours(pool: Pool) -> Stage:
    """Our drawer over the module's own pool, with a picture and a mask to start from."""
    on = stage(pool)
    on.pictures.brought = {"picture": picture(), "mask": mask()}
    return on


def picture() -> Pixels:
    ramp = np.linspace(0, 255, EDGE)
    layers = np.broadcast_arrays(ramp[:, None], ramp, 255 - ramp)
    return np.stack(layers, axis=-1).astype(np.uint8)


def mask() -> Pixels:
    white = np.zeros((EDGE, EDGE, 3), np.uint8)
    white[:17, 9:] = 255
    return white


def fox(pool: Pool, name: str, worn: dict[str, float], **changes: object) -> Shot:
    """Four steps of a fox that wears these adapters, by name at their weights."""
    known = {each.name: each for each in pool.adapters}
    weighted = tuple(Weighted(adapter=known[each], weight=worn[each]) for each in worn)
    recipe = Recipe(adapters=weighted, prompt=f"a {name} fox", negative="blurry", mask=Mask())
    facts = {"width": EDGE, "height": EDGE, "steps": 4, "guidance": 5.0, "sampler": "euler"}
    return Shot(id=name, job="job", index=0, recipe=recipe, seed=len(name), **(facts | changes))


def gap(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference, in spreads of theirs where that is more than 1."""
    return float((ours - theirs).abs().max().nan_to_num(nan=torch.inf)) / max(
        1, float(theirs.std())
    )
