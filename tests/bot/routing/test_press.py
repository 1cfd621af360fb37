"""What comes back from lists and windows, whatever shape Discord or a forger gives it."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.custom_ids import Pressed
from bot.routing.press import Press, fields, press

WINDOW = {
    "custom_id": "sty:1:x:edited",
    "components": [
        {"type": 18, "component": {"type": 4, "custom_id": "prompt", "value": "a fox"}},
        {"type": 18, "component": {"type": 22, "custom_id": "adapters", "values": ["0", "2"]}},
        {"type": 1, "components": [{"type": 4, "custom_id": "old", "value": "style"}]},
        {"type": 10, "content": "no field"},
    ],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["components", "component", "custom_id", "value", "values"]), inner
        )
    ),
)


def of(data: object, argument: str = "") -> Press:
    pressed = Pressed("0" * 26, "u", argument)
    reply: Any = SimpleNamespace(interaction=SimpleNamespace(data=data))
    return press(pressed, reply)


def test_every_field_of_a_window():
    assert of(WINDOW).fields == {"prompt": "a fox", "adapters": ("0", "2"), "old": "style"}


def test_the_values_of_a_list():
    assert of({"custom_id": "x", "values": ["1", "2"]}).values == ("1", "2")


def test_an_argument_is_a_number_or_minus_one():
    assert of({}, "3").number == 3
    assert of({}, "x").number == -1
    assert of({}).number == -1


@given(st.dictionaries(st.sampled_from(["components", "component", "values"]), JSON))
def test_no_shape_breaks_it(data: dict[str, Any]):
    for name, value in fields(data):
        assert isinstance(name, str)
        assert isinstance(value, str | tuple)
    assert all(isinstance(value, str) for value in of(data).values)
