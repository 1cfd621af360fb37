"""FID and KID by torchmetrics, over features that were taken already: the network is the caller's."""

# torchmetrics leaves some of its calls untyped
# pyright: reportUnknownMemberType=false

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_mmd

Vectors = NDArray[np.float64]
SUBSETS, SUBSET = 100, 100


class Distances(NamedTuple):
    """From a set of pictures to the reference. FID is biased by their number, KID is not."""

    fid: float
    kid: float
    kid_spread: float
    n: int


class _Given(nn.Module):
    """Stands where torchmetrics wants a network: what comes in are features already."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.num_features = width

    def forward(self, features: Tensor) -> Tensor:
        return features


def distances(ours: Vectors, reference: Vectors) -> Distances | None:
    """None where there are too few pictures to speak of a distribution (fewer than 16)."""
    fewest = min(len(ours), len(reference))
    if fewest < 16:
        return None
    fid = FrechetInceptionDistance(feature=_Given(ours.shape[1])).set_dtype(torch.float64)
    fid.update(torch.from_numpy(reference), real=True)
    fid.update(torch.from_numpy(ours), real=False)
    each = _discrepancies(ours, reference, min(SUBSET, fewest))
    return Distances(fid.compute().item(), each.mean().item(), each.std().item(), len(ours))


def _discrepancies(ours: Vectors, reference: Vectors, size: int) -> Tensor:
    """KID's subsets by torchmetrics' own kernel; its class only adds a buffer, and a warning of it."""
    rng = np.random.default_rng(0)
    return torch.stack(
        [
            poly_mmd(_some(reference, size, rng), _some(ours, size, rng), 3, None, 1.0)
            for _ in range(SUBSETS)
        ]
    )


def _some(features: Vectors, size: int, rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(features[rng.permutation(len(features))[:size]])
