"""What people see: the world, the messages of a channel, the news, the journal."""

import asyncio
import contextlib

from aiohttp import WSMsgType, web

from playground.people.wishes import find_channel, find_user
from playground.play import PLAY, Play
from playground.shapes import Json
from playground.world import Guild, User


async def world(request: web.Request) -> web.Response:
    play = request.app[PLAY]
    bot, settings = play.world.bot, play.settings
    return web.json_response(
        {
            "bot": {"id": str(bot.id), "username": bot.username, "online": play.online},
            "users": [_user(user) for user in play.world.users.values()],
            "guilds": [_guild(play, guild) for guild in play.world.guilds.values()],
            "dms": _direct_channels(play),
            "commands": [c for scope in play.commands.scopes for c in play.commands.of(scope)],
            "settings": {
                "ack_seconds": settings.ack_seconds,
                "token_seconds": settings.token_seconds,
                "nonce_seconds": settings.nonce_seconds,
                "upload_limit": play.mischief.upload_limit,
                "shards": settings.shards,
            },
        }
    )


def _user(user: User) -> Json:
    return {
        "id": str(user.id),
        "username": user.username,
        "global_name": user.global_name,
        "colour": user.colour,
        "moderator": user.moderator,
    }


def _guild(play: Play, guild: Guild) -> Json:
    places = [play.world.channels[id_] for id_ in guild.channels]
    channels = [{"id": str(p.id), "name": p.name, "nsfw": p.nsfw} for p in places]
    return {"id": str(guild.id), "name": guild.name, "channels": channels}


def _direct_channels(play: Play) -> list[Json]:
    places = play.world.channels.values()
    return [{"id": str(p.id), "user": str(p.recipient)} for p in places if p.recipient]


async def messages(request: web.Request) -> web.Response:
    """Oldest first; ephemeral ones only for their user; all of them without `user`."""
    play = request.app[PLAY]
    place = find_channel(play, request.match_info["channel"])
    named = request.query.get("user")
    user = find_user(play, named) if named else None
    if user is not None and place.recipient not in {None, user.id}:
        return web.json_response([])
    seen = [m for m in play.book.of(place.id) if user is None or m.visible_to(user.id)]
    return web.json_response([play.shown(message) for message in seen])


async def journal(request: web.Request) -> web.Response:
    since = int(request.query.get("since", "0"))
    return web.json_response(request.app[PLAY].journal.since(since))


async def events(request: web.Request) -> web.WebSocketResponse:
    """News until the page goes away."""
    play = request.app[PLAY]
    named = request.query.get("user")
    user = find_user(play, named).id if named else None
    socket = web.WebSocketResponse(heartbeat=20)
    await socket.prepare(request)
    ear = play.hub.listen(user)
    telling = asyncio.create_task(_tell(socket, ear.news))
    try:
        async for frame in socket:
            if frame.type is WSMsgType.ERROR:
                break
    finally:
        play.hub.leave(ear)
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    return socket


async def _tell(socket: web.WebSocketResponse, news: "asyncio.Queue[Json]") -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await socket.send_json(await news.get())
