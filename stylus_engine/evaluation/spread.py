"""How much the pictures of one prompt differ. Pure arithmetic over feature vectors.

`dfid` is the paper's: the trace of the covariance of the features within a prompt.
`vendi` (Friedman and Dieng, 2022) is the number of pictures that really differ: 1 for
copies, n for n that have nothing in common.
"""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]


def dfid(features: Vectors) -> float:
    """Of one prompt's pictures, (n, width), n ≥ 2."""
    return float(features.var(axis=0, ddof=1).sum())


def vendi(features: Vectors) -> float:
    """The exponential of the entropy of the cosine kernel's eigenvalues."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.maximum(lengths, 1e-12)
    shares = np.linalg.eigvalsh(unit @ unit.T / len(unit))
    shares = shares[shares > 1e-12]
    return float(np.exp(-(shares * np.log(shares)).sum()))
