"""The tables of the settings file: plain values, each with its default.

Law of this room: shapes only.  How layers are laid over each other and what may not
contradict what is decided in `bot.settings`.
"""

from bot.sections.choosing import (
    CatalogSettings,
    ComposerSettings,
    EmbedderSettings,
    RefinerSettings,
    RerankerSettings,
    SelectionSettings,
)
from bot.sections.drawing import DrawingSettings, SamplingSettings
from bot.sections.places import (
    MINIATURE,
    MINIATURE_CARDS,
    MINIATURE_CHECKPOINT,
    CardSettings,
    CheckpointSettings,
    Paths,
    StoreSettings,
)
from bot.sections.serving import (
    CheckingSettings,
    DatabaseSettings,
    DeliverySettings,
    DiscordSettings,
    HealthSettings,
    LearningSettings,
    LineSettings,
    SafetySettings,
    TextSettings,
    WorkerSettings,
)
from bot.sections.shapes import AUTO, Guarded, Section

__all__ = [
    "AUTO",
    "MINIATURE",
    "MINIATURE_CARDS",
    "MINIATURE_CHECKPOINT",
    "CardSettings",
    "CatalogSettings",
    "CheckingSettings",
    "CheckpointSettings",
    "ComposerSettings",
    "DatabaseSettings",
    "DeliverySettings",
    "DiscordSettings",
    "DrawingSettings",
    "EmbedderSettings",
    "Guarded",
    "HealthSettings",
    "LearningSettings",
    "LineSettings",
    "Paths",
    "RefinerSettings",
    "RerankerSettings",
    "SafetySettings",
    "SamplingSettings",
    "Section",
    "SelectionSettings",
    "StoreSettings",
    "TextSettings",
    "WorkerSettings",
]
