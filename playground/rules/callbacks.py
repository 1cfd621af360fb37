"""Answers to interactions: which type fits which question, and what each carries."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from playground.rules.choices import choice_of
from playground.rules.fields import choice, many, one
from playground.rules.nouns import Finding, MessageFlag, Thing
from playground.rules.reading import is_number, things, whole
from playground.rules.tree import Field, Rule, Spot, rule

PONG, MESSAGE, DEFER, DEFER_EDIT, EDIT, CHOICES, MODAL, ACTIVITY = 1, 4, 5, 6, 7, 8, 9, 12
TYPES = (PONG, MESSAGE, DEFER, DEFER_EDIT, EDIT, CHOICES, MODAL, ACTIVITY)
COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5

KINDS: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        MESSAGE: ("message", "message.new"),
        DEFER: ("message", "defer"),
        EDIT: ("message", "message.edit"),
        CHOICES: ("choices",),
        MODAL: ("modal",),
    }
)


def _data(spot: Spot, _item: Thing) -> tuple[str, ...]:
    return KINDS.get(whole(spot.get("type")), ())


def _choice(spot: Spot, _item: Thing) -> tuple[str, ...]:
    return choice_of(spot.call.context.focused)


TABLE: tuple[Field, ...] = (
    choice("callback", "type", *TYPES, needed=True),
    one("callback", "data", _data),
    many("choices", "choices", _choice, most=25),
)


def fitting(spot: Spot) -> tuple[int, ...]:
    """The answers that Discord takes for this question."""
    asked = spot.call.context.interaction
    if asked == AUTOCOMPLETE:
        return (CHOICES,)
    on_message = (DEFER_EDIT, EDIT) if spot.call.context.message is not None else ()
    if asked == SUBMIT:
        return (MESSAGE, DEFER, *on_message, ACTIVITY)
    if asked == COMPONENT:
        return (MESSAGE, DEFER, DEFER_EDIT, EDIT, MODAL, ACTIVITY)
    return (MESSAGE, DEFER, MODAL, ACTIVITY) if asked == COMMAND else TYPES


@rule("callback")
def the_answer_fits_the_question(spot: Spot) -> Iterator[Finding]:
    kind = whole(spot.get("type"))
    if kind in TYPES and kind not in fitting(spot):
        among = ", ".join(map(str, fitting(spot)))
        yield Finding(("type",), "BASE_TYPE_CHOICES", f"Value must be one of ({among}).")


@rule("callback")
def these_answers_carry_data(spot: Spot) -> Iterator[Finding]:
    if whole(spot.get("type")) in {MESSAGE, CHOICES, MODAL} and spot.get("data") is None:
        yield Finding(("data",), "BASE_TYPE_REQUIRED", "This field is required")


@rule("defer")
def a_deferral_is_at_most_ephemeral(spot: Spot) -> Iterator[Finding]:
    """What the message will be (Components V2 …) is said when it comes."""
    if whole(spot.get("flags")) & ~MessageFlag.EPHEMERAL:
        message = "Only the EPHEMERAL flag can be set here."
        yield Finding(("flags",), "MESSAGE_FLAGS_INVALID", message)


@rule("choices")
def choices_are_all_text_or_all_numbers(spot: Spot) -> Iterator[Finding]:
    values = [choice.get("value") for choice in things(spot.get("choices"))]
    if any(isinstance(value, str) for value in values) and any(map(is_number, values)):
        yield Finding(("choices",), "UNION_TYPE_CHOICES", "Choices must be of one type.")


ENTRIES: tuple[Rule | Field, ...] = (
    *TABLE,
    the_answer_fits_the_question,
    these_answers_carry_data,
    a_deferral_is_at_most_ephemeral,
    choices_are_all_text_or_all_numbers,
)
