"""What the commands of `stylus catalog` ask of an engine's library. Tests hand in a stand-in."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

from stylus_engine.catalog.checking import Checkup
from stylus_engine.catalog.importing import Progress, Summary
from stylus_engine.catalog.orders import Order, Round, TellStep
from stylus_engine.catalog.stats import Stats
from stylus_engine.model import Adapter

TellProgress: TypeAlias = Callable[[Progress], None]


class Library(Protocol):
    """Brings cards in, learns of them, tells of them. What came before an error or a stop is kept."""

    async def bring_in(self, order: Order, tell: TellProgress) -> Summary:
        """Walk a source from where its last walk stopped. Raises `BadSource`, `BadCatalogue`."""
        ...

    async def follow(self, tell: TellStep) -> int:
        """Bring the index in line with the cards; rows written or removed. Raises `BadIndex`."""
        ...

    def watch(self, folders: Sequence[Path]) -> AsyncGenerator[Summary, None]:
        """Whatever changes in these folders, once it is on the shelf; for ever."""
        ...

    async def probe(self, most: int, tell: TellStep) -> Round:
        """Read the headers of files that were not probed yet; `most` 0 = all of them."""
        ...

    async def refine(self, most: int, tell: TellStep, *, model: bool, batch: bool = False) -> Round:
        """Describe cards that nobody described yet, by the model or by rules.

        `batch`: the model is asked by its server's batch endpoint, which may take a day.
        Raises `RefinerFailed`, `BudgetSpent`, `BadSettings` where no model is named.
        """
        ...

    async def estimate(self, most: int, *, batch: bool = False) -> str:
        """What `refine` with the model would cost, in one sentence."""
        ...

    async def health(self, names: Sequence[str], most: int, tell: TellStep) -> Round:
        """Draw with these adapters, or with those that were not drawn with yet, the cheapest first."""
        ...

    def stats(self) -> Stats:
        """Everything counted."""
        ...

    def plot(self, stats: Stats, path: Path) -> None:
        """The same as a picture. Raises `StoreFailed`."""
        ...

    async def check(self, tell: TellStep, *, network: bool) -> Checkup:
        """What is wrong with cards and files; `network`: addresses are asked too."""
        ...

    def cards(self) -> Iterable[Adapter]:
        """Every card, in the order in which they first came."""
        ...

    async def snapshots(self) -> Sequence[str]:
        """The names of what can be rolled back to, the newest first."""
        ...

    async def snapshot(self, name: str) -> None:
        """Give the index as it is now a name. Raises `BadIndex`."""
        ...

    async def drop_snapshot(self, name: str) -> None:
        """Forget this name. Raises `BadIndex`, `UnknownName`."""
        ...

    async def rollback(self, name: str) -> None:
        """Make the index what it was under this name. Raises `BadIndex`, `UnknownName`."""
        ...
