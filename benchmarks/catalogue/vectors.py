"""Real vectors of the synthetic cards, kept outside the repository so that a run can be repeated.

The packaged encoder with its forward in bfloat16: on a shared machine 76,724 texts in
float32 take most of an hour.  The cosine between both is above 0.9998 (measured on 512
cards).  Questions are embedded by the engine's own embedder, in float32.
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

from benchmarks.catalogue.cards import cards
from stylus_engine.retrieval import rows
from stylus_engine.retrieval.embedder import MOST_TOKENS, packaged

PIECE = 2048  # cards of one file: a run that is stopped goes on where it was
BATCH = 32
DIMENSIONS = 384


def vectors(count: int, scratch: Path) -> NDArray[np.float32]:
    """Unit rows of shape (count, 384) for cards 0 to count - 1."""
    scratch.mkdir(parents=True, exist_ok=True)
    pieces = [_piece(first, scratch) for first in range(0, count, PIECE)]
    return np.concatenate(pieces)[:count]


def perturbed(
    real: NDArray[np.float32], count: int, seed: int = 7
) -> Iterator[NDArray[np.float32]]:
    """`count` rows in pieces: the real ones, then those with noise, at a cosine of about 0.9."""
    yield real[:count]
    dice = np.random.default_rng(seed)
    for first in range(len(real), count, len(real)):
        noise = dice.standard_normal(real.shape, np.float32) * (0.48 / real.shape[1] ** 0.5)
        noisy = real + noise
        yield (noisy / np.linalg.norm(noisy, axis=1, keepdims=True))[: count - first]


def _piece(first: int, scratch: Path) -> NDArray[np.float32]:
    texts = [rows.text_of(card) for card in cards(PIECE, first)]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
    path = scratch / f"bf16-{first:06}-{digest}.npy"
    if not path.exists():
        part = path.with_suffix(".part.npy")
        np.save(part, _embedded(texts))
        part.replace(path)
    return np.load(path)


@torch.inference_mode()
def _embedded(texts: list[str]) -> NDArray[np.float32]:
    logging.disable_progress_bar()
    place = packaged()
    read = AutoTokenizer.from_pretrained(place, local_files_only=True)
    model = AutoModel.from_pretrained(place, local_files_only=True, dtype=torch.bfloat16).eval()
    known = read(texts, truncation=True, max_length=MOST_TOKENS)["input_ids"]
    order = sorted(range(len(texts)), key=lambda at: len(known[at]))
    found = np.zeros((len(texts), DIMENSIONS), np.float32)
    for first in range(0, len(order), BATCH):
        at = order[first : first + BATCH]
        batch = read.pad({"input_ids": [known[i] for i in at]}, return_tensors="pt")
        hidden = model(**batch).last_hidden_state.float()
        mask = batch["attention_mask"].unsqueeze(-1).float()
        mean = (hidden * mask).sum(1) / mask.sum(1)
        found[at] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return found


def main() -> None:
    """Make all of them: `python -m benchmarks.catalogue.vectors FOLDER COUNT`."""
    torch.set_num_threads(1)
    for first in range(0, int(sys.argv[2]), PIECE):
        _piece(first, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
