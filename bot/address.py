"""Which Discord: the real one, or a stand-in on this machine.

discord.py has no option for it; these two class attributes are all that there is.
Only a loopback address is taken: whoever can write a settings file must not be able
to send the bot's token elsewhere.
"""

from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from stylus_engine.errors import BadSettings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def origin_of(api: str) -> str:
    """`http://host:port` of a stand-in. Raises `BadSettings` for anything but loopback."""
    parts = urlsplit(api)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or "@" in parts.netloc:
        why = f"{api[:80]} is not an http address of this machine, as http://127.0.0.1:8080"
        raise BadSettings(where="discord.api", why=why)
    return f"http://{parts.netloc}"


@contextmanager
def pointed_at(api: str) -> Generator[None, None, None]:
    """Speak with this stand-in until the block ends; "" = Discord itself."""
    if not api:
        yield
        return
    origin = origin_of(api)
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = f"{origin}/api/v10"
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"{origin.replace('http', 'ws', 1)}/gw/")
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before
