"""One OpenAI-compatible server: asked over HTTP, its way found out once, its errors made ours.

The one file of this room that knows openai and the HTTP library below it: a stream that
breaks raises the latter's errors.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeAlias, cast
from urllib.parse import urlsplit

import httpx2
import stamina
from openai import APIConnectionError, APIStatusError, APITimeoutError, AsyncOpenAI, OpenAIError

from stylus_engine.composition.asking import MOST_ANSWER, Body, goes_on, size
from stylus_engine.composition.hearing import BROKE_OFF, Hearing, Reply
from stylus_engine.composition.plain import line
from stylus_engine.composition.talking import Heard, Meter
from stylus_engine.composition.ways import ABOUT_ASKING, Way, full, lower, narrower, tells
from stylus_engine.errors import BadSettings, SourceOdd, SourceRefused, SourceSilent, StylusError
from stylus_engine.model.noun import Noun

LINGER = 0.2  # seconds that a stream has to end after its last event, to be used again
WHOLE_AGAIN = (
    50  # questions; after so many short ones a whole one is tried: room may be there again
)
THOUGHTS_AGAIN = 50  # questions until room for thoughts is given again where it did not help
WHY = 200  # characters of what a server says of its refusal
TOO_LARGE = 413
FILTERS = frozenset({"content_filter", "content_policy_violation"})  # codes of refusals
LATER = frozenset({408, 409, 425, 429})  # refusals that say: not now


class Endpoint(Noun, frozen=True, kw_only=True):
    """Where the model is. `base_url` "": OpenAI itself. `timeout`: seconds for a whole question."""

    model: str
    base_url: str = ""
    timeout: float = 8.0
    tries: int = 3
    wait: float = 0.2  # seconds before the second try, doubled each time, with jitter


class _Answered(Protocol):
    """What the client hands out, as far as it is used."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    def iter_bytes(self) -> AsyncIterator[bytes]: ...


_Create: TypeAlias = Callable[..., AbstractAsyncContextManager[_Answered]]


class Again(Exception):
    """It is worth another try, after `after` seconds where the server said so."""

    def __init__(self, silent: SourceSilent, after: float | None) -> None:
        super().__init__(str(silent))
        self.silent = silent
        self.after = after


class Server:
    """Asks one model. Implements `Speaker`; close it.

    The key is read when it is first needed, so that a lost key file costs the model and
    not the picture; it goes into the client and nowhere else, and is cut out of what a
    server says.  Connections belong to an event loop: each loop has a client of its own,
    and gives it back when it ends.
    """

    def __init__(self, endpoint: Endpoint, api_key: Callable[[], str]) -> None:
        """Raises nothing; `say` does."""
        self.endpoint = endpoint
        self.name = "the server"
        self.way = Way()
        self._proven = False
        self._asked = 0
        self._thinks_from = 0  # the question from which on room for thoughts may help
        self._read_key = api_key
        self._key = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: AsyncOpenAI | None = None
        self._lending: AsyncGenerator[AsyncOpenAI] | None = None

    async def close(self) -> None:
        """Give the connections back."""
        lending, self._lending, self._client = self._lending, None, None
        if lending is not None:
            await lending.aclose()

    async def _opened(self) -> AsyncOpenAI:
        """The client of this event loop. Raises `BadSettings`."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._key = checked(self.endpoint, self._read_key())
            self.name = urlsplit(self.endpoint.base_url).hostname or "api.openai.com"
            self._lending = _lent(self.endpoint, self._key)
            self._client, self._loop = await anext(self._lending), loop
        return self._client

    async def say(self, told: Callable[[Way], Awaitable[Body]], meter: Meter) -> Reply:
        """On the best way this server knows. Raises `SourceSilent`, `SourceOdd`, `SourceRefused`, `BadSettings`."""
        way: Way | None = self._first
        while True:
            body = await told(way)
            try:
                reply = await self._tried(body, meter)
            except (SourceRefused, SourceOdd) as error:
                way = self._next(way, error, body)
                if way is None:
                    raise
            else:
                self.way, self._proven = self._known(way, reply), True
                if not (reply.unsaid and self._may_help(way)):
                    return reply
                meter.wasted(MOST_ANSWER)
                way = replace(way, thinks=True)

    @property
    def _first(self) -> Way:
        self._asked += 1
        return replace(self.way, room=0) if self._asked % WHOLE_AGAIN == 0 else self.way

    def _known(self, way: Way, reply: Reply) -> Way:
        """What to remember of a way that was answered: room for thoughts where it helped."""
        return replace(way, thinks=self.way.thinks) if reply.unsaid else way

    def _may_help(self, way: Way) -> bool:
        """Whether room for thoughts is worth another question; not for a while where it was in vain."""
        if way.thinks:
            self._thinks_from = self._asked + THOUGHTS_AGAIN
        return not way.thoughtful and self._asked >= self._thinks_from

    def _next(self, way: Way, error: SourceRefused | SourceOdd, body: Body) -> Way | None:
        """Another way to ask the same, until one was found; a shorter one whenever that is what it wants."""
        if full(error.why) or (isinstance(error, SourceRefused) and error.status == TOO_LARGE):
            return None if goes_on(body) else narrower(way, error.why, size(body))
        if isinstance(error, SourceOdd):  # it knows no streams, perhaps
            return None if self._proven or not way.streams else lower(way, "stream")
        if error.status not in ABOUT_ASKING and not tells(error.why):
            return None
        return None if self._proven else lower(way, error.why)

    async def _tried(self, body: Body, meter: Meter) -> Reply:
        """Try, wait, try again, as long as the asker waits."""
        again = stamina.AsyncRetryingCaller(
            attempts=self.endpoint.tries,
            timeout=None,
            wait_initial=self.endpoint.wait,
            wait_max=2.0,
            wait_jitter=self.endpoint.wait,
        )
        try:
            # Not handed over as arguments: those would stand in stamina's log, the prompt in them.
            return await again(self._worth_it, partial(self._send, body, meter))
        except Again as last:
            raise last.silent from last

    def _worth_it(self, error: Exception) -> bool | float:
        """A server that says "in an hour" is not waited for."""
        if not isinstance(error, Again):
            return False
        if error.after is None:
            return True
        return error.after if error.after <= self.endpoint.timeout / 2 else False

    async def _send(self, body: Body, meter: Meter) -> Reply:
        # Its overloads want every field by name; ours are one JSON object.
        completions = (await self._opened()).chat.completions
        create = cast("_Create", completions.with_streaming_response.create)
        meter.sent()
        try:
            async with create(**body) as answered:
                return self._believed(await _listened(answered, meter.hear))
        except OpenAIError as error:
            if free(error):
                meter.refused()
            if declined(error):
                return Reply("", "the model declined", refused=True)
            raise self._mapped(error) from error
        except httpx2.HTTPError as error:
            raise Again(SourceSilent(source=self.name, why="the connection broke"), None) from error

    def _believed(self, reply: Reply) -> Reply:
        """Raises for a body that held nothing of an answer: `SourceOdd`, or what its error says."""
        told = reply._replace(fault=self._told(reply.fault))
        if told.odd and told.status:
            raise self._refused(told.status, told.fault.removeprefix(f"{BROKE_OFF}: "), None)
        if told.odd:
            raise SourceOdd(source=self.name, why=told.fault)
        return told

    def _mapped(self, error: OpenAIError) -> StylusError | Again:
        """The client's errors as ours, and nothing of the key in them."""
        if isinstance(error, APIStatusError):
            return self._of_status(error)
        if isinstance(error, APITimeoutError):
            why = f"no answer in {self.endpoint.timeout:g} s"
            return SourceSilent(source=self.name, why=why)
        if isinstance(error, APIConnectionError):
            return Again(SourceSilent(source=self.name, why="the connection failed"), None)
        return SourceOdd(source=self.name, why=self._told(str(error)) or type(error).__name__)

    def _of_status(self, error: APIStatusError) -> StylusError | Again:
        words = str(error.message).removeprefix(f"Error code: {error.status_code} - ")
        after = _seconds(error.response.headers.get("retry-after"))
        return self._refused(error.status_code, self._told(words), after)

    def _refused(self, status: int, said: str, after: float | None) -> SourceRefused | Again:
        why = said or "it does not say why"
        ill = status >= 500 and not tells(why)
        if ill or status in LATER:
            return Again(SourceSilent(source=self.name, why=f"{status}, {why}"), after)
        return SourceRefused(source=self.name, status=status, why=why)

    def _told(self, text: str) -> str:
        bare = text.replace(self._key, "…") if self._key else text
        return line(bare[:4000], WHY).rstrip(".")


def free(error: OpenAIError) -> bool:
    """Whether a question that failed like this cost nothing: it was refused, or nobody was reached."""
    unreached = httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout
    return isinstance(error, APIStatusError) or isinstance(error.__cause__, unreached)


def declined(error: OpenAIError) -> bool:
    """Whether a filter before the model said no to these words: asking otherwise is no use, and nobody is ill."""
    return isinstance(error, APIStatusError) and error.code in FILTERS


async def _listened(answered: _Answered, heard: Heard) -> Reply:
    """Read to the end, so that the connection can be used again, unless there is far too much."""
    stream = "event-stream" in answered.headers.get("content-type", "")
    hearing = Hearing(stream=stream)
    loop = asyncio.get_running_loop()
    with suppress(TimeoutError):  # of LINGER alone: it is set once all was said
        async with asyncio.timeout(None) as linger:
            async for piece in answered.iter_bytes():
                hearing.feed(piece)
                heard(hearing.text)
                if hearing.full:
                    break
                if hearing.done and linger.when() is None:
                    linger.reschedule(loop.time() + LINGER)
    return hearing.close()


def _seconds(value: str | None) -> float | None:
    """`Retry-After` in seconds; a date, and anything that is no number, counts as not said."""
    try:
        found = float(value or "")
    except ValueError:
        return None
    return found if 0 <= found < float("inf") else None


async def _lent(endpoint: Endpoint, api_key: str) -> AsyncGenerator[AsyncOpenAI]:
    """The client, for as long as its event loop runs: a loop that ends closes its generators.

    Whoever holds a composer (a command, a worker) ends with its loop and has no other
    moment to close connections in.
    """
    async with AsyncOpenAI(
        base_url=endpoint.base_url or None,
        api_key=api_key or "none",  # a server of one's own wants none, the client does
        timeout=endpoint.timeout,
        max_retries=0,  # tries are counted here, within one time for all of them
    ) as client:
        yield client


def checked(endpoint: Endpoint, api_key: str) -> str:
    """The key. Raises `BadSettings` for an address, a model or a key that cannot be sent."""
    if not _address(endpoint.base_url or "https://api.openai.com/v1"):
        raise BadSettings(where="composer.base_url", why="it is no http or https address")
    if not endpoint.model.strip():
        raise BadSettings(where="composer.model", why="it is empty")
    if not (api_key.isascii() and api_key.isprintable()):
        raise BadSettings(where="composer.api_key", why="it holds characters that no key has")
    return api_key


def _address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return plain and parts.scheme in {"http", "https"} and bool(parts.hostname)
