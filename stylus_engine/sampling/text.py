"""Texts become embeddings, each under the text-encoder adapters of its own slot."""

# transformers types what a tokenizer returns loosely.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from stylus_engine.sampling.executors import Executor, by_row
from stylus_engine.sampling.families import Family, Parts
from stylus_engine.sampling.stack import Row


@dataclass(frozen=True, slots=True)
class Words:
    """One text to encode and the adapters that the text encoder wears for it."""

    text: str
    row: Row


@dataclass(frozen=True, slots=True)
class Encoded:
    """`states` (1, window, width) as the denoiser reads them; `text` as it was left after truncation."""

    states: Tensor
    text: str


def encode(
    parts: Parts, family: Family, executor: Executor, words: Sequence[Words]
) -> list[Encoded]:
    """Encode all `words` together, one row each; no words, no forward."""
    if not words:
        return []
    ids, mask = family.token_ids(parts, [each.text for each in words])
    states = by_row(
        executor,
        "text_encoder",
        [each.row for each in words],
        lambda group: family.encode(parts, ids[group], mask[group]),
    )
    texts = [_read_back(parts, *pair) for pair in zip(ids, mask, strict=True)]
    return [
        Encoded(states=state[None], text=text) for state, text in zip(states, texts, strict=True)
    ]


def token_count(parts: Parts, text: str) -> int:
    """How many tokens `text` takes, its two markers included, without truncation."""
    return len(parts.tokenizer(text, truncation=False, verbose=False).input_ids)


def _read_back(parts: Parts, ids: Tensor, mask: Tensor) -> str:
    """The words that fit; the mask leaves out padding, which some tokenizers do not call special."""
    return str(parts.tokenizer.decode(ids[mask.bool()], skip_special_tokens=True)).strip()
