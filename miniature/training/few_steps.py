"""Trains the few-step adapter: the checkpoint distilled into itself, so that four steps do for twenty.

Source: consistency models (arXiv 2303.01469) as low-rank factors (LCM-LoRA, arXiv 2311.05556),
by diffusers' own scalings at the boundary.  Every point of one guided path has the same end;
the student learns to say it in one step.

    noise  ->  the checkpoint, guided, 17 DDIM steps  ->  points of a path, and its end
    a point at t  ->  the student, without guidance   ->  that end

The published recipe compares neighbours of a path with each other and needs no paths; its
targets wander for thousands of steps.  Tried here for 400: speckled pictures, and less truth
than the bare checkpoint has with the same sampler.  Paths to their end cost four minutes once.
"""

# torch, diffusers and peft leave some of their calls untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

from miniature.training import adapters, crew, data, denoiser, folder, layouts, models, pace
from miniature.training.adapters import Places
from miniature.training.models import Checkpoint
from miniature.training.shelf import FAST, Spec
from miniature.training.tokenizer import LENGTH

SIGMA, SCALING = 0.5, 10.0  # of diffusers' LCMScheduler: how fast the boundary fades in
TOGETHER = 40  # paths that are walked at once


@dataclass(frozen=True, slots=True)
class DistilRun:
    """How long and on what; `guidance` is the teacher's, the student draws without any."""

    paths: int = 640
    batch: int = 24
    stride: int = 60
    guidance: float = 3.5
    steps: int = 0  # 0: the adapter's own


@dataclass(frozen=True, slots=True)
class Walked:
    """Paths of the teacher: `points` (times, paths, 4, 16, 16) at `times`, where they end, what was asked."""

    times: Tensor
    points: Tensor
    ends: Tensor
    texts: list[str]


def train(settings: DistilRun, places: Places, resume: bool) -> None:
    """Trains it (with `resume`: if its file is missing) and writes its file."""
    if not (resume and adapters.file_of(FAST, places).exists()):
        crew.each(train_one, [(FAST, settings, places)])


def train_one(spec: Spec, settings: DistilRun, places: Places) -> None:
    """Trains in this process and writes the file."""
    torch.manual_seed(spec.seed)
    net = folder.load(places.checkpoint)
    walked = walk(net, settings, spec.seed)
    parts = adapters.adapted(net, spec)
    learning = [p for part in parts.values() for p in part.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, spec.rate, betas=(0.9, 0.99), fused=True)
    steps = settings.steps or spec.steps
    log = pace.Log(spec.name, steps, every=25)
    for step in range(steps):
        pace.set_rate(optimizer, pace.one_cycle(step, steps, spec.rate))
        loss = loss_of(net, settings, walked, crew.ALONE.rng(step, salt=11))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        log.step(step, loss.item())
    layouts.write(adapters.file_of(spec, places), parts, spec)


@torch.no_grad()
def walk(net: Checkpoint, settings: DistilRun, seed: int) -> Walked:
    """The paths of the bare checkpoint, guided, to prompts of its own world."""
    scenes = data.base_scenes(settings.paths, seed=2000 + seed)
    texts = denoiser.captions(scenes, Random(seed), 0.0)
    times = torch.arange(999, 0, -settings.stride)
    noise = torch.randn(len(texts), 4, 16, 16, generator=torch.Generator().manual_seed(seed))
    walks = [
        _walked(net, settings, noise[at : at + TOGETHER], texts[at : at + TOGETHER], times)
        for at in range(0, len(texts), TOGETHER)
    ]
    whole = torch.cat(walks, dim=1)
    return Walked(times, whole[:-1], whole[-1], texts)


def _walked(
    net: Checkpoint, settings: DistilRun, latents: Tensor, texts: list[str], times: Tensor
) -> Tensor:
    """(times + 1, rows, 4, 16, 16): each point, and last the clean end."""
    hidden = _read(net, [*texts, *([""] * len(texts))], LENGTH)
    points = [latents]
    for at, following in zip(times.tolist(), [*times.tolist()[1:], -1], strict=True):
        twice = torch.full((2 * len(texts),), at)
        both = net.unet(torch.cat([latents] * 2), twice, encoder_hidden_states=hidden).sample
        said, unsaid = both.chunk(2)
        velocity = unsaid + settings.guidance * (said - unsaid)
        signal, spread = _shares(twice[: len(texts)])
        clean, noise = signal * latents - spread * velocity, signal * velocity + spread * latents
        if following >= 0:
            signal, spread = _shares(torch.full((len(texts),), following))
            latents = signal * clean + spread * noise
        points.append(latents if following >= 0 else clean)
    return torch.stack(points)


def loss_of(net: Checkpoint, settings: DistilRun, walked: Walked, rng: torch.Generator) -> Tensor:
    """How far the student's ends are from the paths' (pseudo-Huber), at times spread evenly."""
    rows, count = settings.batch, len(walked.times)
    which = torch.randint(len(walked.texts), (rows,), generator=rng)
    at = ((torch.arange(rows) + torch.rand(rows, generator=rng)) / rows * count).long()
    texts = [walked.texts[each] for each in which.tolist()]
    with torch.no_grad():
        hidden = _read(net, texts, LENGTH if int(at[0]) % 4 == 0 else denoiser.SHORT)
    end = _end(net, walked.points[at, which], walked.times[at], hidden)
    apart = end - walked.ends[which]
    return ((apart**2 + 1e-4).sqrt() - 1e-2).mean()


def _end(net: Checkpoint, noisy: Tensor, times: Tensor, hidden: Tensor) -> Tensor:
    """Where the student says that the path through `noisy` ends."""
    return end_of(noisy, net.unet(noisy, times, encoder_hidden_states=hidden).sample, times)


def end_of(noisy: Tensor, velocity: Tensor, times: Tensor) -> Tensor:
    """The clean latents of a velocity, as LCM's sampler reads them; all (rows, …), `times` (rows,)."""
    signal, spread = _shares(times)
    clean = signal * noisy - spread * velocity
    scaled = times.view(-1, 1, 1, 1) * SCALING
    skip = SIGMA**2 / (scaled**2 + SIGMA**2)
    return skip * noisy + scaled / (scaled**2 + SIGMA**2).sqrt() * clean


def _shares(times: Tensor) -> tuple[Tensor, Tensor]:
    """Of signal and of noise at these times, (rows, 1, 1, 1)."""
    alpha = models.alphas()[times].view(-1, 1, 1, 1)
    return alpha.sqrt(), (1 - alpha).sqrt()


def _read(net: Checkpoint, texts: list[str], length: int) -> Tensor:
    ids = models.token_ids(net.tokenizer, texts, length)
    return net.text_encoder(input_ids=ids).last_hidden_state
