"""Texts as ids: cut and filled up to one window, as every family tells them to its text encoders."""

# transformers types its tokenizers loosely.
# pyright: reportAny=false

from typing import Any

from torch import Tensor


def padded(words: Any, texts: list[str], window: int) -> tuple[Tensor, Tensor]:  # noqa: ANN401 - tokenizers have no common typed base
    """Ids and attention mask of the texts, truncated and padded, both int64 of shape (B, window)."""
    batch = words(
        texts, padding="max_length", max_length=window, truncation=True, return_tensors="pt"
    )
    return batch.input_ids, batch.attention_mask
