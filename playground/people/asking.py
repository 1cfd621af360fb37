"""A person does something, the bot hears of it: one interaction each."""

import asyncio
import time
from typing import TypedDict, Unpack

from playground import interactions as kinds
from playground import payloads
from playground.interactions import Interaction
from playground.messages import Message
from playground.play import Play
from playground.rest.callbacks import owners
from playground.shapes import Json
from playground.world import Channel, User


class Circumstances(TypedDict, total=False):
    """What only some interactions have; see `Interaction`."""

    name: str
    source: Message | None
    parent: Interaction
    focused: int


class Asking:
    """Who asks, where, in which language."""

    def __init__(self, play: Play, user: User, place: Channel, locale: str) -> None:
        self.play = play
        self.user = user
        self.place = place
        self.locale = locale

    def ask(self, kind: int, data: Json, **more: Unpack[Circumstances]) -> Interaction:
        """Tell the bot, and start the clock of three seconds."""
        play = self.play
        interaction = play.interactions.add(
            Interaction(
                play.ids.next(),
                kind,
                time.time(),
                self.user,
                self.place,
                data,
                self.locale,
                **more,
            )
        )
        event = self._event(interaction)
        play.verdict.event("INTERACTION_CREATE", event)
        home = self.place.guild
        play.sessions.tell("INTERACTION_CREATE", event, guild=home, everywhere=True)
        loop = asyncio.get_running_loop()
        loop.call_later(play.settings.ack_seconds, expire, play, interaction)
        return interaction

    def _event(self, interaction: Interaction) -> Json:
        play, place = self.play, self.place
        bot = play.world.permissions(play.world.bot, place)
        event: Json = {
            "id": str(interaction.id),
            "application_id": str(play.world.bot.id),
            "type": interaction.kind,
            "data": interaction.data,
            "channel": self._channel(),
            "channel_id": str(place.id),
            "token": interaction.token,
            "version": 1,
            "app_permissions": str(bot),
            "locale": self.locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": owners(interaction),
            "attachment_size_limit": play.mischief.upload_limit,
            "context": 0 if place.guild is not None else 1,
        }
        if interaction.source is not None:
            event["message"] = play.shown(interaction.source)
        return event | self._home()

    def _channel(self) -> Json:
        thing = payloads.channel(self.play.world, self.place)
        if self.place.guild is None:
            return thing
        held = self.play.world.permissions(self.user, self.place)
        return thing | {"permissions": str(held)}

    def _home(self) -> Json:
        """In a guild a member asks, in a direct channel a user."""
        guild = self.play.world.guilds.get(self.place.guild or 0)
        if guild is None:
            return {"user": payloads.user(self.user)}
        held = self.play.world.permissions(self.user, self.place)
        return {
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "features": [], "locale": guild.locale},
            "guild_locale": guild.locale,
            "member": payloads.full_member(self.user) | {"permissions": str(held)},
        }


def expire(play: Play, interaction: Interaction) -> None:
    """Three seconds without an answer: the client says so, and a failed form stays open."""
    if interaction.state != "waiting":
        return
    interaction.error = "The application did not respond"
    interaction.settle("expired")
    if interaction.kind == kinds.MODAL and interaction.parent is not None:
        interaction.parent.modal_open = True
    play.interaction_changed(interaction)
