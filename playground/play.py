"""The whole stand-in as one object: what there is, who listens, and what was made to go wrong."""

import base64
import math
import secrets
import time
from dataclasses import dataclass, field

from aiohttp import web

from playground import payloads, threads
from playground.commands import Commands
from playground.faults import Faults
from playground.files import Store
from playground.gateway.intents import GUILDS, MEMBERS
from playground.gateway.sessions import Session, Sessions
from playground.hub import Hub
from playground.interactions import Interaction, Interactions
from playground.journal import Journal
from playground.limits import Limits
from playground.messages import Book, Message
from playground.settings import Settings
from playground.shapes import Json, is_list
from playground.snowflakes import Snowflakes, shard_of
from playground.verdict import Verdict, opened
from playground.world import BOT_ID, Channel, World, build


@dataclass(slots=True)
class Mischief:
    """What people switched on: closed doors, forbidden words, a smaller limit."""

    upload_limit: int
    dms_closed: set[int] = field(default_factory=set[int])
    automod: tuple[str, ...] = ()


class Play:
    """One Discord. Times are `time.time()` seconds."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.token = settings.token or _made_up_token()
        self.base = ""  # known once the port is
        self.ids = Snowflakes()
        self.world: World = build(settings.guild_file)
        self.store = Store("", settings.cdn_seconds)
        self.book = Book()
        self.commands = Commands(BOT_ID, self.ids)
        self.interactions = Interactions()
        self.sessions = Sessions(BOT_ID, settings.resume_seconds)
        self.hub = Hub()
        self.journal = Journal()
        self.faults = Faults()
        self.limits = Limits(settings.bucket_calls, settings.bucket_seconds, settings.global_calls)
        self.verdict = Verdict(opened(settings.openapi), self.journal)
        self.mischief = Mischief(settings.upload_limit)
        self._identified_at = -math.inf

    def lives_at(self, base: str) -> None:
        self.base = self.store.base = base

    # --- what the gateway asks

    def token_is(self, token: str) -> bool:
        bare = token.removeprefix("Bot ")
        return secrets.compare_digest(bare.encode(), self.token.encode())

    def guilds_of(self, shard: tuple[int, int]) -> int:
        number, count = shard
        return sum(1 for id_ in self.world.guilds if shard_of(id_, count) == number)

    def may_identify(self) -> bool:
        """One IDENTIFY per five seconds, whichever shard: our max_concurrency is 1."""
        now = time.monotonic()
        if now - self._identified_at < self.settings.identify_seconds:
            return False
        self._identified_at = now
        return True

    def identified(self, session: Session) -> None:
        """READY with unavailable guilds, then each guild as it becomes available."""
        guilds = [guild for guild in self.world.guilds.values() if session.hears_of(guild.id)]
        ready: Json = {
            "v": 10,
            "user": payloads.own_user(self.world.bot),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.gateway_url(),
            "shard": list(session.shard),
            "application": {"id": str(BOT_ID), "flags": 0},
            "private_channels": [],
            "relationships": [],
            "_trace": ["playground"],
        }
        self.verdict.event("READY", ready)
        session.tell("READY", ready)
        if session.intents & GUILDS:
            self._tell_guilds(session)

    def _tell_guilds(self, session: Session) -> None:
        everybody = bool(session.intents & MEMBERS)
        for guild in self.world.guilds.values():
            if session.hears_of(guild.id):
                data = payloads.guild_create(self.world, guild, all_members=everybody)
                self.verdict.event("GUILD_CREATE", data)
                session.tell("GUILD_CREATE", data)

    def resumed(self, session: Session) -> None:
        session.tell("RESUMED", {"_trace": ["playground"]})

    def members_asked(self, session: Session, asked: Json) -> None:
        """One chunk: our guilds are small."""
        guild = int(asked.get("guild_id", 0))
        named: object = asked.get("user_ids")
        wanted = {str(id_) for id_ in (named if is_list(named) else [named])}
        query = asked.get("query")
        everybody = self.world.everybody().values()
        found = [
            payloads.full_member(person)
            for person in everybody
            if str(person.id) in wanted or (query is not None and person.username.startswith(query))
        ]
        chunk: Json = {"guild_id": str(guild), "members": found, "chunk_index": 0}
        nonce = asked.get("nonce")
        chunk |= {"chunk_count": 1, "not_found": []} | ({"nonce": nonce} if nonce else {})
        session.tell("GUILD_MEMBERS_CHUNK", chunk)

    def online_changed(self) -> None:
        self.hub.tell({"type": "world", "online": self.online})

    # --- facts

    @property
    def online(self) -> bool:
        return bool(self.sessions.open())

    def gateway_url(self) -> str:
        return self.base.replace("http://", "ws://") + "/gw/"

    def shown(self, message: Message) -> Json:
        return payloads.message(self.world, self.book, self.store, message)

    # --- threads

    def reopen(self, place: Channel) -> None:
        """Somebody writes there. Raises 50083 where that is locked."""
        if place.archived and place.locked:
            raise threads.closed()
        if place.archived:
            self.thread_changed(place, archived=False, locked=False)

    def thread_changed(self, place: Channel, *, archived: bool, locked: bool) -> None:
        """Closed, locked or opened; the bot hears of it."""
        place.archived, place.locked = archived, locked
        data = threads.payload(place)
        self.verdict.event("THREAD_UPDATE", data)
        self.sessions.tell("THREAD_UPDATE", data, guild=place.guild)

    # --- news

    def message_made(self, message: Message) -> None:
        self.world.channels[message.channel].last_message = message.id
        self._message_news("MESSAGE_CREATE", "message.create", message)

    def message_changed(self, message: Message) -> None:
        self._message_news("MESSAGE_UPDATE", "message.update", message)

    def message_gone(self, message: Message) -> None:
        self.book.remove(message)
        place = self.world.channels[message.channel]
        gone: Json = {"id": str(message.id), "channel_id": str(place.id)}
        gone |= {"guild_id": str(place.guild)} if place.guild else {}
        if message.reachable_by_bot():
            self.sessions.tell("MESSAGE_DELETE", gone, guild=place.guild)
        told: Json = {"type": "message.delete", "channel": str(place.id), "id": str(message.id)}
        self.hub.tell(told, only=self.audience(place, message))

    def _message_news(self, event: str, news: str, message: Message) -> None:
        place = self.world.channels[message.channel]
        data = self.shown(message)
        if message.reachable_by_bot():
            told = data | self._home(message, place)
            self.verdict.event(event, told)
            self.sessions.tell(event, told, guild=place.guild)
        seen: Json = {"type": news, "channel": str(place.id), "message": data}
        self.hub.tell(seen, only=self.audience(place, message))

    def _home(self, message: Message, place: Channel) -> Json:
        if place.guild is None:
            return {"channel_type": 1}
        home: Json = {"guild_id": str(place.guild), "channel_type": threads.kind(place)}
        return home | {"member": payloads.member(message.author)}

    def audience(self, place: Channel, message: Message | None = None) -> frozenset[int] | None:
        """Who may see a message or a channel; None is everybody."""
        if message is not None and message.only_for is not None:
            return frozenset({message.only_for})
        return None if place.recipient is None else frozenset({place.recipient})

    def interaction_changed(self, interaction: Interaction) -> None:
        only = frozenset({interaction.user.id})
        shown = interaction.shown()
        self.hub.tell({"type": "interaction", "interaction": shown}, only=only)
        if interaction.modal is not None and interaction.modal_open:
            news: Json = {"type": "modal", "interaction": shown["id"], "modal": interaction.modal}
            self.hub.tell(news, only=only)


PLAY: web.AppKey[Play] = web.AppKey("play", Play)


def _made_up_token() -> str:
    """In the shape of a real one: the bot's id, a time, a secret."""
    whose = base64.b64encode(str(BOT_ID).encode()).decode().rstrip("=")
    return f"{whose}.PLAYGR.{secrets.token_urlsafe(24)}"
