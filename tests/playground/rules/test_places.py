"""Which component may stand where, and which option under which: every pair, allowed or not."""

import pytest

from playground.rules import Context, Operation, Upload, judge
from tests.playground.rules.holders import (
    PICTURE,
    Thing,
    button,
    in_command,
    in_label,
    in_message,
    in_modal,
    in_row,
    in_thumbnail,
    option,
    options,
    said,
)

COMPONENTS: dict[int, Thing] = {
    1: {"type": 1, "components": [button(1)]},
    2: button(),
    3: {"type": 3, "custom_id": "s", "options": options(2)},
    4: {"type": 4, "custom_id": "i", "style": 1, "label": "Prompt"},
    **{kind: {"type": kind, "custom_id": "s"} for kind in (5, 6, 7, 8, 19, 23)},
    9: {"type": 9, "components": [said()], "accessory": button(2)},
    10: said(),
    11: {"type": 11, "media": PICTURE},
    12: {"type": 12, "items": [{"media": PICTURE}]},
    13: {"type": 13, "file": {"url": "attachment://a.png"}},
    14: {"type": 14},
    17: {"type": 17, "components": [said()]},
    18: {"type": 18, "label": "Prompt", "component": {"type": 23, "custom_id": "c"}},
    21: {"type": 21, "custom_id": "r", "options": options(2)},
    22: {"type": 22, "custom_id": "c", "options": options(2)},
    15: {"type": 15},
    16: {"type": 16},
    20: {"type": 20},
}
LAYOUT = {1, 9, 10, 12, 13, 14}
WRITE, CALL = Operation.MESSAGE_CREATE, Operation.CALLBACK
PLACES = {
    "message": (WRITE, in_message, LAYOUT | {17}),
    "container": (WRITE, lambda c: in_message({"type": 17, "components": [c]}), LAYOUT),
    "row": (WRITE, in_row, {2, 3, 5, 6, 7, 8}),
    "section": (
        WRITE,
        lambda c: in_message({"type": 9, "components": [c], "accessory": button(3)}),
        {10},
    ),
    "accessory": (WRITE, in_thumbnail, {2, 11}),
    "modal": (CALL, in_modal, {10, 18}),
    "row of a modal": (CALL, lambda c: in_modal({"type": 1, "components": [c]}), {4}),
    "label": (CALL, in_label, {3, 4, 5, 6, 7, 8, 19, 21, 22, 23}),
}
FILE = Context(files={0: Upload("a.png", 9)})


@pytest.mark.parametrize("place", PLACES)
def test_only_these_components_stand_there(place: str):
    operation, around, allowed = PLACES[place]
    passed = {kind for kind, one in COMPONENTS.items() if not judge(operation, around(one), FILE)}
    assert passed == allowed


OPTIONS = range(13)


@pytest.mark.parametrize(
    ("above", "allowed"), [(None, set(range(1, 12))), (1, set(range(3, 12))), (2, {1})]
)
def test_only_these_options_stand_there(above: int | None, allowed: set[int]):
    def command(kind: int) -> Thing:
        inner = option(kind)
        return in_command({**option(above, "s"), "options": [inner]} if above else inner)

    create = Operation.COMMANDS_CREATE
    assert {kind for kind in OPTIONS if not judge(create, command(kind), Context())} == allowed
