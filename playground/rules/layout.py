"""Components together: rows that are full, ids said twice, selects that contradict themselves."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from playground.rules.components import PLACES
from playground.rules.fields import one_of
from playground.rules.nouns import Finding
from playground.rules.reading import is_list, is_whole, listed, text, things, whole
from playground.rules.states import is_v2
from playground.rules.tree import Rule, Spot, inside, rule

MOST_ROWS = 5
MOST_COMPONENTS = 40
MOST_TEXT = 4000
ROW_WIDTH = 5
ROW = 1
BUTTON = 2
LINK, PREMIUM = 5, 6
CHOSEN: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {5: ("user",), 6: ("role",), 7: ("user", "role"), 8: ("channel",)}
)
"""Type of a select -> what may be chosen in it from the start."""


@rule("message")
def new_components_need_their_flag(spot: Spot) -> Iterator[Finding]:
    for index, item in enumerate(things(spot.get("components"))):
        new = item.get("type") != ROW and one_of(item.get("type"), PLACES["message"])
        if new and not is_v2(spot):
            said = 'Value of field "type" must be one of (1,).'
            yield Finding(("components", index), "UNION_TYPE_CHOICES", said)


@rule("message")
def five_rows_without_the_flag(spot: Spot) -> Iterator[Finding]:
    if not is_v2(spot) and len(listed(spot.get("components"))) > MOST_ROWS:
        said = f"Must be {MOST_ROWS} or fewer in length."
        yield Finding(("components",), "BASE_TYPE_BAD_LENGTH", said)


@rule("message")
def forty_components_in_all(spot: Spot) -> Iterator[Finding]:
    if sum(1 for _ in inside(spot, "component")) > MOST_COMPONENTS:
        said = f"The maximum number of components is {MOST_COMPONENTS}."
        yield Finding(("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", said)


@rule("message")
def four_thousand_characters_in_all(spot: Spot) -> Iterator[Finding]:
    if sum(len(text(part.get("content"))) for part in inside(spot, "text")) > MOST_TEXT:
        said = f"The text of all components exceeds the maximum size of {MOST_TEXT}."
        yield Finding(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", said)


@rule("row")
def a_row_is_five_wide(spot: Spot) -> Iterator[Finding]:
    """A button is one wide, a select five."""
    width = 0
    for index, item in enumerate(things(spot.get("components"))):
        width += 1 if item.get("type") == BUTTON else ROW_WIDTH
        if width > ROW_WIDTH:
            said = f"Component layout width exceeds maximum of {ROW_WIDTH}."
            yield Finding(("components", index), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", said)


def _twice(spot: Spot, name: str, error: str) -> Iterator[Finding]:
    seen: set[object] = set()
    for part in inside(spot, "component"):
        value = part.get(name)
        if isinstance(value, str | int | float) and value:
            if value in seen:
                path = (*part.path[len(spot.path) :], name)
                yield Finding(path, error, f"Component {name} cannot be duplicated")
            seen.add(value)


@rule("message")
def no_custom_id_twice(spot: Spot) -> Iterator[Finding]:
    yield from _twice(spot, "custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED")


@rule("modal")
def no_custom_id_twice_in_a_modal(spot: Spot) -> Iterator[Finding]:
    yield from _twice(spot, "custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED")


@rule("message")
def no_component_id_twice(spot: Spot) -> Iterator[Finding]:
    """0 means: Discord chooses one."""
    yield from _twice(spot, "id", "COMPONENT_ID_DUPLICATED")


# --- buttons ---------------------------------------------------------------------


@rule("button")
def a_button_has_a_custom_id(spot: Spot) -> Iterator[Finding]:
    if not one_of(spot.get("style"), (LINK, PREMIUM)) and not spot.get("custom_id"):
        message = "A custom id is required"
        yield Finding(("custom_id",), "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", message)


@rule("button")
def a_link_has_a_url(spot: Spot) -> Iterator[Finding]:
    if one_of(spot.get("style"), (LINK,)) and not spot.get("url"):
        yield Finding(("url",), "BUTTON_COMPONENT_URL_REQUIRED", "A url is required")


@rule("button")
def a_link_has_no_custom_id(spot: Spot) -> Iterator[Finding]:
    if one_of(spot.get("style"), (LINK, PREMIUM)) and spot.get("custom_id"):
        message = "A custom id and url cannot both be specified"
        yield Finding(("custom_id",), "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message)


@rule("button")
def only_a_link_has_a_url(spot: Spot) -> Iterator[Finding]:
    if not one_of(spot.get("style"), (LINK,)) and spot.get("url"):
        message = "Only a link button can have a url"
        yield Finding(("url",), "BUTTON_COMPONENT_URL_NOT_ALLOWED", message)


@rule("button")
def a_premium_button_has_a_sku(spot: Spot) -> Iterator[Finding]:
    if one_of(spot.get("style"), (PREMIUM,)) and spot.get("sku_id") is None:
        yield Finding(("sku_id",), "BASE_TYPE_REQUIRED", "This field is required")


@rule("button")
def only_a_premium_button_has_a_sku(spot: Spot) -> Iterator[Finding]:
    if not one_of(spot.get("style"), (PREMIUM,)) and spot.get("sku_id") is not None:
        message = "Only a premium button can have a sku"
        yield Finding(("sku_id",), "BUTTON_COMPONENT_SKU_NOT_ALLOWED", message)


@rule("button")
def a_premium_button_writes_itself(spot: Spot) -> Iterator[Finding]:
    for name in ("label", "emoji"):
        if one_of(spot.get("style"), (PREMIUM,)) and spot.get(name):
            message = f"A premium button cannot have its own {name}"
            yield Finding((name,), "BUTTON_COMPONENT_PREMIUM_HAS_OWN_FACE", message)


@rule("button")
def a_button_shows_something(spot: Spot) -> Iterator[Finding]:
    face = spot.get("label") or spot.get("emoji")
    if not one_of(spot.get("style"), (PREMIUM,)) and not face:
        yield Finding(("label",), "BASE_TYPE_REQUIRED", "A button needs a label or an emoji")


@rule("emoji")
def an_emoji_is_one(spot: Spot) -> Iterator[Finding]:
    """Letters such as :game_die: are what a person types, not what Discord reads."""
    name = text(spot.get("name"))
    if spot.get("id") is None and name and name.isascii():
        yield Finding(("name",), "COMPONENT_INVALID_EMOJI", "Invalid emoji")


# --- choices ---------------------------------------------------------------------


@rule("ranged")
def the_fewest_are_not_more_than_the_most(spot: Spot) -> Iterator[Finding]:
    """Both are 1 where nothing is said."""
    least, most = whole(spot.get("min_values"), 1), whole(spot.get("max_values"), _most(spot))
    if least > most:
        message = "min_values must not exceed max_values."
        yield Finding(("min_values",), "SELECT_COMPONENT_MIN_VALUES_EXCEED_MAX_VALUES", message)


def _most(spot: Spot) -> int:
    """A group of checks may all be ticked where nothing is said; a select gives one."""
    return len(listed(spot.get("options"))) if "checks" in spot.kinds else 1


@rule("optioned")
def the_most_are_not_more_than_there_are(spot: Spot) -> Iterator[Finding]:
    most, options = spot.get("max_values"), spot.get("options")
    if is_whole(most) and is_list(options) and most > len(options):
        message = "max_values must not exceed the number of options."
        yield Finding(("max_values",), "SELECT_COMPONENT_MAX_VALUES_EXCEED_OPTIONS", message)


@rule("optioned")
def no_value_twice(spot: Spot) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, option in enumerate(things(spot.get("options"))):
        value = text(option.get("value"))
        if value in seen:
            message = "The specified option value is already used"
            path = ("options", index, "value")
            yield Finding(path, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
        seen |= {value} - {""}


@rule("select.auto")
def what_is_chosen_is_of_its_kind(spot: Spot) -> Iterator[Finding]:
    """A role cannot stand in a select of users."""
    allowed = CHOSEN.get(whole(spot.get("type")), ())
    for index, item in enumerate(things(spot.get("default_values"))):
        if item.get("type") is not None and not one_of(item.get("type"), allowed):
            message = f"Value must be one of {allowed}."
            yield Finding(("default_values", index, "type"), "BASE_TYPE_CHOICES", message)


@rule("ranged")
def what_is_chosen_already_may_be_chosen(spot: Spot) -> Iterator[Finding]:
    options = [option for option in things(spot.get("options")) if option.get("default") is True]
    chosen = len(options) + len(listed(spot.get("default_values")))
    if chosen > whole(spot.get("max_values"), _most(spot)):
        message = "More are chosen than may be."
        yield Finding((), "SELECT_COMPONENT_TOO_MANY_DEFAULTS", message)


ENTRIES: tuple[Rule, ...] = (
    new_components_need_their_flag,
    five_rows_without_the_flag,
    forty_components_in_all,
    four_thousand_characters_in_all,
    a_row_is_five_wide,
    no_custom_id_twice,
    no_custom_id_twice_in_a_modal,
    no_component_id_twice,
    a_button_has_a_custom_id,
    a_link_has_a_url,
    a_link_has_no_custom_id,
    only_a_link_has_a_url,
    a_premium_button_has_a_sku,
    only_a_premium_button_has_a_sku,
    a_premium_button_writes_itself,
    a_button_shows_something,
    an_emoji_is_one,
    the_fewest_are_not_more_than_the_most,
    the_most_are_not_more_than_there_are,
    no_value_twice,
    what_is_chosen_is_of_its_kind,
    what_is_chosen_already_may_be_chosen,
)
