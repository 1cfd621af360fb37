"""The batch doors of an OpenAI-compatible server: a file up, a batch begun and looked after, a file down.

openai is known by what `Server.reaching` lends.  Raw bodies are read, as in `server` and for the same reason.
"""

from collections.abc import AsyncGenerator, Iterable
from tempfile import TemporaryFile
from typing import TypeVar

import msgspec

from stylus_engine.catalog import clean
from stylus_engine.catalog.refiner.batch import MOST_LINE, PATH
from stylus_engine.catalog.refiner.server import Server
from stylus_engine.errors import SourceOdd

UPLOADING = 900.0  # seconds; a file has up to `parcels.MOST_BYTES`
ASKING = 60.0
LISTED = 100  # the newest batches of a server; ours was begun by the run before this one
OVER = frozenset({"completed", "failed", "expired", "cancelled"})
T = TypeVar("T")


class Counts(msgspec.Struct, frozen=True):
    """Lines of a batch."""

    total: int = 0
    completed: int = 0
    failed: int = 0


class _Wrong(msgspec.Struct, frozen=True):
    message: str = ""


class _Errors(msgspec.Struct, frozen=True):
    data: list[_Wrong] | None = None


class Batch(msgspec.Struct, frozen=True):
    """One batch as the server tells it, as far as it is needed."""

    id: str
    status: str
    input_file_id: str = ""
    output_file_id: str | None = None
    error_file_id: str | None = None
    request_counts: Counts | None = None
    errors: _Errors | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.status in OVER

    @property
    def counts(self) -> Counts:
        """How far it is."""
        return self.request_counts or Counts()

    @property
    def why(self) -> str:
        """Why it came to nothing, in the server's words."""
        told = self.errors.data[0].message if self.errors and self.errors.data else ""
        return clean.line(told, 200).rstrip(".") or f"the batch is {clean.line(self.status, 40)}"


class _Named(msgspec.Struct):
    id: str


class _Listed(msgspec.Struct):
    data: list[Batch]


class Post:
    """Sends and fetches. Raises `SourceSilent`, `SourceOdd`, `SourceRefused` from all of it."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def upload(self, lines: Iterable[bytes]) -> str:
        """The name the server gives a file of these lines."""
        with TemporaryFile() as file, self._server.reaching(UPLOADING) as client:
            file.writelines(lines)
            file.seek(0)
            files = client.files.with_raw_response
            raw = await files.create(file=("adapters.jsonl", file), purpose="batch")
            return self._read(raw.content, _Named).id

    async def begin(self, file: str) -> Batch:
        """A batch of an uploaded file."""
        with self._server.reaching(ASKING) as client:
            raw = await client.batches.with_raw_response.create(
                input_file_id=file, endpoint=PATH, completion_window="24h"
            )
            return self._read(raw.content, Batch)

    async def find(self, file: str) -> Batch | None:
        """The batch that was begun of this file, among the newest."""
        with self._server.reaching(ASKING) as client:
            raw = await client.batches.with_raw_response.list(limit=LISTED)
            listed = self._read(raw.content, _Listed).data
        return next((batch for batch in listed if batch.input_file_id == file), None)

    async def look(self, batch: str) -> Batch:
        """How a batch stands."""
        with self._server.reaching(ASKING) as client:
            raw = await client.batches.with_raw_response.retrieve(batch)
            return self._read(raw.content, Batch)

    async def lines(self, file: str | None) -> AsyncGenerator[bytes, None]:
        """The lines of a file of answers; those that are far too long come cut."""
        if file is None:
            return
        with self._server.reaching(UPLOADING) as client:
            rest = b""
            async with client.files.with_streaming_response.content(file) as answered:
                async for piece in answered.iter_bytes():
                    *whole, rest = (rest + piece).split(b"\n")
                    rest = rest[: MOST_LINE + 1]
                    for line in whole:
                        yield line
            yield rest

    def _read(self, content: bytes, shape: type[T]) -> T:
        try:
            return msgspec.json.decode(content, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            why = "it is no answer of a batch endpoint; does this server know batches?"
            raise SourceOdd(source=self._server.name, why=why) from error
