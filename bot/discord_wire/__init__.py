"""The wire, spoken with discord.py: the one room that knows which number means what.

Implements `delivery.wire`.  discord.py's HTTP client is used directly.  Not taken:
`Message.edit` and its kin, which keep every view they send and need the message in a
cache; ours must work after a restart, from an application id, a token and two numbers.
"""

from bot.discord_wire.refusing import translated, watching_limits
from bot.discord_wire.wire import DiscordWire

__all__ = ["DiscordWire", "translated", "watching_limits"]
