"""How rows that wear different adapters are drawn: stacked, row by row, or merged.

Law of this folder: an executor says which rows may share a forward, in which order
(`groups`), and makes the modules wear them while it runs (`applied`).  All of them
draw the same pictures up to rounding; they differ in time and memory only.  A base
weight is never written: merged weights lie beside it and take its place.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from torch import nn

from stylus_engine.sampling.executors.banking import Banking
from stylus_engine.sampling.executors.core import Sharing
from stylus_engine.sampling.executors.merging import Merging
from stylus_engine.sampling.executors.planned import Planned
from stylus_engine.sampling.executors.seam import Executor, Outlook, by_row
from stylus_engine.sampling.executors.slotting import Slotting
from stylus_engine.sampling.executors.stacking import Stacking
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.rack import Rack

__all__ = [
    "EXECUTORS",
    "Banking",
    "Executor",
    "Merging",
    "Outlook",
    "Planned",
    "Sharing",
    "Slotting",
    "Stacking",
    "by_row",
]


class Make(Protocol):
    """Makes an executor for a checkpoint's modules; what it gathers lies on `rack`, else on a rack of its own."""

    def __call__(
        self, modules: Mapping[Component, nn.Module], rack: Rack | None = None
    ) -> Executor:
        """Nothing is gathered or merged yet."""
        ...


def _core(modules: Mapping[Component, nn.Module], rack: Rack | None = None) -> Executor:
    return Sharing(modules, Stacking(modules, rack))


def _core_slots(modules: Mapping[Component, nn.Module], rack: Rack | None = None) -> Executor:
    return Sharing(modules, Slotting(modules, rack))


def _bank(modules: Mapping[Component, nn.Module], rack: Rack | None = None) -> Executor:
    del rack  # merged weights are no gathered factors
    return Banking(modules)


def _merge(modules: Mapping[Component, nn.Module], rack: Rack | None = None) -> Executor:
    del rack
    return Merging(modules)


EXECUTORS: Mapping[str, Make] = MappingProxyType(
    {
        "auto": Planned,
        "stack": Stacking,
        "slots": Slotting,
        "core": _core,
        "core+slots": _core_slots,
        "bank": _bank,
        "merge": _merge,
    }
)
