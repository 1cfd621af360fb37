"""`/adapters add`: somebody brings an adapter, and is told what became of it.

It takes as long as the file is big: the answer is deferred, says meanwhile how far the
file is, and ends with the card or with one sentence.
"""

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import aiohttp
import discord

from bot import origins
from bot.attachments import fetch_adapter
from bot.cards import adapters
from bot.cards.letter import Letter
from bot.refusals import NoWorker
from bot.routing.reply import Reply, TooSlow
from bot.routing.serving import notice
from bot.services import Services
from stylus_engine.errors import SourceSilent
from stylus_engine.model import Fetching
from stylus_engine.workers.frames import Add, Added, FromWorker

if TYPE_CHECKING:
    from bot.texts import Say

LOG = logging.getLogger(__name__)
MARGIN = 30.0  # seconds before the token's end in which the answer must still go out


class Adding:
    """Asks the planner; holds nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def add(self, reply: Reply, url: str, file: discord.Attachment | None) -> None:
        """For those who manage the server, and the owners. Raises `StylusError`."""
        services, say = self._services, self._services.say(str(reply.interaction.locale))
        if not origins.manages(reply.interaction, services.settings):
            await reply.send(notice(say, "admin-only"))
        elif bool(url) == (file is not None):
            await reply.send(notice(say, "notice-add-one"))
        else:
            added = await self._added(reply, say, url, file)
            await reply.send(Letter(view=lambda: adapters.added(say, added), ephemeral=True))

    async def _added(
        self, reply: Reply, say: "Say", url: str, file: discord.Attachment | None
    ) -> Added:
        data = await fetch_adapter(file) if file is not None else b""
        question = Add(
            call=0,
            url=url.strip(),
            data=data,
            name=file.filename if file is not None else "",
            by=str(reply.interaction.user.id),
        )
        async with _Progress(self._services, reply, say) as progress:
            answer = await self._asked(question, progress)
        if not isinstance(answer, Added):
            raise NoWorker
        return answer

    async def _asked(self, question: Add, progress: "_Progress") -> FromWorker:
        """Raises `SourceSilent` when Discord waits no longer: the planner goes on meanwhile."""
        patience = self._services.settings.delivery.token_seconds - MARGIN
        try:
            return await self._services.supervisor.ask(question, patience, progress.hear)
        except TimeoutError as error:
            why = "it takes longer than Discord waits; ask again in a while"
            raise SourceSilent(source="The planner", why=why) from error


class _Progress:
    """Edits the deferred answer while a file comes, no oftener than other messages."""

    def __init__(self, services: Services, reply: Reply, say: "Say") -> None:
        self._services = services
        self._reply = reply
        self._say = say
        self._news = asyncio.Event()
        self._hand = asyncio.Lock()  # held while an edit is under way
        self._last: Fetching | None = None

    def hear(self, event: Fetching) -> None:
        """Called at each piece of a file."""
        self._last = event
        self._news.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._show(), name="progress of an adapter")
        return self

    async def __aexit__(self, *_: object) -> None:
        async with self._hand:  # an edit that left may take effect any time: it is waited for
            self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _show(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            async with self._hand:
                await self._tell()
            await self._services.clock.sleep(self._services.settings.delivery.edit_seconds)

    async def _tell(self) -> None:
        """What cannot be shown is no error: the end will be told."""
        event = self._last
        if event is None:
            return
        try:
            await self._reply.meanwhile(
                Letter(view=lambda: adapters.coming(self._say, event), ephemeral=True)
            )
        except (TooSlow, discord.HTTPException, aiohttp.ClientError, OSError) as error:
            LOG.info("progress of an adapter is not shown: %s", type(error).__name__)
