"""Adapters as sketches: a few hundred numbers each, whose dot products tell how alike two updates are.

    ⟨ΔW₁, ΔW₂⟩   summed over layers      the updates add up, or undo each other
    ⟨ΔW₁ᵀΔW₁, ΔW₂ᵀΔW₂⟩ = ‖ΔW₁ΔW₂ᵀ‖²      both listen to the same inputs
    ⟨ΔW₁ΔW₁ᵀ, ΔW₂ΔW₂ᵀ⟩ = ‖ΔW₁ᵀΔW₂‖²      both speak into the same outputs

A sketch of u ⊗ v is the circular convolution of the count sketches of u and of v
(Pham & Pagh 2013, «tensor sketch»); sketches add, so that of up · down is a sum over its
rank, and ΔW is never built.  Buckets and signs are seeded by the layer's name alone: two
files that were never in memory together have comparable sketches.  A full table of
⟨B₁ᵀB₂, A₁A₂ᵀ⟩ would be exact, and would need both files at once for each of n² pairs.

Said plainly: on the miniature none of the three tells which adapters drown each other
(`benchmarks.interference`).  So no plan goes by them, and nobody who draws makes any,
unless a setup asks for them: whoever wants to measure on a larger checkpoint.
"""

# torch.linalg and torch.fft carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import hashlib
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from stylus_engine.model import Sketch
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.factors import Component, Factors, Layer
from stylus_engine.sampling.sketchbook import SketchBook

SIZE = 512  # numbers of each of the three; the error of a cosine falls with its root
VERSION = 1  # of buckets, signs and what is summed


@dataclass(frozen=True, slots=True)
class _Hash:
    """Buckets and signs of one index: a count sketch."""

    buckets: Tensor
    signs: Tensor

    def spectrum(self, rows: Tensor) -> Tensor:
        """The Fourier transforms of the count sketches of `rows`, (r, n) -> (r, SIZE // 2 + 1)."""
        counted = rows.new_zeros(rows.shape[0], SIZE)
        counted.index_add_(1, self.buckets, rows * self.signs)
        return torch.fft.rfft(counted)


def sketch(factors: Factors) -> Sketch:
    """Of the whole adapter at weight 1. The same file and checkpoint give the same numbers."""
    sums = [torch.zeros(SIZE // 2 + 1, dtype=torch.complex128) for _ in range(3)]
    energy = 0.0
    for place, layer in sorted(factors.layers.items()):
        sums = [total + new for total, new in zip(sums, _spectra(place, layer), strict=True)]
        energy += _energy(layer)
    update, listens, speaks = (_unit(torch.fft.irfft(each, SIZE)) for each in sums)
    return Sketch(v=VERSION, norm=energy**0.5, update=update, listens=listens, speaks=speaks)


def dot(a: bytes, b: bytes) -> float:
    """The dot product of two rows of a sketch; 0 where they are not of one length."""
    if len(a) != len(b):
        return 0.0
    one, other = (torch.frombuffer(bytearray(row), dtype=torch.float16).double() for row in (a, b))
    return float(one @ other)


def _spectra(place: tuple[Component, str], layer: Layer) -> tuple[Tensor, Tensor, Tensor]:
    """Of ΔW, of ΔWᵀΔW and of ΔWΔWᵀ of one layer."""
    up, down = layer.up.double(), layer.down.double().flatten(1)
    inputs, again = _hash(place, "in", down.shape[1]), _hash(place, "in 2", down.shape[1])
    outputs, once_more = _hash(place, "out", up.shape[0]), _hash(place, "out 2", up.shape[0])
    listening, speaking = _root(up.T @ up).T @ down, (up @ _root(down @ down.T)).T
    return (
        (outputs.spectrum(up.T) * inputs.spectrum(down)).sum(0),
        (inputs.spectrum(listening) * again.spectrum(listening)).sum(0),
        (outputs.spectrum(speaking) * once_more.spectrum(speaking)).sum(0),
    )


def _root(gram: Tensor) -> Tensor:
    """R with R Rᵀ = gram; by eigenvalues, for a factor may lack its full rank."""
    values, vectors = torch.linalg.eigh(gram)
    return vectors * values.clamp(min=0).sqrt()


def _energy(layer: Layer) -> float:
    """‖ΔW‖² as trace(UᵀU · DDᵀ)."""
    up, down = layer.up.double(), layer.down.double().flatten(1)
    return float(((up.T @ up) * (down @ down.T)).sum())


def _hash(place: tuple[Component, str], axis: str, size: int) -> _Hash:
    seed = hashlib.sha256(f"{VERSION} {place[0]} {place[1]} {axis}".encode()).digest()
    dice = torch.Generator("cpu").manual_seed(int.from_bytes(seed[:7], "big"))
    buckets = torch.randint(SIZE, (size,), generator=dice)
    signs = torch.randint(2, (size,), generator=dice).double() * 2 - 1
    return _Hash(buckets, signs)


def _unit(numbers: Tensor) -> bytes:
    """Of length 1, as float16, little-endian: what is compared is directions."""
    length = torch.linalg.vector_norm(numbers)
    unit = numbers / length if length > 0 else numbers
    return unit.numpy().astype("<f2").tobytes()


def kept(book: SketchBook, factors: Factors, bases: Bases) -> None:
    """Leave a sketch of what was just converted in the book."""
    book.keep(factors.file_sha256, bases.checkpoint, partial(sketch, factors), VERSION)
