"""What discord.py really sends: bodies of every kind, built with its own objects."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any

import discord
from discord import app_commands, ui
from discord.http import MultipartParameters, handle_message_parameters
from discord.webhook.async_ import interaction_message_response_params

from playground.rules import Context, Operation, Upload

PATHS = {
    Operation.CALLBACK: ("POST", "/interactions/7/token/callback"),
    Operation.FOLLOWUP: ("POST", "/webhooks/7/token"),
    Operation.WEBHOOK_EDIT: ("PATCH", "/webhooks/7/token/messages/@original"),
    Operation.MESSAGE_CREATE: ("POST", "/channels/7/messages"),
    Operation.MESSAGE_EDIT: ("PATCH", "/channels/7/messages/8"),
    Operation.COMMANDS_PUT: ("PUT", "/applications/7/commands"),
    Operation.COMMANDS_CREATE: ("POST", "/applications/7/commands"),
    Operation.COMMANDS_EDIT: ("PATCH", "/applications/7/commands/8"),
    Operation.DM_CREATE: ("POST", "/users/@me/channels"),
}
LOADING = {"content": "", "embeds": [], "attachments": [], "components": [], "flags": 128}
KEPT = {
    "id": "77",
    "filename": "grid.png",
    "size": 9,
    "url": "https://cdn.example/grid.png",
    "proxy_url": "https://cdn.example/grid.png",
}
LONG_ID = "sty:1:" + "0" * 94


@dataclass(frozen=True)
class Sent:
    """One request without a fault."""

    name: str
    operation: Operation
    body: Any
    context: Context = field(default_factory=Context)
    content_type: str = "application/json"

    def __str__(self) -> str:
        return f"{self.name} by {self.operation}"


def sent(name: str, operation: Operation, made: MultipartParameters, context: Context) -> Sent:
    """As the wire would carry it: JSON, or `payload_json` beside the files."""
    with made:
        if not made.files:
            return Sent(name, operation, json.loads(json.dumps(made.payload)), context)
        held = [Upload(file.filename, len(file.fp.read())) for file in made.files]
        context = Context(
            files=dict(enumerate(held)), message=context.message, interaction=context.interaction
        )
        body = json.loads((made.multipart or [])[0]["value"])
        return Sent(name, operation, body, context, "multipart/form-data; boundary=x")


def picture(name: str = "grid.png") -> discord.File:
    return discord.File(BytesIO(b"picture"), name, description="A fox in ink")


def card() -> ui.LayoutView:
    """A card with everything a message of Components V2 can hold."""
    view = ui.LayoutView()
    gallery = ui.MediaGallery(
        discord.MediaGalleryItem("attachment://grid.png", description="A fox in ink"),
        discord.MediaGalleryItem("https://cdn.example/b.png", spoiler=True),
    )
    more = ui.Section(
        ui.TextDisplay("**Seed** 7"), "Masks 3/26", accessory=ui.Thumbnail("attachment://grid.png")
    )
    details = ui.Section("Details", accessory=ui.Button(label="ℹ️ Details", custom_id="info"))
    buttons = ui.ActionRow(*(ui.Button(label=f"U{n}", custom_id=f"u{n}") for n in range(5)))
    chosen = ui.ActionRow(
        ui.Select(
            custom_id=LONG_ID,
            placeholder="Which adapters stay on",
            min_values=0,
            max_values=25,
            options=[
                discord.SelectOption(label=f"Ink {n}", value=str(n), description="x", default=n < 3)
                for n in range(25)
            ],
        )
    )
    inside = ui.Container(
        ui.TextDisplay("# A fox"),
        gallery,
        ui.Separator(spacing=discord.SeparatorSpacing.large),
        more,
        details,
        buttons,
        ui.File("attachment://grid.png"),
        accent_colour=discord.Colour.blurple(),
    )
    links = ui.ActionRow(
        ui.Button(url="https://example.org/a?b=c", emoji="🎲"),
        ui.Button(style=discord.ButtonStyle.premium, sku_id=9),
        ui.Button(custom_id="e", emoji=discord.PartialEmoji(name="fox", id=5, animated=True)),
    )
    for item in (inside, chosen, links, ui.Separator(visible=False)):
        view.add_item(item)
    return view


def old_view() -> ui.View:
    """Rows of the old kind: buttons and all five selects."""
    view = ui.View()
    view.add_item(ui.Button(label="🎲 New seed", custom_id="seed", disabled=True))
    view.add_item(ui.Button(label="Docs", url="https://example.org"))
    view.add_item(
        ui.UserSelect(custom_id="user", default_values=[discord.Object(1, type=discord.User)])
    )
    view.add_item(ui.RoleSelect(custom_id="role"))
    view.add_item(ui.MentionableSelect(custom_id="mention", max_values=3))
    view.add_item(ui.ChannelSelect(custom_id="channel", channel_types=[discord.ChannelType.text]))
    return view


def embed() -> discord.Embed:
    made = discord.Embed(
        title="Queue",
        description="3 wait",
        colour=0xFFFFFF,
        url="https://example.org",
        timestamp=datetime(2026, 11, 22, 10, tzinfo=UTC),
    )
    made.set_author(name="Ada", icon_url="https://cdn.example/a.png")
    made.set_footer(text="Stylus").set_image(url="attachment://grid.png")
    return made.add_field(name="Place", value="1", inline=False)


def modal() -> ui.Modal:
    made = ui.Modal(title="Edit prompt", custom_id=LONG_ID)
    text = ui.TextInput(
        style=discord.TextStyle.long, default="A fox", min_length=1, max_length=4000
    )
    made.add_item(ui.Label(text="Prompt", description="What to draw", component=text))
    select = ui.Select(
        options=[discord.SelectOption(label="1:1"), discord.SelectOption(label="3:2")]
    )
    made.add_item(ui.Label(text="Shape", component=select))
    made.add_item(ui.Label(text="Picture", component=ui.FileUpload(required=False, min_values=0)))
    made.add_item(ui.TextDisplay("Only what you change is changed."))
    made.add_item(ui.Label(text="Channel", component=ui.ChannelSelect(required=False)))
    return made


def second_modal() -> ui.Modal:
    made = ui.Modal(title="Style", custom_id="style")
    radio = [
        discord.RadioGroupOption(label=f"{n}", value=f"{n}", default=n == 0) for n in range(10)
    ]
    ticks = [
        discord.CheckboxGroupOption(label=f"{n}", value=f"{n}", default=True) for n in range(10)
    ]
    made.add_item(ui.Label(text="Strength", component=ui.RadioGroup(options=radio)))
    made.add_item(
        ui.Label(text="Adapters", component=ui.CheckboxGroup(options=ticks, min_values=0))
    )
    made.add_item(ui.Label(text="Private", component=ui.Checkbox(default=True)))
    return made


def old_modal() -> ui.Modal:
    made = ui.Modal(title="Old", custom_id="old")
    return made.add_item(ui.TextInput(label="Prompt", placeholder="A fox"))


def commands() -> list[dict[str, Any]]:
    """A tree with every kind of option, a group, and both menus, as `tree.sync` sends it."""
    client = discord.Client(intents=discord.Intents.none())
    tree = app_commands.CommandTree(client)
    tree.add_command(app_commands.Command(name="imagine", description="Draw", callback=imagine))
    adapters = app_commands.Group(
        name="adapters",
        description="Adapters",
        guild_only=True,
        default_permissions=discord.Permissions(manage_messages=True),
    )
    adapters.add_command(app_commands.Command(name="info", description="One", callback=info))
    deep = app_commands.Group(name="list", description="Lists", parent=adapters)
    deep.add_command(app_commands.Command(name="all", description="All", callback=info))
    tree.add_command(adapters)
    tree.add_command(app_commands.ContextMenu(name="Image details", callback=on_message))
    tree.add_command(app_commands.ContextMenu(name="Pictures of…", callback=on_user))
    return [command.to_dict(tree) for command in tree._get_all_commands()]


@app_commands.choices(
    adapters=[app_commands.Choice(name=word, value=word) for word in ("auto", "off")]
)
async def imagine(  # noqa: PLR0917 a command's options are its arguments
    interaction: discord.Interaction,
    prompt: app_commands.Range[str, 1, 1500],
    adapters: app_commands.Choice[str] | None = None,
    strength: app_commands.Range[float, 0.0, 2.0] = 1.0,
    count: app_commands.Range[int, 1, 4] = 4,
    private: bool = False,
    like: discord.Attachment | None = None,
    channel: discord.TextChannel | None = None,
    person: discord.Member | None = None,
    role: discord.Role | None = None,
) -> None: ...


async def complete(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return []


@app_commands.autocomplete(name=complete)
async def info(interaction: discord.Interaction, name: str) -> None: ...


async def on_message(interaction: discord.Interaction, message: discord.Message) -> None: ...


async def on_user(interaction: discord.Interaction, user: discord.User) -> None: ...


def messages() -> Iterator[Sent]:
    """Every message in every way it can be sent."""
    none = discord.AllowedMentions.none()
    ways: list[tuple[str, dict[str, Any]]] = [
        ("text", {"content": "𝒳" * 2000, "allowed_mentions": none}),
        ("text and rows", {"content": "Here", "view": old_view()}),
        ("embed and file", {"embed": embed(), "file": picture()}),
        ("ten files", {"files": [picture(f"{n}.png") for n in range(10)]}),
    ]
    for name, keywords in ways:
        for operation in (Operation.MESSAGE_CREATE, Operation.FOLLOWUP):
            yield sent(name, operation, handle_message_parameters(**keywords), Context())
            again(keywords)
        made = interaction_message_response_params(type=4, **keywords)
        yield sent(name, Operation.CALLBACK, made, Context(interaction=2))
        again(keywords)
        for operation in (Operation.MESSAGE_EDIT, Operation.WEBHOOK_EDIT):
            made = handle_message_parameters(**keywords)
            yield sent(name, operation, made, Context(message=LOADING))
            again(keywords)


def again(keywords: dict[str, Any]) -> None:
    """discord.py closes the files it was given."""
    for name in ("file", "files"):
        if name == "file" and name in keywords:
            keywords[name] = picture(keywords[name].filename)
        elif name in keywords:
            keywords[name] = [picture(file.filename) for file in keywords[name]]


def cards() -> Iterator[Sent]:
    """The card, sent and edited."""
    old = {**LOADING, "flags": 1 << 15, "attachments": [KEPT]}
    state: Any = discord.Client(intents=discord.Intents.none())._connection
    file: Any = KEPT
    reply: Any = {"message_id": 5, "channel_id": 6, "fail_if_not_exists": False}
    kept = discord.Attachment(data=file, state=state)
    mentions = discord.AllowedMentions(users=[discord.Object(1)], replied_user=False)
    create = handle_message_parameters(
        view=card(),
        file=picture(),
        nonce="n" * 25,
        allowed_mentions=mentions,
        message_reference=reply,
    )
    yield sent("card", Operation.MESSAGE_CREATE, create, Context())
    flags = discord.MessageFlags(ephemeral=True)
    answer = interaction_message_response_params(type=4, view=card(), file=picture(), flags=flags)
    yield sent("card", Operation.CALLBACK, answer, Context(interaction=2))
    for operation in (Operation.MESSAGE_EDIT, Operation.WEBHOOK_EDIT):
        edit = handle_message_parameters(view=card(), attachments=[picture()])
        yield sent("card after loading", operation, edit, Context(message=LOADING))
        edit = handle_message_parameters(view=card(), attachments=[kept])
        yield sent("card again, file kept", operation, edit, Context(message=old))
        edit = handle_message_parameters(view=card())
        yield sent("card again, files unsaid", operation, edit, Context(message=old))
    edit = interaction_message_response_params(type=7, view=card(), attachments=[kept])
    yield sent("card pressed", Operation.CALLBACK, edit, Context(interaction=3, message=old))
    upgrade = handle_message_parameters(content=None, embeds=[], view=card(), attachments=[kept])
    was = {**old, "flags": 0, "content": "Drawing…", "embeds": [{"title": "x"}]}
    yield sent("status becomes card", Operation.MESSAGE_EDIT, upgrade, Context(message=was))


def rest() -> Iterator[Sent]:
    """Deferrals, modals, choices, commands, a private channel, a poll."""
    call = Operation.CALLBACK
    yield Sent("deferral", call, {"type": 5}, Context(interaction=2))
    yield Sent("private deferral", call, {"type": 5, "data": {"flags": 64}}, Context(interaction=5))
    yield Sent("quiet", call, {"type": 6}, Context(interaction=3, message=LOADING))
    for made in (modal(), second_modal(), old_modal()):
        body = {"type": 9, "data": made.to_dict()}
        yield Sent(f"modal {made.title}", call, body, Context(interaction=3, message=LOADING))
    offered = [app_commands.Choice(name=f"Ink {n}", value=f"ink-{n}") for n in range(25)]
    data = {"choices": [choice.to_dict() for choice in offered]}
    yield Sent("choices", call, {"type": 8, "data": data}, Context(interaction=4, focused=3))
    yield Sent("commands", Operation.COMMANDS_PUT, commands())
    for command in commands():
        yield Sent(command["name"], Operation.COMMANDS_CREATE, command)
        yield Sent(command["name"], Operation.COMMANDS_EDIT, command)
    yield Sent("private channel", Operation.DM_CREATE, {"recipient_id": 5})
    poll = discord.Poll("Which?", timedelta(hours=1), multiple=True)
    poll.add_answer(text="Ink", emoji="🎲").add_answer(text="Wash")
    yield sent("poll", Operation.MESSAGE_CREATE, handle_message_parameters(poll=poll), Context())


@cache
def valid() -> tuple[Sent, ...]:
    return (*messages(), *cards(), *rest())
