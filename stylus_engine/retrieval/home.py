# LanceDB's signatures name pandas and lance, which are not here; rows of the book become plain values.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
"""Where an index lives: which generation is current, and the one writer's lock.

A generation is a LanceDB database with one table; a home holds some and names one.  On
disk the name is a file, replaced by a rename; in an object store, where nothing can be
renamed, it is the newest row of a small table, because a commit is what a store can do
at once.
"""

import os
import shutil
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import Protocol
from urllib.parse import quote

import lancedb
from filelock import AsyncFileLock
from lancedb import AsyncConnection, AsyncTable
from lancedb.expr import col, lit

from stylus_engine.errors import IndexMissing, StoreFailed

POINTER = "current"
TABLE = "cards"
BOOK = "generations"
LOCK = ".writer"


class Home(Protocol):
    """What `index` and `following` ask of a place."""

    @property
    def path(self) -> str:
        """For people: where it is."""
        ...

    async def current(self) -> str:
        """The generation in use. Raises `IndexMissing`."""
        ...

    async def generations(self) -> list[str]:
        """All that lie here, whole or not, newest first."""
        ...

    def place(self, generation: str) -> str:
        """The address LanceDB opens."""
        ...

    async def begin(self, generation: str) -> None:
        """Tell that a generation is about to be written."""
        ...

    async def point(self, generation: str) -> None:
        """Make a generation the current one, at once or not at all."""
        ...

    async def drop(self, generation: str) -> None:
        """Remove a generation; what cannot be removed is removed next time."""
        ...

    def writing(self) -> AbstractAsyncContextManager[None]:
        """The one writer's lock; what the disk says no to becomes `StoreFailed`."""
        ...


class FolderHome:
    """A folder of this machine. Implements `Home`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = str(folder)

    async def current(self) -> str:
        try:
            return (self._folder / POINTER).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:  # a disk that spoiled it, too: write it anew
            raise IndexMissing(path=self.path) from error

    async def generations(self) -> list[str]:
        found = [place for place in self._folder.glob("cards-*") if place.is_dir()]
        found.sort(key=lambda place: place.stat().st_mtime_ns, reverse=True)
        return [place.name for place in found]

    def place(self, generation: str) -> str:
        return str(self._folder / generation)

    async def begin(self, generation: str) -> None:
        (self._folder / generation).mkdir(parents=True, exist_ok=True)

    async def point(self, generation: str) -> None:
        """Write, fsync, rename, fsync of the folder."""
        fresh = self._folder / f".{POINTER}"
        with fresh.open("w", encoding="utf-8") as file:
            file.write(f"{generation}\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._folder / POINTER)
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    async def drop(self, generation: str) -> None:
        shutil.rmtree(self._folder / generation, ignore_errors=True)

    def writing(self) -> AbstractAsyncContextManager[None]:
        return _alone(self._folder, LOCK)


class StoreHome:
    """A prefix of an object store, by its address. Implements `Home`.

    Credentials and options come from the environment, as LanceDB reads them.  The lock
    holds among the processes of this machine: one machine writes, any number read.
    """

    def __init__(self, uri: str, locks: Path | None = None) -> None:
        self.path = uri.rstrip("/")
        self._locks = locks or Path(gettempdir())

    async def current(self) -> str:
        names = [name for name, pointed in await self._book() if pointed]
        if not names:
            raise IndexMissing(path=self.path)
        return names[-1]

    async def generations(self) -> list[str]:
        return list(dict.fromkeys(name for name, _ in reversed(await self._book())))

    def place(self, generation: str) -> str:
        return f"{self.path}/{generation}"

    async def begin(self, generation: str) -> None:
        await self._tell(generation, pointed=False)

    async def point(self, generation: str) -> None:
        await self._tell(generation, pointed=True)

    async def drop(self, generation: str) -> None:
        with _refused(self.path):
            await (await connected(self.place(generation))).drop_all_tables()
            if table := await self._table():
                await table.delete(col("name") == lit(generation))

    def writing(self) -> AbstractAsyncContextManager[None]:
        return _alone(self._locks, f"stylus-{quote(self.path, safe='')}.lock")

    async def _book(self) -> list[tuple[str, bool]]:
        """Each generation that was told of and whether it was pointed at, in order."""
        return [(name, pointed) for _, name, pointed in await self._lines()]

    async def _lines(self) -> list[tuple[int, str, bool]]:
        with _refused(self.path):
            table = await self._table()
            rows = await table.query().to_list() if table else []
        return sorted((int(row["number"]), str(row["name"]), bool(row["pointed"])) for row in rows)

    async def _tell(self, generation: str, *, pointed: bool) -> None:
        """One above the highest: dropped generations leave gaps, so a count would go back."""
        last = max((number for number, _, _ in await self._lines()), default=0)
        row = {"number": last + 1, "name": generation, "pointed": pointed}
        with _refused(self.path):
            table = await self._table()
            if table:
                await table.add([row])
            else:
                await (await connected(self.path)).create_table(BOOK, [row])

    async def _table(self) -> AsyncTable | None:
        database = await connected(self.path)
        known = (await database.list_tables()).tables
        return await database.open_table(BOOK) if BOOK in known else None


def home_of(place: Path | str, locks: Path | None = None) -> Home:
    """A folder, or an address such as `s3://bucket/stylus`."""
    if isinstance(place, str) and "://" in place:
        return StoreHome(place, locks)
    return FolderHome(Path(place))


async def connected(place: str) -> AsyncConnection:
    """A connection whose tables are never stale (the default is: until told)."""
    return await lancedb.connect_async(place, read_consistency_interval=timedelta(0))


@asynccontextmanager
async def _alone(folder: Path, name: str) -> AsyncGenerator[None]:
    with _refused(str(folder)):
        async with AsyncFileLock(_made(folder) / name):
            yield


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _refused(path: str) -> Generator[None]:
    """What a disk or a store says no to becomes `StoreFailed`."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        told = error.strerror if isinstance(error, OSError) else None
        raise StoreFailed(path=path, why=(told or str(error))[:120]) from error
