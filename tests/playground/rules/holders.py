"""One small valid body around every kind of object, so that a field can be tried in its place."""

from collections.abc import Callable
from dataclasses import dataclass, field

from playground.rules import Context, Operation, Upload

Thing = dict[str, object]
V2 = 1 << 15
FILES = Context(files={0: Upload("a.png", 9)})
STATUS = {"flags": 0, "content": "Reading the prompt…", "attachments": [], "components": []}


@dataclass(frozen=True)
class Holder:
    """`around(base)` is a body without a fault, sent as `operation` in `context`."""

    operation: Operation
    base: Thing
    around: Callable[[Thing], object] = lambda thing: thing
    context: Context = field(default_factory=Context)

    def body(self, **fields: object) -> object:
        """With these fields put in; `...` takes one out."""
        thing = {**self.base, **fields}
        return self.around({name: value for name, value in thing.items() if value is not ...})


def in_message(thing: Thing, **more: object) -> Thing:
    return {"flags": V2, "components": [thing], **more}


def in_row(thing: Thing) -> Thing:
    return {"components": [{"type": 1, "components": [thing]}]}


def in_modal(*things: Thing) -> Thing:
    return {"type": 9, "data": {"custom_id": "m", "title": "Edit", "components": list(things)}}


def in_label(thing: Thing) -> Thing:
    return in_modal({"type": 18, "label": "Prompt", "component": thing})


def in_select(option: Thing) -> Thing:
    return in_row({"type": 3, "custom_id": "s", "options": [option]})


def in_gallery(item: Thing) -> Thing:
    return in_message({"type": 12, "items": [item]})


def in_thumbnail(thumbnail: Thing) -> Thing:
    text = [{"type": 10, "content": "Ink"}]
    return in_message({"type": 9, "components": text, "accessory": thumbnail})


def in_poll(answer: Thing) -> Thing:
    return {"poll": {"question": {"text": "Which?"}, "answers": [answer]}}


def in_command(option: Thing) -> Thing:
    return {"name": "imagine", "description": "Draw", "options": [option]}


def button(number: int = 0) -> Thing:
    return {"type": 2, "style": 1, "custom_id": f"b{number}", "label": "U1"}


def options(count: int) -> list[Thing]:
    return [{"label": f"o{n}", "value": f"v{n}"} for n in range(count)]


def said(text: str = "Ink & Wash") -> Thing:
    return {"type": 10, "content": text}


def option(kind: int, name: str = "count", **more: object) -> Thing:
    return {"type": kind, "name": name, "description": "How many", **more}


PICTURE: Thing = {"url": "https://cdn.example/a.png"}
SHOWN = {"title": "Ink"}
CHOICES_OF: dict[str, int] = {"choice.text": 3, "choice.whole": 4, "choice.number": 10}
POST, EDIT, CALL = Operation.MESSAGE_CREATE, Operation.MESSAGE_EDIT, Operation.CALLBACK
MAKE = Operation.COMMANDS_CREATE

HOLDERS: dict[str, Holder] = {
    "message": Holder(POST, {"embeds": [SHOWN]}),
    "message.new": Holder(Operation.FOLLOWUP, {"embeds": [SHOWN]}),
    "message.channel": Holder(POST, {"content": "Here"}),
    "message with a file": Holder(POST, {"content": "Here"}, context=FILES),
    "allowed_mentions": Holder(POST, {}, lambda t: {"content": "Here", "allowed_mentions": t}),
    "reference": Holder(
        POST, {"message_id": "1"}, lambda t: {"content": "Here", "message_reference": t}
    ),
    "attachment": Holder(POST, {"id": "0"}, lambda t: {"attachments": [t]}, FILES),
    "poll": Holder(
        POST,
        {"question": {"text": "Which?"}, "answers": [{"poll_media": {"text": "Ink"}}]},
        lambda t: {"poll": t},
    ),
    "poll.answer": Holder(POST, {"poll_media": {"text": "Ink"}}, in_poll),
    "poll.media": Holder(POST, {}, lambda t: in_poll({"poll_media": t})),
    "poll.emoji": Holder(POST, {}, lambda t: in_poll({"poll_media": {"emoji": t}})),
    "embed": Holder(POST, {}, lambda t: {"content": "Here", "embeds": [t]}),
    "embed.author": Holder(POST, {}, lambda t: {"embeds": [{**SHOWN, "author": t}]}),
    "embed.footer": Holder(POST, {}, lambda t: {"embeds": [{**SHOWN, "footer": t}]}),
    "embed.provider": Holder(POST, {}, lambda t: {"embeds": [{**SHOWN, "provider": t}]}),
    "embed.media": Holder(POST, {}, lambda t: {"embeds": [{**SHOWN, "image": t}]}),
    "embed.field": Holder(
        POST, {"name": "Seed", "value": "7"}, lambda t: {"embeds": [{"fields": [t]}]}
    ),
    "media": Holder(POST, dict(PICTURE), lambda t: in_gallery({"media": t}), Context()),
    "component": Holder(POST, said(), in_message),
    "asked": Holder(CALL, {"type": 23, "custom_id": "c"}, in_label),
    "row": Holder(POST, {"type": 1, "components": [button()]}, lambda t: {"components": [t]}),
    "section": Holder(POST, {"type": 9, "components": [said()], "accessory": button()}, in_message),
    "container": Holder(POST, {"type": 17, "components": [said()]}, in_message),
    "separator": Holder(POST, {"type": 14}, in_message),
    "text": Holder(CALL, said(), in_modal),
    "thumbnail": Holder(POST, {"type": 11, "media": PICTURE}, in_thumbnail),
    "gallery": Holder(POST, {"type": 12, "items": [{"media": PICTURE}]}, in_message),
    "gallery.item": Holder(POST, {"media": PICTURE}, in_gallery),
    "file": Holder(POST, {"type": 13, "file": {"url": "attachment://a.png"}}, in_message, FILES),
    "button": Holder(POST, button(), in_row),
    "link": Holder(
        POST, {"type": 2, "style": 5, "label": "More", "url": "https://example.org"}, in_row
    ),
    "premium": Holder(POST, {"type": 2, "style": 6, "sku_id": "1"}, in_row),
    "emoji": Holder(POST, {"name": "🎲"}, lambda t: in_row({**button(), "emoji": t})),
    "select": Holder(POST, {"type": 5, "custom_id": "s", "max_values": 25}, in_row),
    "select of one": Holder(POST, {"type": 5, "custom_id": "s", "min_values": 0}, in_row),
    "select.text": Holder(POST, {"type": 3, "custom_id": "s", "options": options(25)}, in_row),
    "option of a select": Holder(POST, {"label": "o", "value": "v"}, in_select),
    "select.auto": Holder(POST, {"type": 5, "custom_id": "s", "max_values": 25}, in_row),
    "default": Holder(
        POST,
        {"type": "user", "id": "1"},
        lambda t: in_row({"type": 5, "custom_id": "s", "default_values": [t]}),
    ),
    "select.channel": Holder(POST, {"type": 8, "custom_id": "s"}, in_row),
    "callback": Holder(CALL, {"type": 5}),
    "answer": Holder(CALL, {"type": 4, "data": {"content": "Here"}}),
    "defer": Holder(CALL, {}, lambda t: {"type": 5, "data": t}),
    "choices": Holder(CALL, {"choices": []}, lambda t: {"type": 8, "data": t}),
    "choice": Holder(
        CALL, {"name": "Ink", "value": "ink"}, lambda t: {"type": 8, "data": {"choices": [t]}}
    ),
    **{
        kind: Holder(
            CALL,
            {"name": "Ink", "value": "ink" if number == 3 else 1},
            lambda t: {"type": 8, "data": {"choices": [t]}},
            Context(focused=number),
        )
        for kind, number in CHOICES_OF.items()
    },
    "modal": Holder(
        CALL,
        {"custom_id": "m", "title": "Edit", "components": [said()]},
        lambda t: {"type": 9, "data": t},
    ),
    "modal row": Holder(
        CALL,
        {"type": 1, "components": [{"type": 4, "custom_id": "i", "style": 1, "label": "Prompt"}]},
        in_modal,
    ),
    "label": Holder(
        CALL,
        {"type": 18, "label": "Prompt", "component": {"type": 4, "custom_id": "i", "style": 1}},
        in_modal,
    ),
    "input": Holder(CALL, {"type": 4, "custom_id": "i", "style": 1}, in_label),
    "upload": Holder(
        CALL, {"type": 19, "custom_id": "u", "min_values": 0, "max_values": 10}, in_label
    ),
    "radio": Holder(CALL, {"type": 21, "custom_id": "r", "options": options(2)}, in_label),
    "checks": Holder(
        CALL, {"type": 22, "custom_id": "r", "min_values": 0, "options": options(10)}, in_label
    ),
    "select of a modal": Holder(CALL, {"type": 5, "custom_id": "s"}, in_label),
    "option of a group": Holder(
        CALL,
        {"label": "o", "value": "v"},
        lambda t: in_label({"type": 22, "custom_id": "r", "options": [t]}),
    ),
    "check": Holder(CALL, {"type": 23, "custom_id": "c"}, in_label),
    "named": Holder(MAKE, {"name": "imagine", "description": "Draw"}),
    "command": Holder(MAKE, {"name": "imagine", "description": "Draw"}),
    "command.new": Holder(MAKE, {"name": "imagine", "description": "Draw"}),
    "menu": Holder(MAKE, {"type": 3, "name": "Image details"}),
    "option": Holder(MAKE, option(3), in_command),
    "subcommand": Holder(MAKE, option(1, "browse"), in_command),
    "group": Holder(MAKE, option(2, "adapters"), in_command),
    "completed": Holder(MAKE, option(3), in_command),
    "option.text": Holder(MAKE, option(3), in_command),
    "option.whole": Holder(MAKE, option(4), in_command),
    "option.number": Holder(MAKE, option(10), in_command),
    "option.channel": Holder(MAKE, option(7), in_command),
    "dm": Holder(Operation.DM_CREATE, {"recipient_id": "1"}),
}
