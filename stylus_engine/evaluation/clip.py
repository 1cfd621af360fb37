"""Any CLIP of transformers as scorer and feature network, for checkpoints of the real world."""

# transformers leaves its models and processors untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize
from transformers import CLIPModel, CLIPProcessor

from stylus_engine.errors import BadEvaluation
from stylus_engine.ports import Pixels


class LocalClip:
    """Implements `Scorer` and `Features`; loads when it is first asked, never from a network."""

    def __init__(self, folder: Path) -> None:
        """`folder`: as `save_pretrained` writes it, with its processor."""
        self._folder = folder
        self.name = folder.name

    @torch.inference_mode()
    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Scorer`; texts are cut at the model's own length."""
        model, processor = self._loaded
        asked: Any = processor(text=list(texts), padding=True, truncation=True, return_tensors="pt")
        heard = normalize(model.get_text_features(**asked).pooler_output, dim=1)
        return (self._seen(pictures) @ heard.T).float().numpy()

    @torch.inference_mode()
    def of(self, pictures: Sequence[Pixels]) -> NDArray[np.float64]:
        """(pictures, width)."""
        return self._seen(pictures).double().numpy()

    def _seen(self, pictures: Sequence[Pixels]) -> torch.Tensor:
        model, processor = self._loaded
        seen: Any = processor(images=list(pictures), return_tensors="pt")
        return normalize(model.get_image_features(**seen).pooler_output, dim=1)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        try:
            model = CLIPModel.from_pretrained(self._folder, local_files_only=True)
            processor = CLIPProcessor.from_pretrained(self._folder, local_files_only=True)
        except (OSError, ValueError) as error:
            why = str(error).partition("\n")[0]
            raise BadEvaluation(path=str(self._folder), why=why) from error
        return model.eval(), processor
