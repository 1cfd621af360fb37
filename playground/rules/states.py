"""What a message is before a request and what it will be after it."""

from playground.rules.nouns import MessageFlag, Thing
from playground.rules.reading import snowflake, text, thing, things, whole
from playground.rules.tree import Spot


def is_edit(spot: Spot) -> bool:
    return "message.edit" in spot.kinds


def before(spot: Spot) -> Thing:
    """The message that is edited; empty where there is none."""
    return thing(spot.call.context.message) if is_edit(spot) else {}


def after(spot: Spot, name: str) -> object:
    """A field as it will be: what the request does not name stays."""
    return spot.get(name) if name in spot.thing else before(spot).get(name)


def was_v2(spot: Spot) -> bool:
    return bool(whole(before(spot).get("flags")) & MessageFlag.COMPONENTS_V2)


def is_v2(spot: Spot) -> bool:
    """The flag of Components V2 is sent, or it stuck to the message long ago."""
    return was_v2(spot) or bool(whole(spot.get("flags")) & MessageFlag.COMPONENTS_V2)


def kept(spot: Spot) -> list[Thing]:
    """The attachments of the edited message that stay: all, unless a list names the ones kept."""
    old = things(before(spot).get("attachments"))
    if spot.get("attachments") is None:
        return old
    named = {snowflake(entry.get("id")) for entry in things(spot.get("attachments"))}
    return [attachment for attachment in old if snowflake(attachment.get("id")) in named]


def files_named(spot: Spot) -> set[str]:
    """Every name that attachment:// may point to after this request."""
    names = {text(attachment.get("filename")) for attachment in kept(spot)}
    renamed = {
        snowflake(entry.get("id")): text(entry.get("filename"))
        for entry in things(spot.get("attachments"))
    }
    files = spot.call.context.files
    return names | {renamed.get(index) or file.filename for index, file in files.items()}
