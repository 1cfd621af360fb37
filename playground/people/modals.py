"""A filled-in modal as Discord hands it to the bot."""

from collections.abc import Sequence

from playground.components import walk
from playground.people.options import Resolved
from playground.people.wishes import Wrong, find_channel, find_user
from playground.shapes import Json, is_list
from playground.world import User

ROW, STRINGS, TEXT, USERS, ROLES, MENTIONS, CHANNELS = 1, 3, 4, 5, 6, 7, 8
SECTION, DISPLAY, LABEL, FILES, RADIO, CHECKBOXES, CHECKBOX = 9, 10, 18, 19, 21, 22, 23
FIELDS = {STRINGS, TEXT, USERS, ROLES, MENTIONS, CHANNELS, FILES, RADIO, CHECKBOXES, CHECKBOX}
REQUIRED_BY_DEFAULT = FIELDS - {CHECKBOX}


def filled(modal: Json, values: Json, resolved: Resolved, person: User) -> list[Json]:
    """`data.components`: the same tree with what was typed, labels and texts left out."""
    named = {part["custom_id"] for part in walk(modal["components"]) if part["type"] in FIELDS}
    strangers = values.keys() - named
    if strangers:
        raise Wrong(f"The form has no field {', '.join(sorted(strangers))}.")
    return [_filled(part, values, resolved, person) for part in modal["components"]]


def _filled(part: Json, values: Json, resolved: Resolved, person: User) -> Json:
    kind = part["type"]
    shell: Json = {"type": kind, "id": part["id"]}
    if kind == ROW:
        below = [_filled(each, values, resolved, person) for each in part["components"]]
        return shell | {"components": below}
    if kind == LABEL:
        return shell | {"component": _filled(part["component"], values, resolved, person)}
    if kind == DISPLAY:
        return shell
    return shell | {"custom_id": part["custom_id"], **_field(part, values, resolved, person)}


def _field(part: Json, values: Json, resolved: Resolved, person: User) -> Json:
    given = values.get(part["custom_id"])
    if part["type"] == TEXT:
        return {"value": _text(part, given)}
    if part["type"] == CHECKBOX:
        return {"value": bool(part.get("default") if given is None else given)}
    chosen = picked(part, given, resolved, person)
    if part["type"] == RADIO:
        return {"value": chosen[0] if chosen else None}
    return {"values": chosen}


def _text(part: Json, given: object) -> str:
    typed = str(part.get("value") or "") if given is None else str(given)
    if not typed and part.get("required", True):
        raise Wrong(f"{part['custom_id']} is required.")
    if typed and len(typed) < (part.get("min_length") or 0):
        raise Wrong(f"{part['custom_id']}: at least {part['min_length']} characters.")
    if len(typed) > (part.get("max_length") or 4000):
        raise Wrong(f"{part['custom_id']}: at most {part.get('max_length') or 4000} characters.")
    return typed


def picked(part: Json, given: object, resolved: Resolved, person: User) -> list[str]:
    """The chosen values of a select, checked and resolved; defaults where nothing was said."""
    options: list[Json] = part.get("options") or []
    usual = [option["value"] for option in options if option.get("default")]
    chosen = usual if given is None else [str(value) for value in _many(given)]
    _count(part, chosen)
    if options:
        known = {option["value"] for option in options}
        if not set(chosen) <= known:
            raise Wrong(f"{part['custom_id']} offers no {', '.join(sorted(set(chosen) - known))}.")
        return chosen
    return [_resolve(part["type"], value, resolved, person) for value in chosen]


def _many(given: object) -> list[object]:
    return list(given) if is_list(given) else [given]


def _count(part: Json, chosen: Sequence[str]) -> None:
    needed = part.get("required", part["type"] in REQUIRED_BY_DEFAULT)
    least = part.get("min_values", 1) if needed or chosen else 0
    most = 1 if part["type"] == RADIO else part.get("max_values", _usual_most(part))
    if not least <= len(chosen) <= most:
        raise Wrong(f"{part['custom_id']}: between {least} and {most} of them.")


def _usual_most(part: Json) -> int:
    return len(part.get("options") or ()) if part["type"] == CHECKBOXES else 1


def _resolve(kind: int, value: str, resolved: Resolved, person: User) -> str:
    if kind == FILES:
        return resolved.attachment(value)
    if kind == ROLES:
        return resolved.role(value)
    if kind == CHANNELS:
        return resolved.channel(find_channel(resolved.play, value), person)
    return resolved.user(find_user(resolved.play, value))
