"""Trains the shelf's few-step adapter: the checkpoint distilled into itself, so that four steps do for twenty.

Source: latent consistency models (arXiv 2310.04378) as low-rank factors (LCM-LoRA, arXiv
2311.05556), by diffusers' own scalings at the boundary.  The student says in one step where
the teacher's guided path ends; it learns that two points of one path have the same end.

    noisy latents at t  ->  student's end            }  must agree
    teacher, guided, one DDIM step to t - stride  ->  student's own end there

Unlike the published recipe the stride is 60 of 1,000 instead of 20: errors add up over a
third of the steps, which a short training can afford to learn.
"""

# torch, diffusers and peft leave some of their calls untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from dataclasses import dataclass
from random import Random

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn

from miniature.training import adapters, crew, data, denoiser, folder, layouts, models, pace, vae
from miniature.training.adapters import Places, Shown
from miniature.training.models import Checkpoint
from miniature.training.shelf import FAST, Spec

SIGMA, SCALING = 0.5, 10.0  # of diffusers' LCMScheduler: how fast the boundary fades in


@dataclass(frozen=True, slots=True)
class DistilRun:
    """How long and on what; `guidance` is the teacher's, the student draws without any."""

    pictures: int = 800
    batch: int = 16
    stride: int = 60
    grid: int = 20
    guidance: float = 5.0
    steps: int = 0  # 0: the adapter's own


def train(settings: DistilRun, places: Places, resume: bool) -> None:
    """Trains it (with `resume`: if its file is missing) and writes its file."""
    if not (resume and adapters.file_of(FAST, places).exists()):
        crew.each(train_one, [(FAST, settings, places)])


def train_one(spec: Spec, settings: DistilRun, places: Places) -> None:
    """Trains in this process and writes the file."""
    torch.manual_seed(spec.seed)
    net = folder.load(places.checkpoint)
    parts = adapters.adapted(net, spec)
    scenes = data.base_scenes(settings.pictures, seed=2000 + spec.seed)
    latents = denoiser.encoded(vae.load(places.checkpoint), data.drawn_here(scenes))
    learning = [p for part in parts.values() for p in part.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, spec.rate, betas=(0.9, 0.99), fused=True)
    steps = settings.steps or spec.steps
    log = pace.Log(spec.name, steps, every=25)
    for step in range(steps):
        pace.set_rate(optimizer, pace.one_cycle(step, steps, spec.rate))
        rng = crew.ALONE.rng(step, salt=11)
        loss = loss_of(net, settings, Shown(latents, scenes), rng)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        log.step(step, loss.item())
    layouts.write(adapters.file_of(spec, places), parts, spec)


def loss_of(net: Checkpoint, settings: DistilRun, shown: Shown, rng: torch.Generator) -> Tensor:
    """How far two ends of one guided path are apart (pseudo-Huber, as published)."""
    clean, scenes = shown.pick(settings.batch, rng)
    words = Random(int(torch.randint(2**40, (), generator=rng)))
    texts = denoiser.captions(scenes, words, 0.0)
    length = denoiser.SHORT if words.random() < 0.75 else 77
    with torch.no_grad():
        hidden, empty = (_read(net, said, length) for said in (texts, [""] * len(texts)))
    times = _times(len(texts), settings, rng)
    noisy = _noised(clean, torch.randn(clean.shape, generator=rng), times)
    with torch.no_grad(), _bare(net.unet):
        before, at = _taught(net, settings, noisy, times, hidden, empty)
    end = _end(net, noisy, times, hidden)
    with torch.no_grad():
        wanted = _end(net, before, at, hidden)
    apart = end - wanted
    return ((apart**2 + 1e-6).sqrt() - 1e-3).mean()


def _times(rows: int, settings: DistilRun, rng: torch.Generator) -> Tensor:
    """(rows,) times on the grid that the sampler draws at: 19, 39, … 999, spread evenly."""
    count = 1000 // settings.grid
    spread = (torch.arange(rows) + torch.rand(rows, generator=rng)) / rows * count
    return (spread.long() + 1) * settings.grid - 1


def _taught(
    net: Checkpoint,
    settings: DistilRun,
    noisy: Tensor,
    times: Tensor,
    hidden: Tensor,
    empty: Tensor,
) -> tuple[Tensor, Tensor]:
    """One guided DDIM step of the bare checkpoint; below the first time stands the clean picture."""
    both = net.unet(
        torch.cat([noisy, noisy]),
        torch.cat([times, times]),
        encoder_hidden_states=torch.cat([hidden, empty]),
        return_dict=False,
    )[0]
    said, unsaid = both.chunk(2)
    velocity = unsaid + settings.guidance * (said - unsaid)
    signal, spread = _shares(times)
    clean, noise = signal * noisy - spread * velocity, signal * velocity + spread * noisy
    at = (times - settings.stride).clamp(min=0)
    signal, spread = _shares(at)
    return signal * clean + spread * noise, at


def _end(net: Checkpoint, noisy: Tensor, times: Tensor, hidden: Tensor) -> Tensor:
    """Where the student says that the path through `noisy` ends."""
    velocity = net.unet(noisy, times, encoder_hidden_states=hidden, return_dict=False)[0]
    signal, spread = _shares(times)
    clean = signal * noisy - spread * velocity
    scaled = times.view(-1, 1, 1, 1) * SCALING
    skip = SIGMA**2 / (scaled**2 + SIGMA**2)
    return skip * noisy + scaled / (scaled**2 + SIGMA**2).sqrt() * clean


def _noised(clean: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    signal, spread = _shares(times)
    return signal * clean + spread * noise


def _shares(times: Tensor) -> tuple[Tensor, Tensor]:
    """Of signal and of noise at these times, (rows, 1, 1, 1)."""
    alpha = models.alphas()[times].view(-1, 1, 1, 1)
    return alpha.sqrt(), (1 - alpha).sqrt()


def _read(net: Checkpoint, texts: list[str], length: int) -> Tensor:
    ids = models.token_ids(net.tokenizer, texts, length)
    return net.text_encoder(input_ids=ids).last_hidden_state


class _bare:  # noqa: N801 - reads as a word where it is used
    """The checkpoint without its adapter, for as long as the block lasts."""

    def __init__(self, model: nn.Module) -> None:
        self._layers = [each for each in model.modules() if isinstance(each, BaseTunerLayer)]

    def __enter__(self) -> None:
        for layer in self._layers:
            layer.enable_adapters(False)

    def __exit__(self, *_: object) -> None:
        for layer in self._layers:
            layer.enable_adapters(True)
