"""All commands of one scope together, and the root of every request."""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from playground.rules.commands import CHAT, MESSAGE, USER
from playground.rules.fields import DICTIONARY, LIST, identity
from playground.rules.nouns import Finding, Operation, Thing
from playground.rules.reading import is_list, is_thing, listed, text, things, whole
from playground.rules.tree import Field, Rule, Spot, rule

MOST_OF_TYPE: Mapping[int, int] = MappingProxyType({CHAT: 100, USER: 15, MESSAGE: 15})
MOST_A_DAY = 200

ROOTS: Mapping[Operation, tuple[str, ...]] = MappingProxyType(
    {
        Operation.CALLBACK: ("callback",),
        Operation.FOLLOWUP: ("message", "message.new"),
        Operation.WEBHOOK_EDIT: ("message", "message.edit"),
        Operation.MESSAGE_CREATE: ("message", "message.new", "message.channel"),
        Operation.MESSAGE_EDIT: ("message", "message.edit"),
        Operation.COMMANDS_PUT: ("named", "command", "command.new"),
        Operation.COMMANDS_CREATE: ("named", "command", "command.new"),
        Operation.COMMANDS_EDIT: ("named", "command", "command.edit"),
        Operation.DM_CREATE: ("dm",),
    }
)
"""Operation -> the kinds of its body; of each item of a list of commands."""

TABLE: tuple[Field, ...] = (
    Field("request", "", (), lambda spot, _item: ROOTS[spot.call.operation]),
    identity("dm", "recipient_id", needed=True),
)


@rule("request")
def a_body_is_an_object(spot: Spot) -> Iterator[Finding]:
    if spot.call.operation is not Operation.COMMANDS_PUT and not is_thing(spot.call.body):
        yield Finding((), *DICTIONARY)


@rule("request")
def many_commands_are_a_list(spot: Spot) -> Iterator[Finding]:
    """Null is an empty list."""
    wrong = spot.call.body is not None and not is_list(spot.call.body)
    if spot.call.operation is Operation.COMMANDS_PUT and wrong:
        yield Finding((), *LIST)


@rule("request")
def every_command_is_an_object(spot: Spot) -> Iterator[Finding]:
    for index, item in enumerate(_put(spot)):
        if not is_thing(item):
            yield Finding((index,), *DICTIONARY)


@rule("request")
def no_command_named_twice(spot: Spot) -> Iterator[Finding]:
    """A menu may be called like a chat command."""
    names = [(_type(item), text(item.get("name"))) for item in things(_put(spot))]
    for index, name in enumerate(names):
        if name in names[:index] and name[1]:
            message = "Application command names must be unique"
            yield Finding((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", message)


@rule("request")
def a_scope_holds_so_many_commands(spot: Spot) -> Iterator[Finding]:
    """100 for the chat, 15 for each menu."""
    found = Counter(_type(item) for item in _registered_after(spot))
    for kind, most in MOST_OF_TYPE.items():
        if found[kind] > most:
            message = f"Maximum number of application commands reached ({most})."
            yield Finding((), "", message, 30032)


@rule("request")
def so_many_commands_are_made_in_a_day(spot: Spot) -> Iterator[Finding]:
    """Only names that are new count; the same name again is an update."""
    old = {_name(item) for item in spot.call.context.commands}
    fresh = [item for item in _asked(spot) if _name(item) not in old]
    if fresh and spot.call.context.created_today + len(fresh) > MOST_A_DAY:
        message = f"Max number of daily application command creates has been reached ({MOST_A_DAY})"
        yield Finding((), "", message, 30034)


def _type(command: Thing) -> int:
    return whole(command.get("type"), CHAT)


def _name(command: Thing) -> tuple[int, str]:
    return _type(command), text(command.get("name"))


def _put(spot: Spot) -> list[object]:
    return listed(spot.call.body) if spot.call.operation is Operation.COMMANDS_PUT else []


def _asked(spot: Spot) -> list[Thing]:
    one = spot.call.operation is Operation.COMMANDS_CREATE and is_thing(spot.call.body)
    return things([spot.call.body] if one else _put(spot))


def _registered_after(spot: Spot) -> list[Thing]:
    """A PUT replaces all; a POST adds one or replaces its namesake."""
    asked = _asked(spot)
    if spot.call.operation is not Operation.COMMANDS_CREATE:
        return asked
    names = {_name(item) for item in asked}
    return [*asked, *(item for item in spot.call.context.commands if _name(item) not in names)]


ENTRIES: tuple[Rule | Field, ...] = (
    *TABLE,
    a_body_is_an_object,
    many_commands_are_a_list,
    every_command_is_an_object,
    no_command_named_twice,
    a_scope_holds_so_many_commands,
    so_many_commands_are_made_in_a_day,
)
