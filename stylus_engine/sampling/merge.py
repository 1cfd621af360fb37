"""Merging: the weights of one recipe written into the base, from a pristine copy, and given back.

Source: InvokeAI's `layer_patcher`.  Nothing is ever subtracted: what `finally`
writes are the bytes that were there before.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from stylus_engine.sampling.factors import Component, Layer
from stylus_engine.sampling.stack import Row


@contextmanager
def merged(modules: Mapping[Component, nn.Module], row: Row) -> Generator[None, None, None]:
    """Within, each layer that `row` touches weighs W0 + Σ weight · up · down, summed in fp32, rounded once.

    Only components in `modules` are touched.  On leaving, by whatever road, the
    bytes of every touched weight are those of before.
    """
    borrowed: list[tuple[Tensor, Tensor]] = []
    try:
        for weight, updates in _updates(modules, row):
            borrowed.append((weight, weight.detach().clone()))
            _write(weight, _sum(weight, updates))
        yield
    finally:
        for weight, pristine in borrowed:
            _write(weight, pristine)


def _updates(
    modules: Mapping[Component, nn.Module], row: Row
) -> Iterator[tuple[Tensor, list[tuple[Layer, float]]]]:
    """Each touched weight once, with all that is to be added to it."""
    updates: dict[tuple[Component, str], list[tuple[Layer, float]]] = {}
    for factors, share in row:
        for key, layer in factors.layers.items():
            updates.setdefault(key, []).append((layer, share))
    for (component, path), parts in updates.items():
        if component in modules:
            yield modules[component].get_submodule(path).get_parameter("weight"), parts


def _sum(weight: Tensor, updates: list[tuple[Layer, float]]) -> Tensor:
    """W0 + Σ share · up · down in fp32, in the shape of `weight`."""
    total = weight.detach().float().flatten(1).clone()
    for layer, share in updates:
        up, down = layer.up.to(total), layer.down.flatten(1).to(total)
        total.addmm_(up, down, alpha=share)
    return total.reshape(weight.shape)


def _write(weight: Tensor, values: Tensor) -> None:
    with torch.no_grad():
        weight.copy_(values)
