# sentence-transformers types its answers as unions of everything; they become float32 here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Any model that sentence-transformers can load, by its name on the hub or by its folder.

The one file that knows that library, and it is imported when the model is first asked:
it brings torch, and most installations never name a model.
"""

import asyncio
import hashlib
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stylus_engine.errors import BadEmbedder
from stylus_engine.ports import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = 32
WEIGHTS = ("model.safetensors", "pytorch_model.bin")


class NamedEmbedder:
    """Texts to unit vectors with the model called `model`. Implements `Embedder`.

    A name is asked of the hub and kept in its cache; a folder is read without a network.
    Raises `BadEmbedder`, from all of its members.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model, and which of its revisions: another one is another space."""
        return f"{Path(self._model).name}@{self._revision}"

    @property
    def dimensions(self) -> int:
        """The length of each vector."""
        return int(self._loaded.get_embedding_dimension() or 0)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions), each row of length 1. Runs in a thread."""
        return await asyncio.to_thread(self._embed, list(texts))

    def _embed(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        with self._lock:
            rows = self._loaded.encode(
                texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(rows, np.float32)

    @cached_property
    def _revision(self) -> str:
        """Of a folder: its weights' digest; of a name: the commit on the hub."""
        for weights in (Path(self._model) / name for name in WEIGHTS):
            if weights.is_file():
                with weights.open("rb") as file:
                    return hashlib.file_digest(file, "sha256").hexdigest()[:12]
        inner: Any = self._loaded[0]
        commit = getattr(inner.auto_model.config, "_commit_hash", None)
        return str(commit or "unknown")[:12]

    @cached_property
    def _loaded(self) -> "SentenceTransformer":
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - see above

        try:
            return SentenceTransformer(
                self._model, device="cpu", local_files_only=Path(self._model).is_dir()
            )
        except (OSError, ValueError, RuntimeError) as error:
            why = (str(error).splitlines() or ["it cannot be loaded"])[0]
            raise BadEmbedder(path=self._model, why=why[:200]) from error
