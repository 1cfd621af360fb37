"""A discord.py bot that has one of everything, and a walk through all of it as a person."""

import io
from typing import Any

import discord
from discord import app_commands, ui
from PIL import Image

from tests.playground.discord_bot import Bot
from tests.playground.driver import Person, buttons, parts, texts

V2, EPHEMERAL, LOADING = 32768, 64, 128


def picture(colour: str = "red") -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (32, 24), colour).save(held, "PNG")
    return held.getvalue()


def file(name: str = "a.png", colour: str = "red") -> discord.File:
    return discord.File(io.BytesIO(picture(colour)), name, description="a plain square")


class Card(ui.LayoutView):
    """A V2 card with a gallery, a section, a select and buttons."""

    def __init__(self, title: str, picture_name: str) -> None:
        super().__init__(timeout=None)
        inside: ui.Container[Card] = ui.Container(accent_colour=0x336699)
        inside.add_item(ui.TextDisplay(title))
        inside.add_item(
            ui.Section(
                "what it is",
                accessory=ui.Thumbnail(f"attachment://{picture_name}", description="it"),
            )
        )
        gallery: ui.MediaGallery[Card] = ui.MediaGallery()
        gallery.add_item(media=f"attachment://{picture_name}", description="a square")
        inside.add_item(gallery)
        inside.add_item(ui.Separator())
        row: ui.ActionRow[Card] = ui.ActionRow()
        for name in ("update", "defer", "form", "more", "whisper"):
            row.add_item(ui.Button(label=name, custom_id=name))
        inside.add_item(row)
        options = [discord.SelectOption(label=name, value=name) for name in ("one", "two", "three")]
        select: ui.ActionRow[Card] = ui.ActionRow()
        select.add_item(ui.Select(custom_id="pick", options=options, max_values=2))
        inside.add_item(select)
        self.add_item(inside)
        self.stop()


class Form(ui.Modal, title="Say more"):
    words = ui.Label(text="Words", component=ui.TextInput(custom_id="words", default="before"))
    size = ui.Label(
        text="Size",
        component=ui.Select(
            custom_id="size", options=[discord.SelectOption(label=s) for s in ("small", "large")]
        ),
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.words.component, ui.TextInput)
        assert isinstance(self.size.component, ui.Select)
        said = f"{self.words.component.value} / {self.size.component.values[0]}"
        await interaction.response.send_message(said, ephemeral=True)


def everything(**settings: Any) -> Bot:  # noqa: C901 - a list of commands is long, not deep
    bot = Bot(**settings)
    tree = bot.tree

    @tree.command(description="answers at once with a card")
    async def card(interaction: discord.Interaction, title: str, private: bool = False):
        await interaction.response.send_message(
            view=Card(title, "a.png"), file=file(), ephemeral=private
        )

    @tree.command(description="thinks first")
    async def think(interaction: discord.Interaction, private: bool = False):
        await interaction.response.defer(ephemeral=private)
        await interaction.edit_original_response(content="thought", attachments=[file("b.png")])
        sent = await interaction.followup.send("and more", wait=True)
        await sent.edit(content="and much more")
        gone = await interaction.followup.send("gone", ephemeral=True, wait=True)
        await gone.delete()

    @tree.command(description="fills the deferred answer by a follow-up")
    async def fill(interaction: discord.Interaction):
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("filled")

    @tree.command(description="an old-fashioned answer")
    async def embed(interaction: discord.Interaction):
        shown = discord.Embed(title="T", description="D", colour=0x112233)
        shown.set_image(url="attachment://c.png").add_field(name="n", value="v")
        view = ui.View(timeout=None)
        view.add_item(ui.Button(label="plain", custom_id="update"))
        view.add_item(ui.Button(label="away", url="https://example.com/"))
        view.stop()
        await interaction.response.send_message(
            "x", embed=shown, file=file("c.png"), view=view, silent=True
        )

    @tree.command(description="reads what is attached")
    async def read(interaction: discord.Interaction, picture: discord.Attachment):
        data = await picture.read()
        said = f"{len(data)} {picture.content_type} {picture.width}x{picture.height}"
        await interaction.response.send_message(said)

    @tree.command(description="every kind of option")
    @app_commands.choices(size=[app_commands.Choice(name="Big", value=2)])
    async def options(  # noqa: PLR0917 - discord.py reads the options off the function
        interaction: discord.Interaction,
        count: app_commands.Range[int, 1, 4],
        ratio: float,
        yes: bool,
        who: discord.Member,
        where: discord.TextChannel,
        size: app_commands.Choice[int],
        what: str = "nothing",
    ):
        said = f"{count} {ratio} {yes} {who.name} {where.name} {size.value} {what}"
        await interaction.response.send_message(said)

    family = app_commands.Group(name="adapters", description="adapters")

    @family.command(description="browse them")
    async def browse(interaction: discord.Interaction, query: str, limit: int = 5):
        await interaction.response.send_message(f"{query} {limit}")

    @browse.autocomplete("query")
    async def _(interaction: discord.Interaction, typed: str):
        limit = interaction.namespace.limit
        return [app_commands.Choice(name=f"{typed}-{n}-{limit}", value=f"{typed}{n}") for n in "ab"]

    tree.add_command(family)

    @tree.context_menu(name="Image details")
    async def details(interaction: discord.Interaction, message: discord.Message):
        await interaction.response.send_message(f"about {message.id}", ephemeral=True)

    @tree.context_menu(name="Who")
    async def who(interaction: discord.Interaction, member: discord.Member):
        await interaction.response.send_message(f"it is {member.name}", ephemeral=True)

    @tree.command(description="opens a form at once")
    async def form(interaction: discord.Interaction):
        await interaction.response.send_modal(Form())

    @bot.event
    async def on_interaction(interaction: discord.Interaction):
        if interaction.type is discord.InteractionType.component:
            await pressed(interaction)

    return bot


async def pressed(interaction: discord.Interaction) -> None:
    """The one router of all buttons and selects."""
    data: Any = interaction.data
    name = data["custom_id"]
    if name == "update":
        v2 = bool(interaction.message and interaction.message.flags.value & V2)
        view = Card("updated", "n.png") if v2 else None
        content = None if v2 else "updated"
        more = {} if v2 else {"content": content, "view": None}
        files = {"attachments": [file("n.png", "blue")], "view": view} if v2 else more
        await interaction.response.edit_message(**files)
    elif name == "defer":
        await interaction.response.defer()
        await interaction.edit_original_response(view=Card("deferred", "a.png"))
    elif name == "form":
        await interaction.response.send_modal(Form())
    elif name == "more":
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send("more", ephemeral=True)
    elif name == "pick":
        await interaction.response.send_message(" ".join(data["values"]), ephemeral=True)
    else:
        await interaction.response.send_message("psst", ephemeral=True)


async def walk_through(ada: Person) -> None:
    """Everything once; each step asserts what people would see."""
    await _commands(ada)
    await _card(ada)
    await _forms_and_menus(ada)


async def _commands(ada: Person) -> None:
    upload = await ada.attach(picture(), "up.png")
    read = await ada.answer(await ada.slash("read", picture=upload))
    assert read["message"]["content"] == f"{len(picture())} image/png 32x24"
    options = {"count": 2, "ratio": 1.5, "yes": True, "who": "ben", "where": "general", "size": 2}
    said = await ada.answer(await ada.slash("options", **options))
    assert said["message"]["content"] == "2 1.5 True ben general 2 nothing"
    choices = await ada.autocomplete("adapters browse", "query", query="ink", limit=3)
    assert choices == [{"name": f"ink-{n}-3", "value": f"ink{n}"} for n in "ab"]
    browsed = await ada.answer(await ada.slash("adapters browse", query="ink", limit=3))
    assert browsed["message"]["content"] == "ink 3"
    assert (await ada.answer(await ada.slash("think")))["type"] == 5
    await ada.message_where(lambda m: m["content"] == "and much more")
    assert await ada.message_where(lambda m: m["content"] == "thought" and m["attachments"])
    await ada.answer(await ada.slash("fill"))
    filled = await ada.message_where(lambda m: m["content"] == "filled")
    assert filled["flags"] & EPHEMERAL
    assert not filled["flags"] & LOADING
    plain = (await ada.answer(await ada.slash("embed")))["message"]
    assert await ada.read(plain["embeds"][0]["image"]["url"]) == picture()
    await ada.answer(await ada.press(plain, "update"))
    await ada.message_where(lambda m: m["content"] == "updated" and not m["components"])


async def _card(ada: Person) -> None:
    shown = (await ada.answer(await ada.slash("card", title="A card")))["message"]
    assert shown["flags"] & V2
    gallery = next(part for part in parts(shown) if part["type"] == 12)
    media = gallery["items"][0]["media"]
    assert (media["width"], media["height"]) == (32, 24)
    assert await ada.read(media["url"]) == picture()
    assert set(buttons(shown)) == {"update", "defer", "form", "more", "whisper"}
    await ada.answer(await ada.press(shown, "defer"))
    shown = await ada.message_where(lambda m: "deferred" in texts(m))
    assert len(shown["attachments"]) == 1
    await ada.answer(await ada.press(shown, "update"))
    shown = await ada.message_where(lambda m: "updated\n" in texts(m))
    assert [kept["filename"] for kept in shown["attachments"]] == ["n.png"]
    picked = await ada.answer(await ada.press(shown, "pick", ["one", "three"]))
    assert picked["message"]["content"] == "one three"
    await ada.answer(await ada.press(shown, "more"))
    await ada.message_where(lambda m: m["content"] == "more")
    whispered = await ada.answer(await ada.press(shown, "whisper"))
    assert whispered["message"]["flags"] & EPHEMERAL


async def _forms_and_menus(ada: Person) -> None:
    shown = await ada.message_where(lambda m: "updated\n" in texts(m))
    for opened in (await ada.press(shown, "form"), await ada.slash("form")):
        answer = await ada.answer(opened)
        assert answer["type"] == 9
        assert answer["modal"]["title"] == "Say more"
        sent = await ada.answer(await ada.submit(opened, words="after", size="large"))
        assert sent["message"]["content"] == "after / large"
    about = await ada.answer(await ada.menu("Image details", shown))
    assert about["message"]["content"] == f"about {shown['id']}"
    who = await ada.answer(await ada.menu("Who", target="ben"))
    assert who["message"]["content"] == "it is ben"
