"""`stylus setup`: from a token to a config.toml in at most five questions; may be run again.

What speaks HTTP is imported when somebody is asked, or every other command would wait for it.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from bot import secrets
from bot.cli.desk import Desk, answering, desk_of
from bot.cli.doctor import doctor
from bot.cli.show import line
from bot.layers import opened
from bot.settings import Settings, config_file
from bot.setup.looking import Found, look, usual_places
from bot.setup.writing import save
from stylus_engine.errors import BadSettings

if TYPE_CHECKING:
    from bot.setup.identity import Identity

TOKEN_HELP = "discord.com/developers/applications → your application → Bot → Reset Token"  # noqa: S105 - says where to find one

Yes = Annotated[
    bool, typer.Option("--yes", help="Ask nothing: keep what is set, take what is found.")
]
Look = Annotated[list[Path] | None, typer.Option("--look", help="Look for models here too.")]
Only = Annotated[bool, typer.Option("--only-look", help="Look in the --look folders alone.")]


@dataclass(frozen=True, slots=True)
class Talk:
    """How questions are put; with `--yes` every answer is the default."""

    desk: Desk
    yes: bool

    def say(self, text: str, style: str = "") -> None:
        line(self.desk.out, Text(text, style=style))

    def agreed(self, question: str) -> bool:
        """A yes-or-no question whose default is yes."""
        return self.yes or typer.confirm(question, default=True)

    def secret(self, question: str) -> str:
        """A text that is not shown while it is typed."""
        return (
            ""
            if self.yes
            else str(typer.prompt(question, hide_input=True, default="", show_default=False))
        )

    def choice(self, question: str, names: tuple[str, ...], default: str) -> str:
        """One of `names`; asked again until it is one."""
        if self.yes or len(names) < 2:
            return default
        while (
            name := str(typer.prompt(f"{question} ({', '.join(names)})", default=default))
        ) not in names:
            self.say(f"“{name}” is none of them.")
        return name

    def folder(self, question: str) -> Path | None:
        """A folder that is there, or none."""
        while not self.yes:
            text = str(typer.prompt(question, default="", show_default=False)).strip()
            path = _opened(text)
            if not text or path.is_dir():
                return path if text else None
            self.say(f"There is no folder {path}.")
        return None


def _opened(text: str) -> Path:
    """Without `~`; that of nobody stays, and is no folder."""
    try:
        return opened(text, "")
    except BadSettings:
        return Path(text)


def setup(
    context: typer.Context, yes: Yes = False, look_in: Look = None, only_look: Only = False
) -> None:
    """Connect a bot to Discord: checks the token, finds your models, writes config.toml."""
    desk = desk_of(context)
    talk = Talk(desk, yes)
    with answering(desk, as_json=False):
        config = config_file(desk.config, desk.environment) or Path("config.toml")
        settings = desk.unwritten()
        connection = _connect(talk, settings, config)
        usual = () if only_look else usual_places(Path.home())
        places = [*(look_in or []), *usual]
        answers = _models(talk, settings, places)
        _language_model(talk)
        if not talk.agreed(f"Write {config}?"):
            raise typer.Exit
        save(config, answers | connection.keep(talk))
        _end(talk, config, connection.identity)
    doctor(context)


@dataclass(frozen=True, slots=True)
class Connection:
    """The bot, and a token that was typed now, with the file it is to be kept in."""

    identity: "Identity"
    typed: str = ""
    file: Path = Path()

    def keep(self, talk: Talk) -> dict[str, dict[str, object]]:
        """Write the secret to its own file; what the settings say of it."""
        if not self.typed:
            return {}
        secrets.keep(self.file, self.typed)
        talk.say(f"The token is kept in {self.file}, readable by you alone.", "green")
        if talk.desk.environment.get("STYLUS_DISCORD__TOKEN"):
            talk.say(
                "STYLUS_DISCORD__TOKEN is still set: take it out of the environment.", "yellow"
            )
        return {"discord": {"token_file": str(self.file)}}


def _connect(talk: Talk, settings: Settings, config: Path) -> Connection:
    """The bot behind the token that is set or typed."""
    from bot.setup.identity import identify

    known = _known(settings)
    if (
        known
        and (identity := _asked(talk, known, settings))
        and talk.agreed(f"Go on as {identity.name}?")
    ):
        return Connection(identity)
    talk.say(f"The bot's token: {TOKEN_HELP}")
    typed = talk.secret("Token (nothing is shown while you type)")
    if not typed.strip():
        raise BadSettings(
            where="discord.token", why="without a token there is no bot; run `stylus setup` again"
        )
    identity = asyncio.run(identify(typed.strip(), settings.discord.api))
    talk.say(f"Hello, {identity.name}.", "green")
    return Connection(identity, typed, config.absolute().with_name("discord-token"))


def _known(settings: Settings) -> str:
    """The token that is set; none that can be read is none."""
    try:
        return secrets.token(settings.discord)
    except BadSettings:
        return ""


def _asked(talk: Talk, token: str, settings: Settings) -> "Identity | None":
    """None, and a sentence, when the token of before is no longer good."""
    from bot.setup.identity import identify

    try:
        return asyncio.run(identify(token, settings.discord.api))
    except BadSettings as error:
        if talk.yes:
            raise
        talk.say(str(error), "yellow")
        return None


def _models(talk: Talk, settings: Settings, places: list[Path]) -> dict[str, dict[str, object]]:
    """Checkpoints and folders of adapters, read where they lie."""
    if not places and (more := talk.folder("A folder with your models (Enter for none)")):
        places = [more]
    found = look(places)
    _tell(talk, found)
    folders = dict(settings.checkpoints.folders) | {
        name: str(path) for name, path in found.checkpoints
    }
    default = talk.choice(
        "Which checkpoint draws", ("miniature", *folders), _default(settings, folders)
    )
    answers: dict[str, dict[str, object]] = {
        "checkpoints": {"default": default, "folders": folders}
    }
    loras = [str(folder) for folder, _ in found.loras]
    if loras and talk.agreed(f"Use the adapters of {' and '.join(loras)}?"):
        answers["cards"] = {"folders": list(dict.fromkeys([*settings.cards.folders, *loras]))}
    return answers


def _default(settings: Settings, folders: dict[str, str]) -> str:
    """What draws already; on a fresh machine the first that was found, else the miniature."""
    kept = settings.checkpoints.default
    return kept if kept != "miniature" or not folders else next(iter(folders))


def _tell(talk: Talk, found: Found) -> None:
    for name, path in found.checkpoints:
        talk.say(f"Found the checkpoint {name} in {path}.")
    for folder, count in found.loras:
        talk.say(f"Found {count} adapter files in {folder}.")
    if found.single_files:
        talk.say(
            f"Found {found.single_files} checkpoints in one file each; one of SD 1 or SDXL draws "
            "when it is named under [checkpoints.folders].", "yellow",
        )  # fmt: skip
    if not (found.checkpoints or found.loras):
        talk.say(
            "No models of your own were found: the miniature, which comes with Stylus, will draw."
        )


def _language_model(talk: Talk) -> None:
    """Told, not set: to ask it costs time or money, and without one words and meaning choose."""
    from bot.setup import servers

    for server in asyncio.run(servers.find()):
        models = ", ".join(server.models[:3]) or "no model loaded"
        talk.say(
            f"A language model answers at {server.base_url} ({models}). To let it choose adapters, "
            "set base_url and model under [composer]."
        )


def _end(talk: Talk, config: Path, identity: "Identity") -> None:
    talk.say(f"Written: {config}", "green")
    talk.say(
        "Invite the bot to your server; it asks for exactly what it needs, and reads no messages:"
    )
    talk.say(f"  {identity.link}", "cyan")
    talk.say("Then start it with:  stylus bot")
    talk.say("")
