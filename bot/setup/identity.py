"""Who a token belongs to, asked of Discord itself; and the link that installs that bot.

Two requests of the REST API, without the gateway: discord.com/developers/docs/resources/application.
"""

from dataclasses import dataclass

import aiohttp

from bot.rights import install_link
from stylus_engine.errors import BadSettings

DISCORD = "https://discord.com"
AGENT = "DiscordBot (https://github.com/stylus-bot/stylus, 0.1)"
PATIENCE = aiohttp.ClientTimeout(total=15)


@dataclass(frozen=True, slots=True)
class Identity:
    """The bot behind a token."""

    application: int
    name: str

    @property
    def link(self) -> str:
        """Where a server's owner installs it, asking for exactly what is checked before posting."""
        return install_link(self.application)


async def identify(token: str, api: str = "") -> Identity:
    """Ask who this is. Raises `BadSettings` for a token that Discord does not know, and for no answer."""
    headers = {"Authorization": f"Bot {token}", "User-Agent": AGENT}
    base = f"{api or DISCORD}/api/v10"
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=PATIENCE) as session:
            me = await _get(session, f"{base}/users/@me")
            mine = await _get(session, f"{base}/oauth2/applications/@me")
            return Identity(application=int(str(mine["id"])), name=str(me["username"]))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        why = f"Discord could not be reached ({type(error).__name__})"
        raise BadSettings(where="discord", why=why) from error
    except (KeyError, ValueError, TypeError) as error:
        why = "what answered there does not speak as Discord does"
        raise BadSettings(where="discord.api" if api else "discord", why=why) from error


async def _get(session: aiohttp.ClientSession, url: str) -> dict[str, object]:
    async with session.get(url) as answer:
        if answer.status == 401:
            why = "Discord does not know this token; copy it again from the developer portal"
            raise BadSettings(where="discord.token", why=why)
        answer.raise_for_status()
        return await answer.json()
