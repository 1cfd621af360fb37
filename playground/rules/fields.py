"""Rows of the tables: one call says all that is asked of one field.

Each word of a row is a rule of its own ("embed.title.most"), so that each can be taken out
and missed.  A null counts as absent; text is counted in Unicode code points.
"""

from collections.abc import Callable, Iterator

from playground.rules.nouns import Finding
from playground.rules.reading import (
    is_list,
    is_number,
    is_thing,
    is_whole,
    listed,
    moment,
    scheme,
    snowflake,
    thing,
)
from playground.rules.tree import Field, Namer, Rule, Spot

Fits = Callable[[object], bool]
Says = Callable[[object], tuple[str, str] | None]
"""Reads a value that is there: (error, message) when it is wrong."""

REQUIRED = ("BASE_TYPE_REQUIRED", "This field is required")
DICTIONARY = ("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
LIST = ("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
REPEATED = ("SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
BIGGEST_INT32 = 2**31 - 1


def _rule(kind: str, name: str, word: str, says: Says, *, absent: bool = False) -> Rule:
    def check(spot: Spot) -> Iterator[Finding]:
        value = spot.get(name)
        said = says(value) if absent or value is not None else None
        if said:
            yield Finding((name,), *said)

    return Rule(f"{kind}.{name}.{word}", kind, check)


def _needed(kind: str, name: str) -> Rule:
    return _rule(kind, name, "needed", lambda v: REQUIRED if v is None else None, absent=True)


def _typed(kind: str, name: str, fits: Fits, error: str, message: str) -> Rule:
    return _rule(kind, name, "type", lambda v: None if fits(v) else (error, message))


def row(kind: str, name: str, *rules: Rule, needed: bool = False) -> Field:
    """A row of rules made elsewhere."""
    return Field(kind, name, (*((_needed(kind, name),) if needed else ()), *rules))


def length(least: int, most: int) -> tuple[str, str]:
    """Discord's words for a wrong length."""
    if least:
        return "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."
    return "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length."


def text(
    kind: str,
    name: str,
    most: int,
    *,
    least: int = 0,
    needed: bool = False,
    trimmed: bool = False,
) -> Field:
    """A string of `least` to `most` code points, blanks at both ends not counted if `trimmed`."""

    def size(value: object) -> int | None:
        return len(value.strip() if trimmed else value) if isinstance(value, str) else None

    rules = [_typed(kind, name, lambda v: isinstance(v, str), "BASE_TYPE_CONVERT", "Not a string.")]
    rules.append(_at_most(kind, name, size, most, length(least, most)))
    if least:
        said = REQUIRED if trimmed else length(least, most)
        rules.append(_at_least(kind, name, size, least, said))
    return row(kind, name, *rules, needed=needed)


Size = Callable[[object], int | float | None]


def _at_most(kind: str, name: str, size: Size, most: float, said: tuple[str, str]) -> Rule:
    def says(value: object) -> tuple[str, str] | None:
        found = size(value)
        return said if found is not None and found > most else None

    return _rule(kind, name, "most", says)


def _at_least(kind: str, name: str, size: Size, least: float, said: tuple[str, str]) -> Rule:
    def says(value: object) -> tuple[str, str] | None:
        found = size(value)
        return said if found is not None and found < least else None

    return _rule(kind, name, "least", says)


def whole(
    kind: str,
    name: str,
    least: int | None = None,
    most: int | None = None,
    *,
    needed: bool = False,
    fits: Fits = is_whole,
) -> Field:
    """An integer (or what `fits` asks for) between two bounds, both allowed."""
    word = "int" if fits is is_whole else "float"
    rules = [_typed(kind, name, fits, "NUMBER_TYPE_COERCE", f"Value is not {word}.")]
    if most is not None:
        said = ("NUMBER_TYPE_MAX", f"{word} value should be less than or equal to {most}.")
        rules.append(_at_most(kind, name, _amount, most, said))
    if least is not None:
        said = ("NUMBER_TYPE_MIN", f"{word} value should be greater than or equal to {least}.")
        rules.append(_at_least(kind, name, _amount, least, said))
    return row(kind, name, *rules, needed=needed)


def _amount(value: object) -> int | float | None:
    return value if is_number(value) else None


def flag(kind: str, name: str, *, needed: bool = False) -> Field:
    """True or false."""
    fits = _typed(
        kind,
        name,
        lambda v: isinstance(v, bool),
        "BOOLEAN_TYPE_CONVERT",
        "Must be either true or false.",
    )
    return row(kind, name, fits, needed=needed)


def identity(kind: str, name: str, *, needed: bool = False) -> Field:
    """A snowflake."""
    fits = _typed(kind, name, is_id, "NUMBER_TYPE_COERCE", "Value is not snowflake.")
    return row(kind, name, fits, needed=needed)


def is_id(value: object) -> bool:
    return snowflake(value) is not None


def when(kind: str, name: str) -> Field:
    """A moment."""
    said = ("DATE_TIME_TYPE_PARSE", "Could not parse. Should be ISO8601.")
    return row(kind, name, _typed(kind, name, lambda v: moment(v) is not None, *said))


def choice(kind: str, name: str, *values: int | str, needed: bool = False) -> Field:
    """One of few values."""
    among = ", ".join(str(value) for value in values)
    said = ("BASE_TYPE_CHOICES", f"Value must be one of ({among}).")
    return row(kind, name, _typed(kind, name, lambda v: one_of(v, values), *said), needed=needed)


def one_of(value: object, values: tuple[int | str, ...]) -> bool:
    """Whether it is one of these; True is not 1."""
    return not isinstance(value, bool) and any(value == allowed for allowed in values)


def url(kind: str, name: str, most: int, *schemes: str, needed: bool = False) -> Field:
    """A well-formed address with one of these schemes."""

    def says(value: object) -> tuple[str, str] | None:
        found = scheme(value)
        if found in schemes:
            return None
        if found is None:
            return "URL_TYPE_INVALID_URL", "Not a well formed URL."
        return "URL_TYPE_INVALID_SCHEME", f'Scheme "{found}" must be one of {schemes}.'

    size = _at_most(
        kind, name, lambda v: len(v) if isinstance(v, str) else None, most, length(0, most)
    )
    return row(kind, name, size, _rule(kind, name, "form", says), needed=needed)


def of(*kinds: str) -> Namer:
    """What stands there is always of these kinds."""
    return lambda _spot, _item: kinds


def one(
    kind: str,
    name: str,
    inner: Namer,
    *,
    needed: bool = False,
    fits: tuple[Fits, str, str] = (is_thing, *DICTIONARY),
    place: str = "",
) -> Field:
    """One object."""
    rules = [_needed(kind, name)] if needed else []
    return Field(kind, name, (*rules, _typed(kind, name, *fits)), inner, place)


def many(  # noqa: PLR0913 a row says all of its field in one call
    kind: str,
    name: str,
    inner: Namer | None = None,
    *,
    least: int = 0,
    most: int | None = None,
    needed: bool = False,
    each: tuple[Fits, str, str] = (is_thing, *DICTIONARY),
    unique: bool = False,
    place: str = "",
) -> Field:
    """A list; `each` item fits (or the error is said), `unique` = no item twice."""
    rules = [_needed(kind, name)] if needed else []
    rules.append(_typed(kind, name, is_list, *LIST))
    rules.append(_each(kind, name, *each))
    if most is not None:
        rules.append(_at_most(kind, name, _count, most, length(least, most)))
    if least:
        rules.append(_at_least(kind, name, _count, least, length(least, most or least)))
    if unique:
        rules.append(_unique(kind, name))
    return Field(kind, name, tuple(rules), inner, place)


def _count(value: object) -> int | None:
    return len(value) if is_list(value) else None


def _each(kind: str, name: str, fits: Fits, error: str, message: str) -> Rule:
    def check(spot: Spot) -> Iterator[Finding]:
        for index, item in enumerate(listed(spot.get(name))):
            if not fits(item):
                yield Finding((name, index), error, message)

    return Rule(f"{kind}.{name}.each", kind, check)


def _unique(kind: str, name: str) -> Rule:
    def check(spot: Spot) -> Iterator[Finding]:
        seen: set[object] = set()
        for index, item in enumerate(listed(spot.get(name))):
            if isinstance(item, str | int | float):
                if item in seen:
                    yield Finding((name, index), *REPEATED)
                seen.add(item)

    return Rule(f"{kind}.{name}.unique", kind, check)


def spoken(kind: str, name: str, most: int, languages: frozenset[str]) -> Field:
    """Translations: {language: text of 1 to `most`}."""

    def languages_known(spot: Spot) -> Iterator[Finding]:
        for language in thing(spot.get(name)):
            if language not in languages:
                yield Finding((name, language), "BASE_TYPE_CHOICES", "Not a language of Discord.")

    def texts_fit(spot: Spot) -> Iterator[Finding]:
        for language, said in thing(spot.get(name)).items():
            if not isinstance(said, str) or not 1 <= len(said) <= most:
                yield Finding((name, language), *length(1, most))

    typed = _typed(kind, name, is_thing, *DICTIONARY)
    known = Rule(f"{kind}.{name}.languages", kind, languages_known)
    return row(kind, name, typed, known, Rule(f"{kind}.{name}.texts", kind, texts_fit))
