"""The products that updates are made of, each as its bare low-rank factors.

Sources: LoRA (arXiv 2106.09685), LoHa and LoKr (LyCORIS, arXiv 2309.14859).
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Misfit(Exception):
    """Shapes that do not go together. Callers who know the adapter's name say it in the tree's words."""

    def __init__(self, found: tuple[int, ...], needed: tuple[int, ...]) -> None:
        super().__init__(found, needed)
        self.found = _by(found)
        self.needed = _by(needed)


class Update(Protocol):
    """An unscaled ΔW as a matrix (out, in · kh · kw)."""

    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def rank(self) -> int: ...
    def dense(self) -> Tensor: ...
    def pair(self) -> "Pair": ...


@dataclass(frozen=True, slots=True)
class Pair:
    """up (out, r) · down (r, n). Raises `Misfit` when the two ranks differ."""

    up: Tensor
    down: Tensor

    def __post_init__(self) -> None:
        same(self.up.shape[1:], self.down.shape[:1])

    @property
    def shape(self) -> tuple[int, int]:
        return self.up.shape[0], self.down.shape[1]

    @property
    def rank(self) -> int:
        return self.down.shape[0]

    def dense(self) -> Tensor:
        return self.up @ self.down

    def pair(self) -> "Pair":
        return self


@dataclass(frozen=True, slots=True)
class Hadamard:
    """LoHa: left ∘ right. The rows of the product of factors are products of rows: rank r₁ · r₂."""

    left: Pair
    right: Pair

    def __post_init__(self) -> None:
        same(self.left.shape, self.right.shape)

    @property
    def shape(self) -> tuple[int, int]:
        return self.left.shape

    @property
    def rank(self) -> int:
        return self.left.rank * self.right.rank

    def dense(self) -> Tensor:
        return self.left.dense() * self.right.dense()

    def pair(self) -> Pair:
        up = self.left.up[:, :, None] * self.right.up[:, None, :]
        down = self.left.down[:, None, :] * self.right.down[None, :, :]
        return Pair(up.flatten(1), down.flatten(0, 1))


@dataclass(frozen=True, slots=True)
class Kronecker:
    """LoKr: left ⊗ right = (up₁ ⊗ up₂)(down₁ ⊗ down₂). Kernels ride on the right factor's columns."""

    left: Pair
    right: Pair

    @property
    def shape(self) -> tuple[int, int]:
        (a, c), (b, d) = self.left.shape, self.right.shape
        return a * b, c * d

    @property
    def rank(self) -> int:
        return self.left.rank * self.right.rank

    def dense(self) -> Tensor:
        return kron(self.left.dense(), self.right.dense())

    def pair(self) -> Pair:
        left, right = self.left, self.right
        return Pair(kron(left.up, right.up), kron(left.down, right.down))


def kron(left: Tensor, right: Tensor) -> Tensor:
    """`torch.kron` of matrices, which for itself refuses transposed views."""
    return torch.kron(left.contiguous(), right.contiguous())


def same(found: tuple[int, ...], needed: tuple[int, ...]) -> None:
    """Raise `Misfit` unless the two shapes are equal."""
    if tuple(found) != tuple(needed):
        raise Misfit(tuple(found), tuple(needed))


def _by(shape: tuple[int, ...]) -> str:
    return "×".join(str(size) for size in shape)
