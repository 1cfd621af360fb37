"""The stack with the denoiser's blocks compiled: branches in them, hooks on every other layer.

Compiled anew is what has another shape: the first picture of a size, another number of rows, another step of rank.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from stylus_engine.planning.executors import Choice
from stylus_engine.sampling.compiling import Backend, Compiler, inductor, linear, repeated
from stylus_engine.sampling.executors.branches import Branches
from stylus_engine.sampling.executors.planned import DENOISERS
from stylus_engine.sampling.executors.seam import ONCE, Outlook
from stylus_engine.sampling.executors.stacking import Stacking
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.stack import Row, Stack

COMPILED, STACKED = Choice("compiled", "asked"), Choice("stack", "uncompiled")


class Blocks:
    """One denoiser, its blocks compiled."""

    def __init__(
        self, module: nn.Module, component: Component, rack: Rack, compiler: Compiler
    ) -> None:
        blocks = repeated(module)
        inside = linear(blocks)
        if not blocks:
            compiler.give_up("this denoiser has no blocks that it is known to do for.")
        self._fitted = [compiler.fitted(block) for block in blocks.values()]
        self._branches = Branches(module, component, rack, inside)
        self._beside = Stack(module, component, rack, others=inside)

    def wear(self, rows: Sequence[Row]) -> None:
        """Row b of every following forward wears `rows[b]`."""
        self._branches.wear(rows)
        self._beside.wear(rows)
        for each in self._fitted:
            each.put_on()

    def remove(self) -> None:
        """Every module is as it was; what was compiled and gathered is kept."""
        for each in self._fitted:
            each.remove()
        self._branches.remove()
        self._beside.remove()


class Compiled:
    """All rows in one forward. When the compiler fails, as `Stacking` from the next forward on."""

    def __init__(
        self,
        modules: Mapping[Component, nn.Module],
        rack: Rack | None = None,
        device: torch.device | None = None,
        backend: Backend = inductor,
    ) -> None:
        """`backend`: as torch.compile takes it."""
        rack = rack or Rack()
        self._compiler = Compiler(backend)
        self._plain = Stacking(modules, rack, device)
        self._blocks = {
            name: Blocks(module, name, rack, self._compiler)
            for name, module in modules.items()
            if name in DENOISERS
        }

    @property
    def choice(self) -> Choice:
        """Whether the compiler still does."""
        return STACKED if self._compiler.failed else COMPILED

    def groups(
        self, component: Component, rows: Sequence[Row], outlook: Outlook = ONCE
    ) -> list[list[int]]:
        """One group."""
        return self._plain.groups(component, rows, outlook)

    @contextmanager
    def applied(self, component: Component, rows: Sequence[Row]) -> Generator[None, None, None]:
        """Set the rows' weights; gather only when the union of adapters changed, compile only for other shapes."""
        blocks = self._blocks.get(component)
        if blocks is not None and not self._compiler.failed:
            blocks.wear(rows)
            yield
            return
        if blocks is not None:
            blocks.remove()
        with self._plain.applied(component, rows):
            yield

    def rest(self, component: Component) -> None:
        """Take off what the component wears; what was made is kept."""
        if component in self._blocks:
            self._blocks[component].remove()
        self._plain.rest(component)

    def restore(self) -> None:
        """Nothing to do: branches and hooks read the base weights and never write them."""

    def close(self) -> None:
        """Take everything off."""
        for blocks in self._blocks.values():
            blocks.remove()
        self._plain.close()
