"""One press of a component, or one window that was filled in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from bot.custom_ids import Pressed
from bot.routing.reply import Interaction, Reply

Values: TypeAlias = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Press:
    """What was pressed; `values` of a list, `fields` of a window by their custom_ids."""

    pressed: Pressed
    reply: Reply
    values: Sequence[str] = ()
    fields: Values = field(default_factory=dict[str, str])

    @property
    def interaction(self) -> Interaction:
        """Whom to answer."""
        return self.reply.interaction

    @property
    def number(self) -> int:
        """The argument as a number, -1 for none."""
        return int(self.pressed.argument) if self.pressed.argument.isdecimal() else -1


def press(pressed: Pressed, reply: Reply) -> Press:
    """Read the rest out of the interaction's own data."""
    data = cast("Mapping[str, object]", reply.interaction.data or {})
    return Press(pressed, reply, _texts(data.get("values")), dict(fields(data)))


def fields(data: Mapping[str, object]) -> Iterator[tuple[str, str | Sequence[str]]]:
    """custom_id and value of each input of a window, however deep labels wrap it."""
    for inner in _objects(data.get("components")) + _objects([data.get("component")]):
        name = inner.get("custom_id")
        if isinstance(name, str):
            value = inner.get("value")
            yield name, value if isinstance(value, str) else _texts(inner.get("values"))
        yield from fields(inner)


def _objects(found: object) -> list[Mapping[str, object]]:
    many = cast("list[object]", found) if isinstance(found, list) else []
    return [cast("Mapping[str, object]", each) for each in many if isinstance(each, dict)]


def _texts(found: object) -> tuple[str, ...]:
    many = cast("list[object]", found) if isinstance(found, list) else []
    return tuple(each for each in many if isinstance(each, str))
