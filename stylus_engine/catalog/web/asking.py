"""One question over all its redirects: each hop judged, limited, and told only what it may hear."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from aiolimiter import AsyncLimiter
from yarl import URL

from stylus_engine.catalog.web.addresses import judged, place
from stylus_engine.catalog.web.answers import REDIRECTS, Again, mapped, objection
from stylus_engine.catalog.web.bodies import head
from stylus_engine.catalog.web.rules import MOST_HOPS, Rules
from stylus_engine.errors import SourceOdd
from stylus_engine.model.noun import Noun

SAID = 4096  # bytes of an error's body that are looked at
PRIVATE = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


class Question(Noun, frozen=True, kw_only=True):
    """What is asked. `headers` with secrets go to the origin of `url` alone; `send` makes it a POST."""

    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = {}
    send: bytes | None = None
    long: bool = False  # a file: its asker watches the clock, by its size

    @property
    def source(self) -> str:
        """What errors call it."""
        return place(self.url)


class Asker:
    """Asks over a session that it does not own."""

    def __init__(self, rules: Rules, session: aiohttp.ClientSession) -> None:
        self._rules = rules
        self._session = session
        self._limits: dict[str, AsyncLimiter] = {}

    @asynccontextmanager
    async def answer(self, question: Question) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """The answer after all redirects, its body not yet read; the status is a success.

        Raises `Again`, `SourceRefused`, `SourceOdd`, `UnsafeAddress`.
        """
        loopback = self._rules.allow_loopback
        first = url = _with(judged(question.url, loopback=loopback), question.params)
        for _ in range(MOST_HOPS + 1):
            async with self._hop(question, url, first) as response:
                if response.status not in REDIRECTS:
                    await _check(response, question.source)
                    yield response
                    return
                to = _next(response, question)
            url = judged(to, loopback=loopback, base=url)
        raise SourceOdd(source=question.source, why=f"more than {MOST_HOPS} redirects")

    @asynccontextmanager
    async def _hop(
        self, question: Question, url: URL, first: URL
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        method = "GET" if question.send is None else "POST"
        headers = heard(question.headers, first, url)
        with mapped(question.source):
            async with (
                self._limit(url.raw_host or ""),
                self._session.request(
                    method,
                    url,
                    headers=headers,
                    data=question.send,
                    allow_redirects=False,
                    timeout=self._patience(long=question.long),
                ) as response,
            ):
                yield response

    def _patience(self, *, long: bool) -> aiohttp.ClientTimeout:
        rules = self._rules
        total = None if long else rules.total
        return aiohttp.ClientTimeout(total, sock_connect=rules.connect, sock_read=rules.idle)

    def _limit(self, host: str) -> AsyncLimiter:
        if host not in self._limits:
            burst = max(1.0, self._rules.per_second)
            self._limits[host] = AsyncLimiter(burst, burst / self._rules.per_second)
        return self._limits[host]


def _with(url: URL, params: tuple[tuple[str, str], ...]) -> URL:
    """An address without parameters of ours stays as it is, byte for byte."""
    return url.extend_query(params) if params else url


def heard(headers: Mapping[str, str], first: URL, url: URL) -> dict[str, str]:
    """The headers that this hop may hear: secrets stay with the origin they were meant for."""
    if url.origin() == first.origin():
        return dict(headers)
    return {name: value for name, value in headers.items() if name.lower() not in PRIVATE}


def _next(response: aiohttp.ClientResponse, question: Question) -> str:
    to = response.headers.get("Location", "")
    if not to:
        raise SourceOdd(source=question.source, why="a redirect that leads nowhere")
    if question.send is not None:
        raise SourceOdd(source=question.source, why="it redirects a question that was posted")
    return to


async def _check(response: aiohttp.ClientResponse, source: str) -> None:
    if 200 <= response.status < 300 and response.status not in {204, 205}:
        return
    found = objection(response.status, response.headers, await _said(response, source), source)
    if found is not None:
        raise found


async def _said(response: aiohttp.ClientResponse, source: str) -> bytes:
    """What goes with a refusal; nothing where it cannot be unpacked: the status speaks for itself."""
    try:
        return await head(response, SAID, source)
    except (SourceOdd, Again):
        return b""
