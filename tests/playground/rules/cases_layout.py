"""Components together: flags, counts, rows, buttons, selects, modals."""

from typing import Any

from tests.playground.rules.holders import (
    CALL,
    FILES,
    PICTURE,
    POST,
    V2,
    button,
    in_label,
    in_message,
    in_modal,
    in_row,
    options,
    said,
)
from tests.playground.rules.takes import Case, rule

LINK = {"type": 2, "style": 5, "label": "More", "url": "https://example.org"}
PREMIUM = {"type": 2, "style": 6, "sku_id": "1"}
SELECT = {"type": 5, "custom_id": "s"}
CHOICE = {"type": 3, "custom_id": "s", "options": options(3)}
INPUT = {"type": 4, "custom_id": "i", "style": 1}
RADIO = {"type": 21, "custom_id": "r"}


def _things(*found: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return found


LAYOUT: tuple[Case, ...] = (
    *(
        rule(
            "select.auto: what is chosen is of its kind",
            POST,
            in_row({"type": kind, "custom_id": "s", "default_values": [{"type": bad, "id": 1}]}),
            in_row({"type": kind, "custom_id": "s", "default_values": [{"type": good, "id": 1}]}),
        )
        for kind, bad, good in (
            (5, "role", "user"),
            (6, "user", "role"),
            (7, "channel", "user"),
            (7, "x", "role"),
            (8, "user", "channel"),
        )
    ),
    rule("button.custom_id.least", POST, in_row({**LINK, "custom_id": ""}), in_row(LINK)),
    *(
        rule(
            "message: new components need their flag",
            POST,
            {**in_message(thing), "flags": 0},
            in_message(thing),
            FILES,
        )
        for thing in _things(
            said(),
            {"type": 14},
            {"type": 12, "items": [{"media": PICTURE}]},
            {"type": 17, "components": [said()]},
            {"type": 13, "file": {"url": "attachment://a.png"}},
            {"type": 9, "components": [said()], "accessory": button()},
        )
    ),
    rule(
        "message: five rows without the flag",
        POST,
        {"components": [{"type": 1, "components": [button(n)]} for n in range(6)]},
        {"components": [{"type": 1, "components": [button(n)]} for n in range(5)]},
    ),
    rule(
        "message: forty components in all",
        POST,
        {"flags": V2, "components": [said("x")] * 41},
        {"flags": V2, "components": [said("x")] * 40},
    ),
    rule(
        "message: forty components in all",
        POST,
        in_message(
            {
                "type": 17,
                "components": [said("x")] * 37
                + [{"type": 1, "components": [button(1), button(2)]}],
            }
        ),
        in_message(
            {"type": 17, "components": [said("x")] * 37 + [{"type": 1, "components": [button(1)]}]}
        ),
    ),
    rule(
        "message: forty components in all",
        POST,
        {
            "flags": V2,
            "components": [
                {"type": 9, "components": [said("x")] * 2, "accessory": button(n)}
                for n in range(10)
            ]
            + [said("x")],
        },
        {
            "flags": V2,
            "components": [
                {"type": 9, "components": [said("x")] * 2, "accessory": button(n)}
                for n in range(10)
            ],
        },
    ),
    rule(
        "message: four thousand characters in all",
        POST,
        {
            "flags": V2,
            "components": [said("𝒳" * 2000), {"type": 17, "components": [said("y" * 2001)]}],
        },
        {
            "flags": V2,
            "components": [said("𝒳" * 2000), {"type": 17, "components": [said("y" * 2000)]}],
        },
    ),
    rule(
        "row: a row is five wide",
        POST,
        {"components": [{"type": 1, "components": [button(n) for n in range(6)]}]},
        {"components": [{"type": 1, "components": [button(n) for n in range(5)]}]},
    ),
    rule(
        "row: a row is five wide",
        POST,
        {"components": [{"type": 1, "components": [SELECT, {**SELECT, "custom_id": "t"}]}]},
        in_row(SELECT),
    ),
    rule(
        "row: a row is five wide",
        POST,
        {"components": [{"type": 1, "components": [button(), SELECT]}]},
        in_row(SELECT),
    ),
    rule(
        "message: no custom id twice",
        POST,
        {"components": [{"type": 1, "components": [button(1), button(1)]}]},
        {"components": [{"type": 1, "components": [button(1), button(2)]}]},
    ),
    rule(
        "message: no custom id twice",
        POST,
        {
            "flags": V2,
            "components": [
                {"type": 1, "components": [button(1)]},
                {
                    "type": 17,
                    "components": [{"type": 9, "components": [said()], "accessory": button(1)}],
                },
            ],
        },
        {
            "flags": V2,
            "components": [
                {"type": 1, "components": [button(1)]},
                {
                    "type": 17,
                    "components": [{"type": 9, "components": [said()], "accessory": button(2)}],
                },
            ],
        },
    ),
    rule(
        "modal: no custom id twice in a modal",
        CALL,
        in_modal(*({"type": 18, "label": "a", "component": INPUT} for _ in range(2))),
        in_modal(
            *(
                {"type": 18, "label": "a", "component": {**INPUT, "custom_id": f"{n}"}}
                for n in range(2)
            )
        ),
    ),
    rule(
        "message: no component id twice",
        POST,
        {"flags": V2, "components": [{**said(), "id": 7}, {**said(), "id": 7}]},
        {
            "flags": V2,
            "components": [{**said(), "id": 0}, {**said(), "id": 0}, {**said(), "id": 7}],
        },
    ),
    rule(
        "button: a button has a custom id",
        POST,
        in_row({"type": 2, "style": 1, "label": "x"}),
        in_row(button()),
    ),
    rule(
        "button: a link has a url",
        POST,
        in_row({"type": 2, "style": 5, "label": "x"}),
        in_row(LINK),
    ),
    rule(
        "button: a link has no custom id",
        POST,
        in_row({**LINK, "custom_id": "x"}),
        in_row({**LINK, "custom_id": None}),
    ),
    rule(
        "button: a link has no custom id",
        POST,
        in_row({**PREMIUM, "custom_id": "x"}),
        in_row(PREMIUM),
    ),
    rule(
        "button: only a link has a url",
        POST,
        in_row({**button(), "url": "https://e.org"}),
        in_row({**button(), "url": None}),
    ),
    rule(
        "button: a premium button has a sku", POST, in_row({"type": 2, "style": 6}), in_row(PREMIUM)
    ),
    rule(
        "button: only a premium button has a sku",
        POST,
        in_row({**button(), "sku_id": "1"}),
        in_row(PREMIUM),
    ),
    *(
        rule(
            "button: a premium button writes itself",
            POST,
            in_row({**PREMIUM, name: value}),
            in_row(PREMIUM),
        )
        for name, value in (("label", "x"), ("emoji", {"name": "🎲"}))
    ),
    rule(
        "button: a button shows something",
        POST,
        in_row({**button(), "label": ""}),
        in_row({**button(), "label": None, "emoji": {"name": "🎲"}}),
    ),
    rule(
        "emoji: an emoji is one",
        POST,
        in_row({**button(), "emoji": {"name": ":game_die:"}}),
        in_row({**button(), "emoji": {"id": "1", "name": "game_die"}}),
    ),
    rule(
        "ranged: the fewest are not more than the most",
        POST,
        in_row({**SELECT, "min_values": 2}),
        in_row({**SELECT, "min_values": 2, "max_values": 2}),
    ),
    rule(
        "ranged: the fewest are not more than the most",
        POST,
        in_row({**SELECT, "min_values": 26, "max_values": 25}),
        in_row({**SELECT, "min_values": 25, "max_values": 25}),
    ),
    rule(
        "ranged: the fewest are not more than the most",
        CALL,
        in_label({"type": 22, "custom_id": "c", "min_values": 4, "options": options(3)}),
        in_label({"type": 22, "custom_id": "c", "min_values": 3, "options": options(3)}),
    ),
    rule(
        "optioned: the most are not more than there are",
        POST,
        in_row({**CHOICE, "max_values": 4}),
        in_row({**CHOICE, "max_values": 3}),
    ),
    rule(
        "optioned: no value twice",
        POST,
        in_row({**CHOICE, "options": [*options(3), *options(1)]}),
        in_row(CHOICE),
    ),
    rule(
        "optioned: no value twice",
        CALL,
        in_label({**RADIO, "options": [*options(3), *options(1)]}),
        in_label({**RADIO, "options": options(3)}),
    ),
    rule(
        "ranged: what is chosen already may be chosen",
        POST,
        in_row(
            {
                **CHOICE,
                "options": [{**each, "default": True} for each in options(3)],
                "max_values": 2,
            }
        ),
        in_row(
            {
                **CHOICE,
                "options": [{**each, "default": True} for each in options(3)],
                "max_values": 3,
            }
        ),
    ),
    rule(
        "ranged: what is chosen already may be chosen",
        POST,
        in_row(
            {
                **SELECT,
                "default_values": [{"type": "user", "id": str(n)} for n in range(26)],
                "max_values": 25,
            }
        ),
        in_row(
            {
                **SELECT,
                "default_values": [{"type": "user", "id": str(n)} for n in range(25)],
                "max_values": 25,
            }
        ),
    ),
    rule(
        "modal row: a row of a modal holds one input",
        CALL,
        in_modal(
            {
                "type": 1,
                "components": [{**INPUT, "label": "a", "custom_id": f"{n}"} for n in range(2)],
            }
        ),
        in_modal({"type": 1, "components": [{**INPUT, "label": "a"}]}),
    ),
    rule(
        "input: an input in a row has its own label",
        CALL,
        in_modal({"type": 1, "components": [INPUT]}),
        in_label({**INPUT, "label": None}),
    ),
    rule(
        "input: the shortest answer is not longer than the longest",
        CALL,
        in_label({**INPUT, "min_length": 6, "max_length": 5}),
        in_label({**INPUT, "min_length": 5, "max_length": 5}),
    ),
    rule(
        "input: what is filled in fits",
        CALL,
        in_label({**INPUT, "value": "𝒳" * 6, "max_length": 5}),
        in_label({**INPUT, "value": "𝒳" * 5, "max_length": 5}),
    ),
    rule(
        "select: nothing in a modal is disabled",
        CALL,
        in_label({**SELECT, "disabled": True}),
        in_label({**SELECT, "disabled": False}),
    ),
    rule(
        "radio: one radio is on",
        CALL,
        in_label({**RADIO, "options": [{**each, "default": True} for each in options(2)]}),
        in_label({**RADIO, "options": [{**options(2)[0], "default": True}, options(2)[1]]}),
    ),
)
