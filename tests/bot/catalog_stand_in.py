"""A stand-in for the library: a source that comes page by page, can be stopped, and can fail."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stylus_engine.catalog.checking import Checkup
from stylus_engine.catalog.importing import Progress, Summary
from stylus_engine.catalog.nouns import Skipped
from stylus_engine.catalog.orders import Order, Round, Step, TellStep
from stylus_engine.catalog.stats import Stats, stats
from stylus_engine.catalog.writing import Taken
from stylus_engine.errors import SourceSilent
from stylus_engine.model import Adapter

EXAMPLES = (
    Skipped(what="civitai:1:1", reason="real person", detail="[b]poi[/b]\x1b[31m"),
    Skipped(what="civitai:2:2", reason="no file"),
)


def _mark() -> None:
    """For a test that waits until something came in."""
    folder = Path(os.environ["STYLUS_PATHS__DATA"])
    folder.mkdir(exist_ok=True)
    (folder / "page").touch()


@dataclass
class Shelf:
    """`pause` seconds a page; `silent`: the source stops answering after so many pages."""

    known: Sequence[Adapter]
    pause: float = 0.0
    silent: int = 0
    pages: int = 3

    async def bring_in(self, order: Order, tell: Callable[[Progress], None]) -> Summary:
        taken = Taken()
        for page in range(1, self.pages + 1):
            await asyncio.sleep(self.pause)
            if self.silent and page > self.silent:
                raise SourceSilent(source="civitai.com", why="three tries")
            taken = Taken(new=10 * page, changed=page, same=2 * page, skipped=3 * page)
            tell(Progress(done=16 * page, total=16 * self.pages, taken=taken))
            _mark()
        return Summary(
            source=repr(order),
            taken=taken,
            skipped={"real person": 8, "no file": 1},
            examples=EXAMPLES,
        )

    async def follow(self, tell: TellStep) -> int:
        tell(Step(done=1, of=2, name="x"))
        return 33

    async def watch(self, folders: Sequence[Path]) -> AsyncGenerator[Summary, None]:
        yield Summary(source=str(folders[0]), taken=Taken(new=1), skipped={"broken file": 2})
        yield Summary(source=str(folders[0]), taken=Taken(gone=1))

    async def probe(self, most: int, tell: TellStep) -> Round:
        tell(Step(done=1, of=most, skipped=1, name="[b]Ink\x1b[31m"))
        return Round(learned=most or 5, skipped={"no file": 2}, examples=EXAMPLES)

    async def refine(self, most: int, tell: TellStep, *, model: bool, batch: bool = False) -> Round:
        stopped = ("BudgetSpent", "Stopped before.") if model and self.silent else None
        return Round(learned=4, facts={"cost": "0.0120"} if model else {}, stopped=stopped)

    async def estimate(self, most: int, *, batch: bool = False) -> str:
        return f"{most} adapters: at most 0.02."

    async def health(self, names: Sequence[str], most: int, tell: TellStep) -> Round:
        return Round(learned=len(names), facts={"good": "1"})

    def stats(self) -> Stats:
        return stats(self.known)

    def plot(self, stats: Stats, path: Path) -> None:
        path.write_bytes(b"\x89PNG")

    async def check(self, tell: TellStep, *, network: bool) -> Checkup:
        if self.pause:
            _mark()
            await asyncio.sleep(20 * self.pause)
        return Checkup(looked=5, asked=4 if network else 0, troubles=())

    def cards(self) -> Iterable[Adapter]:
        return self.known

    async def snapshots(self) -> Sequence[str]:
        return []

    async def snapshot(self, name: str) -> None: ...

    async def drop_snapshot(self, name: str) -> None: ...

    async def rollback(self, name: str) -> None: ...
