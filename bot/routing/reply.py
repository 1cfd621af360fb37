"""The one answer to an interaction, and what may be said after it.

Discord takes a first answer within three seconds, and only one.  Whoever works on an
answer works inside `in_time()`: when it takes too long, a "thinking" answer goes out
first and the real one replaces it, or follows when not the same people may see it.  A lock
keeps the two apart.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Literal, TypeAlias, TypeVar

import aiohttp
import discord
from discord import ui

from bot.cards.letter import Letter
from bot.delivery.wire import Blocked, Sent, ThreadClosed, TooBig, WireError
from bot.discord_wire import translated
from bot.refusals import WindowTooLate

log = logging.getLogger(__name__)
T = TypeVar("T")
Interaction: TypeAlias = "discord.Interaction[discord.Client]"
Slow: TypeAlias = Literal["message", "update"]

UNKNOWN_INTERACTION = 10062
ALREADY_ANSWERED = 40060
TRIES = 3
BETWEEN_TRIES = 0.2  # seconds


class TooSlow(Exception):
    """Discord does not wait for this answer any more; the person was told that it failed."""


UNTOLD = (TooSlow, WireError, discord.HTTPException, aiohttp.ClientError, OSError)


class Reply:
    """Answers one interaction. `ephemeral` and `slow` say what a "thinking" answer becomes.

    `ephemeral` may be set again as soon as the work knows better.
    """

    def __init__(
        self,
        interaction: Interaction,
        *,
        ephemeral: bool = True,
        slow: Slow = "message",
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        """`heard` is called once, when Discord has taken the first answer."""
        self.interaction = interaction
        self._heard = heard
        self.answered = interaction.response.is_done()
        self.ephemeral = ephemeral
        self._hidden = ephemeral  # whether the "thinking" that stands is for one person only
        self._slow: Slow = slow
        self._deferred: Slow | None = None
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def in_time(self, patience: float) -> AsyncGenerator[None, None]:
        """Within: if no answer was given after `patience` seconds, say that one is coming."""
        timer = asyncio.create_task(self._defer_after(patience), name="patience")
        try:
            yield
        finally:
            async with (
                self._lock
            ):  # a defer under way is finished first: cut off, nobody knew of it
                timer.cancel()
            with suppress(asyncio.CancelledError):
                await timer

    async def send(self, letter: Letter, *, ephemeral: bool | None = None) -> Sent | None:
        """Answer with a message; later ones are follow-ups. None: where it stands is not known.

        Raises `TooSlow`, `Blocked`, `TooBig`, `ThreadClosed`, `discord.HTTPException`.
        """
        hidden = letter.ephemeral if ephemeral is None else ephemeral
        async with self._lock:
            try:
                return await self._send(letter, hidden=hidden)
            except discord.HTTPException as error:
                raise _meant(error) from error

    async def _send(self, letter: Letter, *, hidden: bool) -> Sent | None:
        if self._deferred == "message":
            return await self._instead(letter, hidden=hidden)
        if self.answered:
            return await self._follow(letter, hidden=hidden)
        sent = await self._first(lambda: self._message(letter, hidden=hidden))
        return sent or await self._original()

    async def meanwhile(self, letter: Letter) -> None:
        """Instead of "thinking", which this still is; nothing where it was not said yet."""
        async with self._lock:
            if self._deferred == "message":
                await self._replace(letter)

    async def change(self, letter: Letter) -> None:
        """Change the message the pressed component stands on."""
        async with self._lock:
            if self.answered:
                await self._replace(letter)
                return
            await self._first(lambda: self._edit(letter))

    async def quiet(self) -> None:
        """Acknowledge a component and show nothing; raises `TooSlow`."""
        async with self._lock:
            if not self.answered:
                await self._first(self._defer_update)

    async def quiet_if_silent(self) -> None:
        """Work that forgot to answer is still acknowledged."""
        if not self.answered and self.interaction.type is discord.InteractionType.component:
            await self.quiet()

    async def open(self, modal: ui.Modal) -> None:
        """Open a window. Only a first answer can: raises `WindowTooLate` when that was given."""
        async with self._lock:
            if self.answered:
                raise WindowTooLate
            await self._first(lambda: self._modal(modal))

    async def delete_card(self) -> None:
        """Take the message away that the component stands on; after `quiet`. For private ones."""
        try:
            with suppress(discord.NotFound):
                await self.interaction.delete_original_response()
        except discord.HTTPException as error:
            raise _meant(error) from error

    # --- the first answer ----------------------------------------------------------

    async def _first(self, answer: Callable[[], Awaitable[T]]) -> T | None:
        """Try until it is sure. An answer whose echo was lost is known by 40060 of the next try."""
        for tried in range(1, TRIES + 1):
            try:
                sent = await answer()
            except discord.HTTPException as error:
                if error.code != ALREADY_ANSWERED:
                    raise _meant(error) from error
                sent = None
            except (aiohttp.ClientError, OSError, TimeoutError):
                if tried == TRIES:
                    raise
                await asyncio.sleep(BETWEEN_TRIES)
                continue
            self.answered = True
            self._heard()
            return sent
        return None

    async def _message(self, letter: Letter, *, hidden: bool) -> Sent | None:
        answer = await self.interaction.response.send_message(
            view=letter.view(),
            files=letter.attachments(),
            ephemeral=hidden,
            allowed_mentions=letter.allowed,
        )
        return self._sent(answer.message_id)

    async def _edit(self, letter: Letter) -> None:
        await self.interaction.response.edit_message(
            view=letter.view(), attachments=letter.attachments(), allowed_mentions=letter.allowed
        )

    async def _modal(self, modal: ui.Modal) -> None:
        await self.interaction.response.send_modal(modal)

    async def _defer_update(self) -> None:
        await self.interaction.response.defer()

    async def _defer_after(self, patience: float) -> None:
        await asyncio.sleep(patience)
        async with self._lock:
            if self.answered:
                return
            try:
                await self._first(self._defer)
            except UNTOLD as error:
                log.warning("an interaction could not be deferred: %s", error)
                return
            self._deferred = self._slow
            log.warning("an answer takes longer than %.1f s: said that it is coming", patience)

    async def _defer(self) -> None:
        thinking = self._slow == "message"
        self._hidden = self.ephemeral
        await self.interaction.response.defer(ephemeral=self._hidden, thinking=thinking)

    # --- after it ------------------------------------------------------------------

    async def _instead(self, letter: Letter, *, hidden: bool) -> Sent:
        """In the place of "thinking". Who sees a message cannot be changed, so another one may follow.

        The first one must go before: Discord fills it with whatever follows, for whomever it is.
        """
        if hidden != self._hidden:
            with suppress(discord.NotFound):
                await self.interaction.delete_original_response()
        self._deferred = None
        if hidden == self._hidden:
            return await self._replace(letter)
        return await self._follow(letter, hidden=hidden)

    async def _replace(self, letter: Letter) -> Sent:
        message = await self.interaction.edit_original_response(
            view=letter.view(), attachments=letter.attachments(), allowed_mentions=letter.allowed
        )
        return Sent(message=message.id, channel=message.channel.id)

    async def _follow(self, letter: Letter, *, hidden: bool) -> Sent:
        message = await self.interaction.followup.send(
            view=letter.view(),
            files=letter.attachments(),
            ephemeral=hidden,
            allowed_mentions=letter.allowed,
            wait=True,
        )
        return Sent(message=message.id, channel=message.channel.id)

    async def _original(self) -> Sent | None:
        """Where the first answer stands, when its echo was lost."""
        with suppress(discord.HTTPException, aiohttp.ClientError, OSError):
            message = await self.interaction.original_response()
            return Sent(message=message.id, channel=message.channel.id)
        return None

    def _sent(self, message: int | None) -> Sent | None:
        channel = self.interaction.channel_id
        return Sent(message=message, channel=channel) if message and channel else None


def _meant(error: discord.HTTPException) -> Exception:
    """The error a caller can do something about."""
    if error.code == UNKNOWN_INTERACTION:
        return TooSlow()
    meant = translated(error)
    return meant if isinstance(meant, Blocked | TooBig | ThreadClosed) else error
