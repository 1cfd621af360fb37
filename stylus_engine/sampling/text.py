"""Texts become embeddings, each under the text-encoder adapters of its own slot."""

# transformers types what a tokenizer returns loosely.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from torch import Tensor

from stylus_engine.sampling.embeddings import TOKENIZERS, Speller, spellers
from stylus_engine.sampling.executors import Executor, by_row
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.families import Family, Parts
from stylus_engine.sampling.stack import Row

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Words:
    """One text to encode and the adapters that the text encoder wears for it."""

    text: str
    row: Row


@dataclass(frozen=True, slots=True)
class Encoded:
    """`text` as it was left after truncation; `states` and `pooled` as in `Told`, B = 1."""

    states: Tensor
    text: str
    pooled: Tensor | None = None


def encode(
    parts: Parts, family: Family, executor: Executor, words: Sequence[Words]
) -> list[Encoded]:
    """Encode all `words` together, one row each; no words, no forward."""
    if not words:
        return []
    texts, rows = [each.text for each in words], [each.row for each in words]
    learned = spellers(parts, rows)
    parts = replace(parts, **{TOKENIZERS[name]: each for name, each in learned.items()})

    def under(
        component: Component, forward: Callable[[list[int]], Iterable[Result]]
    ) -> list[Result]:
        def heard(group: list[int]) -> list[Result]:
            if component not in learned:
                return list(forward(group))
            with learned[component].heard(getattr(parts, component), group):
                return list(forward(group))

        return by_row(executor, component, rows, heard)

    told = family.encode(parts, texts, under)
    ids = zip(*family.token_ids(parts, texts), strict=True)
    left = [_read_back(parts, number, *pair) for number, pair in enumerate(ids)]
    return [
        Encoded(states=each.states, text=text, pooled=each.pooled)
        for each, text in zip(told, left, strict=True)
    ]


def token_count(parts: Parts, text: str) -> int:
    """How many tokens `text` takes, its two markers included, without truncation."""
    return len(parts.words(text, truncation=False, verbose=False).input_ids)


def _read_back(parts: Parts, number: int, ids: Tensor, mask: Tensor) -> str:
    """The words that fit; the mask leaves out padding, which some tokenizers do not call special."""
    said = parts.words.said(number) if isinstance(parts.words, Speller) else None
    if said is not None:
        return said
    return str(parts.words.decode(ids[mask.bool()], skip_special_tokens=True)).strip()
