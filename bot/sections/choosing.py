"""Where adapters come from, who describes, finds and chooses them."""

from typing import Annotated, Literal

import msgspec

from bot.layers import Folder
from bot.sections.shapes import Count, Guarded, Natural, Seconds, Section, Strength
from stylus_engine.model import Rating


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
    timeout_seconds: Seconds = 60.0


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
        1.0, 0.6, 1.3, 0.65,
    )  # fmt: skip
    most_rating: Rating = "pg13"
    commercial_only: bool = False
