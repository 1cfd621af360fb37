"""Six ways to draw a grid of four pictures that wear different adapters; each returns uint8 (4, H, W, 3).

Everything that can be done before the first request was done before: models and
adapter files are loaded, progress bars are off, all runs in inference mode.  The
peers get fp32 copies of fp16 files (a peft layer would compute in fp16, slowly, on a CPU).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from diffusers import (
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)
from numpy.typing import NDArray

from bot.sections import SamplingSettings
from stylus_engine.model import Drawn, Shot
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.executors import Executor, executor
from stylus_engine.sampling.families import Parts
from stylus_engine.sampling.merge import merged
from stylus_engine.sampling.stack import Row
from stylus_engine.sampling.store import FactorStore
from tests.sampling.formulas import delta_weight
from tests.sampling.judge import Files, Nowhere
from tests.sampling.oracle import quiet, sampled_by, seeded, upcast
from tests.sampling.oracle_files import read

# diffusers hides its names from type checkers and types one pipeline for two APIs.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false, reportAttributeAccessIssue=false

Grid = NDArray[np.uint8]
Pipeline = StableDiffusionPipeline  # or SDXL's: what is called of them is the same
Contender = Callable[[], Grid]
COMPANIONS = ("text_encoder", "text_encoder_2")
OFTEN = 2**33  # bytes of factors: nothing is ever evicted here


@dataclass
class Ours:
    """The real drawer; pictures are kept in memory only."""

    drawer: Drawer
    pictures: Nowhere
    executor: Executor
    rows: list[Row]

    @classmethod
    def of(
        cls, parts: Parts, files: Mapping[str, Path], shots: Sequence[Shot], wearing: str = ""
    ) -> "Ours":
        """`wearing`: the executor's name, "" = the one that ships."""
        store = FactorStore(Files(files), OFTEN)
        bases = Bases(parts.checkpoint.id, parts.checkpoint.family, parts.modules)
        rows = [
            tuple((store.get(w.adapter, bases), w.weight) for w in shot.recipe.adapters)
            for shot in shots
        ]
        pictures, how = Nowhere(), executor(wearing or SamplingSettings().executor, parts.modules)
        return cls(Drawer(parts, store, pictures, executor=how), pictures, how, rows)

    def draw(self, shots: Sequence[Shot]) -> Grid:
        for shot in shots:
            self.drawer.admit(shot)
        ends = [event for event in self.drawer.events() if isinstance(event, Drawn)]
        if len(ends) != len(shots):
            raise RuntimeError("a shot of the benchmark failed")
        return np.stack([self.pictures.kept[shot.id] for shot in shots])


def plain(parts: Parts, sampler: str) -> Pipeline:
    """The pipeline of diffusers over the same modules in memory."""
    shared: dict[str, Any] = {
        "vae": parts.vae,
        "text_encoder": parts.text_encoder,
        "tokenizer": parts.tokenizer,
        "unet": parts.unet,
        "scheduler": EulerDiscreteScheduler.from_config(dict(parts.scheduler_config)),
        "feature_extractor": None,
    }
    with quiet():
        small = StableDiffusionPipeline(
            safety_checker=None, requires_safety_checker=False, **shared
        )
    sampled = sampled_by(small, sampler)
    if parts.text_encoder_2 is None:
        return sampled
    more = {"text_encoder_2": parts.text_encoder_2, "tokenizer_2": parts.tokenizer_2}
    large: Any = StableDiffusionXLPipeline(
        add_watermarker=False, **(shared | more | {"scheduler": sampled.scheduler})
    )
    large.set_progress_bar_config(disable=True)
    return large


@torch.inference_mode()
def run(pipeline: Pipeline, shots: Sequence[Shot]) -> Grid:
    """One batch of plain diffusers."""
    with quiet():
        images: Any = pipeline(
            prompt=[shot.recipe.prompt for shot in shots],
            negative_prompt=[shot.recipe.negative for shot in shots],
            width=shots[0].width,
            height=shots[0].height,
            num_inference_steps=shots[0].steps,
            guidance_scale=shots[0].guidance,
            generator=[seeded(shot.seed) for shot in shots],
            output_type="np",
        ).images
    return (images * 255).round().astype("uint8")


def floor(pipeline: Pipeline, shots: Sequence[Shot]) -> Grid:
    """(e) The bare checkpoint, one batch: what four pictures cost without any adapter."""
    return run(pipeline, shots)


def merging(parts: Parts, pipeline: Pipeline, rows: Sequence[Row], shots: Sequence[Shot]) -> Grid:
    """(d) Merge one picture's recipe from pristine, draw it, write pristine back; four times."""
    grids: list[Grid] = []
    for row, shot in zip(rows, shots, strict=True):
        with merged(parts.modules, row):
            grids.append(run(pipeline, [shot]))
    return np.concatenate(grids)


def compiled(parts: Parts, sampler: str) -> Pipeline:
    """(f) The same with its denoiser compiled; merging writes weights in place, so it is compiled once."""
    pipeline = plain(parts, sampler)
    pipeline.unet = torch.compile(parts.unet, dynamic=False)
    return pipeline


class Peer:
    """diffusers + peft on modules of their own: nobody else's weights are touched by them."""

    def __init__(self, pipeline: Pipeline, files: Mapping[str, Path]) -> None:
        self.pipeline = pipeline
        self.names = {card: f"adapter{number}" for number, card in enumerate(files)}
        with TemporaryDirectory() as folder, quiet():
            for card, path in files.items():
                whole = Path(folder, f"{self.names[card]}.safetensors")
                upcast(path, whole)
                pipeline.load_lora_weights(
                    folder, weight_name=whole.name, adapter_name=self.names[card]
                )
            for name in ("unet", *COMPANIONS):
                if (model := getattr(pipeline, name, None)) is not None:
                    model.to(dtype=model.dtype)  # the factors too: on an accelerator they were fp32

    def switched(self, shots: Sequence[Shot]) -> Grid:
        """(b) `set_adapters` for each picture, adapters side by side with the base."""
        grids: list[Grid] = []
        for shot in shots:
            self._set(shot)
            grids.append(run(self.pipeline, [shot]))
        return np.concatenate(grids)

    def fused(self, shots: Sequence[Shot]) -> Grid:
        """(c) `set_adapters`, `fuse_lora`, draw, `unfuse_lora` for each picture."""
        grids: list[Grid] = []
        for shot in shots:
            names = self._set(shot)
            self.pipeline.fuse_lora(components=self._adapted, adapter_names=names)
            grids.append(run(self.pipeline, [shot]))
            self.pipeline.unfuse_lora(components=self._adapted)
        return np.concatenate(grids)

    @property
    def _adapted(self) -> list[str]:
        return ["unet", *(name for name in COMPANIONS if hasattr(self.pipeline, name))]

    def _set(self, shot: Shot) -> list[str]:
        worn = {self.names[w.adapter.card_id]: w.weight for w in shot.recipe.adapters}
        self.pipeline.set_adapters(list(worn), list(worn.values()))
        return list(worn)


@contextmanager
def by_formula(pipeline: Pipeline, files: Mapping[str, Path], shot: Shot) -> Iterator[None]:
    """The reference where a second copy would not fit: W + Σ weight · ΔW by the oracle's formula, in place.

    It does not import our conversion, and writes the saved bytes back.
    """
    saved: dict[tuple[str, str], torch.Tensor] = {}
    try:
        for worn in shot.recipe.adapters:
            for place, layer in read(files[worn.adapter.card_id], pipeline).items():
                weight = getattr(pipeline, place[0]).get_submodule(place[1]).weight.data
                base = saved.setdefault(place, weight.clone())
                delta = delta_weight(layer, base.float().cpu()).to(weight.device)
                weight.copy_((weight.float() + worn.weight * delta).to(weight.dtype))
        yield
    finally:
        for (component, path), base in saved.items():
            getattr(pipeline, component).get_submodule(path).weight.data.copy_(base)


def reference(pipeline: Pipeline, files: Mapping[str, Path], shots: Sequence[Shot]) -> Grid:
    """What each picture must look like: its own recipe by formula, drawn alone."""
    grids: list[Grid] = []
    for shot in shots:
        with by_formula(pipeline, files, shot):
            grids.append(run(pipeline, [shot]))
    return np.concatenate(grids)


def difference(ours: Grid, truth: Grid) -> float:
    """Mean absolute difference in levels of 255, of the worst picture."""
    gap = np.abs(ours.astype("int16") - truth.astype("int16"))
    return float(gap.mean(axis=(1, 2, 3)).max())
