"""The files behind cards that have only a url: fetched when they are wanted, kept while there is room."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import AsyncFileLock
from msgspec.structs import replace
from yarl import URL

from stylus_engine.catalog.files import LocalFiles
from stylus_engine.catalog.holding import DIGEST, Holding, key_of
from stylus_engine.catalog.web import Saved, Web
from stylus_engine.errors import AdapterChanged, AdapterFileMissing
from stylus_engine.model import Adapter
from stylus_engine.model.noun import Noun

MOST_FILE = 4 * 10**9  # bytes; the largest adapters anybody publishes have about two
GRACE = 600.0  # seconds in which a file that was handed out is not removed


class Fetching(Noun, frozen=True):
    """A download under way: whose, bytes that came, bytes in all (0 = not said)."""

    name: str
    done: int
    of: int


class Weights:
    """Local files as they lie, the others from the store. Implements `AdapterFiles`.

    `tokens` (host -> token) are sent as Authorization to exactly these hosts, and to
    no address they redirect to.  Files that lie in `beside` take room and never go.  Without `web` nothing is fetched: for processes that draw.
    """

    def __init__(
        self,
        folder: Path,
        web: Web | None,
        most_bytes: int,
        local: LocalFiles | None = None,
        *,
        tokens: Mapping[str, str] | None = None,
        grace: float = GRACE,
        beside: Path | None = None,
    ) -> None:
        self._holding = Holding(folder, most_bytes, grace, beside)
        self._web = web
        self._local = local or LocalFiles()
        self._tokens = dict(tokens or {})
        self._swept = False

    def fetch(self, adapter: Adapter) -> tuple[Path, str]:
        """The file's path and the sha256 of its bytes; it then stays for `grace` seconds at least.

        Raises `AdapterFileMissing` also for one that was not brought yet, `AdapterChanged`.
        """
        stored = None if adapter.path else self._holding.find(adapter)
        if stored is None:
            return self._local.fetch(adapter)
        self._holding.touch(stored)
        wanted = adapter.file_sha256 or stored.stem
        return self._local.fetch(replace(adapter, path=str(stored), file_sha256=wanted))

    def holds(self, adapter: Adapter) -> bool:
        """Whether `fetch` would find a file. Its bytes are not looked at."""
        if adapter.path is not None:
            return Path(adapter.path).is_file()
        return self._holding.find(adapter) is not None

    def pin(self, adapter: Adapter) -> int:
        """Keep this card's file whatever room is needed; its bytes, 0 for a file that is not here."""
        stored = self._holding.find(adapter)
        if stored is None:
            return 0
        self._holding.pin(stored.stem, adapter.card_id)
        return stored.stat().st_size

    def unpin(self, card_id: str) -> bool:
        """Its files may go when room is needed, older ones too; whether any was pinned."""
        return self._holding.unpin(card_id)

    def pinned(self) -> list[tuple[str, int]]:
        """Card ids and bytes of what stays."""
        return [(card_id, held.size) for card_id, held in self._holding.pinned()]

    def make_room(self, size: int, name: str) -> None:
        """See `Holding.make_room`."""
        self._holding.make_room(size, name)

    @property
    def room(self) -> int:
        """The largest file that could ever be taken now."""
        return min(MOST_FILE, self._holding.room)

    async def bring(
        self, adapter: Adapter, tell: Callable[[Fetching], None] = lambda _: None
    ) -> Path:
        """The file, downloaded unless it is here. Of two that ask at once, one downloads.

        Raises `AdapterFileMissing` (no url), `AdapterChanged` and other `BadAdapter` for
        bytes that are not as the card says or no adapter, `BadSource` for the server's
        refusals, `StoreFull` where no room can be made, `StoreFailed`.
        """
        found = await asyncio.to_thread(self._here, adapter)
        if found is not None:
            return found
        web, url = self._way(adapter)
        async with self._alone(adapter):
            found = await asyncio.to_thread(self._here, adapter)
            return found or await self._download(web, url, adapter, tell)

    def _here(self, adapter: Adapter) -> Path | None:
        """The file, if it is here and whole; a stored one that was damaged is removed."""
        if not self.holds(adapter):
            return None
        try:
            return self.fetch(adapter)[0]
        except AdapterChanged:
            if adapter.path is not None:
                raise
        except AdapterFileMissing:
            return None  # somebody made room meanwhile
        damaged = self._holding.find(adapter)
        if damaged is not None:
            damaged.unlink(missing_ok=True)
        return None

    def _way(self, adapter: Adapter) -> tuple[Web, str]:
        """How to get it. Raises `AdapterFileMissing` when there is none."""
        wanted = adapter.file_sha256
        if wanted is not None and not DIGEST.fullmatch(wanted):
            raise AdapterChanged(name=adapter.name, wanted="a sha256", found="none")
        if self._web is None or adapter.url is None or adapter.path is not None:
            path = adapter.path or adapter.url or "the card names no file"
            raise AdapterFileMissing(name=adapter.name, path=path)
        return self._web, adapter.url

    @asynccontextmanager
    async def _alone(self, adapter: Adapter) -> AsyncGenerator[None, None]:
        """One at a time for one file, across processes; what killed ones left is swept first."""
        if not self._swept:
            self._swept = True
            await asyncio.to_thread(self._holding.sweep)
        async with AsyncFileLock(self._holding.lock(key(adapter))):
            yield

    async def _download(
        self, web: Web, url: str, adapter: Adapter, tell: Callable[[Fetching], None]
    ) -> Path:
        coming = self._holding.coming(key(adapter))
        await asyncio.to_thread(self._holding.check_room, adapter.file_bytes, adapter.name)
        try:
            saved = await self._saved(web, url, adapter, coming, tell)
            await asyncio.to_thread(_inspect, coming, adapter.name)
            return await asyncio.to_thread(self._holding.take_in, coming, saved.sha256, adapter)
        finally:
            coming.unlink(missing_ok=True)

    async def _saved(
        self,
        web: Web,
        url: str,
        adapter: Adapter,
        coming: Path,
        tell: Callable[[Fetching], None],
    ) -> Saved:
        try:
            return await web.save(
                url,
                coming,
                most=min(MOST_FILE, self._holding.most_bytes),
                headers=self._secrets(url),
                sha256=adapter.file_sha256,
                outlives=True,
                tell=lambda done, of: tell(Fetching(adapter.name, done, of)),
            )
        except AdapterChanged as error:
            wanted, found = error.wanted, error.found
            raise AdapterChanged(name=adapter.name, wanted=wanted, found=found) from error

    def _secrets(self, url: str) -> dict[str, str]:
        """The token of exactly this host, where there is one."""
        try:
            token = self._tokens.get(URL(url).host or "")
        except ValueError:
            return {}
        return {"Authorization": f"Bearer {token}"} if token else {}


def key(adapter: Adapter) -> str:
    """What two cards of the same file have in common, as far as they say it."""
    return adapter.file_sha256 or key_of(adapter)


def _inspect(path: Path, name: str) -> None:
    """Raise `BadAdapter` for what is no adapter file, or holds broken numbers."""
    from stylus_engine.catalog.probe import finite  # noqa: PLC0415 - numpy, for a download only

    finite(path, name)
