"""The wire, spoken with discord.py: the one file that knows which number means what.

Its HTTP client is used directly.  Not taken: `Message.edit` and its kin, which keep
every view they send and need the message in a cache; ours must work after a restart,
from an application id, a token and two numbers.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp
import discord
from discord.http import MultipartParameters, handle_message_parameters
from discord.utils import time_snowflake
from discord.webhook.async_ import async_context

from bot import custom_ids
from bot.cards.letter import Letter
from bot.delivery.wire import (
    Blocked,
    MessageGone,
    NoRights,
    Refused,
    Sent,
    TokenGone,
    TooBig,
    TooOld,
    Unreachable,
    Unreadable,
    WireError,
)
from bot.jobs.nouns import Job

if TYPE_CHECKING:  # discord.py's payload types exist for checkers only
    from discord.types.message import MessageReference

SECONDS: Final = 60.0  # for one request, discord.py's own repetitions included
SECONDS_WITH_FILES: Final = 300.0  # 24 MiB through 1 Mbit/s
MARGIN: Final = 60.0  # how much earlier than asked for a search begins: clocks differ
FIRST_ID: Final = 1420070400.0  # 2015-01-01, where ids begin to count
PAGE: Final = 100
MOST_PAGES: Final = 20

CODES: Final[Mapping[int, type[WireError]]] = {
    10003: MessageGone,  # unknown channel
    10008: MessageGone,
    10015: TokenGone,  # unknown webhook: an interaction that was never answered
    10062: TokenGone,  # unknown interaction
    20009: Blocked,  # explicit content
    30046: TooOld,
    40005: TooBig,
    40333: Unreachable,  # Cloudflare's 403, which passes
    50001: NoRights,
    50007: NoRights,  # closed direct messages
    50013: NoRights,
    50027: TokenGone,
    50045: TooBig,
    200000: Blocked,  # AutoMod
    200001: Blocked,
    240000: Blocked,  # harmful link
}
STATUSES: Final[Mapping[int, type[WireError]]] = {
    401: Unreachable,  # of the bot's own token: the operator's to mend, no job's fault
    403: NoRights,
    404: MessageGone,
    408: Unreachable,
    413: TooBig,
    429: Unreachable,
}


class DiscordWire:
    """One client's way to Discord. Usable after its login."""

    def __init__(
        self,
        client: discord.Client,
        *,
        seconds: float = SECONDS,
        seconds_with_files: float = SECONDS_WITH_FILES,
    ) -> None:
        self._client = client
        self._seconds = seconds
        self._seconds_with_files = seconds_with_files

    async def edit_by_token(self, job: Job, letter: Letter) -> Sent:
        """PATCH webhooks/APPLICATION/TOKEN/messages/@original; the job's own where that is gone."""
        try:
            return await self._edit_original(job, letter)
        except MessageGone:
            if job.message is None:
                raise
            return await self._edit_follow_up(job, job.message, letter)

    async def _edit_follow_up(self, job: Job, message: int, letter: Letter) -> Sent:
        """For a status that had to follow a "thinking" of other visibility."""
        hook = self._hook(job)
        with _packed(letter) as parcel:
            async with self._asking(letter, by_token=True):
                answer = await async_context.get().edit_webhook_message(
                    hook.id,
                    job.origin.token,
                    message,
                    session=hook.session,
                    payload=parcel.payload,
                    multipart=parcel.multipart,
                    files=parcel.files,
                )
        return _sent(answer)

    async def _edit_original(self, job: Job, letter: Letter) -> Sent:
        hook = self._hook(job)
        with _packed(letter) as parcel:
            async with self._asking(letter, by_token=True):
                answer = await async_context.get().edit_original_interaction_response(
                    hook.id,
                    job.origin.token,
                    session=hook.session,
                    payload=parcel.payload,
                    multipart=parcel.multipart,
                    files=parcel.files,
                )
        return _sent(answer)

    async def original(self, job: Job) -> Sent | None:
        """GET webhooks/APPLICATION/TOKEN/messages/@original."""
        hook = self._hook(job)
        try:
            async with self._asking(by_token=True):
                answer = await async_context.get().get_original_interaction_response(
                    hook.id, job.origin.token, session=hook.session
                )
        except TokenGone as gone:
            if isinstance(gone.__cause__, discord.NotFound):
                return None  # 10015: this interaction has no answer
            raise
        return _sent(answer)

    async def edit_by_bot(self, channel: int, message: int, letter: Letter) -> Sent:
        """PATCH channels/CHANNEL/messages/MESSAGE."""
        with _packed(letter) as parcel:
            async with self._asking(letter):
                answer = await self._client.http.edit_message(channel, message, params=parcel)
        return _sent(answer)

    async def send(
        self, channel: int, nonce: str, letter: Letter, *, reply_to: int | None = None
    ) -> Sent:
        """POST channels/CHANNEL/messages, with `enforce_nonce`."""
        with _packed(letter, nonce, _reply(channel, reply_to)) as parcel:
            async with self._asking(letter):
                answer = await self._client.http.send_message(channel, params=parcel)
        return _sent(answer)

    async def private(self, user: int) -> int:
        """POST users/@me/channels."""
        async with self._asking():
            answer = await self._client.http.start_private_message(user)
        return int(answer["id"])

    async def find(self, channel: int, since: float, job: str) -> Sent | None:
        """GET channels/CHANNEL/messages, page by page from then on."""
        begin = datetime.fromtimestamp(max(since - MARGIN, FIRST_ID), UTC)
        first = after = time_snowflake(begin)
        for _ in range(MOST_PAGES):
            async with self._reading():
                page = await self._client.http.logs_from(channel, PAGE, after=after)
            for message in page:
                if self._is_card(message, job):
                    return _sent(message)
            if len(page) < PAGE:
                return await self._nothing(channel, first, seen=bool(page) or after != first)
            after = max(int(message["id"]) for message in page)
        raise Unreadable(f"more than {MOST_PAGES * PAGE} messages")

    async def _nothing(self, channel: int, nobody: int, *, seen: bool) -> None:
        """An empty history may be a closed one: Discord says nothing, where a single one is refused."""
        if seen:
            return
        try:
            async with self._reading():
                await self._client.http.get_message(channel, nobody)
        except MessageGone:
            return

    async def holds(self, channel: int, message: int, job: str) -> bool:
        """GET channels/CHANNEL/messages/MESSAGE."""
        async with self._reading():
            answer = await self._client.http.get_message(channel, message)
        return self._is_card(answer, job)

    async def delete(self, channel: int, message: int) -> None:
        """DELETE channels/CHANNEL/messages/MESSAGE."""
        async with self._asking():
            await self._client.http.delete_message(channel, message)

    def _hook(self, job: Job) -> discord.Webhook:
        application = self._client.application_id
        if application is None:
            raise Unreachable("not logged in yet")
        return discord.Webhook.partial(application, job.origin.token, client=self._client)

    @asynccontextmanager
    async def _asking(
        self, letter: Letter | None = None, *, by_token: bool = False
    ) -> AsyncGenerator[None]:
        """The wall: what goes wrong inside comes out as one of ours."""
        heavy = letter is not None and letter.files
        try:
            async with asyncio.timeout(self._seconds_with_files if heavy else self._seconds):
                yield
        except discord.RateLimited as limited:
            raise Unreachable(str(limited), after=limited.retry_after) from limited
        except discord.HTTPException as said:
            raise translated(said, by_token=by_token) from said
        except (aiohttp.ClientError, OSError) as lost:  # TimeoutError is an OSError
            raise Unreachable(repr(lost)) from lost
        except (RuntimeError, ValueError) as broken:
            # aiohttp's word for a session that was closed; an answer that is no JSON
            raise Unreachable(repr(broken)) from broken

    @asynccontextmanager
    async def _reading(self) -> AsyncGenerator[None]:
        try:
            async with self._asking():
                yield
        except NoRights as closed:
            raise Unreadable(closed.why) from closed

    def _is_card(self, message: Mapping[str, Any], job: str) -> bool:
        """Ours, and with a button of this job that no status message has."""
        me = self._client.user
        if me is None or int(message["author"]["id"]) != me.id:
            return False
        found = map(custom_ids.parse, _custom_ids(message.get("components", [])))
        return any(one and one.job == job and one.action != "cancel" for one in found)


def translated(said: discord.HTTPException, *, by_token: bool = False) -> WireError:
    """Discord's number, else its status, as one of ours."""
    kind = CODES.get(said.code)
    if kind is None and by_token and said.status in {401, 404}:
        kind = TokenGone
    if kind is None:
        kind = STATUSES.get(said.status, Unreachable if said.status >= 500 else Refused)
    if kind is Unreachable:
        return Unreachable(str(said), after=_seconds(said.response.headers.get("Retry-After")))
    return kind(str(said))


def watching_limits(told: Callable[[], None]) -> aiohttp.TraceConfig:
    """For `Client(http_trace=…)`: discord.py waits out a 429 without telling anybody."""
    trace = aiohttp.TraceConfig()

    async def ended(_: object, __: object, request: aiohttp.TraceRequestEndParams) -> None:
        if request.response.status == 429:
            told()

    trace.on_request_end.append(ended)
    return trace


@contextmanager
def _packed(
    letter: Letter, nonce: str | None = None, reference: "MessageReference" = discord.utils.MISSING
) -> Generator[MultipartParameters]:
    """The body of one request, its files opened for it and closed after it."""
    try:
        files = letter.attachments()
    except OSError as gone:
        raise Refused(f"a file cannot be read: {gone}") from gone
    view = letter.view()
    view.stop()  # nobody waits for it: every press comes to the router
    with handle_message_parameters(
        view=view,
        attachments=files,  # exactly these: what an edited message had before goes away
        allowed_mentions=letter.allowed,
        nonce=nonce,  # sets `enforce_nonce` too
        message_reference=reference,
    ) as parcel:
        yield parcel


def _reply(channel: int, message: int | None) -> "MessageReference":
    if message is None:
        return discord.utils.MISSING  # typed as anything
    here = {"message_id": str(message), "channel_id": str(channel)}
    return {**here, "fail_if_not_exists": False}  # pyright: ignore[reportReturnType] - the two ids


def _sent(answer: object) -> Sent:
    """Raises `Unreachable` for what is no message: a proxy's page, say."""
    match answer:
        case {"id": str(message), "channel_id": str(channel)}:
            return Sent(int(message), int(channel))
        case _:
            raise Unreachable(f"no message: {answer!r:.80}")


def _custom_ids(components: object) -> Iterator[str]:
    """Every custom_id in a tree of components, however deep."""
    if isinstance(components, list):
        for inner in cast("list[object]", components):
            yield from _custom_ids(inner)
    elif isinstance(components, dict):
        parts = cast("dict[str, object]", components)
        if isinstance(found := parts.get("custom_id"), str):
            yield found
        yield from _custom_ids(list(parts.values()))


def _seconds(header: str | None) -> float:
    try:
        return float(header or 0.0)
    except ValueError:
        return 0.0
