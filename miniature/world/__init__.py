"""The drawn world: scenes in words, their pictures and their captions. Knows nothing of models."""

from miniature.world.captions import caption, plain_prompt
from miniature.world.draw import draw
from miniature.world.scene import (
    ALL_PLACES,
    ALL_STYLES,
    ALL_SUBJECTS,
    COLOURS,
    LIGHTS,
    NEW_PLACES,
    NEW_SUBJECTS,
    PLACES,
    STYLES,
    SUBJECTS,
    Scene,
)

__all__ = [
    "ALL_PLACES",
    "ALL_STYLES",
    "ALL_SUBJECTS",
    "COLOURS",
    "LIGHTS",
    "NEW_PLACES",
    "NEW_SUBJECTS",
    "PLACES",
    "STYLES",
    "SUBJECTS",
    "Scene",
    "caption",
    "draw",
    "plain_prompt",
]
