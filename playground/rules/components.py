"""Components one by one: what each type holds, and which may stand where."""

from collections.abc import Mapping
from types import MappingProxyType

from playground.rules.fields import (
    BIGGEST_INT32,
    Fits,
    choice,
    flag,
    identity,
    many,
    of,
    one,
    one_of,
    row,
    text,
    url,
    whole,
)
from playground.rules.nouns import Thing
from playground.rules.reading import is_thing
from playground.rules.reading import whole as number
from playground.rules.tree import Field, Namer, Spot

BIGGEST_COLOUR = 0xFFFFFF
CHANNELS = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15)

TYPES: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        1: ("row",),
        2: ("button",),
        3: ("asked", "ranged", "optioned", "select", "select.text"),
        4: ("asked", "input"),
        5: ("asked", "ranged", "select", "select.auto"),
        6: ("asked", "ranged", "select", "select.auto"),
        7: ("asked", "ranged", "select", "select.auto"),
        8: ("asked", "ranged", "select", "select.auto", "select.channel"),
        9: ("section",),
        10: ("text",),
        11: ("thumbnail",),
        12: ("gallery",),
        13: ("file",),
        14: ("separator",),
        17: ("container",),
        18: ("label",),
        19: ("asked", "ranged", "upload"),
        21: ("asked", "optioned", "radio"),
        22: ("asked", "ranged", "optioned", "checks"),
        23: ("asked", "check"),
    }
)
"""Component type -> its kinds; each of them is a "component" too."""

PLACES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "message": (1, 9, 10, 12, 13, 14, 17),
        "container": (1, 9, 10, 12, 13, 14),
        "row": (2, 3, 5, 6, 7, 8),
        "section": (10,),
        "accessory": (2, 11),
        "modal": (1, 10, 18),
        "modal row": (4,),
        "label": (3, 4, 5, 6, 7, 8, 19, 21, 22, 23),
    }
)
"""Place -> the types that may stand there."""


def component(place: str) -> Namer:
    """Names what stands in a place; what must not stand there is not looked into."""

    def name(_spot: Spot, item: Thing) -> tuple[str, ...]:
        kind = item.get("type")
        if not one_of(kind, PLACES[place]):
            return ()
        kinds = TYPES[number(kind)]
        return ("component", *(("modal row",) if kinds == ("row",) and place == "modal" else kinds))

    return name


def stands(place: str) -> tuple[Fits, str, str]:
    """Fits what may stand in a place."""
    allowed = PLACES[place]
    said = f'Value of field "type" must be one of {allowed}.'
    return (
        lambda item: is_thing(item) and one_of(item.get("type"), allowed),
        "UNION_TYPE_CHOICES",
        said,
    )


def holds(
    kind: str, place: str, *, least: int = 0, most: int | None = None, needed: bool = False
) -> Field:
    """The field `components` of a kind."""
    inner, each = component(place), stands(place)
    return many(
        kind, "components", inner, least=least, most=most, needed=needed, each=each, place=place
    )


TABLE: tuple[Field, ...] = (
    holds("message", "message"),
    whole("component", "id", 0, BIGGEST_INT32),
    text("asked", "custom_id", 100, least=1, needed=True),
    # layout
    holds("row", "row", least=1, needed=True),
    holds("section", "section", least=1, most=3, needed=True),
    one(
        "section",
        "accessory",
        component("accessory"),
        needed=True,
        fits=stands("accessory"),
        place="accessory",
    ),
    holds("container", "container", least=1, needed=True),
    whole("container", "accent_color", 0, BIGGEST_COLOUR),
    flag("container", "spoiler"),
    choice("separator", "spacing", 1, 2),
    flag("separator", "divider"),
    # content
    text("text", "content", 4000, least=1, needed=True),
    one("thumbnail", "media", of("media"), needed=True),
    text("thumbnail", "description", 1024, least=1),
    flag("thumbnail", "spoiler"),
    many("gallery", "items", of("gallery.item"), least=1, most=10, needed=True),
    one("gallery.item", "media", of("media"), needed=True),
    text("gallery.item", "description", 1024, least=1),
    flag("gallery.item", "spoiler"),
    one("file", "file", of("media", "media.file"), needed=True),
    flag("file", "spoiler"),
    # buttons
    choice("button", "style", 1, 2, 3, 4, 5, 6, needed=True),
    text("button", "custom_id", 100, least=1),
    text("button", "label", 80),
    flag("button", "disabled"),
    url("button", "url", 512, "http", "https", "discord"),
    identity("button", "sku_id"),
    one("button", "emoji", of("emoji")),
    identity("emoji", "id"),
    text("emoji", "name", 32, needed=True),
    # selects
    text("select", "placeholder", 150),
    whole("select", "min_values", 0),  # at most 25, as max_values is
    whole("select", "max_values", 1, 25),
    flag("select", "disabled"),
    flag("select", "required"),
    many("select.text", "options", of("option of a select"), least=1, most=25, needed=True),
    text("option of a select", "label", 100, least=1, needed=True),
    text("option of a select", "value", 100, least=1, needed=True),
    text("option of a select", "description", 100),
    flag("option of a select", "default"),
    one("option of a select", "emoji", of("emoji")),
    many("select.auto", "default_values", of("default")),
    row("default", "type", needed=True),
    identity("default", "id", needed=True),
    many(
        "select.channel",
        "channel_types",
        each=(lambda v: one_of(v, CHANNELS), "BASE_TYPE_CHOICES", f"Must be one of {CHANNELS}."),
        unique=True,
    ),
)

ENTRIES: tuple[Field, ...] = TABLE
