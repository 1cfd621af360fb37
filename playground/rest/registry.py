"""Registering commands: global ones and those of one guild."""

import time
from dataclasses import replace

from playground.rest.call import Call
from playground.shapes import NO_CONTENT, Answer, Refused, as_list

DAY = 86_400.0


def _scope(call: Call) -> int | None:
    """The guild of the path, None for global. Raises for another bot's application."""
    if call.id("application_id") != call.play.world.bot.id:
        said = "You are not authorized to perform this action on this application"
        raise Refused(403, 20012, said)
    return call.guild().id if "guild_id" in call.places else None


def _judge(call: Call, scope: int | None) -> None:
    commands, now = call.play.commands, time.time()
    made = commands.made_since(scope, now - DAY)
    context = replace(call.context(), commands=commands.of(scope), created_today=made)
    call.judge(context)


def list_all(call: Call) -> Answer:
    return Answer(200, call.play.commands.of(_scope(call)))


def get(call: Call) -> Answer:
    return Answer(200, call.play.commands.get(_scope(call), call.id("command_id")))


def put(call: Call) -> Answer:
    scope = _scope(call)
    _judge(call, scope)
    made = call.play.commands.replace(scope, as_list(call.body), time.time())
    return _told(call, Answer(200, made))


def create(call: Call) -> Answer:
    scope = _scope(call)
    _judge(call, scope)
    made, fresh = call.play.commands.upsert(scope, call.json(), time.time())
    return _told(call, Answer(201 if fresh else 200, made))


def change(call: Call) -> Answer:
    scope = _scope(call)
    call.play.commands.get(scope, call.id("command_id"))
    _judge(call, scope)
    id_ = call.id("command_id")
    return _told(call, Answer(200, call.play.commands.change(scope, id_, call.json(), time.time())))


def remove(call: Call) -> Answer:
    call.play.commands.remove(_scope(call), call.id("command_id"))
    return _told(call, NO_CONTENT)


def _told(call: Call, answer: Answer) -> Answer:
    """People's menus change."""
    call.play.hub.tell({"type": "world", "online": call.play.online})
    return answer
