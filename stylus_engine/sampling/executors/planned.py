"""The planner: for each batch the way of wearing that costs least on this machine.

It decides when the composition of a batch changes, never between two equal steps.
The first forward at a size of picture is stacked and watched, because a model
tells only at work how large its layers are; texts are one forward and stacked.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from stylus_engine.planning.executors import Batch, Choice, Kept, Machine, choose
from stylus_engine.sampling.executors.banking import Banking
from stylus_engine.sampling.executors.banks import ROOM, Bank
from stylus_engine.sampling.executors.census import Census
from stylus_engine.sampling.executors.core import Sharing
from stylus_engine.sampling.executors.merging import Merging
from stylus_engine.sampling.executors.seam import ONCE, Executor, Outlook
from stylus_engine.sampling.executors.slotting import Slotting
from stylus_engine.sampling.executors.stacking import Stacking
from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.machine import probe
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.stack import Key, Row, key

DENOISERS = ("unet", "transformer")
MOST = 256  # decisions that are remembered
FIRST, SHORT = Choice("stack", "first"), Choice("stack", "short")


class Planned:
    """One executor after the other, as it pays. All of them share the gathered factors and the merged weights."""

    def __init__(
        self,
        modules: Mapping[Component, nn.Module],
        rack: Rack | None = None,
        room: int = ROOM,
        machine: Callable[[nn.Module], Machine] | None = None,
        device: torch.device | None = None,
        kept: Kept = "",
    ) -> None:
        """`kept`: why base weights are only read; see `planning.executors.kept_by`."""
        banks: dict[Component, Bank] = {
            name: Bank(module, name, room) for name, module in modules.items()
        }
        rack = rack or Rack()
        stack, slots = Stacking(modules, rack, device), Slotting(modules, rack, device)
        self.choice = FIRST
        self._modules, self._banks = dict(modules), banks
        self._machine = machine or partial(figures, device=device)
        self._kept = kept
        self._ways: dict[str, Executor] = {
            "stack": stack,
            "slots": slots,
            "core": Sharing(modules, stack, banks=banks),
            "core+slots": Sharing(modules, slots, banks=banks),
            "bank": Banking(modules, banks=banks),
            "merge": Merging(modules, banks=banks),
        }
        self._used: dict[Component, str] = dict.fromkeys(modules, "stack")
        self._sizes: dict[tuple[Component, int], Census] = {}
        self._watched: Census | None = None
        self._decided: dict[tuple[Component, int, tuple[Key, ...]], Choice] = {}

    def groups(
        self, component: Component, rows: Sequence[Row], outlook: Outlook = ONCE
    ) -> list[list[int]]:
        """As the executor has them that these rows get."""
        self.choice = self._choose(component, rows, outlook)
        self._use(component, self.choice.executor)
        return self._ways[self.choice.executor].groups(component, rows, outlook)

    @contextmanager
    def applied(self, component: Component, rows: Sequence[Row]) -> Generator[None, None, None]:
        """As the executor does that was chosen for them."""
        with ExitStack() as worn:
            worn.enter_context(self._ways[self._used[component]].applied(component, rows))
            if self._watched is not None:
                watched = self._watched.watching(self._modules[component], len(rows))
                worn.enter_context(watched)
            yield

    def rest(self, component: Component) -> None:
        """Take off what the component wears."""
        self._ways[self._used[component]].rest(component)

    def restore(self) -> None:
        """Make every base weight pristine."""
        for way in self._ways.values():
            way.restore()

    def close(self) -> None:
        """Give everything back; what was learned of sizes is kept."""
        for way in self._ways.values():
            way.close()
        self._decided.clear()

    def facts(self, component: Component, rows: Sequence[Row], outlook: Outlook) -> Batch:
        """What it decides by; for a size of picture that it has watched."""
        census = self._sizes[component, outlook.places]
        batch = census.batch(component, rows, outlook, self._banks[component])
        return replace(batch, kept=self._kept)

    def _use(self, component: Component, name: str) -> None:
        if self._used[component] != name:
            self.rest(component)
            self._used[component] = name

    def _choose(self, component: Component, rows: Sequence[Row], outlook: Outlook) -> Choice:
        self._watched = None
        if component not in DENOISERS:
            return SHORT
        census = self._sizes.get((component, outlook.places))
        if census is None or not census.sizes:
            self._watched = self._sizes[component, outlook.places] = Census()
            return FIRST
        asked = component, outlook.places, tuple(map(key, rows))
        if asked not in self._decided:
            if len(self._decided) >= MOST:
                self._decided.clear()
            figures = self._machine(self._modules[component])
            self._decided[asked] = choose(figures, self.facts(component, rows, outlook))
        return self._decided[asked]


def figures(module: nn.Module, device: torch.device | None = None) -> Machine:
    """Of `device`, else of that which `module` is on, in its precision."""
    weight = next(module.parameters())
    return probe(device or weight.device, weight.dtype)
