"""Choices of an option, registered with a command or offered while somebody types."""

from collections.abc import Iterator

from playground.rules.fields import row, spoken, text
from playground.rules.nouns import Finding
from playground.rules.reading import is_number, is_whole
from playground.rules.reading import text as said
from playground.rules.tree import Field, Rule, Spot, rule

STRING, INTEGER, NUMBER = 3, 4, 10
MOST_VALUE = 100
BIGGEST = 2**53

# fmt: off
LANGUAGES = frozenset({
    "ar", "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr", "he", "hi",
    "hr", "hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th",
    "tr", "uk", "vi", "zh-CN", "zh-TW",
})
# fmt: on


def choice_of(option: int | None) -> tuple[str, ...]:
    """The kinds of a choice of an option of this type; None: not known which."""
    kinds = {STRING: "choice.text", INTEGER: "choice.whole", NUMBER: "choice.number"}
    return ("choice", kinds[option]) if option in kinds else ("choice",)


TABLE: tuple[Field, ...] = (
    text("choice", "name", 100, least=1, needed=True),
    spoken("choice", "name_localizations", 100, LANGUAGES),
    row("choice", "value", needed=True),
)


@rule("choice")
def a_value_is_text_or_a_number(spot: Spot) -> Iterator[Finding]:
    value = spot.get("value")
    if value is not None and not isinstance(value, str) and not is_number(value):
        yield Finding(("value",), "BASE_TYPE_CONVERT", "Must be a string or a number.")


@rule("choice")
def a_value_has_100_characters(spot: Spot) -> Iterator[Finding]:
    """The document says 6000, the docs 100."""
    if len(said(spot.get("value"))) > MOST_VALUE:
        message = f"Must be {MOST_VALUE} or fewer in length."
        yield Finding(("value",), "BASE_TYPE_MAX_LENGTH", message)


@rule("choice.text")
def a_choice_of_text_is_text(spot: Spot) -> Iterator[Finding]:
    if is_number(spot.get("value")):
        yield Finding(("value",), "STRING_TYPE_CONVERT", "Value is not str.")


@rule("choice.whole")
def a_choice_of_an_integer_is_one(spot: Spot) -> Iterator[Finding]:
    value = spot.get("value")
    if isinstance(value, str) or (is_number(value) and not is_whole(value)):
        yield Finding(("value",), "NUMBER_TYPE_COERCE", "Value is not int.")


@rule("choice.whole")
def an_integer_keeps_within_53_bits(spot: Spot) -> Iterator[Finding]:
    value = spot.get("value")
    if is_whole(value) and abs(value) >= BIGGEST:
        message = f"int value should be between {1 - BIGGEST} and {BIGGEST - 1}."
        yield Finding(("value",), "NUMBER_TYPE_MAX", message)


@rule("choice.number")
def a_choice_of_a_number_is_one(spot: Spot) -> Iterator[Finding]:
    if isinstance(spot.get("value"), str):
        yield Finding(("value",), "NUMBER_TYPE_COERCE", "Value is not float.")


@rule("choice.number")
def a_number_keeps_within_53_bits(spot: Spot) -> Iterator[Finding]:
    value = spot.get("value")
    if is_number(value) and abs(value) > BIGGEST:
        message = f"float value should be between {-BIGGEST} and {BIGGEST}."
        yield Finding(("value",), "NUMBER_TYPE_MAX", message)


ENTRIES: tuple[Rule | Field, ...] = (
    *TABLE,
    a_value_is_text_or_a_number,
    a_value_has_100_characters,
    a_choice_of_text_is_text,
    a_choice_of_an_integer_is_one,
    an_integer_keeps_within_53_bits,
    a_choice_of_a_number_is_one,
    a_number_keeps_within_53_bits,
)
