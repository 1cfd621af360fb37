"""Bodies read with a lid on: so many bytes of the wire, so many after decompression."""

import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import aiohttp

from stylus_engine.catalog.web.answers import Again
from stylus_engine.errors import SourceOdd, SourceSilent, TooMuch

CHUNK = 256 * 2**10
_AUTO = 32 + zlib.MAX_WBITS  # gzip or zlib, told by the first bytes
MEMBER = b"\x1f\x8b"  # how a member of gzip begins


def in_words(size: float) -> str:
    """Bytes as people say them: `30.0 GB`."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


def lid(source: str, size: int, most: int) -> None:
    """Raise `TooMuch` when `size` bytes are more than `most`."""
    if size > most:
        raise TooMuch(source=source, size=in_words(size), limit=in_words(most))


async def body(response: aiohttp.ClientResponse, most: int, source: str) -> bytes:
    """The whole body, decompressed. Raises `TooMuch`, `SourceOdd`, `Again` for a cut one."""
    lid(source, response.content_length or 0, most)
    held = bytearray()
    async with aclosing(_inflated(response, most, source)) as pieces:
        async for piece in pieces:
            held += piece
            lid(source, len(held), most)
    return bytes(held)


async def head(response: aiohttp.ClientResponse, most: int, source: str) -> bytes:
    """At most the first `most` bytes of the body; the rest is never asked for."""
    held = bytearray()
    async with aclosing(_inflated(response, 2 * most + CHUNK, source)) as pieces:
        async for piece in pieces:
            held += piece
            if len(held) >= most:
                break
    return bytes(held[:most])


async def _wire(
    response: aiohttp.ClientResponse, most: int, source: str
) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        seen += len(chunk)
        lid(source, seen, most)
        yield chunk


async def _inflated(
    response: aiohttp.ClientResponse, most: int, source: str
) -> AsyncGenerator[bytes, None]:
    """Pieces of at most `CHUNK` bytes, so that a bomb is noticed while it is still small."""
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    async with aclosing(_wire(response, most, source)) as chunks:
        if coding in {"", "identity"}:
            async for chunk in chunks:
                yield chunk
        elif coding in {"gzip", "x-gzip", "deflate"}:
            async with aclosing(_inflating(chunks, source)) as pieces:
                async for piece in pieces:
                    yield piece
        else:
            raise SourceOdd(source=source, why="it is compressed in a way we did not ask for")


async def _inflating(
    chunks: AsyncGenerator[bytes, None], source: str
) -> AsyncGenerator[bytes, None]:
    members = _Members()
    async for chunk in chunks:
        try:
            for piece in members.unpacked(chunk):
                yield piece
        except zlib.error as error:
            raise SourceOdd(source=source, why="its compression is broken") from error
    if not members.whole:
        raise Again(SourceSilent(source=source, why="the answer is cut off"))


class _Members:
    """Gzip members, one after the other (RFC 1952, 2.2); what follows the last is padding."""

    def __init__(self) -> None:
        self._machine = zlib.decompressobj(_AUTO)
        self._held = b""  # perhaps the first half of `MEMBER`
        self._padded = False

    @property
    def whole(self) -> bool:
        """Whether nothing is missing, if nothing comes any more."""
        return self._machine.eof

    def unpacked(self, chunk: bytes) -> Iterator[bytes]:
        """What a chunk holds, in pieces of at most `CHUNK` bytes. Raises `zlib.error`."""
        rest, full = self._held + chunk, True
        while (rest or full) and self._goes_on(rest):
            piece = self._machine.decompress(rest, CHUNK)
            rest = self._machine.unconsumed_tail or self._machine.unused_data
            full = len(piece) == CHUNK
            yield piece
        self._padded = self._padded or not MEMBER.startswith(rest)
        self._held = b"" if self._padded else rest

    def _goes_on(self, rest: bytes) -> bool:
        """Whether this is to be unpacked; after a member's end, by another one."""
        if self._machine.eof and not self._padded and rest.startswith(MEMBER):
            self._machine = zlib.decompressobj(_AUTO)
        return not self._machine.eof
