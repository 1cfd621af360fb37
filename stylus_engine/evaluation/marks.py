"""What each picture is worth: truth by a judge, likeness by a scorer, saturation by arithmetic."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stylus_engine.evaluation.journal import Shown
from stylus_engine.evaluation.questions import Ask
from stylus_engine.ports import Pixels, Scorer

Vectors = NDArray[np.float64]
BATCH = 64
WHITE = 255.0


class Judge(Protocol):
    """Reads out of pictures which word each part shows, for worlds where the truth is known."""

    @property
    def name(self) -> str:
        """Says what it is."""
        ...

    def parts(self, pictures: Sequence[Pixels]) -> Sequence[Mapping[str, str]]:
        """For each picture part -> word."""
        ...


class Features(Protocol):
    """A feature network for distances between sets of pictures."""

    @property
    def name(self) -> str:
        """Says what it is."""
        ...

    def of(self, pictures: Sequence[Pixels]) -> Vectors:
        """(pictures, width)."""
        ...


@dataclass(frozen=True, slots=True)
class Instruments:
    """What is measured with. Without a judge there is no truth, without a scorer no likeness."""

    read: Callable[[str], Pixels]
    features: Features
    judge: Judge | None = None
    scorer: Scorer | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One picture, measured. `parts`: which of the named parts came out."""

    shown: Shown
    ask: Ask
    saturation: float
    feature: Vectors
    parts: Mapping[str, bool]
    likeness: float | None = None

    @property
    def truth(self) -> float | None:
        """The share of the named parts that came out; None where none was named."""
        return sum(self.parts.values()) / len(self.parts) if self.parts else None


def measure(
    shown: Sequence[Shown], asks: Mapping[str, Ask], by: Instruments, tell: Callable[[int], None]
) -> list[Mark]:
    """Everything in the journal that has a picture; `tell` hears how many more are done."""
    kept = [one for one in shown if one.picture and one.ask in asks]
    marks: list[Mark] = []
    for at in range(0, len(kept), BATCH):
        some = kept[at : at + BATCH]
        marks += _marked(some, [asks[one.ask] for one in some], by)
        tell(len(some))
    return marks


def saturation(pixels: Pixels) -> float:
    """The mean saturation of the hexcone: how far the colours are from grey, 0 … 1."""
    high, low = pixels.max(axis=2).astype(float), pixels.min(axis=2).astype(float)
    away: NDArray[np.float64] = (high - low) / np.maximum(high, 1.0)
    return float(away.mean())


def _marked(some: Sequence[Shown], asks: Sequence[Ask], by: Instruments) -> Iterator[Mark]:
    pictures = [by.read(one.picture) for one in some]
    nothing: Sequence[Mapping[str, str]] = [dict[str, str]()] * len(some)
    seen = by.judge.parts(pictures) if by.judge else nothing
    features = by.features.of(pictures)
    likeness = _likeness(pictures, asks, by.scorer)
    for at, (one, ask) in enumerate(zip(some, asks, strict=True)):
        parts = _came_out(seen[at], ask.truth) if by.judge else dict[str, bool]()
        yield Mark(one, ask, saturation(pictures[at]), features[at], parts, likeness[at])


def _came_out(seen: Mapping[str, str], truth: Mapping[str, str]) -> Mapping[str, bool]:
    return {part: seen.get(part) == word for part, word in truth.items()}


def _likeness(
    pictures: Sequence[Pixels], asks: Sequence[Ask], scorer: Scorer | None
) -> Sequence[float | None]:
    """Each picture against its own prompt: the matrix of a batch has few distinct texts."""
    if scorer is None:
        return [None] * len(pictures)
    texts = list(dict.fromkeys(ask.prompt for ask in asks))
    scores = scorer.score(pictures, texts)
    return [float(scores[at, texts.index(ask.prompt)]) for at, ask in enumerate(asks)]
