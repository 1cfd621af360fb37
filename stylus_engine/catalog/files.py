"""The files behind the cards, as far as they lie on this machine."""

from pathlib import Path

from stylus_engine.catalog.digests import Digests
from stylus_engine.errors import AdapterChanged, AdapterFileMissing
from stylus_engine.model import Adapter


class LocalFiles:
    """Hands out paths and what their bytes are now. Implements `AdapterFiles`.

    A file is hashed once and again only when its size, time or inode changes.
    """

    def __init__(self, digests: Digests | None = None) -> None:
        self._digests = digests or Digests()

    def fetch(self, adapter: Adapter) -> tuple[Path, str]:
        """The file's path and the sha256 of its bytes.

        Raises `AdapterFileMissing` (also for a card that has only a url, or
        nothing), `AdapterChanged` when the card names another sha256.
        """
        if adapter.path is None:
            raise AdapterFileMissing(
                name=adapter.name, path=adapter.url or "the card names no file"
            )
        path = Path(adapter.path)
        found = self._digest(adapter, path)
        wanted = adapter.file_sha256
        if wanted is not None and wanted != found:
            raise AdapterChanged(name=adapter.name, wanted=wanted, found=found)
        return path, found

    def _digest(self, adapter: Adapter, path: Path) -> str:
        try:
            return self._digests.sha256(path)
        except OSError as error:
            raise AdapterFileMissing(name=adapter.name, path=str(path)) from error
