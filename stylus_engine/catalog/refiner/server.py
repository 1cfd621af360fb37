"""One OpenAI-compatible server: asked over HTTP, its answers taken apart, its errors made ours.

The one file of this room that knows openai; `posting` borrows its client.  The raw body is read and not the client's
parsed object: that one trusts its server, and turns HTML into a string and a missing
list into None.  Retries (429 with Retry-After, 408, 409, 5xx, dropped connections) are the client's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self, TypeAlias, cast
from urllib.parse import urlsplit

import httpx2
from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI, OpenAIError

from stylus_engine.catalog import clean
from stylus_engine.catalog.refiner import asking
from stylus_engine.catalog.refiner.asking import Ask, Turn
from stylus_engine.catalog.refiner.budget import Purse, Used
from stylus_engine.catalog.refiner.ways import Ladder, Way, lower, tells
from stylus_engine.catalog.refiner.wire import Reply, heard
from stylus_engine.errors import BadSettings, SourceOdd, SourceRefused, SourceSilent, StylusError
from stylus_engine.model.noun import Noun

WHY = 300  # characters of what a server says of its refusal
CARDS_FAULT = frozenset({400, 413, 415, 422})  # refusals that may be about what was sent
LATER = frozenset({408, 409, 425, 429})  # refusals that say: not now


class Endpoint(Noun, frozen=True, kw_only=True):
    """Where the model is. `base_url` "": OpenAI itself. Times in seconds, `most` in tokens of an answer."""

    model: str
    base_url: str = ""
    timeout: float = 60.0
    retries: int = 2
    most: int = 700


class _Raw(Protocol):
    @property
    def content(self) -> bytes: ...


_Create: TypeAlias = Callable[..., Awaitable[_Raw]]


class Server:
    """Asks one model. `async with` it, or `close` it.

    The key goes into the client and nowhere else; it is cut out of what a server says.
    """

    def __init__(self, endpoint: Endpoint, api_key: str, purse: Purse) -> None:
        """Raises `BadSettings` for an address or a key that cannot be sent."""
        _check(endpoint, api_key)
        self.endpoint = endpoint
        self.name = urlsplit(endpoint.base_url).hostname or "api.openai.com"
        self._key = api_key
        self._purse = purse
        self._ladder = Ladder()
        self._scouting = asyncio.Lock()
        self._client = AsyncOpenAI(
            base_url=endpoint.base_url or None,
            api_key=api_key or "none",  # a server of one's own wants none, the client does
            timeout=endpoint.timeout,
            max_retries=endpoint.retries,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    def blames_the_card(self, error: SourceRefused) -> bool:
        """Whether this refusal is of one card, by a server that has answered others."""
        return self._ladder.proven and error.status in CARDS_FAULT

    def way(self, asked: Ask) -> Way | None:
        """How to ask this, None where only asking will tell."""
        pictures = bool(asked.pictures)
        return self._ladder.first(pictures) if self._ladder.settled(pictures) else None

    @contextmanager
    def reaching(self, seconds: float) -> Generator[AsyncOpenAI]:
        """The client, for its other doors; its errors are ours. `seconds` of patience.

        A body that is read in pieces breaks off with an error of the library below the client.
        """
        try:
            yield self._client.with_options(timeout=seconds)
        except OpenAIError as error:
            raise self._mapped(error) from error
        except httpx2.HTTPError as error:
            raise SourceSilent(source=self.name, why="the connection broke") from error

    async def say(self, asked: Ask, turns: Sequence[Turn] = ()) -> Reply:
        """One answer, on the best way this server knows; one card at a time looks for that way.

        Raises `SourceSilent`, `SourceOdd`, `SourceRefused`, `BudgetSpent`.
        """
        if self._ladder.settled(bool(asked.pictures)):
            return await self._climb(asked, turns)
        async with self._scouting:
            return await self._climb(asked, turns)

    async def _climb(self, asked: Ask, turns: Sequence[Turn]) -> Reply:
        pictures = bool(asked.pictures)
        way: Way | None = self._ladder.first(pictures)
        while True:
            try:
                reply = await self._send(asked, turns, way)
            except SourceRefused as error:
                way = self._next(way, error, pictures)
                if way is None:
                    raise
            else:
                self._ladder.worked(way, pictures)
                return reply

    def _next(self, way: Way, error: SourceRefused, pictures: bool) -> Way | None:
        """Another way to ask the same, when the refusal may be about the way."""
        if error.status not in CARDS_FAULT and not tells(error.why):
            return None
        return None if self._ladder.settled(pictures) else lower(way, error.why)

    async def _send(self, asked: Ask, turns: Sequence[Turn], way: Way) -> Reply:
        estimate = Used(_tokens(asked, turns, way), self.endpoint.most, guessed=True)
        told = asking.body(
            asked, turns, way, self.endpoint.model, self.endpoint.most, asking.new_fence
        )
        async with self._purse.paying(estimate) as bill:
            try:
                content = await self._post(told)
            except OpenAIError as error:
                bill.failed(0 if free(error) else 1 + self.endpoint.retries)
                raise self._mapped(error) from error
            reply = heard(content, estimate, self.name)
            bill.used = reply.used
        return reply

    async def _post(self, told: asking.Body) -> bytes:
        # Its overloads want every field by name; ours are one JSON object.
        create = cast("_Create", self._client.chat.completions.with_raw_response.create)
        return (await create(**told)).content

    def _mapped(self, error: OpenAIError) -> StylusError:
        """The client's errors as ours, and nothing of the key in them."""
        if isinstance(error, APIStatusError):
            return self._of_status(error)
        if isinstance(error, APITimeoutError):
            return SourceSilent(source=self.name, why=f"no answer in {self.endpoint.timeout:g} s")
        if isinstance(error, APIConnectionError):
            return SourceSilent(source=self.name, why="the connection failed")
        return SourceOdd(source=self.name, why=self._told(str(error)) or type(error).__name__)

    def _of_status(self, error: APIStatusError) -> StylusError:
        words = str(error.message).removeprefix(f"Error code: {error.status_code} - ")
        why = self._told(words) or "it does not say why"
        ill = error.status_code >= 500 and not tells(why)
        if ill or error.status_code in LATER:
            return SourceSilent(source=self.name, why=f"{error.status_code}, {why}")
        return SourceRefused(source=self.name, status=error.status_code, why=why)

    def _told(self, text: str) -> str:
        bare = text.replace(self._key, "…") if self._key else text
        return clean.line(bare[:4000], WHY).rstrip(".")


def free(error: OpenAIError) -> bool:
    """Whether a question that failed like this cost nothing: it was refused, or nobody was reached."""
    unreached = httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout
    return isinstance(error, APIStatusError) or isinstance(error.__cause__, unreached)


def _check(endpoint: Endpoint, api_key: str) -> None:
    parts = urlsplit(endpoint.base_url or "https://api.openai.com/v1")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadSettings(where="refiner.base_url", why="it is no http or https address")
    if not endpoint.model.strip():
        raise BadSettings(where="refiner.model", why="it is empty")
    if not (api_key.isascii() and api_key.isprintable()):
        raise BadSettings(where="refiner.api_key", why="it holds characters that no key has")


def _tokens(asked: Ask, turns: Sequence[Turn], way: Way) -> int:
    seen = asked if way.sees else asked._replace(pictures=())
    return seen.tokens + sum(len(turn.said[: asking.MOST_ECHO]) // 3 + 60 for turn in turns)
