"""The oracle: one shot, its own recipe merged into a pristine fp32 copy, drawn alone by plain diffusers.

Law of this file: it never imports our conversion, our stack or our loop; what it
knows of `stylus_engine` are the nouns.  Plain low-rank files (peft, kohya, LoCon)
go through diffusers' `load_lora_weights` + `set_adapters` + `fuse_lora`; LoHa, LoKr
and DoRA are added to the weight by the formulas of `formulas.py`.  diffusers says OK
when it loaded nothing, so each file is also read by `oracle_files`, key by key, and the oracle
refuses to speak (`OracleError`) unless every tensor and every scale of it arrived.

DoRA is not additive.  The rule judged here is the one of A1111 and ComfyUI: the
change at weight 1 against the pristine base, times the weight.
"""

import copy
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    StableDiffusionPipeline,
    TCDScheduler,
)
from diffusers.utils import logging as diffusers_logging
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers.utils import logging as transformers_logging

from stylus_engine.model import Recipe, Shot
from tests.sampling.oracle_files import (
    COMPONENTS,
    OracleError,
    Parts,
    Place,
    add,
    deltas_of,
    read,
    verify,
)

# diffusers' lazy module hides its names from type checkers, and its pipeline is typed for two APIs.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false, reportAttributeAccessIssue=false

SCHEDULERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "dpmpp_2m_karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "ddim": (DDIMScheduler, {}),
    "lcm": (LCMScheduler, {}),
    "tcd": (TCDScheduler, {}),
    "ddim_trailing": (DDIMScheduler, {"timestep_spacing": "trailing"}),
    "euler_trailing": (EulerDiscreteScheduler, {"timestep_spacing": "trailing"}),
    "euler_a_trailing": (EulerAncestralDiscreteScheduler, {"timestep_spacing": "trailing"}),
}
# The pipelines pass 0 where nobody says; TCD's own documentation draws with this one.
ETA = {"tcd": 0.3}


@dataclass(frozen=True, slots=True)
class Truth:
    """One drawn shot: `latents[i]` is the state before step i, fp32 (1, C, h, w); the last is the result."""

    latents: tuple[Tensor, ...]

    @property
    def final(self) -> Tensor:
        """The latents that the VAE would decode."""
        return self.latents[-1]


class Oracle:
    """Judges one checkpoint folder and the adapter files `files` (card id -> path)."""

    def __init__(self, folder: Path, files: Mapping[str, Path]) -> None:
        self._pristine = pristine(folder)
        self._workshop = _copy(self._pristine)  # where diffusers loads plain files
        self._files = dict(files)
        self._plain: dict[str, str] = {}  # card id -> diffusers' adapter name
        self._formula: dict[str, dict[Place, Tensor]] = {}

    def draw(self, shot: Shot) -> Truth:
        """The shot alone."""
        return draw(self.merged(shot.recipe), shot)

    def spread(self, shot: Shot, others: int = 3) -> float:
        """How far the bare pipeline is from itself: max |Δ latent| of the shot alone and in a batch.

        Same merged weights, no code of ours; the companions differ only in their seeds.
        """
        pipeline = self.merged(shot.recipe)
        alone = draw(pipeline, shot).final
        together = draw(pipeline, shot, others).final[:1]
        return float((alone - together).abs().max())

    def merged(self, recipe: Recipe) -> StableDiffusionPipeline:
        """A fresh pipeline whose fp32 weights are pristine + this recipe, and nothing else about it is special."""
        weights = {weighted.adapter.card_id: weighted.weight for weighted in recipe.adapters}
        for card_id in weights:
            self._admit(card_id)
        plain = {
            self._plain[card]: weight for card, weight in weights.items() if card in self._plain
        }
        pipeline = self._fused(plain)
        for card_id in weights.keys() & self._formula.keys():
            add(pipeline, self._formula[card_id], weights[card_id])
        return pipeline

    def fused_by_diffusers(self, card_id: str) -> bool:
        """Whether diffusers itself loads and fuses this file, rather than the formula below."""
        self._admit(card_id)
        return card_id in self._plain

    def delta(self, card_id: str) -> dict[Place, Tensor]:
        """ΔW of every layer of one file at weight 1, by formula."""
        return deltas_of(self._read(card_id), self._pristine)

    def _fused(self, plain: Mapping[str, float]) -> StableDiffusionPipeline:
        """Diffusers fuses in the workshop; the weights it gets are put into a copy of the pristine ones.

        To copy a workshop that has a dozen files loaded takes longer than to draw a picture.
        """
        pipeline = _copy(self._pristine)
        if not plain:
            return pipeline
        self._workshop.set_adapters(list(plain), list(plain.values()))
        self._workshop.fuse_lora(components=list(COMPONENTS), adapter_names=list(plain))
        for component in COMPONENTS:
            getattr(pipeline, component).load_state_dict(_bare(self._workshop, component))
        with quiet():  # it warns of every layer that the file did not reach
            self._workshop.unfuse_lora(components=list(COMPONENTS))
        for component in COMPONENTS:  # what was added and taken away again is not what it was
            clean = getattr(self._pristine, component).state_dict()
            for name, tensor in _bare(self._workshop, component).items():
                tensor.copy_(clean[name])
        return pipeline

    def _admit(self, card_id: str) -> None:
        if card_id in self._plain or card_id in self._formula:
            return
        parts = self._read(card_id)
        if all(set(layer) <= {"down", "up", "alpha"} for layer in parts.values()):
            self._load(card_id, parts)
        else:
            self._formula[card_id] = deltas_of(parts, self._pristine)

    def _read(self, card_id: str) -> Parts:
        return read(self._files[card_id], self._pristine)

    def _load(self, card_id: str, parts: Parts) -> None:
        name = f"adapter{len(self._plain)}"
        with tempfile.TemporaryDirectory() as folder:
            copy32 = Path(folder, "fp32.safetensors")
            upcast(self._files[card_id], copy32)
            with quiet():
                self._workshop.load_lora_weights(folder, weight_name=copy32.name, adapter_name=name)
        verify(self._workshop, name, parts)
        self._plain[card_id] = name


@contextmanager
def quiet() -> Iterator[None]:
    """diffusers, peft and transformers warn of what `verify` sees for itself, and of each other's age."""
    was = diffusers_logging.get_verbosity(), transformers_logging.get_verbosity()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        diffusers_logging.set_verbosity(was[0])
        transformers_logging.set_verbosity(was[1])


def pristine(folder: Path) -> StableDiffusionPipeline:
    """The checkpoint as diffusers loads it, in fp32."""
    with quiet():
        pipeline = StableDiffusionPipeline.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True, safety_checker=None
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@torch.inference_mode()
def draw(pipeline: StableDiffusionPipeline, shot: Shot, others: int = 0) -> Truth:
    """Let plain diffusers draw `shot`, with `others` companions of neighbouring seeds in one batch."""
    pipeline = sampled_by(pipeline, shot.sampler)
    seen: list[Tensor] = []

    def watch(_: Any, __: int, ___: Any, state: dict[str, Any]) -> dict[str, Any]:
        seen.append(state["latents"].clone())
        return {}

    rows = 1 + others
    with quiet():
        result = pipeline(
            prompt=[shot.recipe.prompt] * rows,
            negative_prompt=[shot.recipe.negative] * rows,
            width=shot.width,
            height=shot.height,
            num_inference_steps=shot.steps,
            guidance_scale=shot.guidance,
            generator=[seeded(shot.seed + row) for row in range(rows)],
            output_type="latent",
            eta=ETA.get(shot.sampler, 0.0),
            callback_on_step_end=watch,
        )
    if not torch.equal(seen[-1], result.images):
        raise OracleError("the last step is not the result")
    return Truth((_first(pipeline, shot), *seen))


def sampled_by(pipeline: StableDiffusionPipeline, sampler: str) -> StableDiffusionPipeline:
    """The pipeline with another of diffusers' schedulers."""
    # Through the constructor, which repairs what old configs lack (`steps_offset`,
    # `clip_sample`: DDIM would clip latents as if they were pixels).
    kind, options = SCHEDULERS[sampler]
    scheduler = kind.from_config(pipeline.scheduler.config, **options)
    return _pipeline({**pipeline.components, "scheduler": scheduler})


def _first(pipeline: StableDiffusionPipeline, shot: Shot) -> Tensor:
    # The scheduler still holds this run's sigmas, so its initial scale is right.
    edge = pipeline.vae_scale_factor
    shape = (1, pipeline.unet.config["in_channels"])
    shape = (*shape, shot.height // edge, shot.width // edge)
    noise = torch.randn(shape, generator=seeded(shot.seed))
    return noise * pipeline.scheduler.init_noise_sigma


def seeded(seed: int) -> torch.Generator:
    """The CPU generator of one picture."""
    return torch.Generator("cpu").manual_seed(seed % 2**32)


def upcast(source: Path, target: Path) -> None:
    """Copy a safetensors file in fp32, header kept: peft would round ΔW to fp16 otherwise."""
    with safe_open(source, framework="pt") as file:
        tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118 - not a mapping
        save_file(tensors, target, metadata=file.metadata())


def _bare(pipeline: StableDiffusionPipeline, component: str) -> dict[str, Tensor]:
    """The weights of one model with files loaded, under the names that they have without."""
    state = getattr(pipeline, component).state_dict()
    return {
        name.replace(".base_layer.", "."): tensor
        for name, tensor in state.items()
        if ".lora_" not in name
    }


def _copy(pipeline: StableDiffusionPipeline) -> StableDiffusionPipeline:
    parts = dict(pipeline.components)
    return _pipeline(parts | {name: copy.deepcopy(parts[name]) for name in COMPONENTS})


def _pipeline(parts: dict[str, Any]) -> StableDiffusionPipeline:
    with quiet():
        fresh = StableDiffusionPipeline(**parts, requires_safety_checker=False)
    fresh.set_progress_bar_config(disable=True)
    return fresh
