"""A download: bytes to a file beside the wanted one, hashed on their way, renamed when all are there."""

import asyncio
import errno
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self, TypeAlias

import aiohttp
import msgspec

from stylus_engine.catalog.web.answers import Again
from stylus_engine.catalog.web.asking import Asker, Question
from stylus_engine.catalog.web.bodies import lid
from stylus_engine.catalog.web.notes import MARK, PART, Noted, Notes
from stylus_engine.catalog.web.ranges import first_byte, total, validator
from stylus_engine.catalog.web.rules import Rules, Saved
from stylus_engine.errors import DiskFull, SourceOdd, SourceRefused, SourceSilent, StoreFailed

Tell: TypeAlias = Callable[[int, int], None] | None
CHUNK = 2**20
NO_FILE = ("text/html", "application/json", "application/xhtml+xml")
FULL = {errno.ENOSPC, errno.EDQUOT}


class Sum(Protocol):
    """A hash in the making: the library's own type is private."""

    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class Sink:
    """The growing file. Leaving it without `finish` leaves nothing behind.

    `known` says that the bytes will be compared with a digest afterwards: then a
    download may go on also where the server names no version of the file.

    With `outlives` a killed process leaves the part and a mark of it (`notes`): `recall`
    takes it up again as far as its bytes are the ones that the mark tells of.
    """

    def __init__(self, to: Path, most: int, *, known: bool, outlives: bool = False) -> None:
        self.most = most
        self.size = 0
        self.tag = ""
        self.known = known
        self._to = to
        self._part = to.with_name(f"{to.name}{PART}")
        self._notes = Notes(to.with_name(f"{to.name}{MARK}")) if outlives else None
        self.recalled = False

    def __enter__(self) -> Self:
        try:
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("r+b" if self._left_behind else "w+b")
        except OSError as error:
            raise failed(self._part, error) from error
        self._sum: Sum = hashlib.sha256()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with suppress(OSError):  # a full disk objects once more; the file goes anyway
                self._file.close()
        finally:
            self._part.unlink(missing_ok=True)
            self._forget()

    @property
    def _left_behind(self) -> bool:
        return self._notes is not None and self._part.exists()

    def _forget(self) -> None:
        if self._notes is not None:
            self._notes.forget()

    def recall(self) -> None:
        """Take up what a killed process left, as far as it is sound; else begin with nothing."""
        noted = self._notes.read() if self._notes is not None else None
        self._file.seek(0)
        found = summed(self._file, noted.size) if noted is not None else None
        if noted is None or found is None or found.hexdigest() != noted.sha256:
            return self.restart("")
        self._file.truncate(noted.size)
        self._file.seek(noted.size)
        self._sum, self.size, self.tag = found, noted.size, noted.tag
        self.recalled = self.resumable
        return None if self.recalled else self.restart("")

    @property
    def sha256(self) -> str:
        """Of all bytes so far."""
        return self._sum.hexdigest()

    @property
    def resumable(self) -> bool:
        """Whether the rest may be asked for alone."""
        return self.size > 0 and (self.known or bool(self.tag))

    def restart(self, tag: str) -> None:
        """Forget what came; `tag` names the version of the file that comes now."""
        self._file.seek(0)
        self._file.truncate()
        self._sum = hashlib.sha256()
        self.size, self.tag, self.recalled = 0, tag, False
        self._forget()

    def write(self, chunk: bytes) -> None:
        """Append. Raises `StoreFailed`, `DiskFull`."""
        self._sum.update(chunk)
        self.size += len(chunk)
        try:
            self._file.write(chunk)
            if self._notes is not None and self._notes.due(self.size):
                self._file.flush()
                self._notes.write(Noted(self.tag, self.size, self.sha256))
        except OSError as error:
            raise failed(self._part, error) from error

    def finish(self) -> Saved:
        """All on the disk, under its own name. Raises `StoreFailed`, `DiskFull`."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._part.replace(self._to)
            settle(self._to.parent)
        except OSError as error:
            raise failed(self._to, error) from error
        return Saved(self._to, self.sha256, self.size)


def summed(file: BinaryIO, size: int) -> "Sum | None":
    """The sum of the first `size` bytes; None where there are fewer."""
    found, left = hashlib.sha256(), size
    while left and (chunk := file.read(min(CHUNK, left))):
        found.update(chunk)
        left -= len(chunk)
    return None if left else found


def settle(folder: Path) -> None:
    """Make renames in this folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def failed(path: Path, error: OSError) -> StoreFailed:
    """The disk's objection as one of ours."""
    kind = DiskFull if error.errno in FULL else StoreFailed
    return kind(path=str(path), why=error.strerror or "it cannot be written")


async def carry_on(asker: Asker, rules: Rules, question: Question, sink: Sink, tell: Tell) -> None:
    """One try: the rest of the file where that can be, else all of it. Raises `Again` and as `Web.save`."""
    try:
        async with asker.answer(_rest(question, sink)) as response:
            whole = _begin(response, sink, question.source)
            async with asyncio.timeout(rules.total + (whole or sink.most) / rules.slowest):
                await _pour(response, sink, whole, question.source, tell)
    except SourceRefused as error:
        if error.status != 416 or not sink.size:
            raise
        sink.restart("")  # a server that has no such rest has another file now
        why = "the file changed while it came"
        raise Again(SourceSilent(source=error.source, why=why)) from error
    if whole and sink.size != whole:
        raise Again(SourceSilent(source=question.source, why="the file is cut off"))


def _rest(question: Question, sink: Sink) -> Question:
    if not sink.resumable:
        return question
    same = {"If-Range": sink.tag} if sink.tag else {}
    headers = {**question.headers, "Range": f"bytes={sink.size}-", **same}
    return msgspec.structs.replace(question, headers=headers)


def _begin(response: aiohttp.ClientResponse, sink: Sink, source: str) -> int:
    """Check the headers, set the sink, and say how large the whole file is (0 = unknown)."""
    if response.content_type in NO_FILE:
        raise SourceOdd(source=source, why="a web page where a file was expected")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise SourceOdd(source=source, why="the file is compressed though nobody asked")
    if response.status == 206:
        _refuse_other(response, sink, source)
        if not sink.size or first_byte(response.headers) != sink.size:
            raise SourceOdd(source=source, why="it sent another part of the file")
        whole = total(response.headers)
    else:
        sink.restart(validator(response.headers))
        whole = response.content_length or 0
    lid(source, whole, sink.most)
    return whole


def _refuse_other(response: aiohttp.ClientResponse, sink: Sink, source: str) -> None:
    """A server that heeds no `If-Range` sends the rest of whatever file it has now.

    One that names no version of it is believed only where a digest will tell.
    """
    named = validator(response.headers)
    if sink.tag and named != sink.tag and (named or not sink.known):
        sink.restart("")
        raise Again(SourceSilent(source=source, why="the file changed while it came"))


async def _pour(
    response: aiohttp.ClientResponse, sink: Sink, whole: int, source: str, tell: Tell
) -> None:
    async for chunk in response.content.iter_chunked(CHUNK):
        lid(source, sink.size + len(chunk), sink.most)
        await asyncio.to_thread(sink.write, chunk)
        if tell is not None:
            tell(sink.size, whole)
