"""What lies where: folders, checkpoints, cards, files that are fetched."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from bot.layers import Folder
from bot.sections.shapes import Section

MINIATURE = Path(__file__).parents[2] / "miniature" / "data"
MINIATURE_CHECKPOINT = MINIATURE / "checkpoint"
MINIATURE_CARDS = MINIATURE / "cards.jsonl"
Place: TypeAlias = Literal["pictures", "grids", "index", "catalog", "adapters", "weights", "cache"]


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
    folders: dict[str, Folder] = msgspec.field(default_factory=dict[str, Folder])

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


class StoreSettings(Section, frozen=True):
    """Adapter files that are fetched when they are first drawn with."""

    max_gb: Annotated[float, msgspec.Meta(ge=0)] = 20.0
