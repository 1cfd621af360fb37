"""A checkpoint in one safetensors file, as people share them: LDM's and SGM's names, no config.

diffusers' converters name the tensors; configs and the tokenizer lie beside this file,
so that nothing is asked of a hub.  What its denoiser predicts, and how many channels it reads, a file
says itself.  A `.ckpt` is a pickle, which is never opened.
"""

# diffusers' loaders carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import CLIPTokenizer

from stylus_engine.sampling.families.folders import scheduler_config

CONFIGS = Path(__file__).parent / "configs"
WINDOW = 77  # tokens of every CLIP
PADDING = {"tokenizer": "<|endoftext|>", "tokenizer_2": "!"}
FIRST = (
    "model.diffusion_model.input_blocks.0.0.weight"  # (out, channels that the denoiser reads, 3, 3)
)
# Tensors without numbers, by which SDXL finetunes say how they were trained (NoobAI; ComfyUI and
# A1111 read them); the header's word is of SAI's ModelSpec, which kohya's trainer writes.
VELOCITY, NO_SIGNAL, PREDICTS = "v_pred", "ztsnr", "modelspec.prediction_type"
# Who was trained down to no signal at all has to begin there (arXiv 2305.08891, 3.3).
FROM_NOTHING: Mapping[str, Any] = MappingProxyType(
    {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
)


def tokenizer(part: str = "tokenizer") -> CLIPTokenizer:
    """CLIP's own; the second of SDXL's two differs only in what it fills the window with."""
    return CLIPTokenizer.from_pretrained(
        CONFIGS / "tokenizer",
        local_files_only=True,
        model_max_length=WINDOW,
        pad_token=PADDING[part],
    )


@dataclass(frozen=True, slots=True)
class SingleFile:
    """The tensors of one file, the words of its header, and the folder of configs that says what they are."""

    tensors: dict[str, Tensor]
    config: Path
    words: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def read(cls, path: Path, family: str) -> "SingleFile":
        """Read all of it. Raises what safetensors raises."""
        with safe_open(path, framework="pt") as file:
            words = file.metadata() or {}
        return cls(load_file(path), CONFIGS / family, words)

    @property
    def scheduler_config(self) -> dict[str, Any]:
        """The family's, and what the file says of itself: a velocity drawn as noise is a picture of noise."""
        config = scheduler_config(self.config)
        if VELOCITY in self.tensors or self.words.get(PREDICTS) in {"v", "v_prediction"}:
            config |= {"prediction_type": "v_prediction"}
            config |= FROM_NOTHING if NO_SIGNAL in self.tensors else {}
        return config

    def model(self, kind: Any, part: str, dtype: torch.dtype) -> Any:  # noqa: ANN401 - classes of two libraries
        """The UNet or the VAE. Raises `ValueError` when tensors are missing."""
        reads = self.tensors.get(FIRST) if part == "unet" else None
        shape = {} if reads is None else {"in_channels": reads.shape[1]}
        with _complete(part):
            found = kind.from_single_file(
                dict(self.tensors),  # converters may take out of it
                config=str(self.config),
                subfolder=part,
                torch_dtype=dtype,
                local_files_only=True,
                **shape,
            )
            return _whole(found, part)

    def encoder(self, kind: Any, part: str, dtype: torch.dtype) -> Any:  # noqa: ANN401 - as above
        """A text encoder. Raises `ValueError` when tensors are missing."""
        with _complete(part):
            found = create_diffusers_clip_model_from_ldm(
                kind,
                dict(self.tensors),
                subfolder=part,
                config=str(self.config),
                torch_dtype=dtype,
                local_files_only=True,
            )
            return _whole(found, part)


@contextmanager
def _complete(part: str) -> Generator[None, None, None]:
    """Say which part lacks tensors, whichever of diffusers' two ways it takes."""
    try:
        yield
    except NotImplementedError as error:  # torch: nothing can be copied from the meta device
        raise ValueError(f"tensors of its {part} are missing") from error


def _whole(model: nn.Module, part: str) -> nn.Module:
    """What diffusers did not find it leaves on the meta device, and says so in a log line at most."""
    missing = sorted(name for name, weight in model.named_parameters() if weight.is_meta)
    if missing:
        raise ValueError(f"tensors of its {part} are missing, such as {missing[0]}")
    return model
