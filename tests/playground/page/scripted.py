"""A small discord.py bot that answers as the tests of the page need it, and remembers."""

import asyncio
import io
from typing import Any

import discord
from discord import app_commands, ui
from PIL import Image, ImageDraw

from tests.playground.discord_bot import Bot

ADAPTERS = ("Ink & Wash", "Night City", "Paper Fox", "Glass Garden", "Inkling")
Json = dict[str, Any]
Asked = discord.Interaction[discord.Client]


class Scripted(Bot):
    """`seen` holds every command, press and form with what came in it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Json] = []
        self.paused = asyncio.Event()  # progress waits for it
        for group in (_Plain, _Hostile):
            group(self).teach(self.tree)

    async def on_interaction(self, asked: Asked) -> None:
        if asked.type is discord.InteractionType.component:
            await _Pressed(self).hear(asked)
        if asked.type is discord.InteractionType.modal_submit:
            self.seen.append({"modal": _values(asked)})
            await asked.response.send_message(f"Thank you: {_values(asked)['prompt']}")


def _values(asked: Asked) -> Json:
    """custom_id -> value of a form that was sent."""
    parts: Any = (asked.data or {}).get("components", [])
    fields = [part["component"] for part in parts if "component" in part]
    return {field["custom_id"]: field.get("values", field.get("value")) for field in fields}


class _Plain:
    """What a good bot does."""

    def __init__(self, bot: Scripted) -> None:
        self.bot = bot

    def teach(self, tree: app_commands.CommandTree[Any]) -> None:
        paint = app_commands.Command(name="paint", description="Paint it", callback=self.paint)
        paint.autocomplete("adapter")(self.suggest)
        tree.add_command(paint)
        for callback, about in ((self.never, "Never answers"), (self.whisper, "Only to you")):
            name = callback.__name__
            tree.add_command(app_commands.Command(name=name, description=about, callback=callback))
        shelf = app_commands.Group(name="shelf", description="All adapters")
        shelf.add_command(
            app_commands.Command(name="browse", description="Look through", callback=self.browse)
        )
        tree.add_command(shelf)
        tree.add_command(app_commands.ContextMenu(name="Remix", callback=self.remix))

    @app_commands.describe(words="What to paint", pictures="How many", seed="Where chance begins")
    @app_commands.choices(
        style=[app_commands.Choice(name=n, value=n.lower()) for n in ("Low", "High")]
    )
    async def paint(  # noqa: PLR0917 - a command's options are its arguments
        self,
        asked: Asked,
        words: str,
        adapter: str = "",
        pictures: app_commands.Range[int, 1, 10] = 4,
        style: str = "",
        seed: int = 0,
        private: bool = False,
        base: discord.Attachment | None = None,
    ) -> None:
        given = {"words": words, "adapter": adapter, "pictures": pictures, "style": style}
        file = [base.filename, base.content_type, await base.read()] if base else None
        self.bot.seen.append({"paint": given | {"seed": seed, "private": private, "base": file}})
        await asked.response.defer(ephemeral=private, thinking=True)
        for step in (1, 2) if "slowly" in words else ():
            await self.bot.paused.wait()
            await asked.edit_original_response(view=progress(words, step))
            self.bot.paused.clear()
        if "slowly" in words:
            await self.bot.paused.wait()
        await asked.edit_original_response(
            view=card(words, pictures), attachments=files(pictures, words)
        )

    async def suggest(self, asked: Asked, typed: str) -> list[app_commands.Choice[str]]:
        self.bot.seen.append({"typed": typed, "words": asked.namespace.words})
        found = [name for name in ADAPTERS if typed.lower() in name.lower()]
        return [app_commands.Choice(name=name, value=f"id:{name}") for name in found]

    async def never(self, asked: Asked) -> None:
        self.bot.seen.append({"never": str(asked.user)})

    async def whisper(self, asked: Asked) -> None:
        await asked.response.send_message(f"Hush, {asked.user.display_name}.", ephemeral=True)

    async def browse(self, asked: Asked) -> None:
        await asked.response.send_message(f"{len(ADAPTERS)} adapters stand here.")

    async def remix(self, asked: Asked, message: discord.Message) -> None:
        self.bot.seen.append({"remix": message.id})
        await asked.response.send_modal(form())


class _Hostile:
    """Echoes whatever it is told, in every place where text can stand."""

    def __init__(self, bot: Scripted) -> None:
        self.bot = bot

    def teach(self, tree: app_commands.CommandTree[Any]) -> None:
        for callback in (self.echo, self.plain, self.classic):
            name = callback.__name__
            tree.add_command(app_commands.Command(name=name, description=name, callback=callback))

    async def plain(self, asked: Asked, words: str) -> None:
        await asked.response.send_message(words, allowed_mentions=discord.AllowedMentions.none())

    async def echo(self, asked: Asked, words: str) -> None:
        view = ui.LayoutView()
        option = discord.SelectOption(label=words[:100], value="v", description=words[:100])
        view.add_item(
            ui.Container(
                ui.TextDisplay(words),
                ui.MediaGallery(discord.MediaGalleryItem("attachment://p0.png", description=words)),
                ui.ActionRow(ui.Button(label=words[:80], custom_id="echoed")),
                ui.ActionRow(ui.Select(placeholder=words[:150], options=[option], custom_id="se")),
            )
        )
        view.stop()
        await asked.response.send_message(
            view=view, files=files(1, words), allowed_mentions=discord.AllowedMentions.none()
        )

    async def classic(self, asked: Asked, words: str = "old") -> None:
        embed = discord.Embed(title=words[:256], description=words, colour=0xC8452F)
        embed.add_field(name="Base", value="SDXL").set_footer(text="from the catalogue")
        view = ui.View()
        styles = {"Primary": 1, "Secondary": 2, "Success": 3, "Danger": 4}
        for label, style in styles.items():
            button: ui.Button[Any] = ui.Button(
                label=label, style=discord.ButtonStyle(style), custom_id=label
            )
            view.add_item(button)
        view.add_item(ui.Button(label="Elsewhere", url="https://example.org/x"))
        view.add_item(ui.Button(label="Off", disabled=True, custom_id="off"))
        one = [discord.SelectOption(label=name, value=name) for name in ADAPTERS]
        view.add_item(ui.Select(placeholder="Pick one", options=one, custom_id="one"))
        view.stop()
        note = discord.File(io.BytesIO(b"some words"), "notes.txt")
        await asked.response.send_message(
            "A classic message", embed=embed, view=view, files=[*files(1, "old"), note]
        )


class _Pressed:
    """Answers buttons and selects by their custom_id."""

    def __init__(self, bot: Scripted) -> None:
        self.bot = bot

    async def hear(self, asked: Asked) -> None:
        data: Any = asked.data
        self.bot.seen.append({"pressed": data["custom_id"], "values": data.get("values")})
        answers = {"more": self.more, "edit": self.edit, "info": self.info, "mute": self.mute}
        await answers.get(data["custom_id"], self.nod)(asked)

    async def more(self, asked: Asked) -> None:
        await asked.response.edit_message(view=card("again", 2), attachments=files(2, "again"))

    async def edit(self, asked: Asked) -> None:
        await asked.response.send_modal(form())

    async def info(self, asked: Asked) -> None:
        await asked.response.send_message("-# Only **details**", ephemeral=True)

    async def mute(self, asked: Asked) -> None:
        """No answer: the page must say so."""

    async def nod(self, asked: Asked) -> None:
        await asked.response.defer()


def files(count: int, words: str) -> list[discord.File]:
    """Pictures that differ from each other."""
    return [discord.File(io.BytesIO(picture(n, words)), f"p{n}.png") for n in range(count)]


def picture(n: int, words: str) -> bytes:
    image = Image.new("RGB", (384, 256), ((40 * n + 30) % 255, 90, (len(words) * 17) % 255))
    draw = ImageDraw.Draw(image)
    draw.ellipse((100 + 12 * n, 40, 280, 220), fill=(230, 200 - 15 * n, 140))
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def progress(words: str, step: int) -> ui.LayoutView:
    bar = ui.TextDisplay[Any](f"**{words[:80]}**\n{step} / 30")
    view = ui.LayoutView()
    view.add_item(ui.Container(bar, ui.ActionRow(ui.Button(label="Cancel", custom_id="stop"))))
    view.stop()
    return view


def card(words: str, count: int) -> ui.LayoutView:
    """A card as the real bot's: gallery, lines, two rows of buttons, a multiple select."""
    shown = [
        discord.MediaGalleryItem(
            f"attachment://p{n}.png", description=f"Picture {n + 1}: {words[:200]}"
        )
        for n in range(count)
    ]
    chosen = [
        discord.SelectOption(label=name, value=str(n), default=n < 2, description="adapter")
        for n, name in enumerate(ADAPTERS)
    ]
    row = ui.ActionRow[Any](
        ui.Button(label="New seed", emoji="🎲", custom_id="seed"),
        ui.Button(
            label="Other adapters 1/6",
            emoji="🧩",
            style=discord.ButtonStyle.primary,
            custom_id="more",
        ),
        ui.Button(label="Edit prompt", emoji="✏️", custom_id="edit"),
        ui.Button(label="Details", emoji="ℹ️", custom_id="info"),
        ui.Button(emoji="🗑️", style=discord.ButtonStyle.danger, custom_id="mute"),
    )
    ups: ui.ActionRow[Any] = ui.ActionRow(
        *(ui.Button(label=f"U{n + 1}", custom_id=f"u:{n}") for n in range(4)),
        ui.Button(emoji="❤️", custom_id="fav"),
    )
    keep: ui.Select[Any] = ui.Select(
        placeholder="Adapters: choose which stay on",
        options=chosen,
        min_values=0,
        max_values=3,
        custom_id="keep",
    )
    view = ui.LayoutView()
    view.add_item(
        ui.Container(
            ui.Section(
                ui.TextDisplay(f"**{words[:300]}**"),
                accessory=ui.Thumbnail("attachment://p0.png", description="small"),
            ),
            ui.MediaGallery(*shown),
            ui.TextDisplay("1 · Ink & Wash 0.8 + Night City 0.6\n2 · Ink & Wash 0.8"),
            ui.Separator(),
            ui.TextDisplay("-# seed 1234 · SDXL · 3:2 · 14 s · job `01JABCDEFGHJKMNPQRSTVWXYZ0`"),
            row,
            ups,
            ui.ActionRow(keep),
            accent_colour=0x0D6E78,
        )
    )
    view.stop()
    return view


def form() -> ui.Modal:
    """A modal with every kind of field."""
    modal = ui.Modal(title="Edit prompt", custom_id="edited")
    names = [(name, str(n)) for n, name in enumerate(ADAPTERS[:3])]
    fields: list[tuple[str, str | None, Any]] = [
        (
            "Prompt",
            "What you want to see",
            ui.TextInput(
                style=discord.TextStyle.paragraph,
                default="a fox",
                max_length=40,
                min_length=3,
                custom_id="prompt",
            ),
        ),
        (
            "Adapters",
            None,
            ui.CheckboxGroup(
                custom_id="adapters",
                required=False,
                options=[discord.CheckboxGroupOption(label=n, value=v) for n, v in names],
            ),
        ),
        (
            "Aspect",
            None,
            ui.Select(
                custom_id="aspect",
                options=[discord.SelectOption(label=n, value=n) for n in ("1:1", "3:2")],
            ),
        ),
        (
            "Strength",
            None,
            ui.RadioGroup(
                custom_id="strength",
                options=[
                    discord.RadioGroupOption(label=n, value=n, default=n == "normal")
                    for n in ("low", "normal", "high")
                ],
            ),
        ),
        ("Pictures", None, ui.FileUpload(custom_id="files", required=False, max_values=2)),
    ]
    for text, about, component in fields:
        modal.add_item(ui.Label(text=text, description=about, component=component))
    modal.stop()
    return modal
