"""B: the dense stack. All rows in one forward over the factors of all their adapters."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from stylus_engine.planning.executors import Choice
from stylus_engine.sampling.executors.seam import ONCE, Outlook
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.stack import Row, Stack


class Stacking:
    """All rows in one forward. What it sets up stays on between steps: most steps change nothing."""

    choice = Choice("stack", "asked")

    def __init__(
        self,
        modules: Mapping[Component, nn.Module],
        rack: Rack | None = None,
        device: torch.device | None = None,
    ) -> None:
        rack = rack or Rack()
        self.stacks = {name: Stack(module, name, rack, device) for name, module in modules.items()}

    def groups(
        self, component: Component, rows: Sequence[Row], outlook: Outlook = ONCE
    ) -> list[list[int]]:
        """One group: that is the point of it."""
        del component, outlook
        return [list(range(len(rows)))]

    @contextmanager
    def applied(self, component: Component, rows: Sequence[Row]) -> Generator[None, None, None]:
        """Set the rows' weights; gather and hook only when the union of adapters changed."""
        self.stacks[component].wear(rows)
        yield

    def rest(self, component: Component) -> None:
        """Take off what the component wears; what was made is kept."""
        self.stacks[component].remove()

    def restore(self) -> None:
        """Nothing to do: hooks read the base weights and never write them."""

    def close(self) -> None:
        """Take all hooks off."""
        for stack in self.stacks.values():
            stack.remove()
