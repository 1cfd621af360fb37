"""Registered commands by scope, and which of them a person sees in a channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from playground import permissions
from playground.shapes import Json, as_list, unknown
from playground.snowflakes import Snowflakes
from playground.world import Channel

CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP = 1, 2
IN_GUILD, IN_DIRECT = 0, 1


@dataclass(slots=True)
class Commands:
    """`scopes` has guild ids and None for the global ones."""

    application: int
    ids: Snowflakes
    scopes: dict[int | None, dict[int, Json]] = field(
        default_factory=dict[int | None, dict[int, Json]]
    )
    made: list[tuple[int | None, float]] = field(default_factory=list[tuple[int | None, float]])

    def of(self, scope: int | None) -> list[Json]:
        return list(self.scopes.get(scope, {}).values())

    def get(self, scope: int | None, id_: int) -> Json:
        found = self.scopes.get(scope, {}).get(id_)
        if found is None:
            raise unknown("command")
        return found

    def replace(self, scope: int | None, bodies: Sequence[Json], now: float) -> list[Json]:
        """PUT: what is not named is gone; what keeps name and type keeps its id."""
        old = self._by_key(scope)
        made = [self._made(scope, body, old.get(_key(body)), now) for body in bodies]
        self.scopes[scope] = {int(command["id"]): command for command in made}
        return made

    def upsert(self, scope: int | None, body: Json, now: float) -> tuple[Json, bool]:
        """POST: a command of the same name and type is overwritten; True when it is new."""
        old = self._by_key(scope).get(_key(body))
        made = self._made(scope, body, old, now)
        self.scopes.setdefault(scope, {})[int(made["id"])] = made
        return made, old is None

    def change(self, scope: int | None, id_: int, body: Json, now: float) -> Json:
        old = self.get(scope, id_)
        made = self._made(scope, old | body, old, now)
        self.scopes[scope][id_] = made
        return made

    def remove(self, scope: int | None, id_: int) -> None:
        self.get(scope, id_)
        del self.scopes[scope][id_]

    def made_since(self, scope: int | None, since: float) -> int:
        return sum(1 for where, at in self.made if where == scope and at >= since)

    def _by_key(self, scope: int | None) -> dict[tuple[str, int], Json]:
        return {_key(command): command for command in self.of(scope)}

    def _made(self, scope: int | None, body: Json, old: Json | None, now: float) -> Json:
        command = _normal(body) | {"application_id": str(self.application)}
        if scope is not None:
            command["guild_id"] = str(scope)
        id_ = old["id"] if old else str(self.ids.next())
        if old and {**old, "id": 0, "version": 0} == {**command, "id": 0, "version": 0}:
            return old
        if not old:
            self.made.append((scope, now))
        return command | {"id": id_, "version": str(self.ids.next())}

    # --- what people see

    def visible(self, place: Channel, allowed: int) -> Iterator[Json]:
        """Commands that the client would offer in a channel to somebody with these permissions."""
        for scope in dict.fromkeys((place.guild, None)):
            for command in self.of(scope):
                if _offered(command, place, allowed):
                    yield command

    def find(self, place: Channel, allowed: int, name: str, kind: int) -> Json | None:
        """The guild's own command wins over a global one of the same name."""
        fitting = (c for c in self.visible(place, allowed) if _key(c) == (name, kind))
        return next(fitting, None)


def _key(command: Json) -> tuple[str, int]:
    return str(command.get("name")), int(command.get("type") or CHAT)


def _normal(body: Json) -> Json:
    """The keys Discord answers with, defaults filled in."""
    given = {key: value for key, value in body.items() if value is not None}
    command: Json = {
        "type": CHAT,
        "description": "",
        "default_member_permissions": None,
        "nsfw": False,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
    }
    if command["type"] == CHAT and given.get("options") is not None:
        given["options"] = [_option(option) for option in as_list(given["options"])]
    return command | {k: v for k, v in given.items() if k not in {"id", "version"}}


def _option(option: Json) -> Json:
    kept = {key: value for key, value in option.items() if value is not None}
    if "options" in kept:
        kept["options"] = [_option(below) for below in kept["options"]]
    return kept


def _offered(command: Json, place: Channel, allowed: int) -> bool:
    needed = command["default_member_permissions"]
    if place.guild is None:
        contexts = command["contexts"]
        return command["dm_permission"] if contexts is None else IN_DIRECT in contexts
    if command["contexts"] is not None and IN_GUILD not in command["contexts"]:
        return False
    if command["nsfw"] and not place.nsfw:
        return False
    return needed is None or _holds(allowed, int(needed))


def _holds(allowed: int, needed: int) -> bool:
    admin = permissions.BITS["ADMINISTRATOR"]
    if needed == 0:
        return bool(allowed & admin)
    return allowed & needed == needed or bool(allowed & admin)
