"""Who the bot is, and where its gateway lies."""

from playground import payloads
from playground.rest.call import Call
from playground.shapes import Answer, Json

DAILY_SESSIONS = 1000


def me(call: Call) -> Answer:
    return Answer(200, payloads.own_user(call.play.world.bot))


def application(call: Call) -> Answer:
    return Answer(200, payloads.application(call.play.world))


def my_guilds(call: Call) -> Answer:
    world = call.play.world
    rows: list[Json] = []
    for guild in world.guilds.values():
        held = world.permissions(world.bot, world.channels[guild.channels[0]])
        row: Json = {"id": str(guild.id), "name": guild.name, "icon": None, "banner": None}
        rows.append(row | {"owner": False, "permissions": str(held), "features": []})
    return Answer(200, rows)


def gateway(call: Call) -> Answer:
    return Answer(200, {"url": call.play.gateway_url()})


def gateway_bot(call: Call) -> Answer:
    limit = {"total": DAILY_SESSIONS, "remaining": DAILY_SESSIONS, "reset_after": 86_400_000}
    body = {"url": call.play.gateway_url(), "shards": call.play.settings.shards}
    return Answer(200, body | {"session_start_limit": limit | {"max_concurrency": 1}})
