"""All that a house is built from: plain values, no path need exist yet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

EmbedderKind: TypeAlias = Literal["local", "remote", "sentence-transformers"]
Secret: TypeAlias = Callable[[], str]
GB = 10**9


def none() -> str:
    """A secret that nobody set."""
    return ""


def anything(_: str) -> bool:
    """Every prompt may be drawn."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where adapters come from, and as whom we ask.

    `uri`: an index in an object store, "" = the folder.  `allow_loopback` is for tests.
    """

    civitai: str = "https://civitai.com"
    civitai_token: Secret = none
    hub: str = "https://huggingface.co"
    hub_token: Secret = none
    uri: str = ""
    allow_enrichment: bool = False
    allow_loopback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Describer:
    """The model that describes adapters; `model` "" = there is none. Prices are for a million tokens, `timeout` seconds of one answer."""

    base_url: str = ""
    model: str = ""
    key: Secret = none
    most_tokens: int = 0
    most_money: float = 0.0
    price_in: float = 0.0
    price_out: float = 0.0
    batch_price: float = 0.5  # of these prices, for what a batch asks
    pictures: int = 10
    concurrency: int = 4
    timeout: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """The model that chooses adapters; `model` "" = there is none. `timeout`: seconds of one choice."""

    base_url: str = ""
    model: str = ""
    key: Secret = none
    timeout: float = 8.0
    self_check: bool = False
    tokens_per_day: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """What turns texts into vectors."""

    kind: EmbedderKind = "local"
    folder: Path | None = None
    model: str = ""
    dimensions: int = 0  # of the kind remote
    base_url: str = ""
    key: Secret = none

    @property
    def called(self) -> str:
        """The model's name, or its folder's; "" is the one that comes with Stylus."""
        if self.kind == "local":
            return self.folder.name if self.folder else ""
        return self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranking:
    """Who ranks for the preset reranker: a server, else a cross-encoder, else the embedder."""

    model: str = ""
    base_url: str = ""
    key: Secret = none


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The whole house.

    `adapters` and `weights` are folders for files: those that people bring, and those that
    are fetched, of which at most `most_weights` bytes are kept.
    """

    checkpoints: Mapping[str, Path]
    default_checkpoint: str
    cards: tuple[Path, ...]
    shelves: tuple[Path, ...] = ()
    pictures: Path
    index: Path
    catalog: Path
    cache: Path
    adapters: Path | None = None
    weights: Path | None = None
    most_weights: int = 20 * GB
    places: Places = Places()
    fit: Callable[[str], bool] = anything  # which prompts may be drawn without being asked for
    describer: Describer = Describer()
    chooser: Chooser = Chooser()
    embedding: Embedding = Embedding()
    reranking: Reranking = Reranking()
    slots: int = 4
    waiting: int = 60
    memory_mib: int = 0
    device: str = "auto"
    dtype: str = "auto"
    executor: str = "stack"
    factor_cache_mib: int = 512
    factor_disk_mib: int = 2048
    factor_device_mib: int = 1024
    decode_mib: int = 0
    channels_last: bool = False
    offload: str = "none"
    quantised: str = "none"
    attention: str = "auto"
    compile: str = "none"
    preview_every: int = 0
    threads: int = 0
    k: int = 40
    task_budget: float = 1.0
    total_budget: float = 2.5
    heed_health: bool = True
    null_space: float = 0.0
    again: tuple[float, ...] = (1.0, 0.6, 1.3, 0.65)  # see `planning.shots.strengths`
    sketches: bool = (
        False  # of every adapter that is drawn with: nothing but benchmarks goes by them
    )

    @property
    def adapters_folder(self) -> Path:
        """Where files lie that people brought."""
        return self.adapters or self.catalog / "adapters"

    @property
    def weights_folder(self) -> Path:
        """Where files lie that were fetched."""
        return self.weights or self.catalog / "weights"
