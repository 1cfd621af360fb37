"""The tables of the settings file: plain values, each with its default.

Law of this file: shapes only.  How layers are laid over each other and what may not
contradict what is decided in `bot.settings`.
"""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from bot.layers import Folder
from stylus_engine.model import LIMITS, Rating

MINIATURE = Path(__file__).parent.parent / "miniature" / "data"
MINIATURE_CHECKPOINT = MINIATURE / "checkpoint"
MINIATURE_CARDS = MINIATURE / "cards.jsonl"

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Natural: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Auto: TypeAlias = Literal["auto"]
AUTO: Auto = "auto"  # in `[drawing]`: what suits the checkpoint
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]
Strength: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]


Place: TypeAlias = Literal["pictures", "grids", "index", "catalog", "adapters", "weights", "cache"]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file."""


class Guarded(Section, frozen=True):
    """A table with secrets in it. Settings are logged and shown; a secret never is."""

    def __repr__(self) -> str:
        """Every `…token` and `…key` that is set reads `…`."""
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        hidden = {
            name: "…" if value and name.endswith(("token", "key")) else value
            for name, value in shown.items()
        }
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in hidden.items())})"


class Paths(Section, frozen=True):
    """Where things are kept; "" = the usual place."""

    data: Folder = ""
    pictures: Folder = ""
    grids: Folder = ""
    index: Folder = ""
    catalog: Folder = ""
    adapters: Folder = ""
    weights: Folder = ""
    cache: Folder = ""

    def place(self, name: Place) -> Path:
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
    folders: tuple[Folder, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file of cards, the miniature's first."""
        own = (MINIATURE_CARDS,) if self.builtin else ()
        return own + tuple(Path(name) for name in self.files)


class CatalogSettings(Guarded, frozen=True):
    """Where adapters come from, and as whom we ask."""

    civitai_token: str = ""
    civitai_token_file: Folder = ""
    huggingface_token: str = ""
    huggingface_token_file: Folder = ""
    allow_enrichment: bool = False
    uri: str = ""
    civitai_url: str = "https://civitai.com"
    huggingface_url: str = "https://huggingface.co"
    allow_loopback: bool = False


class StoreSettings(Section, frozen=True):
    """Adapter files that are fetched when they are first drawn with."""

    max_gb: Annotated[float, msgspec.Meta(ge=0)] = 20.0


class RefinerSettings(Guarded, frozen=True):
    """The model that describes adapters. No model: only rules describe."""

    base_url: str = ""
    model: str = ""
    api_key: str = ""
    api_key_file: Folder = ""
    budget_tokens: Natural = 0
    budget_money: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    price_in: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    price_out: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    batch_price: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    pictures: Natural = 10
    concurrency: Count = 4


class EmbedderSettings(Guarded, frozen=True):
    """What turns texts into vectors."""

    kind: Literal["local", "remote", "sentence-transformers"] = "local"
    folder: Folder = ""
    model: str = ""
    dimensions: Natural = 0
    base_url: str = ""
    api_key: str = ""
    api_key_file: Folder = ""


class ComposerSettings(Guarded, frozen=True):
    """The language model that chooses adapters. No model: words and meaning alone choose."""

    base_url: str = ""
    model: str = ""
    api_key: str = ""
    api_key_file: Folder = ""
    timeout_seconds: Seconds = 8.0
    self_check: bool = False
    budget_tokens_per_day: Natural = 0


class RerankerSettings(Guarded, frozen=True):
    """Who ranks for the preset reranker. Neither model nor server: the embedder does."""

    model: str = ""
    base_url: str = ""
    api_key: str = ""
    api_key_file: Folder = ""


class SamplingSettings(Section, frozen=True):
    """How the drawing runs on this machine."""

    slots: Count = 4
    waiting: Natural = 60
    memory_mib: Natural = 0
    device: str = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    executor: Literal["auto", "stack", "slots", "core", "bank", "merge"] = "stack"
    factor_cache_mib: Natural = 512
    factor_disk_mib: Natural = 2048
    factor_device_mib: Natural = 1024
    decode_mib: Natural = 0
    channels_last: bool = False
    offload: Literal["none", "models", "blocks"] = "none"
    quantised: Literal["none", "int8"] = "none"
    attention: Literal["auto", "flash", "efficient", "cudnn", "math"] = "auto"
    compile: Literal["none", "blocks"] = "none"
    preview_every: Natural = 0
    threads: Natural = 0


class DrawingSettings(Section, frozen=True):
    """What a request is unless it says otherwise, and the most it may ask for."""

    count: Count = 4
    steps: Count | Auto = AUTO
    guidance: Annotated[float, msgspec.Meta(ge=0)] | Auto = AUTO
    sampler: str = AUTO
    fast: str = "auto"
    always_fast: bool = False
    negative: str = ""
    most_count: Count = LIMITS.count
    most_steps: Count = LIMITS.steps
    most_edge: Count = 2048
    check: bool = False
    scorer: Folder = ""


class SelectionSettings(Section, frozen=True):
    """How adapters are chosen."""

    preset: str = "stylus"
    strength: Strength = 1.0
    k: Count = 40
    per_task: Count = 3
    styles: Natural = 2
    task_budget: Strength = 1.0
    total_budget: Strength = 2.5
    health: bool = True
    null_space: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    again: Annotated[tuple[Strength, ...], msgspec.Meta(min_length=1, max_length=16)] = (
        1.0, 0.75, 1.2, 0.55,
    )  # fmt: skip
    most_rating: Rating = "pg13"
    commercial_only: bool = False


class DiscordSettings(Guarded, frozen=True):
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


class CheckingSettings(Section, frozen=True):
    """Whether adapters are checked by drawing while nobody wants anything."""

    idle: bool = False
    after_seconds: Seconds = 60.0


class LearningSettings(Section, frozen=True):
    """Whether what people like changes what is chosen for them."""

    on: bool = True
    share: bool = False
    reveal_after: Count = 10


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
