"""Modals, and the components that stand only in them."""

from collections.abc import Iterator

from playground.rules.components import component, holds, stands
from playground.rules.fields import choice, flag, many, of, one, text, whole
from playground.rules.nouns import Finding
from playground.rules.reading import is_whole, listed, things
from playground.rules.reading import text as said
from playground.rules.tree import Field, Rule, Spot, rule

TABLE: tuple[Field, ...] = (
    text("modal", "custom_id", 100, least=1, needed=True),
    text("modal", "title", 45, least=1, needed=True),
    holds("modal", "modal", least=1, most=5, needed=True),
    holds("modal row", "modal row", least=1, needed=True),
    text("label", "label", 45, least=1, needed=True),
    text("label", "description", 100, least=1),
    one(
        "label",
        "component",
        component("label"),
        needed=True,
        fits=stands("label"),
        place="label",
    ),
    choice("input", "style", 1, 2, needed=True),
    text("input", "label", 45, least=1),
    text("input", "value", 4000),
    text("input", "placeholder", 100),
    flag("input", "required"),
    whole("input", "min_length", 0, 4000),
    whole("input", "max_length", 1, 4000),
    flag("upload", "required"),
    whole("upload", "min_values", 0),  # at most 10, as max_values is
    whole("upload", "max_values", 1, 10),
    flag("radio", "required"),
    many("radio", "options", of("option of a group"), least=2, most=10, needed=True),
    flag("checks", "required"),
    whole("checks", "min_values", 0),
    whole("checks", "max_values", 1),  # at most 10, as many as there are options
    many("checks", "options", of("option of a group"), least=1, most=10, needed=True),
    text("option of a group", "label", 100, least=1, needed=True),
    text("option of a group", "value", 100, least=1, needed=True),
    text("option of a group", "description", 100),
    flag("option of a group", "default"),
    flag("check", "default"),
)


@rule("modal row")
def a_row_of_a_modal_holds_one_input(spot: Spot) -> Iterator[Finding]:
    for index in range(1, len(listed(spot.get("components")))):
        message = "Component layout width exceeds maximum of 5."
        yield Finding(("components", index), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)


@rule("input")
def an_input_in_a_row_has_its_own_label(spot: Spot) -> Iterator[Finding]:
    if spot.place == "modal row" and spot.get("label") is None:
        yield Finding(("label",), "BASE_TYPE_REQUIRED", "This field is required")


@rule("input")
def the_shortest_answer_is_not_longer_than_the_longest(spot: Spot) -> Iterator[Finding]:
    least, most = spot.get("min_length"), spot.get("max_length")
    if is_whole(least) and is_whole(most) and least > most:
        message = "min_length must not exceed max_length."
        yield Finding(("min_length",), "TEXT_INPUT_COMPONENT_INVALID_LENGTH", message)


@rule("input")
def what_is_filled_in_fits(spot: Spot) -> Iterator[Finding]:
    most = spot.get("max_length")
    if is_whole(most) and len(said(spot.get("value"))) > most:
        yield Finding(("value",), "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


@rule("select")
def nothing_in_a_modal_is_disabled(spot: Spot) -> Iterator[Finding]:
    if spot.place == "label" and spot.get("disabled") is True:
        message = "A component of a modal cannot be disabled."
        yield Finding(("disabled",), "COMPONENT_DISABLED_IN_MODAL", message)


@rule("radio")
def one_radio_is_on(spot: Spot) -> Iterator[Finding]:
    if sum(option.get("default") is True for option in things(spot.get("options"))) > 1:
        message = "Only one option can be the default."
        yield Finding(("options",), "SELECT_COMPONENT_TOO_MANY_DEFAULTS", message)


ENTRIES: tuple[Rule | Field, ...] = (
    *TABLE,
    a_row_of_a_modal_holds_one_input,
    an_input_in_a_row_has_its_own_label,
    the_shortest_answer_is_not_longer_than_the_longest,
    what_is_filled_in_fits,
    nothing_in_a_modal_is_disabled,
    one_radio_is_on,
)
