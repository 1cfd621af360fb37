"""What a field may take, and the cases that follow: one unit over, and just right."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from playground.rules import Context, Operation
from tests.playground.rules.holders import HOLDERS

WIDE = "𝒳"
"""One code point, two units of UTF-16, four bytes."""


@dataclass(frozen=True)
class Case:
    """`bad` breaks the one rule named `rule`; `good` is its neighbour that passes."""

    rule: str
    operation: Operation
    bad: object
    good: object
    context: Context
    good_context: Context | None = None

    def __str__(self) -> str:
        return self.rule


def rule(
    name: str,
    operation: Operation,
    bad: object,
    good: object,
    context: Context | None = None,
    good_context: Context | None = None,
) -> Case:
    """The good body is judged in the same context unless it has its own."""
    return Case(name, operation, bad, good, context or Context(), good_context)


def case(kind: str, field: str, word: str, bad: object, good: object, holder: str = "") -> Case:
    held = HOLDERS[holder or kind]
    bodies = (held.body(**{field: bad}), held.body(**{field: good}))
    return Case(f"{kind}.{field}.{word}", held.operation, *bodies, held.context)


@dataclass(frozen=True)
class Takes(ABC):
    """What a field takes; `holder` names another body to try it in."""

    needed: bool = False
    holder: str = ""

    def cases(self, kind: str, field: str) -> Iterator[Case]:
        if self.needed:
            yield case(kind, field, "needed", ..., self.some(), self.holder)
            yield case(kind, field, "needed", None, self.some(), self.holder)
        for word, bad, good in self.tries():
            yield case(kind, field, word, bad, good, self.holder)

    def some(self) -> object:
        return next(iter(self.tries()))[2]

    @abstractmethod
    def tries(self) -> Iterator[tuple[str, object, object]]:
        """Word of the rule, a value that breaks it, one that just does not."""


@dataclass(frozen=True)
class There(Takes):
    """Only asked to be there; other rules say what it may be."""

    value: object = ""

    def some(self) -> object:
        return self.value

    def tries(self) -> Iterator[tuple[str, object, object]]:
        yield from ()


@dataclass(frozen=True)
class Text(Takes):
    most: int = 0
    least: int = 0
    letter: str = WIDE

    def tries(self) -> Iterator[tuple[str, object, object]]:
        yield "most", self.letter * (self.most + 1), self.letter * self.most
        yield "type", 5, self.letter
        if self.least:
            yield "least", "", self.letter


@dataclass(frozen=True)
class Trimmed(Text):
    def tries(self) -> Iterator[tuple[str, object, object]]:
        yield "most", f" {WIDE * (self.most + 1)}\n", f" {WIDE * self.most}\n"
        yield "type", 5, WIDE
        if self.least:
            yield "least", " \n", f" {WIDE}"


@dataclass(frozen=True)
class Whole(Takes):
    least: int | None = None
    most: int | None = None

    def tries(self) -> Iterator[tuple[str, object, object]]:
        yield "type", "7", self.most or self.least or 7
        yield "type", True, float(self.most or 7)
        if self.most is not None:
            yield "most", self.most + 1, self.most
        if self.least is not None:
            yield "least", self.least - 1, self.least


@dataclass(frozen=True)
class Number(Whole):
    def tries(self) -> Iterator[tuple[str, object, object]]:
        yield from super().tries()
        yield "type", [0.5], 0.5


@dataclass(frozen=True)
class Integer(Whole):
    def tries(self) -> Iterator[tuple[str, object, object]]:
        yield from super().tries()
        yield "type", 1.5, 1


@dataclass(frozen=True)
class Flag(Takes):
    def tries(self) -> Iterator[tuple[str, object, object]]:
        yield "type", 1, True
        yield "type", "false", False


@dataclass(frozen=True)
class Id(Takes):
    def tries(self) -> Iterator[tuple[str, object, object]]:
        yield "type", "0x1", "0"
        yield "type", -1, 0
        yield "type", "01", "0"


@dataclass(frozen=True)
class Url(Takes):
    most: int = 2048
    schemes: tuple[str, ...] = ("http", "https")
    tail: str = "a.png"

    def tries(self) -> Iterator[tuple[str, object, object]]:
        start = f"{self.schemes[0]}://e.org/"
        end = f"/{self.tail}"
        room = self.most - len(start) - len(end)
        yield "most", f"{start}{'x' * (room + 1)}{end}", f"{start}{'x' * room}{end}"
        for scheme in self.schemes:
            yield "form", "e.org", f"{scheme}://{self.tail}"
        yield "form", "ftp://e.org", f"{start}{self.tail}"
        yield "form", 5, f"{start}{self.tail}"
        yield "form", "https://e.org/two words", "https://e.org/two%20words"


@dataclass(frozen=True)
class When(Takes):
    def tries(self) -> Iterator[tuple[str, object, object]]:
        yield "type", "2026-11-22", "2026-11-22T10:00:00Z"
        yield "type", "2026-13-22T10:00:00Z", "2026-12-22T10:00:00.123456+00:00"
        yield "type", "2026-11-22T10:00:00", "2026-11-22T10:00:00+01:00"


@dataclass(frozen=True)
class Choice(Takes):
    values: tuple[int | str, ...] = ()
    wrong: int | str = 99

    def tries(self) -> Iterator[tuple[str, object, object]]:
        for value in self.values:
            yield "type", self.wrong, value
        yield "type", True, self.values[0]


@dataclass(frozen=True)
class Object(Takes):
    some_object: object = None
    wrong: tuple[object, ...] = ([],)

    def tries(self) -> Iterator[tuple[str, object, object]]:
        for wrong in (*self.wrong, "text"):
            yield "type", wrong, {} if self.some_object is None else self.some_object


@dataclass(frozen=True)
class Many(Takes):
    """Lists of `item(n)`, n from 0; `wrong` are items that do not belong."""

    least: int = 0
    most: int = 0
    items: tuple[object, ...] = ()
    wrong: tuple[object, ...] = (5,)
    unique: bool = False

    def tries(self) -> Iterator[tuple[str, object, object]]:
        good = list(self.items[: self.most or len(self.items)])
        yield "type", "text", good
        for wrong in self.wrong:
            yield "each", [*good[: max(self.least - 1, 0)], wrong], good
        if self.most:
            yield "most", list(self.items[: self.most + 1]), good
        if self.least:
            yield "least", good[: self.least - 1], good[: self.least]
        if self.unique:
            yield "unique", [*good[:-1], good[0]], good


@dataclass(frozen=True)
class Translations(Takes):
    most: int = 0

    def tries(self) -> Iterator[tuple[str, object, object]]:
        yield "type", [], {}
        yield "languages", {"tlh": WIDE}, {"de": WIDE}
        yield "texts", {"de": WIDE * (self.most + 1)}, {"de": WIDE * self.most}
        yield "texts", {"de": ""}, {"de": WIDE}
        yield "texts", {"de": None}, {}
