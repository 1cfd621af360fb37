# sentence-transformers types its answers as unions of everything; they become floats here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""A cross-encoder that sentence-transformers can load, by its name on the hub or by its folder."""

import asyncio
import math
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stylus_engine.errors import BadEmbedder
from stylus_engine.model import Adapter
from stylus_engine.retrieval.rows import text_of

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

BATCH = 32
LONGEST = 512  # tokens of question and card together: what such models were trained on


class CrossReranker:
    """Reads question and card together. Implements `Reranker`. Raises `BadEmbedder`."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._lock = threading.Lock()

    async def scores(self, question: str, cards: Sequence[Adapter]) -> Sequence[float]:
        """Runs in a thread."""
        pairs = [(question, text_of(card)) for card in cards]
        return await asyncio.to_thread(self._scores, pairs)

    def _scores(self, pairs: list[tuple[str, str]]) -> list[float]:
        with self._lock:
            found = self._loaded.predict(pairs, batch_size=BATCH, show_progress_bar=False)
        scores = [float(one) for one in found]
        # Some models end in a sigmoid and some do not; the order is the same either way.
        plain = all(0.0 <= score <= 1.0 for score in scores)
        return scores if plain else [_squashed(score) for score in scores]

    @cached_property
    def _loaded(self) -> "CrossEncoder":
        from sentence_transformers import CrossEncoder  # noqa: PLC0415 - brings torch; most name no model

        folder = Path(self._model).is_dir()
        try:
            return CrossEncoder(
                self._model, device="cpu", max_length=LONGEST, local_files_only=folder
            )
        except (OSError, ValueError, RuntimeError) as error:
            why = (str(error).splitlines() or ["it cannot be loaded"])[0]
            raise BadEmbedder(path=self._model, why=why[:200]) from error


def _squashed(score: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))
