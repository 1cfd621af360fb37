"""Getting to Discord and staying there, whatever the network does.

discord.py resumes and reconnects by itself once a shard has been there.  Its first
steps are not as patient (Rapptz/discord.py#10520), so that they are tried again here.
"""

import asyncio
import logging
import random

import aiohttp
import discord
from discord.ext import commands

from stylus_engine.errors import BadSettings

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
PASSING = (
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    discord.DiscordServerError,
    discord.GatewayNotFound,
)
WRONG_TOKEN = 4004
FATAL = frozenset({4010, 4011, 4012, 4013, 4014})  # shards, versions, intents: no retry helps


async def logged_in(bot: commands.AutoShardedBot, token: str) -> None:
    """Until Discord knows us. Raises `BadSettings` for a token that it does not know."""
    tries = 0
    while True:
        try:
            await bot.login(token)
        except discord.LoginFailure as error:
            raise _wrong_token() from error
        except PASSING as error:
            tries += 1
            await _let_go(bot)
            await _wait(tries, error)
        else:
            return


async def connected(bot: commands.AutoShardedBot) -> None:
    """Until the bot is closed. Raises `BadSettings` when Discord will never let it in."""
    tries = 0
    while not bot.is_closed():
        try:
            await bot.connect()
        except discord.PrivilegedIntentsRequired as error:
            raise _refused("it asks for privileged intents") from error
        except discord.ConnectionClosed as error:
            if error.code == WRONG_TOKEN:
                raise _wrong_token() from error
            if error.code in FATAL or bot.is_closed():
                raise _refused(f"it closed the connection for good, code {error.code}") from error
            tries += 1
            await _wait(tries, error)
        except PASSING as error:
            if bot.is_closed():
                raise
            tries += 1
            await _wait(tries, error)


async def _let_go(bot: commands.AutoShardedBot) -> None:
    """Each login opens a session of its own and forgets the one before it, open: errors in the log."""
    await bot.http.close()
    bot.http.connector = discord.utils.MISSING  # it went with its session


async def _wait(tries: int, error: Exception) -> None:
    """Longer each time, and never together with everybody else."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1))
    seconds = longest * random.uniform(0.5, 1.0)
    log.warning("Discord cannot be reached (%r); next try in %.0f s", error, seconds)
    await asyncio.sleep(seconds)


def _wrong_token() -> BadSettings:
    why = "Discord does not know this token; copy it again from the developer portal"
    return BadSettings(where="discord.token", why=why)


def _refused(why: str) -> BadSettings:
    return BadSettings(where="discord", why=f"Discord refuses this bot: {why}")
