"""What all frames share."""

from typing import Literal, TypeAlias

from stylus_engine.model.noun import Noun

VERSION = 1
MOST_BYTES = 64 << 20  # of one frame; a longer one is a broken peer
Role: TypeAlias = Literal["planner", "drawer"]


class Frame(Noun, frozen=True, kw_only=True, tag_field="frame", tag=str.lower):
    """A frame of this version; another one is refused at `Ready`."""
