"""The bot as discord.py sees it: what it hears, and where that goes.

Nothing but guilds and interactions is asked for: no privileged intent, no message
content.  Commands are discord.py's own tree; everything else that is pressed goes to
the one router.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.routing.entrance import Entrance
from bot.routing.reply import Interaction, Reply
from bot.routing.router import Router
from bot.routing.serving import explain
from bot.services import Services
from bot.translating import CommandTexts

log = logging.getLogger(__name__)
Make: TypeAlias = Callable[["StylusBot"], Services]
COGS = (
    "cogs.imagine", "cogs.inpaint", "cogs.compare", "cogs.line", "cogs.adapters", "cogs.help",
    "cogs.admin", "cogs.menus",
)  # fmt: skip
HASH = "commands"  # the note in the line that remembers what was registered


class StylusTree(app_commands.CommandTree["StylusBot"]):
    """discord.py's tree; what goes wrong before a command's own code is told like the rest."""

    async def interaction_check(self, interaction: "discord.Interaction[StylusBot]", /) -> bool:
        """Commands work in servers only: moderation needs one."""
        if interaction.guild_id is not None:
            return True
        raise app_commands.NoPrivateMessage

    async def on_error(
        self,
        interaction: "discord.Interaction[StylusBot]",
        error: app_commands.AppCommandError,
        /,
    ) -> None:
        """Never raises: `explain` is the end of every error."""
        heard = cast("Interaction", interaction)
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        if interaction.type is discord.InteractionType.autocomplete:
            log.warning("no suggestions: %s", cause)
            return
        reply = Reply(heard)
        await explain(interaction.client.services, reply, cause)


class StylusBot(commands.AutoShardedBot):
    """Holds the services, loads the cogs, registers the commands when they changed."""

    def __init__(self, make: Make, *, shards: int = 0, trace: aiohttp.TraceConfig) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=StylusTree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=False, private_channel=False
            ),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            enable_debug_events=False,
            shard_count=shards or None,
            http_trace=trace,
        )
        self.services = make(self)
        self.entrance = Entrance(self.services)
        self.router = Router(self.services, self.entrance)

    async def setup_hook(self) -> None:
        """After the login, before the gateway; again after a lost login."""
        for name in COGS:
            if name not in self.extensions:
                await self.load_extension(name)
        await self.tree.set_translator(CommandTexts(self.services.texts))
        await self.register()

    async def on_interaction(self, interaction: Interaction) -> None:
        """Fires for every interaction; the router hears components and windows."""
        await self.router(interaction)

    async def on_ready(self) -> None:
        """Said once per connection."""
        log.info("here as %s, in %d servers", self.user, len(self.guilds))

    async def register(self) -> bool:
        """Tell Discord our commands, if they differ from what it was told. Whether it was told.

        Two hundred creations a day are allowed; looking is free.  The hash alone is not
        asked: another bot with the same token may have registered its own.
        """
        payload = await self.payload()
        known = f"{self.application_id}:{digest(payload)}"
        if await self.services.line.noted(HASH) == known and await self._are_there(payload):
            return False
        await self.tree.sync()
        await self.services.line.note(HASH, known, self.services.now())
        log.info("registered %d commands", len(payload))
        return True

    async def payload(self) -> list[dict[str, Any]]:
        """Just what `tree.sync` would send."""
        translator = self.tree.translator
        if translator is None:
            raise LookupError("the commands have no translator yet")
        every = self.tree.get_commands(type=None)
        return [await command.get_translated_payload(self.tree, translator) for command in every]

    async def _are_there(self, payload: Sequence[Mapping[str, object]]) -> bool:
        """Whether commands of these names are registered now."""
        there = {(command.name, command.type.value) for command in await self.tree.fetch_commands()}
        return there == {(one["name"], one["type"]) for one in payload}


def digest(payload: object) -> str:
    """The same commands, the same text, whatever order a dict had."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()[:32]
