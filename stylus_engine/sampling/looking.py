"""Implements `Scorer` by a CLIP that lies in a folder, as transformers writes them."""

# transformers carries few types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPModel, CLIPTokenizer

from stylus_engine.ports import Pixels

# Of the picture's channels, as every published CLIP was trained (openai/CLIP, `_transform`).
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class LocalClip:
    """Loads when it is first asked; nothing is ever downloaded. Raises `OSError` where no CLIP lies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self._folder.name

    @torch.inference_mode()
    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> NDArray[np.float32]:
        """Cosines. Texts are cut at the model's window, pictures to a square in their middle."""
        model, words = self._loaded
        config: Any = model.config
        edge, longest = config.vision_config.image_size, config.text_config.max_position_embeddings
        asked = words(
            list(texts), padding=True, truncation=True, max_length=longest, return_tensors="pt"
        )
        pixels = torch.cat([fitted(picture, edge) for picture in pictures])
        out = model(
            input_ids=asked.input_ids, attention_mask=asked.attention_mask, pixel_values=pixels
        )
        seen, heard = F.normalize(out.image_embeds), F.normalize(out.text_embeds)
        return (seen @ heard.T).float().numpy()

    @cached_property
    def _loaded(self) -> tuple[CLIPModel, CLIPTokenizer]:
        folder = str(self._folder)
        model = CLIPModel.from_pretrained(folder, local_files_only=True)
        return model.eval(), CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def fitted(picture: Pixels, edge: int) -> Tensor:
    """(H, W, 3) bytes -> (1, 3, edge, edge): shorter edge scaled, the middle cut out, normalised."""
    planes = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
    high, wide = picture.shape[:2]
    scale = edge / min(high, wide)
    size = (max(edge, round(high * scale)), max(edge, round(wide * scale)))
    planes = F.interpolate(planes, size, mode="bicubic", antialias=True, align_corners=False)
    top, left = (size[0] - edge) // 2, (size[1] - edge) // 2
    cut = planes[:, :, top : top + edge, left : left + edge].clamp(0, 1)
    return (cut - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
