"""What is handed to a road: a card that can be made anew for every try, and its files."""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

import discord
from discord import ui


@dataclass(frozen=True, slots=True)
class Enclosure:
    """One file of a letter: on disk (`path`) or in memory (`data`). `alt` describes a picture."""

    name: str
    alt: str = ""
    path: str | None = None
    data: bytes = field(default=b"", repr=False)

    @property
    def url(self) -> str:
        """How a component of the same message names it."""
        return f"attachment://{self.name}"

    def file(self) -> discord.File:
        """Opened anew: discord.py closes what it has sent. Raises `OSError` when it is gone."""
        source = self.path if self.path is not None else BytesIO(self.data)
        return discord.File(source, filename=self.name, description=self.alt or None)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message before it is sent: no state of discord.py, so that every road can try it.

    `ephemeral` only matters for a first answer.  `mention` is the one person this
    message may ping; None: nobody.
    """

    view: Callable[[], ui.LayoutView]
    files: tuple[Enclosure, ...] = ()
    ephemeral: bool = False
    mention: int | None = None

    @property
    def allowed(self) -> discord.AllowedMentions:
        """Whom Discord may ping for it."""
        if self.mention is None:
            return discord.AllowedMentions.none()
        return discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(self.mention)]
        )

    def attachments(self) -> list[discord.File]:
        """All files, opened anew; the caller sends or closes them. Raises `OSError`."""
        opened: list[discord.File] = []
        try:
            opened.extend(enclosure.file() for enclosure in self.files)
        except OSError:
            for file in opened:
                file.close()
            raise
        return opened
