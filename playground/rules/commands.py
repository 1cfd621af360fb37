"""Commands as they are registered: one by one, and all of a scope together."""

import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from playground.rules.choices import LANGUAGES, choice_of
from playground.rules.fields import (
    REQUIRED,
    Fits,
    choice,
    flag,
    identity,
    length,
    many,
    one_of,
    row,
    spoken,
    text,
    whole,
)
from playground.rules.nouns import Finding, Thing
from playground.rules.reading import is_number, is_thing, is_whole, listed, thing, things
from playground.rules.reading import text as said
from playground.rules.reading import whole as number
from playground.rules.tree import Field, Namer, Rule, Spot, rule

CHAT, USER, MESSAGE, ENTRY = 1, 2, 3, 4
SUBCOMMAND, GROUP = 1, 2
MOST_CHARACTERS = 8000
DEPTH = 4
BIGGEST = 2**53
BIGGEST_PERMISSIONS = 18014398509481983
MOST_DIGITS = len(str(BIGGEST_PERMISSIONS))
CHANNELS = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15)

OPTIONS: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        SUBCOMMAND: ("subcommand",),
        GROUP: ("group",),
        3: ("completed", "option.text"),
        4: ("completed", "option.whole"),
        5: (),
        6: (),
        7: ("option.channel",),
        8: (),
        9: (),
        10: ("completed", "option.number"),
        11: (),
    }
)
"""Option type -> its kinds; each of them is "named" and an "option" too."""

PLAIN = tuple(kind for kind in OPTIONS if kind not in {SUBCOMMAND, GROUP})


def _option(*types: int) -> Namer:
    """Names an option; one that must not stand there is not looked into."""

    def name(_spot: Spot, item: Thing) -> tuple[str, ...]:
        kind = item.get("type")
        return ("named", "option", *OPTIONS[number(kind)]) if one_of(kind, types) else ()

    return name


def _choice(spot: Spot, _item: Thing) -> tuple[str, ...]:
    return choice_of(number(spot.get("type")))


def _among(*types: int) -> tuple[Fits, str, str]:
    said = f'Value of field "type" must be one of {types}.'
    return lambda v: is_thing(v) and one_of(v.get("type"), types), "UNION_TYPE_CHOICES", said


def _value(*values: int) -> tuple[Fits, str, str]:
    return lambda v: one_of(v, values), "BASE_TYPE_CHOICES", f"Value must be one of {values}."


def is_permissions(value: object) -> bool:
    """A bit set; docs and most libraries write it as text, discord.py as a number."""
    if isinstance(value, str):
        digits = value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS
        return digits and int(value) <= BIGGEST_PERMISSIONS
    return is_whole(value) and 0 <= value <= BIGGEST_PERMISSIONS


TABLE: tuple[Field, ...] = (
    # a chat command, a menu, an option
    text("named", "name", 32, least=1),
    spoken("named", "name_localizations", 32, LANGUAGES),
    text("named", "description", 100),
    spoken("named", "description_localizations", 100, LANGUAGES),
    row("command.new", "name", needed=True),
    choice("command", "type", CHAT, USER, MESSAGE, ENTRY),
    many("command", "options", _option(*OPTIONS), most=25, each=_among(*OPTIONS)),
    flag("command", "dm_permission"),
    flag("command", "nsfw"),
    whole("command", "default_member_permissions", fits=is_permissions),
    many("command", "contexts", least=1, each=_value(0, 1, 2), unique=True),
    many("command", "integration_types", least=1, each=_value(0, 1), unique=True),
    choice("command", "handler", 1, 2),
    identity("command", "id"),
    # options
    row("option", "name", needed=True),
    row("option", "description", needed=True),
    flag("option", "required"),
    many("subcommand", "options", _option(*PLAIN), most=25, each=_among(*PLAIN)),
    many("group", "options", _option(SUBCOMMAND), most=25, each=_among(SUBCOMMAND)),
    flag("completed", "autocomplete"),
    many("completed", "choices", _choice, most=25),
    whole("option.text", "min_length", 0, 6000),
    whole("option.text", "max_length", 1, 6000),
    whole("option.whole", "min_value", 1 - BIGGEST, BIGGEST - 1),
    whole("option.whole", "max_value", 1 - BIGGEST, BIGGEST - 1),
    whole("option.number", "min_value", -BIGGEST, BIGGEST, fits=is_number),
    whole("option.number", "max_value", -BIGGEST, BIGGEST, fits=is_number),
    many("option.channel", "channel_types", each=_value(*CHANNELS), unique=True),
)


def is_menu(spot: Spot) -> bool:
    """A command of the message or user menu: any name, no description, no options."""
    return "command" in spot.kinds and one_of(spot.get("type"), (USER, MESSAGE))


def _is_letter(character: str) -> bool:
    """-, _, ', letters and digits, and all of Devanagari and Thai."""
    scripts = ("\u0900" <= character <= "\u097f", "\u0e00" <= character <= "\u0e7f")
    return character in "-_'" or unicodedata.category(character)[0] in "LN" or any(scripts)


@rule("command.edit")
def a_name_is_not_taken_away(spot: Spot) -> Iterator[Finding]:
    """An edit may leave it out; null is no name."""
    if "name" in spot.thing and spot.get("name") is None:
        yield Finding(("name",), *REQUIRED)


@rule("named")
def a_name_is_one_word(spot: Spot) -> Iterator[Finding]:
    if not is_menu(spot) and not all(map(_is_letter, said(spot.get("name")))):
        message = "Command name is invalid"
        yield Finding(("name",), "APPLICATION_COMMAND_INVALID_NAME", message)


@rule("named")
def a_name_is_lower_case(spot: Spot) -> Iterator[Finding]:
    name = said(spot.get("name"))
    if not is_menu(spot) and name != name.lower():
        message = "Command name must be lower case"
        yield Finding(("name",), "APPLICATION_COMMAND_INVALID_NAME", message)


@rule("command.new")
def what_is_typed_has_a_description(spot: Spot) -> Iterator[Finding]:
    """An entry point needs none."""
    chat = spot.get("type") is None or one_of(spot.get("type"), (CHAT,))
    if chat and spot.get("description") is None:
        yield Finding(("description",), *REQUIRED)


@rule("named")
def a_description_says_something(spot: Spot) -> Iterator[Finding]:
    if spot.get("description") == "" and not is_menu(spot):
        yield Finding(("description",), *length(1, 100))


@rule("command")
def a_menu_has_no_description(spot: Spot) -> Iterator[Finding]:
    if is_menu(spot) and spot.get("description"):
        message = "Context menu commands cannot have a description"
        yield Finding(("description",), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", message)


@rule("command")
def a_menu_has_no_options(spot: Spot) -> Iterator[Finding]:
    if is_menu(spot) and listed(spot.get("options")):
        message = "Context menu commands cannot have options"
        yield Finding(("options",), "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS", message)


@rule("completed")
def choices_or_autocomplete(spot: Spot) -> Iterator[Finding]:
    if spot.get("autocomplete") is True and listed(spot.get("choices")):
        message = "Autocomplete and choices are mutually exclusive"
        error = "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE_MUTUALLY_EXCLUSIVE"
        yield Finding(("autocomplete",), error, message)


@rule("completed")
def no_choice_named_twice(spot: Spot) -> Iterator[Finding]:
    yield from _named_twice(spot, "choices", "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_DUPLICATED")


@rule("named")
def no_option_named_twice(spot: Spot) -> Iterator[Finding]:
    yield from _named_twice(spot, "options", "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED")


def _named_twice(spot: Spot, field: str, error: str) -> Iterator[Finding]:
    names = [said(item.get("name")) for item in things(spot.get(field))]
    for index, name in enumerate(names):
        if name and name in names[:index]:
            yield Finding((field, index, "name"), error, "The name is already used")


@rule("named")
def required_options_come_first(spot: Spot) -> Iterator[Finding]:
    optional = False
    for index, option in enumerate(things(spot.get("options"))):
        required = option.get("required") is True
        if required and optional:
            message = "Required options must be placed before non-required options"
            error = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            yield Finding(("options", index), error, message)
        optional |= not required


@rule("command")
def subcommands_stand_alone(spot: Spot) -> Iterator[Finding]:
    options = things(spot.get("options"))
    below = [one_of(option.get("type"), (SUBCOMMAND, GROUP)) for option in options]
    if any(below) and not all(below):
        message = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        yield Finding(("options",), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)


@rule("completed")
def the_least_is_not_above_the_most(spot: Spot) -> Iterator[Finding]:
    for least, most in (("min_value", "max_value"), ("min_length", "max_length")):
        low, high = spot.get(least), spot.get(most)
        if is_number(low) and is_number(high) and low > high:
            message = f"{least} must not exceed {most}."
            yield Finding((least,), "APPLICATION_COMMAND_OPTIONS_MIN_MAX_INVALID", message)


@rule("command")
def a_command_has_8000_characters(spot: Spot) -> Iterator[Finding]:
    """Names, descriptions and values of all options; of translations the longest counts."""
    if _characters(spot.thing) > MOST_CHARACTERS:
        message = f"Command exceeds maximum size ({MOST_CHARACTERS})"
        yield Finding((), "APPLICATION_COMMAND_TOO_LARGE", message)


def _characters(item: Thing, depth: int = 0) -> int:
    """A command is four deep: group, subcommand, option, choice."""
    own = len(said(item.get("value")))
    for name in ("name", "description"):
        spoken_as = [item.get(name), *thing(item.get(f"{name}_localizations")).values()]
        own += max(len(said(words)) for words in spoken_as)
    inner = [*things(item.get("options")), *things(item.get("choices"))] if depth < DEPTH else []
    return own + sum(_characters(part, depth + 1) for part in inner)


ENTRIES: tuple[Rule | Field, ...] = (
    *TABLE,
    a_name_is_not_taken_away,
    a_name_is_one_word,
    a_name_is_lower_case,
    what_is_typed_has_a_description,
    a_description_says_something,
    a_menu_has_no_description,
    a_menu_has_no_options,
    choices_or_autocomplete,
    no_choice_named_twice,
    no_option_named_twice,
    required_options_come_first,
    subcommands_stand_alone,
    the_least_is_not_above_the_most,
    a_command_has_8000_characters,
)
