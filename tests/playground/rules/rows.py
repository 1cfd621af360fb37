"""The limits of single fields, written down a second time: cases for every row of the tables.

A row is (kind, field, what it takes).  Each gives bodies that break exactly one rule by one
unit, each with a neighbour at the limit that passes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from playground.rules import Context, Operation
from tests.playground.rules.holders import HOLDERS, PICTURE, button, option, options, said

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


def case(kind: str, field: str, word: str, bad: object, good: object, holder: str = "") -> Case:
    held = HOLDERS[holder or kind]
    bodies = (held.body(**{field: bad}), held.body(**{field: good}))
    return Case(f"{kind}.{field}.{word}", held.operation, *bodies, held.context)


@dataclass(frozen=True)
class Takes:
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

    def tries(self) -> Iterator[tuple[str, object, object]]:
        raise NotImplementedError


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


INT32 = 2**31 - 1
INT53 = 2**53
COLOUR = 0xFFFFFF
IDS = tuple(str(number) for number in range(101))
FACES = tuple({"title": f"{n}"} for n in range(11))
FIELDS = tuple({"name": f"{n}", "value": "7"} for n in range(26))
ANSWERS = tuple({"poll_media": {"text": f"{n}"}} for n in range(11))
ITEMS = tuple({"media": PICTURE} for _ in range(11))
INPUT = {"type": 4, "custom_id": "i", "style": 1}
ROW_INPUT = {**INPUT, "label": "Prompt"}
SUBCOMMAND = option(1, "browse")
GROUP = option(2, "adapters")
USERS = tuple({"type": "user", "id": str(n)} for n in range(26))
CHANNELS = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15)
MEDIA = ("http", "https", "attachment")
CHOICES = tuple({"name": f"{n}", "value": f"{n}"} for n in range(26))
OPTIONS = tuple(option(3, f"o{n}") for n in range(26))
SUBCOMMANDS = tuple(option(1, f"o{n}") for n in range(26))
NAMELESS = {"label": "Prompt", "component": INPUT}

ROWS: tuple[tuple[str, str, Takes], ...] = (
    ("message", "content", Text(most=2000)),
    ("message", "embeds", Many(most=10, items=FACES, holder="message.channel")),
    ("message", "flags", Integer()),
    ("message", "allowed_mentions", Object()),
    ("message", "attachments", Many(items=({"id": 0},), holder="message with a file")),
    (
        "message",
        "components",
        Many(
            items=({"type": 1, "components": [button()]},), wrong=(5, button(), {"type": 99}, INPUT)
        ),
    ),
    ("message.new", "tts", Flag()),
    (
        "message.new",
        "poll",
        Object(some_object={"question": {"text": "?"}, "answers": [ANSWERS[0]]}),
    ),
    ("message.channel", "sticker_ids", Many(most=3, items=IDS, wrong=("x", {}))),
    ("message.channel", "message_reference", Object(some_object={"message_id": 1})),
    ("message.channel", "enforce_nonce", Flag()),
    (
        "allowed_mentions",
        "parse",
        Many(items=("users", "roles", "everyone"), wrong=("here",), unique=True),
    ),
    ("allowed_mentions", "users", Many(most=100, items=IDS, wrong=("x",), unique=True)),
    ("allowed_mentions", "roles", Many(most=100, items=IDS, wrong=("x",), unique=True)),
    ("allowed_mentions", "replied_user", Flag()),
    ("reference", "message_id", Id(needed=True)),
    ("reference", "channel_id", Id()),
    ("reference", "guild_id", Id()),
    ("reference", "fail_if_not_exists", Flag()),
    ("reference", "type", Choice(values=(0,))),
    ("poll", "question", Object(needed=True, some_object={"text": "?"})),
    ("poll", "answers", Many(needed=True, least=1, most=10, items=ANSWERS)),
    ("poll", "allow_multiselect", Flag()),
    ("poll", "layout_type", Choice(values=(1,))),
    ("poll", "duration", Integer(least=1, most=768)),
    ("poll.answer", "poll_media", Object(needed=True, some_object={"text": "Ink"})),
    ("poll.media", "text", Text(most=300, least=1)),
    ("poll.media", "emoji", Object()),
    ("poll.emoji", "id", Id()),
    ("poll.emoji", "name", Text(most=32)),
    ("poll.emoji", "animated", Flag()),
    ("attachment", "id", Id(needed=True)),
    ("attachment", "filename", Text(most=1024, least=1)),
    ("attachment", "title", Text(most=1024)),
    ("attachment", "description", Text(most=1024)),
    ("attachment", "duration_secs", Number(least=0, most=INT32)),
    ("attachment", "waveform", Text(most=400)),
    ("attachment", "is_spoiler", Flag()),
    ("attachment", "is_remix", Flag()),
    ("media", "url", Url(needed=True)),
    ("embed", "type", Text(most=152133)),
    ("embed", "title", Trimmed(most=256)),
    ("embed", "description", Trimmed(most=4096)),
    ("embed", "url", Url()),
    ("embed", "color", Integer(least=0, most=COLOUR)),
    ("embed", "timestamp", When()),
    ("embed", "author", Object()),
    ("embed", "footer", Object()),
    ("embed", "image", Object()),
    ("embed", "thumbnail", Object()),
    ("embed", "video", Object()),
    ("embed", "provider", Object()),
    ("embed", "fields", Many(most=25, items=FIELDS)),
    ("embed.author", "name", Trimmed(most=256)),
    ("embed.author", "url", Url()),
    ("embed.author", "icon_url", Url(schemes=MEDIA)),
    ("embed.footer", "text", Trimmed(most=2048)),
    ("embed.footer", "icon_url", Url(schemes=MEDIA)),
    ("embed.media", "url", Url(schemes=MEDIA)),
    ("embed.media", "width", Integer()),
    ("embed.media", "height", Integer()),
    ("embed.media", "placeholder", Text(most=64)),
    ("embed.media", "placeholder_version", Integer(least=0, most=INT32)),
    ("embed.media", "is_animated", Flag()),
    ("embed.media", "description", Text(most=4096)),
    ("embed.provider", "name", Trimmed(most=256)),
    ("embed.provider", "url", Url()),
    ("embed.field", "name", Trimmed(most=256, least=1, needed=True)),
    ("embed.field", "value", Trimmed(most=1024, least=1, needed=True)),
    ("embed.field", "inline", Flag()),
    ("component", "id", Integer(least=0, most=INT32)),
    ("asked", "custom_id", Text(most=100, least=1, needed=True)),
    ("row", "components", Many(needed=True, least=1, items=(button(),), wrong=(5, said(), INPUT))),
    (
        "section",
        "components",
        Many(needed=True, least=1, most=3, items=(said(),) * 4, wrong=(5, button())),
    ),
    ("section", "accessory", Object(needed=True, some_object=button(), wrong=(said(), []))),
    ("section", "accessory", Object(some_object={"type": 11, "media": PICTURE})),
    (
        "container",
        "components",
        Many(
            needed=True,
            least=1,
            items=(said(), {"type": 14}),
            wrong=(
                5,
                {"type": 17, "components": [said()]},
                button(),
                {"type": 11, "media": PICTURE},
            ),
        ),
    ),
    ("container", "accent_color", Integer(least=0, most=COLOUR)),
    ("container", "spoiler", Flag()),
    ("separator", "spacing", Choice(values=(1, 2), wrong=3)),
    ("separator", "divider", Flag()),
    ("text", "content", Text(most=4000, least=1, needed=True)),
    ("thumbnail", "media", Object(needed=True, some_object=PICTURE)),
    ("thumbnail", "description", Text(most=1024, least=1)),
    ("thumbnail", "spoiler", Flag()),
    ("gallery", "items", Many(needed=True, least=1, most=10, items=ITEMS)),
    ("gallery.item", "media", Object(needed=True, some_object=PICTURE)),
    ("gallery.item", "description", Text(most=1024, least=1)),
    ("gallery.item", "spoiler", Flag()),
    ("file", "file", Object(needed=True, some_object={"url": "attachment://a.png"})),
    ("file", "spoiler", Flag()),
    ("button", "style", Choice(values=(1, 2, 3, 4), wrong=7, needed=True)),
    ("button", "custom_id", Text(most=100)),
    ("button", "label", Text(most=80)),
    ("button", "disabled", Flag()),
    ("button", "url", Url(most=512, schemes=("http", "https", "discord"), holder="link")),
    ("button", "sku_id", Id(holder="premium")),
    ("button", "emoji", Object(some_object={"name": "🎲"})),
    ("emoji", "id", Id()),
    ("emoji", "name", Text(most=32, needed=True)),
    ("select", "placeholder", Text(most=150)),
    ("select", "min_values", Integer(least=0)),
    ("select", "max_values", Integer(least=1, most=25, holder="select of one")),
    ("select", "disabled", Flag()),
    ("select", "required", Flag()),
    ("select.text", "options", Many(needed=True, least=1, most=25, items=tuple(options(26)))),
    ("option of a select", "label", Text(most=100, least=1, needed=True)),
    ("option of a select", "value", Text(most=100, least=1, needed=True)),
    ("option of a select", "description", Text(most=100)),
    ("option of a select", "default", Flag()),
    ("option of a select", "emoji", Object(some_object={"name": "🎲"})),
    ("select.auto", "default_values", Many(items=USERS[:25])),
    ("default", "type", There(needed=True, value="user")),
    ("default", "id", Id(needed=True)),
    ("select.channel", "channel_types", Many(items=CHANNELS, wrong=(6, "0"), unique=True)),
    ("callback", "type", Choice(values=(5, 1, 6, 7, 12), wrong=2, needed=True)),
    ("callback", "data", Object()),
    ("choices", "choices", Many(most=25, items=CHOICES)),
    ("choice", "name", Text(most=100, least=1, needed=True)),
    ("choice", "value", There(needed=True, value="ink")),
    ("choice", "name_localizations", Translations(most=100)),
    ("modal", "custom_id", Text(most=100, least=1, needed=True)),
    ("modal", "title", Text(most=45, least=1, needed=True)),
    (
        "modal",
        "components",
        Many(
            needed=True,
            least=1,
            most=5,
            items=(said(),) * 6,
            wrong=(5, button(), {"type": 4, **INPUT}, {"type": 17, "components": [said()]}),
        ),
    ),
    (
        "modal row",
        "components",
        Many(needed=True, least=1, items=(ROW_INPUT,), wrong=(5, button())),
    ),
    ("label", "label", Text(most=45, least=1, needed=True)),
    ("label", "description", Text(most=100, least=1)),
    ("label", "component", Object(needed=True, some_object=INPUT, wrong=([], button(), said()))),
    ("input", "style", Choice(values=(1, 2), wrong=3, needed=True)),
    ("input", "label", Text(most=45, least=1)),
    ("input", "value", Text(most=4000)),
    ("input", "placeholder", Text(most=100)),
    ("input", "required", Flag()),
    ("input", "min_length", Integer(least=0, most=4000)),
    ("input", "max_length", Integer(least=1, most=4000)),
    ("upload", "required", Flag()),
    ("upload", "min_values", Integer(least=0)),
    ("upload", "max_values", Integer(least=1, most=10)),
    ("radio", "required", Flag()),
    ("radio", "options", Many(needed=True, least=2, most=10, items=tuple(options(11)))),
    ("checks", "required", Flag()),
    ("checks", "min_values", Integer(least=0)),
    ("checks", "max_values", Integer(least=1)),
    ("checks", "options", Many(needed=True, least=1, most=10, items=tuple(options(11)))),
    ("option of a group", "label", Text(most=100, least=1, needed=True)),
    ("option of a group", "value", Text(most=100, least=1, needed=True)),
    ("option of a group", "description", Text(most=100)),
    ("option of a group", "default", Flag()),
    ("check", "default", Flag()),
    ("named", "name", Text(most=32, least=1)),
    ("named", "name_localizations", Translations(most=32)),
    ("named", "description", Text(most=100)),
    ("named", "description_localizations", Translations(most=100)),
    ("command.new", "name", There(needed=True, value="draw")),
    ("command", "type", Choice(values=(1, 4), wrong=5)),
    ("command", "options", Many(most=25, items=OPTIONS, wrong=(5, option(12)))),
    ("command", "dm_permission", Flag()),
    ("command", "nsfw", Flag()),
    ("command", "contexts", Many(least=1, items=(0, 1, 2), wrong=(3,), unique=True)),
    ("command", "integration_types", Many(least=1, items=(0, 1), wrong=(2,), unique=True)),
    ("command", "handler", Choice(values=(1, 2))),
    ("command", "id", Id()),
    ("option", "name", There(needed=True, value="count")),
    ("option", "description", There(needed=True, value="How many")),
    ("option", "required", Flag()),
    ("subcommand", "options", Many(most=25, items=OPTIONS, wrong=(SUBCOMMAND, GROUP, 5))),
    ("group", "options", Many(most=25, items=SUBCOMMANDS, wrong=(OPTIONS[0], GROUP, 5))),
    ("completed", "autocomplete", Flag()),
    ("completed", "choices", Many(most=25, items=CHOICES)),
    ("option.text", "min_length", Integer(least=0, most=6000)),
    ("option.text", "max_length", Integer(least=1, most=6000)),
    ("option.whole", "min_value", Integer(least=1 - INT53, most=INT53 - 1)),
    ("option.whole", "max_value", Integer(least=1 - INT53, most=INT53 - 1)),
    ("option.number", "min_value", Number(least=-INT53, most=INT53)),
    ("option.number", "max_value", Number(least=-INT53, most=INT53)),
    ("option.channel", "channel_types", Many(items=CHANNELS, wrong=(6,), unique=True)),
    ("dm", "recipient_id", Id(needed=True)),
)
