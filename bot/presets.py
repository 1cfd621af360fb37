"""Which preset a server draws with: its administrators' word, else the settings'."""

from typing import Protocol

from stylus_engine.model import PRESETS


class Notes(Protocol):
    """What is asked of the line."""

    async def noted(self, name: str, /) -> str | None: ...


def note_name(guild: int) -> str:
    """Under which a server's choice is kept."""
    return f"preset:{guild}"


async def preset_of(notes: Notes, guild: int | None) -> str:
    """Its name; "" where nobody chose, or where this version does not know what was chosen."""
    chosen = await notes.noted(note_name(guild)) if guild is not None else None
    return chosen if chosen in PRESETS else ""
