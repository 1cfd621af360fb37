"""Trains the checkpoint: a text encoder and a denoiser, from nothing, on latents of the drawn world."""

# diffusers leaves its outputs and its exports untyped, torch some of its calls
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, cast

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn.functional import mse_loss

from miniature import world
from miniature.training import crew, data, folder, models, pace, tokenizer, vae
from miniature.training.crew import Seat
from miniature.training.models import Checkpoint
from miniature.world import Scene

# No caption of this world is longer; attention over 77 columns costs an eighth of a step, so one step in four pays it.
SHORT = 32


@dataclass(frozen=True, slots=True)
class DenoiserRun:
    """How long and on what the checkpoint is trained."""

    pictures: int = 14_000
    steps: int = 4600
    batch: int = 48
    peak: float = 1e-3
    unconditional: float = 0.1
    every: int = 500
    export_every: int = 1000


def train(settings: DenoiserRun, cache: Path, target: Path, resume: bool) -> None:
    """Trains on every core; the running mean of the weights goes to the pipeline folder `target` every so often."""
    scenes = data.base_scenes(settings.pictures, seed=1)
    pictures = data.drawn(scenes, cache / "base.npy")
    if not (cache / "latents.npy").exists():
        data.save(cache / "latents.npy", encoded(vae.load(cache), pictures))
    if not resume:
        (cache / "denoiser.pt").unlink(missing_ok=True)
    crew.run(_train, settings, cache, target)


@torch.no_grad()
def encoded(
    autoencoder: AutoencoderKL, pictures: data.Pictures
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(2, pictures, 4, 16, 16) latents of unit spread: as drawn, and mirrored."""
    sides: list[list[Tensor]] = [[], []]
    for start in range(0, len(pictures), 64):
        batch = vae.to_tensor(pictures[start : start + 64])
        for side, seen in zip(sides, (batch, batch.flip(3)), strict=True):
            side.append(
                autoencoder.encode(seen).latent_dist.mean * autoencoder.config.scaling_factor
            )
    return torch.stack([torch.cat(side) for side in sides]).numpy()


def loss_of(
    net: Checkpoint, latents: Tensor, texts: list[str], length: int, rng: torch.Generator
) -> Tensor:
    """How far the predicted velocity is from the true one, at times spread evenly over the batch.

    `latents` is (batch, 4, 16, 16); `length` is the number of token columns.
    """
    rows = len(latents)
    alpha = models.alphas()
    times = ((torch.arange(rows) + torch.rand(rows, generator=rng)) / rows * len(alpha)).long()
    noise = torch.randn(latents.shape, generator=rng)
    signal, spread = (part[times].sqrt().view(-1, 1, 1, 1) for part in (alpha, 1 - alpha))
    hidden = net.text_encoder(
        input_ids=models.token_ids(net.tokenizer, texts, length)
    ).last_hidden_state
    noisy = signal * latents + spread * noise
    predicted = net.unet(noisy, times, encoder_hidden_states=hidden, return_dict=False)[0]
    return mse_loss(predicted, signal * noise - spread * latents)


def captions(scenes: Iterable[Scene], rng: Random, unconditional: float) -> list[str]:
    """A fresh caption a scene; some are empty, for classifier-free guidance."""
    return ["" if rng.random() < unconditional else world.caption(scene, rng) for scene in scenes]


def _train(seat: Seat, settings: DenoiserRun, cache: Path, target: Path) -> None:
    net = models.new_checkpoint(cache)
    optimizer = torch.optim.AdamW(net.parameters(), settings.peak, betas=(0.9, 0.99), fused=True)
    means = [pace.RunningMean(part) for part in net.parts()]
    begin = _resumed(net, optimizer, means, cache / "denoiser.pt")
    latents = np.load(cache / "latents.npy", mmap_mode="r")
    scenes = data.base_scenes(settings.pictures, seed=1)
    log = pace.Log("denoiser", settings.steps)
    for step in range(begin, settings.steps):
        pace.set_rate(optimizer, pace.one_cycle(step, settings.steps, settings.peak))
        loss = _step(net, optimizer, latents, scenes, settings, seat, step)
        if seat.leads:
            log.step(step, loss)
            for mean, part in zip(means, net.parts(), strict=True):
                mean.update(part, step)
            _keep(net, optimizer, means, settings, cache, target, step + 1)


def _step(
    net: Checkpoint,
    optimizer: torch.optim.Optimizer,
    latents: np.ndarray[Any, np.dtype[np.float32]],
    scenes: list[Scene],
    settings: DenoiserRun,
    seat: Seat,
    step: int,
) -> float:
    rng = seat.rng(step, salt=1)
    rows = torch.randint(len(scenes), (seat.share(settings.batch),), generator=rng).numpy()
    words = Random(int(torch.randint(2**40, (), generator=rng)))
    texts = captions((scenes[row] for row in rows), words, settings.unconditional)
    mirrored = torch.randint(2, rows.shape, generator=rng).numpy()
    seen = torch.from_numpy(latents[mirrored, rows])
    loss = loss_of(net, seen, texts, SHORT if step % 4 else tokenizer.LENGTH, rng)
    loss.backward()
    seat.average_gradients(net.parameters())
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def _keep(
    net: Checkpoint,
    optimizer: torch.optim.Optimizer,
    means: list[pace.RunningMean],
    settings: DenoiserRun,
    cache: Path,
    target: Path,
    done: int,
) -> None:
    if done % settings.every == 0 or done == settings.steps:
        parts = [part.state_dict() for part in net.parts()]
        state = {
            "step": done,
            "parts": parts,
            "optimizer": optimizer.state_dict(),
            "means": [m.weights for m in means],
        }
        pace.save_state(cache / "denoiser.pt", state)
    if done % settings.export_every == 0 or done == settings.steps:
        folder.export(net.tokenizer, [mean.weights for mean in means], cache, target)


def _resumed(
    net: Checkpoint, optimizer: torch.optim.Optimizer, means: list[pace.RunningMean], state: Path
) -> int:
    if not state.exists():
        return 0
    saved = torch.load(state)
    for part, mean, weights, kept in zip(
        net.parts(), means, saved["parts"], saved["means"], strict=True
    ):
        part.load_state_dict(weights)
        mean.weights = kept
    optimizer.load_state_dict(saved["optimizer"])
    return cast("int", saved["step"])
