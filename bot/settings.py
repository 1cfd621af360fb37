"""The settings: one frozen object, made once, handed on.

    default < config.toml < environment (STYLUS_SECTION__KEY) < flag (--set section.key=value)

The file is the one named by `--config`, else by STYLUS_CONFIG, else ./config.toml
where there is one.  `config.example.toml` explains every key; a test compares the
two both ways.  Relative paths in a file are relative to that file.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from bot import layers
from bot.layers import Folder
from stylus_engine.errors import BadSettings
from stylus_engine.model import LIMITS, PRESETS, SAMPLERS, Rating

MINIATURE = Path(__file__).parent.parent / "miniature" / "data"
MINIATURE_CHECKPOINT = MINIATURE / "checkpoint"
MINIATURE_CARDS = MINIATURE / "cards.jsonl"

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Natural: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]
Strength: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file."""


class Paths(Section, frozen=True):
    """Where things are kept; "" = the usual place."""

    data: Folder = ""
    pictures: Folder = ""
    grids: Folder = ""
    index: Folder = ""
    cache: Folder = ""

    def place(self, name: Literal["pictures", "grids", "index", "cache"]) -> Path:
        """The folder of one kind of thing: named, or of that name inside `data`."""
        named: str = getattr(self, name)
        return Path(named) if named else Path(self.data) / name


class CheckpointSettings(Section, frozen=True):
    """The models that may draw."""

    default: str = "miniature"
    folders: dict[str, Folder] = {}

    @property
    def by_name(self) -> dict[str, Path]:
        """All of them, the miniature that comes with Stylus among them."""
        named = {name: Path(folder) for name, folder in self.folders.items()}
        return {"miniature": MINIATURE_CHECKPOINT} | named


class CardSettings(Section, frozen=True):
    """Which adapters are known."""

    builtin: bool = True
    files: tuple[Folder, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file of cards, the miniature's first."""
        own = (MINIATURE_CARDS,) if self.builtin else ()
        return own + tuple(Path(name) for name in self.files)


class EmbedderSettings(Section, frozen=True):
    """What turns texts into vectors."""

    folder: Folder = ""


class SamplingSettings(Section, frozen=True):
    """How the drawing runs on this machine."""

    slots: Count = 4
    waiting: Natural = 60
    device: str = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    executor: Literal["stack", "merge"] = "stack"
    factor_cache_mib: Natural = 512
    preview_every: Natural = 0
    threads: Natural = 0


class DrawingSettings(Section, frozen=True):
    """What a request is unless it says otherwise, and the most it may ask for."""

    count: Count = 4
    steps: Count = 20
    guidance: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    sampler: str = "dpmpp_2m_karras"
    negative: str = ""
    most_count: Count = LIMITS.count
    most_steps: Count = LIMITS.steps
    most_edge: Count = 2048


class SelectionSettings(Section, frozen=True):
    """How adapters are chosen."""

    preset: str = "stylus"
    strength: Strength = 1.0
    k: Count = 40
    per_task: Count = 3
    styles: Natural = 2
    task_budget: Strength = 1.0
    total_budget: Strength = 2.5
    most_rating: Rating = "pg13"
    commercial_only: bool = False


class DiscordSettings(Section, frozen=True):
    """Who the bot is. The token is a secret: it stands in the environment or in a file of its own."""

    token: str = ""
    token_file: Folder = ""
    api: str = ""
    shards: Natural = 0


class DatabaseSettings(Section, frozen=True):
    """Where the line of jobs is kept."""

    url: str = ""


class LineSettings(Section, frozen=True):
    """Who waits for whom, and how long."""

    running: Count = 1
    waiting: Natural = 3
    attempts: Count = 2
    lease_seconds: Seconds = 30.0
    beat_seconds: Seconds = 5.0
    stall_seconds: Seconds = 300.0
    no_worker_hours: Seconds = 2.0
    retention_days: Count = 90
    restore_hours: Seconds = 24.0


class DeliverySettings(Section, frozen=True):
    """What Discord allows; tests shorten it on both sides."""

    acknowledge_seconds: Seconds = 3.0
    token_seconds: Seconds = 900.0
    token_margin_seconds: Seconds = 60.0
    nonce_seconds: Seconds = 120.0
    old_message_seconds: Seconds = 3600.0
    edit_seconds: Seconds = 3.0
    ping_after_seconds: Seconds = 60.0
    drain_seconds: Seconds = 25.0
    most_file_mib: Count = 10


class WorkerSettings(Section, frozen=True):
    """The processes that plan and draw."""

    drawers: Count = 1
    devices: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    idle_minutes: Seconds = 30.0
    restart_seconds: Seconds = 1.0
    pause_seconds: Seconds = 5.0


class HealthSettings(Section, frozen=True):
    """The port for probes and Prometheus, on loopback."""

    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 9464


class TextSettings(Section, frozen=True):
    """What people read."""

    locale: str = ""


class SafetySettings(Section, frozen=True):
    """The floor of safety; it can be raised, never lowered."""

    words: tuple[str, ...] = ()
    owners: tuple[int, ...] = ()


class Settings(Section, frozen=True):
    """Everything that can be set."""

    paths: Paths = Paths()
    checkpoints: CheckpointSettings = CheckpointSettings()
    cards: CardSettings = CardSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    sampling: SamplingSettings = SamplingSettings()
    drawing: DrawingSettings = DrawingSettings()
    selection: SelectionSettings = SelectionSettings()
    discord: DiscordSettings = DiscordSettings()
    database: DatabaseSettings = DatabaseSettings()
    line: LineSettings = LineSettings()
    delivery: DeliverySettings = DeliverySettings()
    workers: WorkerSettings = WorkerSettings()
    health: HealthSettings = HealthSettings()
    texts: TextSettings = TextSettings()
    safety: SafetySettings = SafetySettings()


def load(
    config: Path | None, environment: Mapping[str, str], flags: Sequence[str] = ()
) -> Settings:
    """Lay the layers over each other and check the whole. Raises `BadSettings`."""
    file = config_file(config, environment)
    above = [
        *([layers.from_file(file)] if file else []),
        layers.from_environment(Settings, environment),
        layers.from_flags(Settings, flags),
    ]
    settings = layers.stack(Settings, above)
    _check(settings)
    data = settings.paths.data or str(usual_folder(environment))
    paths = msgspec.structs.replace(settings.paths, data=data)
    return msgspec.structs.replace(settings, paths=paths)


def config_file(config: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Which file is read: named ones must exist, the one in this folder may."""
    if config is not None:
        return config
    if environment.get("STYLUS_CONFIG"):
        return Path(environment["STYLUS_CONFIG"]).expanduser()
    here = Path("config.toml")
    return here if here.is_file() else None


def usual_folder(environment: Mapping[str, str]) -> Path:
    """Where this platform keeps a program's data. A relative XDG value is invalid by its own rules."""
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA", "~/AppData/Local")).expanduser() / "Stylus"
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/Stylus").expanduser()
    named = Path(environment.get("XDG_DATA_HOME", ""))
    base = named if named.is_absolute() else Path("~/.local/share").expanduser()
    return base / "stylus"


def _check(settings: Settings) -> None:
    """What types cannot say: names that must exist, numbers that must fit each other."""
    drawing, sampling = settings.drawing, settings.sampling
    _one_of("drawing.sampler", drawing.sampler, SAMPLERS)
    _one_of("selection.preset", settings.selection.preset, PRESETS)
    _one_of("checkpoints.default", settings.checkpoints.default, settings.checkpoints.by_name)
    _at_most("drawing.count", drawing.count, "drawing.most_count", drawing.most_count)
    _at_most("drawing.steps", drawing.steps, "drawing.most_steps", drawing.most_steps)
    _at_most("drawing.guidance", drawing.guidance, "the limit", LIMITS.guidance)
    _at_most("drawing.most_count", drawing.most_count, "the limit", LIMITS.count)
    _at_most("drawing.most_steps", drawing.most_steps, "the limit", LIMITS.steps)
    _at_most("drawing.most_edge", drawing.most_edge, "the limit", LIMITS.edge)
    _at_most("selection.strength", settings.selection.strength, "the limit", LIMITS.strength)
    room = sampling.slots + sampling.waiting
    _at_most("drawing.most_count", drawing.most_count, "sampling.slots + sampling.waiting", room)
    _device(sampling)


def _one_of(where: str, name: str, known: Sequence[str] | Mapping[str, Path]) -> None:
    if name not in known:
        raise BadSettings(where=where, why=f"“{name}” is none of {', '.join(known)}")


def _at_most(where: str, value: float, other: str, most: float) -> None:
    if not value <= most:
        raise BadSettings(where=where, why=f"{value:g} is more than {other}, {most:g}")


def _device(sampling: SamplingSettings) -> None:
    family = sampling.device.partition(":")[0]
    _one_of("sampling.device", family, ("auto", "cpu", "cuda", "mps"))
    if family == "cpu" and sampling.dtype == "float16":
        why = "float16 cannot be drawn with on the device cpu; take float32 or bfloat16"
        raise BadSettings(where="sampling.dtype", why=why)
