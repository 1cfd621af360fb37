"""A small CLIP of the drawn world: pictures and texts as unit vectors of one space.

Its image tower is convolutional, as in the first CLIPs: a transformer of this size has not
learnt the world in the quarter of an hour on one core that the recipe may take (tried on
paper: 300 MFLOP a picture and step against 100).  It is an instrument, like the judge, and
shares no weight with it nor with the checkpoint; what it says is said "on the miniature".
"""

# torch, safetensors and transformers leave some of their own types open, and what a token's id is
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import normalize
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from miniature.training import tokenizer
from stylus_engine.ports import Pixels

FILE = "model.safetensors"
WIDTH, LONGEST = 128, 48  # of the shared space; of a text in tokens, what is over is cut


class Clip(nn.Module):
    """Two towers and how sharply their likeness counts."""

    def __init__(self, words: CLIPTokenizer) -> None:
        super().__init__()
        self.words = words
        self.eyes = nn.Sequential(
            *_stage(3, 24, 5, 2),
            *_stage(24, 48, 3, 2),
            *_stage(48, 64, 3, 1),
            *_stage(64, 96, 3, 2),
            *_stage(96, 128, 3, 2),
            nn.Flatten(),
            nn.Linear(128 * 16, WIDTH),
        )
        self.ears = CLIPTextModel(_text_config(words))
        self.sense = nn.Linear(WIDTH, WIDTH, bias=False)
        self.sharpness = nn.Parameter(torch.tensor(2.7))

    def see(self, pictures: Tensor) -> Tensor:
        """(n, 3, 64, 64) in −1 … 1 → (n, WIDTH), each of length 1."""
        return normalize(self.eyes(pictures), dim=1)

    def hear(self, texts: Sequence[str]) -> Tensor:
        """(texts, WIDTH), each of length 1."""
        asked = self.words(
            list(texts), padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        )
        heard = self.ears(input_ids=asked.input_ids, attention_mask=asked.attention_mask)
        return normalize(self.sense(heard.pooler_output), dim=1)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The trained one of `folder`, ready to read."""
        clip = cls(tokenizer.load(folder.parent / "checkpoint" / "tokenizer"))
        clip.load_state_dict(load_file(folder / FILE))
        return clip.eval()

    def save(self, folder: Path) -> None:
        """Writes the weights, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        half = folder / f"{FILE}.half"
        save_file({k: v.contiguous() for k, v in self.state_dict().items()}, half)
        half.replace(folder / FILE)


class ClipScorer:
    """Implements the `Scorer` port; loads when it is first asked."""

    name = "miniature-clip"

    def __init__(self, folder: Path) -> None:
        """`folder`: where the weights lie; the tokenizer is the checkpoint's, beside it."""
        self._folder = folder

    @torch.inference_mode()
    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Scorer`; pictures of any size are reduced to 64×64 first."""
        if not pictures or not texts:
            return np.zeros((len(pictures), len(texts)), np.float32)
        seen = self._clip.see(tensor(np.stack([small(one) for one in pictures])))
        return (seen @ self._clip.hear(texts).T).numpy()

    @torch.inference_mode()
    def of(self, pictures: Sequence[Pixels]) -> NDArray[np.float64]:
        """(pictures, WIDTH): the image tower as a feature network."""
        seen = self._clip.see(tensor(np.stack([small(one) for one in pictures])))
        return seen.double().numpy()

    @cached_property
    def _clip(self) -> Clip:
        return Clip.load(self._folder)


def small(pixels: Pixels) -> Pixels:
    """64×64."""
    return np.asarray(Image.fromarray(pixels).convert("RGB").resize((64, 64)))


def tensor(pictures: Pixels) -> Tensor:
    """(n, 64, 64, 3) bytes → (n, 3, 64, 64) in −1 … 1."""
    return torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def _text_config(words: CLIPTokenizer) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LONGEST,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )


def _stage(before: int, after: int, kernel: int, stride: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False)
    return conv, nn.BatchNorm2d(after), nn.SiLU()
