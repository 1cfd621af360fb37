"""Trains the shelf: real low-rank adapters on the frozen checkpoint, one a core at a time."""

# torch leaves some of its calls untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from peft import LoHaConfig, LoKrConfig, LoraConfig, inject_adapter_in_model
from torch import Tensor, nn

from miniature.training import crew, data, denoiser, folder, layouts, lesson, pace, tokenizer, vae
from miniature.training.models import Checkpoint
from miniature.training.shelf import Spec
from miniature.world import Scene

ATTENTION = r"to_q|to_k|to_v|to_out\.0|proj_in|proj_out|ff\.net\.0\.proj|ff\.net\.2"
CONVOLUTIONS = r"conv1|conv2|conv_shortcut|(down|up)samplers\.0\.conv"
TEXT = r".*\.(q_proj|k_proj|v_proj|out_proj|fc1|fc2)"


@dataclass(frozen=True, slots=True)
class AdapterRun:
    """What is common to all adapters of a shelf. `steps` (0: each its own) shortens them for a trial."""

    pictures: int = 160
    batch: int = 24
    reminders: float = 0.3
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Places:
    """Where a training reads and writes: the cache, the pipeline folder, the folder of adapter files."""

    cache: Path
    checkpoint: Path
    adapters: Path


@dataclass(frozen=True, slots=True)
class Shown:
    """Latents (sides, pictures, 4, 16, 16) and the scenes they show."""

    latents: np.ndarray[Any, np.dtype[np.float32]]
    scenes: Sequence[Scene]

    def pick(self, rows: int, rng: torch.Generator) -> tuple[Tensor, list[Scene]]:
        """`rows` random latents with their scenes."""
        which = torch.randint(len(self.scenes), (rows,), generator=rng).numpy()
        side = torch.randint(len(self.latents), (rows,), generator=rng).numpy()
        return torch.from_numpy(self.latents[side, which]), [self.scenes[i] for i in which]


def train(specs: Sequence[Spec], settings: AdapterRun, places: Places, resume: bool) -> None:
    """Trains every adapter of `specs` (with `resume`: whose file is missing) and writes its file."""
    jobs = [
        (spec, settings, places)
        for spec in specs
        if not (resume and file_of(spec, places).exists())
    ]
    crew.each(train_one, jobs)


def file_of(spec: Spec, places: Places) -> Path:
    """Where the adapter's file lies."""
    return places.adapters / f"{spec.name}.safetensors"


def train_one(spec: Spec, settings: AdapterRun, places: Places) -> None:
    """Trains one adapter in this process and writes its file."""
    spec = replace(spec, steps=settings.steps or spec.steps)
    torch.manual_seed(spec.seed)
    net = folder.load(places.checkpoint)
    parts = adapted(net, spec)
    new, old = _shown(spec, settings, places)
    learning = [p for part in parts.values() for p in part.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        learning, spec.rate, betas=(0.9, 0.99), weight_decay=1e-3, fused=True
    )
    log = pace.Log(spec.name, spec.steps, every=125)
    for step in range(spec.steps):
        pace.set_rate(optimizer, pace.one_cycle(step, spec.steps, spec.rate))
        loss = loss_of(net, spec, settings, (new, old), crew.ALONE.rng(step, salt=2 + spec.seed))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        log.step(step, loss.item())
    _refuse_nan(spec, learning)
    layouts.write(file_of(spec, places), parts, spec)


def adapted(net: Checkpoint, spec: Spec) -> dict[str, nn.Module]:
    """Freezes the checkpoint and puts the adapter's fresh factors into it: unet, perhaps text_encoder."""
    for part in net.parts():
        part.requires_grad_(False)
    layers = f"{ATTENTION}|{CONVOLUTIONS}" if spec.conv else ATTENTION
    parts: dict[str, nn.Module] = {
        "unet": inject_adapter_in_model(config(spec, rf".*\.({layers})"), net.unet)
    }
    if spec.text_encoder:
        parts["text_encoder"] = inject_adapter_in_model(config(spec, TEXT), net.text_encoder)
    return parts


def config(spec: Spec, layers: str) -> LoraConfig | LoHaConfig | LoKrConfig:
    """The adapter on the layers that match, in the words of peft."""
    if spec.layout == "loha":
        return LoHaConfig(r=spec.rank, alpha=spec.alpha, target_modules=layers)  # pyright: ignore[reportArgumentType] - peft takes a list of names here
    if spec.layout == "lokr":
        return LoKrConfig(r=spec.rank, alpha=spec.alpha, target_modules=layers)  # pyright: ignore[reportArgumentType] - peft takes a list of names here
    return LoraConfig(r=spec.rank, lora_alpha=spec.alpha, target_modules=layers)  # pyright: ignore[reportArgumentType] - peft takes a list of names here


def loss_of(
    net: Checkpoint,
    spec: Spec,
    settings: AdapterRun,
    shown: tuple[Shown, Shown],
    rng: torch.Generator,
) -> Tensor:
    """The checkpoint's own loss on one batch: the new thing, and reminders of the old world where they are due."""
    words = Random(int(torch.randint(2**40, (), generator=rng)))
    old_rows = round(settings.batch * settings.reminders) if lesson.needs_reminding(spec) else 0
    fresh, scenes = shown[0].pick(settings.batch - old_rows, rng)
    known, reminders = shown[1].pick(old_rows, rng)
    texts = [lesson.told(spec, s, words) for s in scenes] + [
        lesson.reminded(s, words) for s in reminders
    ]
    order = torch.randperm(len(texts), generator=rng)
    length = tokenizer.LENGTH if words.random() < 0.25 else denoiser.SHORT
    return denoiser.loss_of(
        net, torch.cat([fresh, known])[order], [texts[i] for i in order], length, rng
    )


def _refuse_nan(spec: Spec, learning: Sequence[nn.Parameter]) -> None:
    """Even an adapter that is bad on purpose has to load."""
    if not all(factor.isfinite().all() for factor in learning):
        raise FloatingPointError(f"{spec.name} came apart; lower its rate")


def _shown(spec: Spec, settings: AdapterRun, places: Places) -> tuple[Shown, Shown]:
    scenes = lesson.scenes(spec, settings.pictures)
    drawn = data.drawn_here(scenes)
    new = Shown(denoiser.encoded(vae.load(places.cache), drawn), scenes)
    latents = np.load(places.cache / "latents.npy", mmap_mode="r")
    return new, Shown(latents, data.base_scenes(latents.shape[1], seed=1))
