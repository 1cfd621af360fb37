"""How surely a span asks for a card: a logistic regression over what is known of both.

Its weights were learned from the development set of the miniature (`python -m
miniature.likeness` learns them anew and tells how well they do on shelves that they have
not seen), once for each embedder in `LEARNED`: cosines of one say nothing of another's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from stylus_engine.ports import Vectors

OWN = "all-MiniLM-L6-v2"  # comes with Stylus


class Parts(NamedTuple):
    """What is known of each span (rows) and card (columns). A cosine, where nothing else is said."""

    phrase: Vectors  # of the card's nearest phrase
    whole: Vectors  # of its whole text
    gloss: Vectors  # of what the thesaurus says of its phrases
    phrase_more: Vectors  # how much nearer the span's own gloss is, at least 0
    whole_more: Vectors  # the same for the whole text
    rival: Vectors  # how much nearer the gloss is to an everyday thing that the card is not about
    kin: Vectors  # 1 where the thesaurus calls the span a kind of a phrase
    plain: Vectors  # 1 where the span names everyday things, and no phrase of the card
    part: Vectors  # 1 where the span is a part of a longer one ("glow" of "evening glow")
    tied: Vectors  # 1 where the span is several things in one ("house of a king")
    crowd: Vectors  # the mean of the ten nearest everyday things
    ahead: Vectors  # before the nearest card that is about something else


@dataclass(frozen=True, slots=True)
class Scale:
    """The weight of each column of `Parts`, and what stands without any."""

    phrase: float = 4.88
    whole: float = 5.5
    gloss: float = 6.73
    phrase_more: float = 16.24
    whole_more: float = 2.47
    rival: float = -2.04
    kin: float = 1.01
    plain: float = -2.99
    part: float = -0.59
    tied: float = -0.33
    crowd: float = -16.71
    ahead: float = 4.0
    bias: float = -1.54

    def likeness(self, parts: Parts) -> Vectors:
        """How surely, 0 … 1, for each span and card."""
        weights = np.asarray([getattr(self, name) for name in Parts._fields], np.float32)
        sums = np.einsum("nij,n->ij", np.stack(parts), weights) + self.bias
        return (1 / (1 + np.exp(-np.clip(sums, -30, 30)))).astype(np.float32)


LEARNED: Mapping[str, Scale] = MappingProxyType(
    {
        OWN: Scale(),
        # 0.6 more is taken off its bias than was learned: needless as rarely as with `OWN` at one floor.
        "all-mpnet-base-v2": Scale(
            phrase=10.01, whole=6.18, gloss=4.66, phrase_more=14.32, whole_more=1.86, rival=-0.55,
            kin=2.21, plain=-5.86, part=-0.92, tied=-0.2, crowd=-21.51, ahead=3.63, bias=-2.12,
        ),
    }
)  # fmt: skip


def learned_for(model: str) -> Scale | None:
    """What was learned with a model: its name, its folder's, or an embedder's `name` (``model@revision``)."""
    return LEARNED.get(model.rsplit("/", 1)[-1].split("@", 1)[0])
