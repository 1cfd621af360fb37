"""Messages: what stands together, what is left of them, and their files."""

from playground.rules import Context, Operation, Upload
from tests.playground.rules.holders import (
    CALL,
    EDIT,
    FILES,
    POST,
    SHOWN,
    V2,
    button,
    in_gallery,
    in_message,
    in_row,
    said,
)
from tests.playground.rules.takes import Case, rule

NOTHING = Context()
MIB = 1 << 20
OLD = {"content": "Here", "embeds": [], "attachments": [], "components": [], "flags": 0}
OLD_V2 = {**OLD, "content": "", "flags": V2, "components": [said()]}
WITH_FILE = {**OLD, "attachments": [{"id": "77", "filename": "old.png"}]}
ON_OLD = Context(message=OLD)
ON_V2 = Context(message=OLD_V2)
ON_FILE = Context(message=WITH_FILE)


def files(count: int, size: int = 9) -> dict[int, Upload]:
    return {number: Upload(f"{number}.png", size) for number in range(count)}


def shown(name: str) -> dict[str, object]:
    return in_gallery({"media": {"url": f"attachment://{name}"}})


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
