"""A command's options: found, checked as a client checks them, resolved."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from playground import payloads
from playground.commands import GROUP, SUBCOMMAND
from playground.people.wishes import Wrong, find_channel, find_user
from playground.play import Play
from playground.shapes import Json
from playground.world import Channel, User

STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)


@dataclass(slots=True)
class Resolved:
    """`data.resolved`: the objects that ids stand for."""

    play: Play
    place: Channel
    found: Json = field(default_factory=dict[str, object])

    def add(self, kind: str, id_: int, thing: Json) -> str:
        self.found.setdefault(kind, {})[str(id_)] = thing
        return str(id_)

    def user(self, person: User) -> str:
        if self.place.guild is not None:
            self.add("members", person.id, self._member(person))
        return self.add("users", person.id, payloads.user(person))

    def _member(self, person: User) -> Json:
        held = self.play.world.permissions(person, self.place)
        member = payloads.member(person)
        return {k: v for k, v in member.items() if k not in {"mute", "deaf"}} | {
            "permissions": str(held)
        }

    def channel(self, place: Channel, person: User) -> str:
        held = self.play.world.permissions(person, place)
        thing = payloads.channel(self.play.world, place) | {"permissions": str(held)}
        return self.add("channels", place.id, thing)

    def role(self, text: str) -> str:
        guild = self.play.world.guilds.get(self.place.guild or 0)
        for role in payloads.roles(self.play.world, guild) if guild else ():
            if text in {role["id"], role["name"]}:
                return self.add("roles", int(role["id"]), role)
        raise Wrong(f"There is no role {text}.")

    def attachment(self, text: str) -> str:
        kept = self.play.store.files.get(int(text)) if text.isdigit() else None
        if kept is None:
            raise Wrong("That attachment was not uploaded.")
        return self.add("attachments", kept.id, self.play.store.payload(kept))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A command as it was typed: `path` are the words after its name."""

    command: Json
    path: tuple[str, ...]
    known: Sequence[Json]

    def wrapped(self, options: list[Json]) -> list[Json]:
        """The options inside their subcommand and group."""
        for depth, name in enumerate(reversed(self.path)):
            kind = SUBCOMMAND if depth == 0 else GROUP
            options = [{"name": name, "type": kind, "options": options}]
        return options


def descend(command: Json, words: Sequence[str]) -> Chosen:
    """Follow the words to the subcommand whose options count."""
    known: list[Json] = command.get("options") or []
    for word in words:
        below = next((o for o in known if o["name"] == word and o["type"] in {1, 2}), None)
        if below is None:
            raise Wrong(f"/{command['name']} has no {word}.")
        known = below.get("options") or []
    if any(option["type"] in {SUBCOMMAND, GROUP} for option in known):
        names = ", ".join(option["name"] for option in known)
        raise Wrong(f"/{command['name']} needs one of: {names}.")
    return Chosen(command, tuple(words), known)


def filled(chosen: Chosen, given: Json, resolved: Resolved, person: User) -> list[Json]:
    """The options with checked values, in the order of the command."""
    _no_strangers(chosen, given)
    options: list[Json] = []
    for option in chosen.known:
        value = given.get(option["name"])
        if value is None and option.get("required"):
            raise Wrong(f"{option['name']} is required.")
        if value is not None:
            checked = _value(option, value, resolved, person)
            options.append({"name": option["name"], "type": option["type"], "value": checked})
    return options


def half_filled(
    chosen: Chosen, given: Json, focused: str, resolved: Resolved, person: User
) -> list[Json]:
    """The options while one is still being typed: that one is text and unchecked."""
    _no_strangers(chosen, given)
    options: list[Json] = []
    for option in chosen.known:
        name, value = option["name"], given.get(option["name"])
        if name == focused:
            typed = "" if value is None else str(value)
            options.append({"name": name, "type": option["type"], "value": typed, "focused": True})
        elif value is not None:
            checked = _value(option, value, resolved, person)
            options.append({"name": name, "type": option["type"], "value": checked})
    return options


def completing(chosen: Chosen, name: str) -> Json:
    """The option with autocomplete that is being typed."""
    for option in chosen.known:
        if option["name"] == name and option.get("autocomplete"):
            return option
    raise Wrong(f"{name} has no suggestions.")


def _no_strangers(chosen: Chosen, given: Json) -> None:
    unknown = given.keys() - {option["name"] for option in chosen.known}
    if unknown:
        raise Wrong(f"There is no option {', '.join(sorted(unknown))}.")


def _value(option: Json, value: object, resolved: Resolved, person: User) -> object:
    kind = option["type"]
    if kind in {STRING, INTEGER, NUMBER}:
        return _plain(option, value)
    if kind == BOOLEAN:
        return _yes_or_no(option, value)
    if kind in {USER, MENTIONABLE}:
        return resolved.user(find_user(resolved.play, str(value)))
    if kind == CHANNEL:
        return resolved.channel(find_channel(resolved.play, str(value)), person)
    if kind == ROLE:
        return resolved.role(str(value))
    return resolved.attachment(str(value))


def _yes_or_no(option: Json, value: object) -> bool:
    words = {"true": True, "false": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() in words:
        return words[str(value).lower()]
    raise Wrong(f"{option['name']} is true or false.")


def _plain(option: Json, value: object) -> str | int | float:
    """A text or a number within its bounds; one of the choices where there are some."""
    made = _converted(option, value)
    choices: list[Json] = option.get("choices") or []
    if choices and made not in [choice["value"] for choice in choices]:
        raise Wrong(f"{option['name']} is none of its choices.")
    size, kind = (len(made), "length") if isinstance(made, str) else (made, "value")
    least, most = option.get(f"min_{kind}"), option.get(f"max_{kind}")
    if least is not None and size < least:
        raise Wrong(f"{option['name']}: at least {least}.")
    if most is not None and size > most:
        raise Wrong(f"{option['name']}: at most {most}.")
    if isinstance(made, str) and not made:
        raise Wrong(f"{option['name']} is empty.")
    return made


def _converted(option: Json, value: object) -> str | int | float:
    try:
        if option["type"] == INTEGER:
            return int(str(value))
        return float(str(value)) if option["type"] == NUMBER else str(value)
    except ValueError:
        raise Wrong(f"{option['name']} is a number.") from None
