"""Every call that delivery makes, with discord.py's own HTTP client."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import discord
from discord.utils import time_snowflake
from discord.webhook.async_ import async_context

from bot import custom_ids
from bot.cards.letter import Letter
from bot.delivery.wire import (
    MessageGone,
    NoRights,
    Sent,
    TokenGone,
    Unreachable,
    Unreadable,
)
from bot.discord_wire.parcels import custom_ids_in, packed, reply, sent
from bot.discord_wire.refusing import translated
from bot.jobs.nouns import Job

SECONDS: Final = 60.0  # for one request, discord.py's own repetitions included
SECONDS_WITH_FILES: Final = 300.0  # 24 MiB through 1 Mbit/s
MARGIN: Final = 60.0  # how much earlier than asked for a search begins: clocks differ
FIRST_ID: Final = 1420070400.0  # 2015-01-01, where ids begin to count
PAGE: Final = 100
MOST_PAGES: Final = 20


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
        with packed(letter) as parcel:
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
        return sent(answer)

    async def _edit_original(self, job: Job, letter: Letter) -> Sent:
        hook = self._hook(job)
        with packed(letter) as parcel:
            async with self._asking(letter, by_token=True):
                answer = await async_context.get().edit_original_interaction_response(
                    hook.id,
                    job.origin.token,
                    session=hook.session,
                    payload=parcel.payload,
                    multipart=parcel.multipart,
                    files=parcel.files,
                )
        return sent(answer)

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
        return sent(answer)

    async def edit_by_bot(self, channel: int, message: int, letter: Letter) -> Sent:
        """PATCH channels/CHANNEL/messages/MESSAGE."""
        with packed(letter) as parcel:
            async with self._asking(letter):
                answer = await self._client.http.edit_message(channel, message, params=parcel)
        return sent(answer)

    async def send(
        self, channel: int, nonce: str, letter: Letter, *, reply_to: int | None = None
    ) -> Sent:
        """POST channels/CHANNEL/messages, with `enforce_nonce`."""
        with packed(letter, nonce, reply(channel, reply_to)) as parcel:
            async with self._asking(letter):
                answer = await self._client.http.send_message(channel, params=parcel)
        return sent(answer)

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
                    return sent(message)
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
        found = map(custom_ids.parse, custom_ids_in(message.get("components", [])))
        return any(one and one.job == job and one.action != "cancel" for one in found)
