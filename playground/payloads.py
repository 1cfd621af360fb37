"""Discord's objects, drawn from our records. Every key Discord sends is there, null or not."""

from datetime import UTC, datetime

from playground import permissions, threads
from playground.components import shown
from playground.files import Store
from playground.messages import Book, Message
from playground.shapes import Json
from playground.world import BOT_ROLE, MODERATOR_ROLE, Channel, Guild, User, World

REPLIES, FORWARDS = 0, 1
SNAPSHOT = (  # MinimalContentMessageResponse: neither author nor id
    "type", "content", "mentions", "mention_roles", "attachments", "embeds", "timestamp",
    "edited_timestamp", "flags", "components",
)  # fmt: skip
BIRTH = "2024-01-01T00:00:00.000000+00:00"


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def user(person: User) -> Json:
    body: Json = {
        "id": str(person.id),
        "username": person.username,
        "avatar": None,
        "discriminator": "0001" if person.bot else "0",
        "public_flags": 0,
        "flags": 0,
        "banner": None,
        "accent_color": None,
        "global_name": person.global_name,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
    }
    return body | {"bot": True} if person.bot else body


def own_user(person: User) -> Json:
    """The bot's own view of itself."""
    return user(person) | {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}


def member(person: User) -> Json:
    """A member without its user, as messages and resolved data carry it."""
    roles = [str(BOT_ROLE)] if person.bot else []
    return {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": BIRTH,
        "nick": None,
        "pending": False,
        "premium_since": None,
        "roles": [str(MODERATOR_ROLE)] if person.moderator else roles,
        "mute": False,
        "deaf": False,
    }


def full_member(person: User) -> Json:
    return member(person) | {"user": user(person)}


def role(
    id_: int, name: str, allowed: int, position: int, *, managed_by: int | None = None
) -> Json:
    body: Json = {
        "id": str(id_),
        "name": name,
        "permissions": str(allowed),
        "position": position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": managed_by is not None,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    return body | {"tags": {"bot_id": str(managed_by)}} if managed_by else body


def roles(world: World, guild: Guild) -> list[Json]:
    return [
        role(guild.id, "@everyone", permissions.PEOPLE, 0),
        role(BOT_ROLE, world.bot.username, permissions.BOT, 1, managed_by=world.bot.id),
        role(MODERATOR_ROLE, "Moderators", permissions.MODERATORS, 2),
    ]


def channel(world: World, place: Channel) -> Json:
    if place.guild is None:
        return direct_channel(world, place)
    if place.parent is not None:
        return threads.payload(place)
    denied = {"id": str(world.bot.id), "type": 1, "allow": "0", "deny": str(place.denied)}
    return {
        "id": str(place.id),
        "type": threads.kind(place),
        "last_message_id": _text(place.last_message),
        "flags": 0,
        "last_pin_timestamp": None,
        "guild_id": str(place.guild),
        "name": place.name,
        "parent_id": None,
        "rate_limit_per_user": 0,
        "topic": None,
        "position": place.position,
        "permission_overwrites": [denied] if place.denied else [],
        "nsfw": place.nsfw,
    }


def direct_channel(world: World, place: Channel) -> Json:
    person = world.users[place.recipient or 0]
    return {
        "id": str(place.id),
        "type": 1,
        "last_message_id": _text(place.last_message),
        "flags": 0,
        "recipients": [user(person)],
    }


def guild(world: World, place: Guild) -> Json:
    """The guild object, nullable keys included: hikari demands them."""
    nothing = dict.fromkeys(
        [
            "icon",
            "description",
            "home_header",
            "splash",
            "discovery_splash",
            "banner",
            "application_id",
            "afk_channel_id",
            "system_channel_id",
            "widget_channel_id",
            "vanity_url_code",
            "max_presences",
            "rules_channel_id",
            "safety_alerts_channel_id",
            "public_updates_channel_id",
            "incidents_data",
        ]
    )
    return {
        "id": str(place.id),
        "name": place.name,
        **nothing,
        "features": [],
        "owner_id": str(world.owner.id),
        "region": "deprecated",
        "afk_timeout": 300,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "verification_level": 0,
        "roles": roles(world, place),
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": place.locale,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
    }


def guild_create(world: World, place: Guild, *, all_members: bool) -> Json:
    """GUILD_CREATE's data: without the members intent only the bot itself is listed."""
    people = world.everybody().values() if all_members else [world.bot]
    return guild(world, place) | {
        "joined_at": BIRTH,
        "large": False,
        "unavailable": False,
        "member_count": len(world.everybody()),
        "voice_states": [],
        "members": [full_member(person) for person in people],
        "channels": [channel(world, world.channels[id_]) for id_ in place.channels],
        "threads": [threads.payload(each) for each in world.threads(place.id)],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def application(world: World) -> Json:
    bot = world.bot
    return {
        "id": str(bot.id),
        "name": bot.username,
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(world.owner),
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
        "summary": "",
        "install_params": {"scopes": ["bot", "applications.commands"], "permissions": "0"},
        "integration_types_config": {"0": {}},
    }


def message(world: World, book: Book, store: Store, kept: Message) -> Json:
    """The message object with freshly signed links."""
    people = world.everybody()
    body: Json = {
        "type": kept.kind,
        "content": kept.content,
        "mentions": [user(people[id_]) for id_ in kept.mentions],
        "mention_roles": [],
        "attachments": [store.payload(file) for file in kept.attachments],
        "embeds": shown(kept.embeds, store),
        "timestamp": stamp(kept.made_at),
        "edited_timestamp": stamp(kept.edited_at) if kept.edited_at else None,
        "flags": kept.flags,
        "components": shown(kept.components, store),
        "id": str(kept.id),
        "channel_id": str(kept.channel),
        "author": user(kept.author),
        "pinned": False,
        "mention_everyone": kept.everyone,
        "tts": kept.tts,
    }
    told = _where_from(kept) | _answers_what(world, book, store, kept)
    return body | told | _forwards(world, book, store, kept)


def _where_from(kept: Message) -> Json:
    body: Json = {}
    if kept.nonce is not None:
        body["nonce"] = kept.nonce
    if kept.author.bot:
        body["application_id"] = str(kept.author.id)
    if kept.interaction is not None:
        body["webhook_id"] = str(kept.author.id)
    if kept.metadata is not None:
        body["interaction_metadata"] = kept.metadata
    return body


def _answers_what(world: World, book: Book, store: Store, kept: Message) -> Json:
    if kept.reply_to is None:
        return {}
    reference = _reference(world, REPLIES, kept.channel, kept.reply_to)
    first = book.by_id.get(kept.reply_to)
    seen = first is not None and first.only_for in {None, kept.only_for}
    quoted = message(world, book, store, first) if first is not None and seen else None
    if quoted:
        quoted.pop("referenced_message", None)
    return {"message_reference": reference, "referenced_message": quoted}


def _forwards(world: World, book: Book, store: Store, kept: Message) -> Json:
    """What is forwarded lies in a snapshot: the message itself has neither words nor files."""
    first = kept.forwards
    if first is None:
        return {}
    whole = message(world, book, store, first)
    reference = _reference(world, FORWARDS, first.channel, first.id)
    snapshot = {key: whole[key] for key in SNAPSHOT}
    return {"message_reference": reference, "message_snapshots": [{"message": snapshot}]}


def _reference(world: World, kind: int, channel: int, id_: int) -> Json:
    reference: Json = {"type": kind, "channel_id": str(channel), "message_id": str(id_)}
    home = world.channels[channel].guild
    return reference if home is None else reference | {"guild_id": str(home)}


def _text(id_: int | None) -> str | None:
    return None if id_ is None else str(id_)
