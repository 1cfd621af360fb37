"""A loaded checkpoint, and what a family file must be able to do with it."""

# diffusers exports its classes lazily, which a type checker takes for private.
# pyright: reportPrivateImportUsage=false

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from stylus_engine.model import Checkpoint
from stylus_engine.planning.executors import Kept
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.flow import Spaced

Row = TypeVar("Row")


class Wings(Protocol):
    """Where models wait until they are used."""

    def enter(self, module: nn.Module) -> None:
        """`module` is about to be used by its parts: bring it, and nobody else."""
        ...

    def rest(self) -> None:
        """Everybody off the device."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The modules of one checkpoint: in eval mode, without gradients, on one device, in one dtype.

    `unet` is the denoiser, also where it is a transformer (`denoiser` says what adapters
    call it).  `scheduler_config` is the folder's own, with the repairs that the plain
    pipeline makes; every slot builds its scheduler from it.  `distilled`: the denoiser
    reads the guidance itself, so that no row is drawn without the prompt.  `reader` is the
    tokenizer whose window the prompt must fit, `spaced` how flow matching spreads its steps,
    `most_edge` the most pixels of an edge that the denoiser has places for (0: any), `room` the bytes that
    the VAE may take for one picture (0: a share of the device).  `attention`: the kernel
    that the denoiser runs under.  `wings`: where the models wait that are not in use; None: all
    are on the device.  `kept`: why their weights are only read (`planning.executors.kept_by`).  `how`: what was done to
    the modules that changes pixels, for the manifest.
    """

    unet: Any
    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    scheduler_config: Mapping[str, Any]
    checkpoint: Checkpoint
    dtype: torch.dtype
    device: torch.device
    text_encoder_2: Any = None
    tokenizer_2: Any = None
    text_encoder_3: Any = None
    tokenizer_3: Any = None
    denoiser: Component = "unet"
    adapted: tuple[Component, ...] = ("text_encoder",)
    distilled: bool = False
    reader: Literal["tokenizer", "tokenizer_2", "tokenizer_3"] = "tokenizer"
    spaced: Spaced = "even"
    most_edge: int = 0
    room: int = 0
    attention: str = "auto"
    wings: Wings | None = None
    kept: Kept = ""
    how: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> Any:  # noqa: ANN401 - tokenizers have no common typed base
        """The tokenizer that decides which words of a prompt are read."""
        return getattr(self, self.reader)

    @property
    def modules(self) -> dict[Component, nn.Module]:
        """The modules that adapters can change."""
        found: dict[Component, nn.Module] = {self.denoiser: self.unet}
        for name in self.adapted:
            found[name] = getattr(self, name)
        return found


@dataclass(frozen=True, slots=True)
class Told:
    """What rows of a denoiser are told beside latents and time.

    `states` (B, window, width); `pooled` (B, width) where the family has it; `guidance`
    (B,) fp32, for denoisers that read it themselves.
    """

    states: Tensor
    pooled: Tensor | None = None
    guidance: Tensor | None = None


class Under(Protocol):
    """Runs a text encoder over all rows, each under its own adapters; one result a row.

    The rows come in groups: `forward` gets the indices of each.
    """

    def __call__(
        self, component: Component, forward: Callable[[list[int]], Iterable[Row]]
    ) -> list[Row]:
        """`forward`'s results, in the order of the rows."""
        ...


class Family(Protocol):
    """What differs between model families: one module of plain functions each."""

    def load(
        self,
        checkpoint: Checkpoint,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> Parts:
        """Read a checkpoint from disk, never from a network. Raises `BadCheckpoint`."""
        ...

    def token_ids(self, parts: Parts, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Ids and attention mask of the truncated, padded texts, both int64 of shape (B, window)."""
        ...

    def encode(self, parts: Parts, texts: list[str], under: Under) -> list[Told]:
        """Each text as the denoiser reads it, B = 1."""
        ...

    def denoise(self, parts: Parts, latents: Tensor, timesteps: Tensor, told: Told) -> Tensor:
        """One forward for B rows, each at its own timestep; fp32 in and out."""
        ...

    def compress(self, parts: Parts, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """fp32 pixels (1, 3, H, W) from -1 to 1 -> fp32 latents, drawn from what the encoder says."""
        ...

    def decode(self, parts: Parts, latents: Tensor) -> Tensor:
        """Latents (B, C, h, w) -> fp32 pixels (B, 3, H, W), 0 = black, 1 = white, not clamped."""
        ...

    def latent_shape(self, parts: Parts, width: int, height: int) -> tuple[int, int, int, int]:
        """Shape (1, C, h, w) of the latents of a picture of width x height pixels."""
        ...
