"""What the command line asks of an engine. `bot.commands` hands one in; tests hand in a stand-in."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from bot.cli.library import Library
from stylus_engine.catalog.orders import Pinned, TellFetching
from stylus_engine.model import Candidate, Event, Manifest, Plan, Request, Shot
from stylus_engine.model.checked import Checked, Timed
from stylus_engine.model.need import Compiling, Need, Precision
from stylus_engine.ports import CardStore, Checkpoints


class Pins(Protocol):
    """What is asked of an engine."""

    async def pin(self, name: str, tell: TellFetching) -> Pinned:
        """Fetch and keep. Raises `UnknownName`, `BadAdapter`, `BadSource`, `StoreFailed`."""
        ...

    def unpin(self, name: str) -> tuple[Pinned, bool]:
        """Whose file may go again, and whether it was pinned. Raises `UnknownName`."""
        ...

    def pinned(self) -> Sequence[Pinned]:
        """What stays."""
        ...


class Inspecting(Protocol):
    """A loaded checkpoint that adapters are checked with."""

    def check(self, file: Path) -> Checked:
        """Compare one file."""
        ...

    def sheet(self, files: Sequence[Path], steps: int) -> Iterator[Timed]:
        """Draw each of them once, four at a time."""
        ...

    @property
    def peak(self) -> int:
        """The most bytes that were held."""
        ...


class Engine(Protocol):
    """Plans and draws. Making one is quick: what is heavy loads when it is first needed."""

    @property
    def cards(self) -> CardStore:
        """Every card this installation knows."""
        ...

    @property
    def checkpoints(self) -> Checkpoints:
        """Every checkpoint this installation may draw with."""
        ...

    @property
    def library(self) -> Library:
        """What `stylus catalog` asks."""
        ...

    @property
    def pins(self) -> Pins:
        """What `stylus adapters pin` asks."""
        ...

    async def plan(self, request: Request) -> Plan:
        """Choose adapters; draw nothing."""
        ...

    def shots(self, request: Request, plan: Plan, job: str) -> Sequence[Shot]:
        """The very shots that `imagine` draws under this job, ids included."""
        ...

    def imagine(self, request: Request, job: str) -> AsyncGenerator[Event, None]:
        """`Planned`, then each picture's events. Closing it cancels what is unfinished."""
        ...

    def again(self, manifest: Manifest, job: str) -> AsyncGenerator[Event, None]:
        """The events of one picture, drawn from its manifest."""
        ...

    def redraw(self, manifests: Sequence[Manifest], job: str) -> AsyncGenerator[Event, None]:
        """The events of several pictures, each drawn from its manifest."""
        ...

    def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """The events of any shots, all under this job."""
        ...

    async def search(self, text: str, k: int) -> Sequence[Candidate]:
        """Adapters near a text, best first. Raises `BadIndex`."""
        ...

    async def index(self, *, anew: bool = False) -> int:
        """Make the index hold exactly the cards, or write it anew; how many rows that changed."""
        ...

    async def indexed(self) -> int:
        """How many cards the index holds. Raises `IndexMissing`, `IndexSchema`."""
        ...

    def embedder(self) -> str:
        """The name of the embedding model. Raises `BadEmbedder`."""
        ...

    def inspecting(self) -> Inspecting:
        """Load the default checkpoint to check files with it. Raises `BadCheckpoint`, `UnknownName`."""
        ...

    def needs(self, guidance: float | None) -> Need:
        """What the default checkpoint takes of the memory; None = its own. Raises `BadCheckpoint`, `BadSettings`."""
        ...

    def compiling(self) -> Compiling:
        """Whether torch can compile where pictures are drawn; tries it. Raises `BadSettings`."""
        ...

    def precision(self, *, trying: bool) -> Precision:
        """What pictures are drawn in; `trying` half of it tells what that would gain. Raises `BadSettings`."""
        ...

    def close(self) -> None:
        """Stop drawing and give everything back."""
        ...
