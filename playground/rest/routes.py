"""Every endpoint of the stand-in on one page."""

from playground.rest import callbacks, channels, identity, registry, webhooks
from playground.rest.call import Route
from playground.rules import Operation

CHANNEL = "/channels/{channel_id}"
MESSAGE = f"{CHANNEL}/messages/{{message_id}}"
HOOK = "/webhooks/{webhook_id}/{webhook_token}"
ORIGINAL = f"{HOOK}/messages/@original"
SENT = f"{HOOK}/messages/{{message_id}}"
GLOBAL = "/applications/{application_id}/commands"
GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
BY_TOKEN = ("webhook_id", "webhook_token")


def _registry(path: str, majors: tuple[str, ...]) -> list[Route]:
    one = f"{path}/{{command_id}}"
    return [
        Route("GET", path, registry.list_all, majors),
        Route("PUT", path, registry.put, majors, operation=Operation.COMMANDS_PUT),
        Route("POST", path, registry.create, majors, operation=Operation.COMMANDS_CREATE),
        Route("GET", one, registry.get, majors),
        Route("PATCH", one, registry.change, majors, operation=Operation.COMMANDS_EDIT),
        Route("DELETE", one, registry.remove, majors),
    ]


def _by_token(path: str) -> list[Route]:
    return [
        Route("GET", path, webhooks.get, BY_TOKEN, free=True),
        Route("PATCH", path, webhooks.edit, BY_TOKEN, free=True, operation=Operation.WEBHOOK_EDIT),
        Route("DELETE", path, webhooks.delete, BY_TOKEN, free=True),
    ]


ROUTES: list[Route] = [
    Route("GET", "/gateway", identity.gateway, free=True),
    Route("GET", "/gateway/bot", identity.gateway_bot),
    Route("GET", "/users/@me", identity.me),
    Route("GET", "/users/@me/guilds", identity.my_guilds),
    Route("POST", "/users/@me/channels", channels.open_direct, operation=Operation.DM_CREATE),
    Route("GET", "/users/{user_id}", channels.get_user),
    Route("GET", "/oauth2/applications/@me", identity.application),
    Route("GET", "/applications/@me", identity.application),
    Route("GET", "/guilds/{guild_id}", channels.get_guild, ("guild_id",)),
    Route("GET", "/guilds/{guild_id}/channels", channels.guild_channels, ("guild_id",)),
    Route("GET", "/guilds/{guild_id}/members/{user_id}", channels.get_member, ("guild_id",)),
    Route("GET", CHANNEL, channels.get_channel, ("channel_id",)),
    Route("POST", f"{CHANNEL}/typing", channels.typing, ("channel_id",)),
    Route("GET", f"{CHANNEL}/messages", channels.list_messages, ("channel_id",)),
    Route(
        "POST",
        f"{CHANNEL}/messages",
        channels.create,
        ("channel_id",),
        operation=Operation.MESSAGE_CREATE,
    ),
    Route("GET", MESSAGE, channels.get_message, ("channel_id",)),
    Route("PATCH", MESSAGE, channels.edit, ("channel_id",), operation=Operation.MESSAGE_EDIT),
    Route("DELETE", MESSAGE, channels.delete, ("channel_id",)),
    *_registry(GLOBAL, ()),
    *_registry(GUILD, ("guild_id",)),
    Route(
        "POST",
        CALLBACK,
        callbacks.answer,
        ("interaction_id", "interaction_token"),
        free=True,
        operation=Operation.CALLBACK,
    ),
    Route("POST", HOOK, webhooks.follow_up, BY_TOKEN, free=True, operation=Operation.FOLLOWUP),
    *_by_token(ORIGINAL),
    *_by_token(SENT),
]
