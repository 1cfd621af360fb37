"""How rows that wear different adapters are drawn: stacked, row by row, or merged.

Law of this folder: an executor says which rows may share a forward, in which order
(`groups`), and makes the modules wear them while it runs (`applied`).  All of them
draw the same pictures up to rounding; they differ in time and memory only.  A base
weight is never written: merged weights lie beside it and take its place.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, TypeAlias

import torch
from torch import nn

from stylus_engine.errors import BadSettings
from stylus_engine.planning.executors import Kept, refusal, uncompilable
from stylus_engine.sampling.executors.banking import Banking
from stylus_engine.sampling.executors.compiled import Compiled
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
    "Compiled",
    "Executor",
    "Merging",
    "Outlook",
    "Planned",
    "Sharing",
    "Slotting",
    "Stacking",
    "by_row",
    "executor",
]


Modules: TypeAlias = Mapping[Component, nn.Module]
Device: TypeAlias = torch.device | None


class Make(Protocol):
    """Makes an executor for a checkpoint's modules; what it gathers lies on `rack`, else on a rack of its own.

    `device`: where it computes; None: where the weights are.
    """

    def __call__(
        self, modules: Modules, rack: Rack | None = None, device: Device = None
    ) -> Executor:
        """Nothing is gathered or merged yet."""
        ...


def executor(
    name: str,
    modules: Modules,
    rack: Rack | None = None,
    device: Device = None,
    kept: Kept = "",
    compiled: str = "none",
) -> Executor:
    """The executor of this name. `kept`: why base weights are only read, as `planning.executors.kept_by` says.

    `compiled`: what of the denoiser is.  Raises `BadSettings` for one that replaces weights that are
    kept, and for what does not go with compiling.
    """
    if why := refusal(name, kept):
        raise BadSettings(where="sampling.executor", why=why)
    if why := uncompilable(compiled, name, kept):
        raise BadSettings(where="sampling.compile", why=why)
    if compiled != "none":
        return Compiled(modules, rack, device)
    if name == "auto":
        return Planned(modules, rack, device=device, kept=kept)
    return EXECUTORS[name](modules, rack, device)


def _auto(modules: Modules, rack: Rack | None = None, device: Device = None) -> Executor:
    return Planned(modules, rack, device=device)


def _core(modules: Modules, rack: Rack | None = None, device: Device = None) -> Executor:
    return Sharing(modules, Stacking(modules, rack, device))


def _core_slots(modules: Modules, rack: Rack | None = None, device: Device = None) -> Executor:
    return Sharing(modules, Slotting(modules, rack, device))


def _bank(modules: Modules, rack: Rack | None = None, device: Device = None) -> Executor:
    del rack, device  # merged weights are no gathered factors, and lie where the base's do
    return Banking(modules)


def _merge(modules: Modules, rack: Rack | None = None, device: Device = None) -> Executor:
    del rack, device
    return Merging(modules)


EXECUTORS: Mapping[str, Make] = MappingProxyType(
    {
        "auto": _auto,
        "stack": Stacking,
        "slots": Slotting,
        "core": _core,
        "core+slots": _core_slots,
        "bank": _bank,
        "merge": _merge,
    }
)
