"""Cases of the rules that look at more than one field; the 31 the document does not hold too."""

from dataclasses import replace
from typing import Any

from playground.rules import Context, Operation, Upload
from tests.playground.rules.holders import (
    CALL,
    EDIT,
    FILES,
    HOLDERS,
    MAKE,
    PICTURE,
    POST,
    SHOWN,
    V2,
    button,
    in_command,
    in_gallery,
    in_label,
    in_message,
    in_modal,
    in_row,
    option,
    options,
    said,
)
from tests.playground.rules.rows import Case

NOTHING = Context()
PUT = Operation.COMMANDS_PUT
MIB = 1 << 20
OLD = {"content": "Here", "embeds": [], "attachments": [], "components": [], "flags": 0}
OLD_V2 = {**OLD, "content": "", "flags": V2, "components": [said()]}
WITH_FILE = {**OLD, "attachments": [{"id": "77", "filename": "old.png"}]}
ON_OLD = Context(message=OLD)
ON_V2 = Context(message=OLD_V2)
ON_FILE = Context(message=WITH_FILE)
LINK = {"type": 2, "style": 5, "label": "More", "url": "https://example.org"}
PREMIUM = {"type": 2, "style": 6, "sku_id": "1"}
SELECT = {"type": 5, "custom_id": "s"}
CHOICE = {"type": 3, "custom_id": "s", "options": options(3)}
INPUT = {"type": 4, "custom_id": "i", "style": 1}
RADIO = {"type": 21, "custom_id": "r"}


def rule(
    name: str,
    operation: Operation,
    bad: object,
    good: object,
    context: Context = NOTHING,
    good_context: Context | None = None,
) -> Case:
    """The good body is judged in the same context unless it has its own."""
    return Case(name, operation, bad, good, context, good_context)


def files(count: int, size: int = 9) -> dict[int, Upload]:
    return {number: Upload(f"{number}.png", size) for number in range(count)}


def shown(name: str) -> dict[str, object]:
    return in_gallery({"media": {"url": f"attachment://{name}"}})


def commands(chat: int, user: int = 0, message: int = 0) -> list[dict[str, object]]:
    found: list[dict[str, object]] = [{"name": f"c{n}", "description": "Draw"} for n in range(chat)]
    found += [{"type": 2, "name": f"U {n}"} for n in range(user)]
    return found + [{"type": 3, "name": f"M {n}"} for n in range(message)]


def _things(*found: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return found


def long_command(letters: int) -> dict[str, object]:
    """A command whose texts hold so many code points: two options full of choices."""
    rest = letters - len("ab") - 2 * len("o0d")
    sizes = [200] * (rest // 200) + [rest % 200]
    choices = [
        {"name": f"{number:0{size - 100}}", "value": "v" * 100} for number, size in enumerate(sizes)
    ]
    halves = (choices[:25], choices[25:])
    listed = [
        {"type": 3, "name": f"o{n}", "description": "d", "choices": half}
        for n, half in enumerate(halves)
    ]
    return {"name": "a", "description": "b", "options": listed}


def translated(command: dict[str, object], letters: int) -> dict[str, object]:
    """Only the longest of the translations counts."""
    return {**command, "description_localizations": {"de": "d" * letters, "fr": "f" * letters}}


MESSAGES: tuple[Case, ...] = (
    rule(
        "message: all embeds together hold 6000",
        POST,
        {
            "embeds": [
                {"description": "x" * 4000},
                {
                    "description": " y ",
                    "footer": {"text": "z" * 1000},
                    "author": {"name": "a"},
                    "fields": [{"name": "n" * 98, "value": "v" * 901}],
                },
            ]
        },
        {
            "embeds": [
                {"description": "x" * 4000},
                {
                    "description": " y ",
                    "footer": {"text": "z" * 1000},
                    "author": {"name": "a"},
                    "fields": [{"name": "n" * 98, "value": "v" * 900}],
                },
            ]
        },
    ),
    rule(
        "message: all embeds together hold 6000",
        POST,
        {"embeds": [{"title": "t" * 2, "description": "x" * 2999}, {"description": "y" * 3000}]},
        {"embeds": [{"title": "t", "description": "x" * 2999}, {"description": "y" * 3000}]},
    ),
    rule(
        "embed.media: an attachment shown is a picture",
        POST,
        {"embeds": [{"image": {"url": "attachment://a.bmp"}}]},
        {"embeds": [{"image": {"url": "attachment://a.WEBP"}}]},
    ),
    rule(
        "message.channel: a nonce is short text or a number",
        POST,
        {"content": "x", "nonce": 1.5},
        {"content": "x", "nonce": 1},
    ),
    rule(
        "message.channel: a nonce is short text or a number",
        POST,
        {"content": "x", "nonce": ["1"]},
        {"content": "x", "nonce": "1"},
    ),
    rule(
        "message.channel: a nonce has 25 characters",
        POST,
        {"content": "x", "nonce": "n" * 26},
        {"content": "x", "nonce": "n" * 25},
    ),
    rule(
        "message.channel: a nonce fits 64 bits",
        POST,
        {"content": "x", "nonce": 2**63},
        {"content": "x", "nonce": 2**63 - 1},
    ),
    rule(
        "message.channel: a nonce fits 64 bits",
        POST,
        {"content": "x", "nonce": -(2**63) - 1},
        {"content": "x", "nonce": -(2**63)},
    ),
    *(
        rule(
            "allowed_mentions: mentions are all or named",
            POST,
            {"content": "x", "allowed_mentions": {"parse": [kind], kind: ["1"]}},
            {"content": "x", "allowed_mentions": {"parse": [kind], kind: []}},
        )
        for kind in ("users", "roles")
    ),
    *(
        rule(
            "message: components v2 stand alone",
            POST,
            in_message(said(), **{name: value}),
            in_message(said(), **{name: empty}),
        )
        for name, value, empty in (
            ("content", "x", None),
            ("embeds", [SHOWN], []),
            ("sticker_ids", ["1"], []),
            ("poll", {"question": {"text": "?"}, "answers": [{"poll_media": {"text": "!"}}]}, None),
        )
    ),
    rule(
        "message: components v2 stand alone",
        EDIT,
        {"content": "x"},
        {"components": [said("New")]},
        ON_V2,
    ),
    rule(
        "message: components v2 stand alone",
        EDIT,
        in_message(said()),
        in_message(said(), content=None),
        ON_OLD,
    ),
    rule(
        "message: components v2 stand alone",
        CALL,
        {"type": 7, "data": in_message(said())},
        {"type": 7, "data": in_message(said(), content=None)},
        ON_OLD,
    ),
    rule("message.edit: components v2 stay", EDIT, {"flags": 4}, {"flags": V2 | 4}, ON_V2),
    *(
        rule(
            "message: a message says something",
            operation,
            {**empty, "content": " "},
            {**empty, "content": "x"},
        )
        for operation in (POST, Operation.FOLLOWUP)
        for empty in (
            {},
            {"embeds": [], "components": []},
            {"embeds": [{}]},
            {"embeds": [{"type": "rich", "flags": 0}]},
        )
    ),
    rule(
        "message: a message says something",
        CALL,
        {"type": 4, "data": {}},
        {"type": 4, "data": in_row(button())},
    ),
    rule("message: a message says something", POST, {}, {}, NOTHING, FILES),
    rule(
        "message: a message says something",
        EDIT,
        {"content": ""},
        {"content": "", "embeds": [SHOWN]},
        ON_OLD,
    ),
    rule("message: a message says something", EDIT, {"content": None}, {"embeds": []}, ON_OLD),
    rule(
        "message: a message says something",
        Operation.WEBHOOK_EDIT,
        {"content": "", "attachments": []},
        {"content": "", "attachments": [{"id": 77}]},
        ON_FILE,
    ),
    rule(
        "message: at most 10 attachments are left",
        POST,
        {},
        {},
        Context(files=files(11)),
        Context(files=files(10)),
    ),
    rule(
        "message: at most 10 attachments are left",
        EDIT,
        {},
        {"attachments": []},
        Context(files=files(10), message=WITH_FILE),
    ),
    rule(
        "message: every attachment named is there",
        POST,
        {"attachments": [{"id": 1}]},
        {"attachments": [{"id": "0"}]},
        FILES,
    ),
    rule(
        "message: every attachment named is there",
        EDIT,
        {"attachments": [{"id": "77"}, {"id": "78"}]},
        {"attachments": [{"id": "77"}]},
        ON_FILE,
    ),
    rule("message: media shows a file that is there", POST, shown("b.png"), shown("a.png"), FILES),
    rule(
        "message: media shows a file that is there",
        POST,
        {**shown("a.png"), "attachments": [{"id": 0, "filename": "ink.png"}]},
        {**shown("ink.png"), "attachments": [{"id": 0, "filename": "ink.png"}]},
        FILES,
    ),
    rule(
        "message: media shows a file that is there",
        EDIT,
        {**shown("old.png"), "content": None, "attachments": []},
        {**shown("old.png"), "content": None},
        ON_FILE,
    ),
    rule(
        "message: media shows a file that is there",
        POST,
        in_message({"type": 13, "file": {"url": "attachment://b.txt"}}),
        in_message({"type": 13, "file": {"url": "attachment://a.png"}}),
        FILES,
    ),
    rule(
        "media.file: a file component shows an attachment",
        POST,
        in_message({"type": 13, "file": {"url": "https://e.org/a.png"}}),
        in_message({"type": 13, "file": {"url": "attachment://a.png"}}),
        FILES,
    ),
    rule(
        "request: every file is small enough",
        POST,
        {},
        {},
        Context(files=files(2, 10 * MIB + 1)),
        Context(files=files(2, 10 * MIB)),
    ),
    rule(
        "request: the whole request is small enough",
        POST,
        {"content": "x"},
        {"content": "x"},
        Context(request_size=25 * MIB + 1),
        Context(request_size=25 * MIB),
    ),
)

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

OF_COMMAND, OF_COMPONENT = Context(interaction=2), Context(interaction=3, message=OLD)
OF_TYPING, OF_MODAL = Context(interaction=4), Context(interaction=5)
ANSWERS: dict[int, object] = {
    4: {"content": "x"},
    5: {},
    6: {},
    7: {"content": "x"},
    8: {"choices": []},
    9: {"custom_id": "m", "title": "Edit", "components": [said()]},
}


def answer(kind: int) -> dict[str, object]:
    return {"type": kind, "data": ANSWERS[kind]}


CALLBACKS: tuple[Case, ...] = (
    rule(
        "choices: choices are all text or all numbers",
        CALL,
        {"type": 8, "data": {"choices": [{"name": "a", "value": "a"}, {"name": "b", "value": 1}]}},
        {"type": 8, "data": {"choices": [{"name": "a", "value": 0.5}, {"name": "b", "value": 1}]}},
    ),
    rule(
        "message.content.most",
        CALL,
        {"type": 5, "data": {"content": "x" * 2001}},
        {"type": 5, "data": {"content": "x" * 2000}},
    ),
    *(
        rule("callback: the answer fits the question", CALL, answer(bad), answer(good), context)
        for context, good, wrong in (
            (OF_COMMAND, 9, (6, 7, 8)),
            (OF_COMPONENT, 7, (8,)),
            (OF_TYPING, 8, (4, 5, 6, 7, 9)),
            (OF_MODAL, 4, (6, 7, 8, 9)),
            (replace(OF_MODAL, message=OLD), 7, (8, 9)),
        )
        for bad in wrong
    ),
    *(
        rule("callback: these answers carry data", CALL, {"type": kind}, answer(kind))
        for kind in (4, 8, 9)
    ),
    *(
        rule(
            "defer: a deferral is at most ephemeral",
            CALL,
            {"type": 5, "data": {"flags": flags}},
            {"type": 5, "data": {"flags": 64}},
        )
        for flags in (V2, V2 | 64, 4)
    ),
    rule(
        "choice: a value is text or a number",
        CALL,
        HOLDERS["choice"].body(value=True),
        HOLDERS["choice"].body(value=1),
    ),
    rule(
        "choice: a value has 100 characters",
        CALL,
        HOLDERS["choice"].body(value="𝒳" * 101),
        HOLDERS["choice"].body(value="𝒳" * 100),
    ),
    *(
        rule(
            f"{kind}: {name}",
            CALL,
            HOLDERS[kind].body(value=bad),
            HOLDERS[kind].body(value=good),
            HOLDERS[kind].context,
        )
        for kind, name, bad, good in (
            ("choice.text", "a choice of text is text", 1, "1"),
            ("choice.whole", "a choice of an integer is one", "1", 1),
            ("choice.whole", "a choice of an integer is one", 1.5, 1.0),
            ("choice.whole", "an integer keeps within 53 bits", 2**53, 2**53 - 1),
            ("choice.whole", "an integer keeps within 53 bits", -(2**53), 1 - 2**53),
            ("choice.number", "a choice of a number is one", "1", 1.5),
            ("choice.number", "a number keeps within 53 bits", 2**53 + 1, 2**53),
            ("choice.number", "a number keeps within 53 bits", -(2**53) - 1, -(2**53)),
        )
    ),
)


def made(**fields: object) -> object:
    return HOLDERS["command"].body(**fields)


def menu(**fields: object) -> object:
    return HOLDERS["menu"].body(**fields)


REQUIRED = {**option(3, "prompt"), "required": True}
DAILY = Context(created_today=199)
FULL = Context(commands=commands(100, 15, 15))
COMMANDS: tuple[Case, ...] = (
    rule("command.edit: a name is not taken away", Operation.COMMANDS_EDIT, {"name": None}, {}),
    *(rule("command.type.type", MAKE, made(type=5), menu(type=kind)) for kind in (2, 3)),
    *(
        rule(
            "command.default_member_permissions.type",
            MAKE,
            made(default_member_permissions=bad),
            made(default_member_permissions=good),
        )
        for bad, good in ((-1, 0), (18014398509481984, 18014398509481983), ("x", "8"), ([], None))
    ),
    *(
        rule("named: a name is one word", MAKE, made(name=bad), made(name=good))
        for bad, good in (
            ("two words", "two_words"),
            ("a/b", "a-b"),
            ("a!", "l'a"),
            ("😀", "ไทย"),
            ("a.b", "हिंदी"),
        )
    ),
    rule("named: a name is one word", MAKE, made(name="two words"), menu(name="Two Words!")),
    rule(
        "named: a name is one word",
        MAKE,
        in_command(option(3, "the prompt")),
        in_command(option(3, "the_prompt")),
    ),
    rule("named: a name is lower case", MAKE, made(name="Imagine"), made(name="imagine")),
    rule("named: a name is lower case", MAKE, made(name="Éa"), made(name="éa")),
    rule("named: a name is lower case", MAKE, in_command(option(3, "Prompt")), menu()),
    rule(
        "command.new: what is typed has a description",
        MAKE,
        {"name": "a"},
        {"name": "a", "type": 4},
    ),
    rule("command.new: what is typed has a description", PUT, [{"name": "a", "type": 1}], [menu()]),
    rule("named: a description says something", MAKE, made(description=""), made(description="x")),
    rule("named: a description says something", MAKE, made(description=""), menu(description="")),
    rule(
        "named: a description says something",
        MAKE,
        in_command({**option(3), "description": ""}),
        in_command({**option(3), "description": "x"}),
    ),
    rule("command: a menu has no description", MAKE, menu(description="x"), menu(description="")),
    rule("command: a menu has no options", MAKE, menu(options=[option(3)]), menu(options=[])),
    rule(
        "completed: choices or autocomplete",
        MAKE,
        in_command({**option(3), "autocomplete": True, "choices": [{"name": "a", "value": "a"}]}),
        in_command({**option(3), "autocomplete": True, "choices": []}),
    ),
    rule(
        "completed: no choice named twice",
        MAKE,
        in_command(
            {**option(3), "choices": [{"name": "a", "value": "a"}, {"name": "a", "value": "b"}]}
        ),
        in_command(
            {**option(3), "choices": [{"name": "a", "value": "a"}, {"name": "b", "value": "b"}]}
        ),
    ),
    rule(
        "named: no option named twice",
        MAKE,
        made(options=[option(3, "a"), option(4, "a")]),
        made(options=[option(3, "a"), option(4, "b")]),
    ),
    rule(
        "named: no option named twice",
        MAKE,
        in_command({**option(1, "s"), "options": [option(3, "a"), option(4, "a")]}),
        in_command({**option(1, "s"), "options": [option(3, "a"), option(4, "b")]}),
    ),
    rule(
        "named: required options come first",
        MAKE,
        made(options=[option(3), REQUIRED]),
        made(options=[REQUIRED, option(3)]),
    ),
    rule(
        "command: subcommands stand alone",
        MAKE,
        made(options=[option(1, "a"), option(3)]),
        made(options=[option(1, "a"), option(2, "b")]),
    ),
    rule(
        "completed: the least is not above the most",
        MAKE,
        in_command({**option(4), "min_value": 5, "max_value": 4}),
        in_command({**option(4), "min_value": 5, "max_value": 5}),
    ),
    rule(
        "completed: the least is not above the most",
        MAKE,
        in_command({**option(3), "min_length": 5, "max_length": 4}),
        in_command({**option(3), "min_length": 5, "max_length": 5}),
    ),
    rule("command: a command has 8000 characters", MAKE, long_command(8001), long_command(8000)),
    rule(
        "command: a command has 8000 characters",
        MAKE,
        translated(long_command(8000), 2),
        translated(long_command(8000), 1),
    ),
    *(
        rule("request: a body is an object", operation, bad, good)
        for operation, bad, good in (
            (POST, [], {"content": "x"}),
            (CALL, None, {"type": 5}),
            (MAKE, "x", made()),
        )
    ),
    rule("request: many commands are a list", PUT, "imagine", []),
    rule("request: many commands are a list", PUT, 5, None),
    rule("request: every command is an object", PUT, [made(), 5], [made()]),
    rule("request: no command named twice", PUT, [made(), made()], [made(), menu(name="imagine")]),
    *(
        rule("request: a scope holds so many commands", PUT, commands(*bad), commands(*good))
        for bad, good in (
            ((101, 0, 0), (100, 15, 15)),
            ((0, 16, 0), (0, 15, 0)),
            ((0, 0, 16), (0, 0, 15)),
        )
    ),
    rule("request: a scope holds so many commands", MAKE, made(name="new"), made(name="c7"), FULL),
    rule("request: so many commands are made in a day", PUT, commands(2), commands(1), DAILY),
    rule(
        "request: so many commands are made in a day",
        MAKE,
        made(name="new"),
        made(name="c0"),
        Context(created_today=200, commands=commands(1)),
    ),
)

WRITTEN = (*MESSAGES, *LAYOUT, *CALLBACKS, *COMMANDS)
