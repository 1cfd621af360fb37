"""Who and what there is at the start: people, guilds, channels, and the one bot.

Ids are fixed, so that a test may name them; the two guilds fall on different shards of two.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from playground import permissions
from playground.shapes import Json

BOT_ID = 100_000_000_000_000_100
FIRST_USER = 100_000_000_000_000_001
OWNER_ID = 100_000_000_000_000_900
FIRST_GUILD = 200_000_000_000_000_000
FIRST_CHANNEL = 300_000_000_000_000_001
BOT_ROLE = 400_000_000_000_000_000
MODERATOR_ROLE = 410_000_000_000_000_000

DEFAULT: Json = {
    "users": [
        {"username": "ada", "global_name": "Ada", "colour": "#c2410c", "moderator": True},
        {"username": "ben", "global_name": "Ben", "colour": "#1d4ed8", "moderator": False},
    ],
    "guilds": [
        {
            "name": "The Studio",
            "channels": [
                {"name": "pictures"},
                {"name": "general"},
                {"name": "after-dark", "nsfw": True},
                {"name": "no-files", "deny": ["ATTACH_FILES"]},
            ],
        },
        {"name": "The Annex", "channels": [{"name": "lobby"}]},
    ],
}


@dataclass(frozen=True, slots=True)
class User:
    id: int
    username: str
    global_name: str | None
    colour: str = "#6b7280"
    moderator: bool = False
    bot: bool = False


@dataclass(slots=True)
class Channel:
    """A guild's text channel, a thread below `parent`, or with `recipient` the bot's direct channel to a person."""

    id: int
    guild: int | None
    name: str
    nsfw: bool = False
    position: int = 0
    recipient: int | None = None
    denied: int = 0  # the bot's permissions taken away here
    last_message: int | None = None
    parent: int | None = None
    forum: bool = False
    archived: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Guild:
    id: int
    name: str
    channels: tuple[int, ...]
    locale: str = "en-US"


@dataclass(slots=True)
class World:
    """The directory of everything with a name."""

    bot: User
    owner: User
    users: dict[int, User] = field(default_factory=dict[int, User])
    guilds: dict[int, Guild] = field(default_factory=dict[int, Guild])
    channels: dict[int, Channel] = field(default_factory=dict[int, Channel])

    def everybody(self) -> dict[int, User]:
        return {**self.users, self.bot.id: self.bot, self.owner.id: self.owner}

    def permissions(self, user: User, channel: Channel) -> int:
        """What `user` may do in `channel`, as bits."""
        if channel.guild is None:
            return permissions.PEOPLE
        if user.id == self.bot.id:
            return (permissions.PEOPLE | permissions.BOT) & ~self._denied(channel)
        if user.id == self.owner.id:
            return permissions.EVERYTHING
        return permissions.PEOPLE | (permissions.MODERATORS if user.moderator else 0)

    def _denied(self, channel: Channel) -> int:
        """A thread's rights are those of its channel."""
        parent = self.channels.get(channel.parent or 0)
        return channel.denied | (parent.denied if parent else 0)

    def threads(self, guild: int) -> list[Channel]:
        """Those that are open."""
        below = (each for each in self.channels.values() if each.guild == guild)
        return [each for each in below if each.parent is not None and not each.archived]

    def direct(self, user: int, fresh_id: int) -> Channel:
        """The bot's channel to a person, opened when there is none yet."""
        for channel in self.channels.values():
            if channel.recipient == user:
                return channel
        opened = Channel(fresh_id, None, "", recipient=user)
        self.channels[opened.id] = opened
        return opened


def build(file: Path | None) -> World:
    """The world of a guild file, else the usual one. The file has the shape of `DEFAULT`."""
    plan: Json = json.loads(file.read_text(encoding="utf-8")) if file else DEFAULT
    world = World(
        bot=User(BOT_ID, "Stylus", None, bot=True), owner=User(OWNER_ID, "owner", "The owner")
    )
    for index, person in enumerate(plan["users"]):
        user = User(FIRST_USER + index, **person)
        world.users[user.id] = user
    for index, guild in enumerate(plan["guilds"]):
        _add_guild(world, FIRST_GUILD + (index << 22), guild)
    return world


def _add_guild(world: World, id_: int, plan: Json) -> None:
    ids: list[int] = []
    for position, channel in enumerate(plan["channels"]):
        fresh = FIRST_CHANNEL + len(world.channels)
        denied = permissions.bits(channel.get("deny", ()))
        made = Channel(
            fresh, id_, channel["name"], channel.get("nsfw", False), position, denied=denied
        )
        made.forum = channel.get("forum", False)
        world.channels[fresh] = made
        ids.append(fresh)
        _add_threads(world, made, channel.get("threads", ()))
    world.guilds[id_] = Guild(id_, plan["name"], tuple(ids), plan.get("locale", "en-US"))


def _add_threads(world: World, parent: Channel, names: Iterable[str]) -> None:
    """Posts, where the channel is a forum."""
    for name in names:
        fresh = FIRST_CHANNEL + len(world.channels)
        world.channels[fresh] = Channel(
            fresh, parent.guild, name, nsfw=parent.nsfw, parent=parent.id
        )
