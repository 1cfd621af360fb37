"""Trains the autoencoder: 64×64 pictures to 16×16×4 latents of unit spread and back."""

# diffusers leaves its outputs and its exports untyped, torch some of its calls
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportPrivateImportUsage=false, reportArgumentType=false

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn.functional import l1_loss

from miniature.training import crew, data, pace
from miniature.training.crew import Seat


@dataclass(frozen=True, slots=True)
class VaeRun:
    """How long and on what the autoencoder is trained."""

    pictures: int = 5000
    steps: int = 2800
    batch: int = 16
    peak: float = 1.5e-3
    kl: float = 1e-3
    every: int = 500


def new_vae() -> AutoencoderKL:
    """An untrained autoencoder: 0.68 M parameters, a quarter of the picture's side, 4 channels."""
    return AutoencoderKL(
        block_out_channels=(16, 32, 64),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=64,
    )


def train(settings: VaeRun, cache: Path, resume: bool) -> None:
    """Trains on every core and leaves a diffusers folder at `cache`/vae."""
    data.drawn(data.all_scenes(settings.pictures, seed=7), cache / "all.npy")
    if not resume:
        (cache / "vae.pt").unlink(missing_ok=True)
    crew.run(_train, settings, cache)


def load(cache: Path) -> AutoencoderKL:
    """The trained autoencoder, frozen."""
    return AutoencoderKL.from_pretrained(cache / "vae").requires_grad_(False).eval()


def redraw(cache: Path) -> Callable[[Tensor], Tensor]:
    """Sends pictures, (n, 3, 64, 64) in −1 … 1, through the trained autoencoder, a little shaken on the way."""
    autoencoder = load(cache)

    def through(pictures: Tensor) -> Tensor:
        latents = autoencoder.encode(pictures).latent_dist.mean
        return autoencoder.decode(latents + 0.1 * latents.std() * torch.randn_like(latents)).sample

    return through


def to_tensor(pictures: data.Pictures) -> Tensor:
    """(n, height, width, 3) bytes → (n, 3, height, width) in −1 … 1."""
    return torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def loss_of(
    vae: AutoencoderKL, pictures: Tensor, kl: float, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """(loss, mean square error): distance of colours and of edges, and a small pull to the unit ball."""
    posterior = vae.encode(pictures).latent_dist
    noise = torch.randn(posterior.mean.shape, generator=rng)
    redrawn = vae.decode(posterior.mean + posterior.std * noise).sample
    pull = 0.5 * (posterior.mean.square() + posterior.var - 1 - posterior.logvar).mean()
    error = (redrawn - pictures).detach().square().mean()
    return l1_loss(redrawn, pictures) + _edge_distance(redrawn, pictures) + kl * pull, error


def _edge_distance(redrawn: Tensor, pictures: Tensor) -> Tensor:
    """Without it a small decoder prefers soft edges: a blurred eye costs little in L1."""
    return sum(
        (l1_loss(redrawn.diff(dim=d), pictures.diff(dim=d)) for d in (2, 3)), torch.zeros(())
    )


def _train(seat: Seat, settings: VaeRun, cache: Path) -> None:
    torch.manual_seed(0)
    vae, state = new_vae(), cache / "vae.pt"
    optimizer = torch.optim.AdamW(vae.parameters(), settings.peak, betas=(0.9, 0.99), fused=True)
    begin = _resumed(vae, optimizer, state)
    pictures = data.drawn(data.all_scenes(settings.pictures, seed=7), cache / "all.npy")
    log = pace.Log("vae", settings.steps)
    for step in range(begin, settings.steps):
        pace.set_rate(optimizer, pace.one_cycle(step, settings.steps, settings.peak))
        error = _step(vae, optimizer, pictures, settings, seat, step)
        if seat.leads:
            log.step(step, error)
        if seat.leads and ((step + 1) % settings.every == 0 or step + 1 == settings.steps):
            pace.save_state(
                state,
                {"step": step + 1, "vae": vae.state_dict(), "optimizer": optimizer.state_dict()},
            )
    if seat.leads:
        _finish(vae, pictures, cache)


def _resumed(vae: AutoencoderKL, optimizer: torch.optim.Optimizer, state: Path) -> int:
    if not state.exists():
        return 0
    saved = torch.load(state)
    vae.load_state_dict(saved["vae"])
    optimizer.load_state_dict(saved["optimizer"])
    return saved["step"]


def _step(
    vae: AutoencoderKL,
    optimizer: torch.optim.Optimizer,
    pictures: data.Pictures,
    settings: VaeRun,
    seat: Seat,
    step: int,
) -> float:
    rng = seat.rng(step)
    rows = torch.randint(len(pictures), (seat.share(settings.batch),), generator=rng).sort().values
    batch = to_tensor(pictures[rows.numpy()])
    if step % 2:
        batch = batch.flip(3)
    loss, error = loss_of(vae, batch, settings.kl, rng)
    loss.backward()
    seat.average_gradients(vae.parameters())
    torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return error.item()


@torch.no_grad()
def _finish(vae: AutoencoderKL, pictures: data.Pictures, cache: Path) -> None:
    """Chooses the factor that gives latents unit spread, as every pipeline expects, and writes the folder."""
    vae.eval()
    latents = torch.cat(
        [vae.encode(to_tensor(part)).latent_dist.mean for part in (pictures[:256], pictures[-256:])]
    )
    vae.register_to_config(scaling_factor=round(1 / latents.std().item(), 5), shift_factor=None)
    vae.save_pretrained(cache / "vae")
