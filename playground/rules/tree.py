"""A body as a tree of spots: this is a message, that is an embed, here stands a button."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from playground.rules.nouns import Context, Finding, Operation, Path, Thing
from playground.rules.reading import is_list, is_thing, thing

Place = tuple[tuple[str, ...], Path]


@dataclass(frozen=True, slots=True)
class Call:
    """The whole request; `walked` remembers what was found below a spot, by kinds and path."""

    operation: Operation
    body: object
    context: Context
    book: Book
    walked: dict[Place, tuple[Spot, ...]] = field(default_factory=dict[Place, "tuple[Spot, ...]"])


@dataclass(frozen=True, slots=True)
class Spot:
    """One object of the body.

    Attributes:
        kinds: what it is, the general before the special: ("component", "select", …).
        value: the object itself; only a list of commands is none.
        place: where it stands, for what may stand only there ("row", "label" …).
    """

    kinds: tuple[str, ...]
    value: object
    path: Path
    call: Call
    place: str = ""

    @property
    def thing(self) -> Thing:
        return thing(self.value)

    def get(self, name: str) -> object:
        return self.thing.get(name)


Check = Callable[[Spot], Iterable[Finding]]
Namer = Callable[[Spot, Thing], tuple[str, ...]]
"""Names the kinds of an object that stands in a field of a spot; () = not looked into."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Judges every spot of one kind; the paths of what it finds begin at the spot."""

    name: str
    kind: str
    check: Check

    def __call__(self, spot: Spot) -> list[Finding]:
        return [
            replace(found, path=spot.path + found.path, rule=self.name)
            for found in self.check(spot)
        ]


def rule(kind: str) -> Callable[[Check], Rule]:
    """Make a function a rule; its name is the sentence that the journal shows."""

    def register(check: Check) -> Rule:
        return Rule(f"{kind}: {check.__name__.replace('_', ' ')}", kind, check)

    return register


@dataclass(frozen=True, slots=True)
class Field:
    """A row of a table: the rules of one field, and what stands inside (`inner`)."""

    kind: str
    name: str
    rules: tuple[Rule, ...]
    inner: Namer | None = None
    place: str = ""

    def inside(self, spot: Spot) -> Iterator[Spot]:
        """The objects in this field of the spot; "" is the spot's value itself."""
        value = spot.get(self.name) if self.name else spot.value
        start: Path = (self.name,) if self.name else ()
        found = enumerate(value) if is_list(value) else ((None, value),)
        for index, item in found:
            kinds = self.inner(spot, item) if self.inner and is_thing(item) else ()
            if kinds:
                path = spot.path + start + (() if index is None else (index,))
                yield Spot(kinds, item, path, spot.call, self.place)


@dataclass(frozen=True, slots=True)
class Book:
    """All rules, by the kind of spot they judge."""

    rules: Mapping[str, tuple[Rule, ...]]
    fields: Mapping[str, tuple[Field, ...]]

    @classmethod
    def of(cls, entries: Iterable[Rule | Field]) -> Book:
        """Sort rules and rows; the order within a kind stays."""
        rules: dict[str, tuple[Rule, ...]] = {}
        fields: dict[str, tuple[Field, ...]] = {}
        for entry in entries:
            own = entry.rules if isinstance(entry, Field) else (entry,)
            rules[entry.kind] = rules.get(entry.kind, ()) + own
            if isinstance(entry, Field):
                fields[entry.kind] = (*fields.get(entry.kind, ()), entry)
        return cls(rules, fields)

    @property
    def names(self) -> list[str]:
        return [rule.name for rules in self.rules.values() for rule in rules]

    def without(self, name: str) -> Book:
        """The same book with one rule torn out."""
        kept = {
            kind: tuple(r for r in rules if r.name != name) for kind, rules in self.rules.items()
        }
        return replace(self, rules=kept)


def below(spot: Spot) -> tuple[Spot, ...]:
    """Every spot inside, depth first, in the order of the body."""
    walked, here = spot.call.walked, (spot.kinds, spot.path)
    if here not in walked:
        walked[here] = tuple(_walk(spot))
    return walked[here]


def _walk(spot: Spot) -> Iterator[Spot]:
    fields = spot.call.book.fields
    for kind in spot.kinds:
        for row in fields.get(kind, ()):
            if row.inner:
                for inside in row.inside(spot):
                    yield inside
                    yield from below(inside)


def inside(spot: Spot, kind: str) -> Iterator[Spot]:
    """The spots of one kind below this one."""
    return (found for found in below(spot) if kind in found.kinds)
