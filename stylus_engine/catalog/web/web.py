"""The web as the catalogue sees it: JSON, pieces of files, and files."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
import msgspec
import stamina
from aiohttp.abc import AbstractResolver

from stylus_engine.catalog.escapes import without_halves
from stylus_engine.catalog.web.addresses import Guard
from stylus_engine.catalog.web.answers import Again
from stylus_engine.catalog.web.asking import Asker, Question
from stylus_engine.catalog.web.bodies import body, head
from stylus_engine.catalog.web.ranges import first_byte, total
from stylus_engine.catalog.web.rules import MOST_JSON, Piece, Rules, Saved, agent
from stylus_engine.catalog.web.saving import Sink, carry_on
from stylus_engine.errors import AdapterChanged, SourceOdd

_T = TypeVar("_T")


class Web:
    """Polite and safe https; one for a process, used as `async with Web(rules) as web`.

    `resolver` looks names up, the system's own by default; what it finds is judged.
    Behind a proxy this does not work: a proxy looks names up itself, and could not be judged.
    """

    def __init__(
        self, rules: Rules | None = None, resolver: AbstractResolver | None = None
    ) -> None:
        self.rules = rules or Rules()
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        guard = Guard(
            self._resolver or aiohttp.ThreadedResolver(), loopback=self.rules.allow_loopback
        )
        connector = aiohttp.TCPConnector(
            resolver=guard,
            socket_factory=guard.socket,
            use_dns_cache=False,
            limit_per_host=self.rules.at_once,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": agent(), "Accept-Encoding": "gzip"},
            auto_decompress=False,
        )
        self._guard = guard
        self._asker = Asker(self.rules, self._session)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            await self._guard.close()

    async def json(
        self,
        url: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        most: int = MOST_JSON,
        send: object = None,
    ) -> object:
        """The parsed answer; with `send` it is posted as JSON.

        Raises `SourceSilent`, `SourceRefused`, `SourceOdd`, `UnsafeAddress`, `TooMuch`.
        """
        found, _ = await self.linked(url, params=params, headers=headers, most=most, send=send)
        return found

    async def linked(
        self,
        url: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        most: int = MOST_JSON,
        send: object = None,
    ) -> tuple[object, str]:
        """As `json`, and the address of the next page from the `Link` header, "" = there is none."""
        posted = None if send is None else msgspec.json.encode(send)
        kind = {"Content-Type": "application/json"} if posted is not None else {}
        asked = {"Accept": "application/json", **kind, **(headers or {})}
        question = Question(url=url, params=tuple(params), headers=asked, send=posted)
        return await self._tried(partial(self._json, question, most))

    async def _json(self, question: Question, most: int) -> tuple[object, str]:
        async with self._asker.answer(question) as response:
            data = await body(response, most, question.source)
            following = _following(response, question.source)
        return _parsed(data, question.source), following

    async def piece(
        self, url: str, first: int, last: int, *, headers: Mapping[str, str] | None = None
    ) -> Piece:
        """Bytes `first` to `last` (both included) of a file, fewer where it ends, and its size.

        Raises as `json`; `SourceOdd` also for a server that sends another part.
        """
        span = {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}
        question = Question(url=url, headers={**span, **(headers or {})})
        return await self._tried(partial(self._piece, question, first, last))

    async def part(
        self, url: str, first: int, last: int, *, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """As `piece`, without the size."""
        return (await self.piece(url, first, last, headers=headers)).data

    async def _piece(self, question: Question, first: int, last: int) -> Piece:
        async with self._asker.answer(question) as response:
            if response.status == 206:
                if first_byte(response.headers) != first:
                    raise SourceOdd(source=question.source, why="it sent another part of the file")
                data = await head(response, last - first + 1, question.source)
                return Piece(data, total(response.headers))
            # A server without ranges sends all of it; no more than what was asked for is read.
            data = await head(response, last + 1, question.source)
            return Piece(data[first:], response.content_length or 0)

    async def save(
        self,
        url: str,
        to: Path,
        *,
        most: int,
        headers: Mapping[str, str] | None = None,
        sha256: str | None = None,
        tell: Callable[[int, int], None] | None = None,
        outlives: bool = False,
    ) -> Saved:
        """A file of at most `most` bytes, written beside as `.part`, fsynced and renamed to `to`.

        A broken download goes on where it was while the server says it is the same file;
        with `outlives` also that of a process that was killed.
        `tell(done, of)` hears of bytes, `of` 0 = unknown.  Nothing stays on the disk when
        it fails.  Raises as `json`, `AdapterChanged` for other bytes than `sha256`,
        `StoreFailed`, `DiskFull`.
        """
        plain = {**(headers or {}), "Accept-Encoding": "identity"}
        question = Question(url=url, headers=plain, long=True)
        with Sink(to, most, known=sha256 is not None, outlives=outlives) as sink:
            come = partial(carry_on, self._asker, self.rules, question, sink, tell)
            await asyncio.to_thread(sink.recall)
            await self._tried(come)
            if sink.recalled and sha256 not in {None, sink.sha256}:
                sink.restart("")  # the old part was of other bytes, whoever sent them
                await self._tried(come)
            if sha256 is not None and sink.sha256 != sha256:
                raise AdapterChanged(name=question.source, wanted=sha256, found=sink.sha256)
            return await asyncio.to_thread(sink.finish)  # gigabytes to the disk take seconds

    async def _tried(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Try, wait, try again. Raises the last `SourceSilent` when the tries are used up."""
        rules = self.rules
        again = stamina.AsyncRetryingCaller(
            attempts=rules.tries,
            timeout=None,
            wait_initial=rules.wait_initial,
            wait_max=rules.wait_most,
            wait_jitter=rules.wait_jitter,
        )
        try:
            return await again(partial(_pause, rules.wait_most), attempt)
        except Again as last:
            raise last.silent from last


def _pause(most: float, error: Exception) -> bool | float:
    """Whether to try again, and after how many seconds where the server said so."""
    if not isinstance(error, Again):
        return False
    return True if error.after is None else min(error.after, most)


def _following(response: aiohttp.ClientResponse, source: str) -> str:
    """The address of the next page, "" = there is none. Raises `SourceOdd`."""
    try:
        following = response.links.get("next")
    except ValueError as error:
        raise SourceOdd(source=source, why="the address of its next page cannot be read") from error
    return str(following["url"]) if following else ""


def _parsed(data: bytes, source: str) -> object:
    try:
        return _value(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        page = data.lstrip()[:1] == b"<"
        why = "a web page where JSON was expected" if page else "it is no JSON"
        raise SourceOdd(source=source, why=why) from error


def _value(data: bytes) -> object:
    """Halves of surrogate pairs are looked for where there may be some: a page has megabytes."""
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return msgspec.json.decode(without_halves(data))
