"""The contact sheet, and copies where a person asked for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.cli.outcome import Outcome
from stylus_engine.model import Shot
from stylus_engine.pictures import files, png, store
from stylus_engine.pictures.grid import grid


@dataclass(frozen=True, slots=True)
class Target:
    """Where files of one job go: `out` when a person named a folder, else only a sheet in `grids`."""

    job: str
    grids: Path
    out: Path | None = None

    @property
    def sheet(self) -> Path:
        """The file that people look at first."""
        return self.out / "grid.png" if self.out else self.grids / f"{self.job}.png"


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved: the sheet, and the copies by shot."""

    sheet: Path | None = None
    copies: Mapping[str, Path] = field(default_factory=dict[str, Path])

    def places(self, outcome: Outcome) -> dict[str, Sequence[Path]]:
        """For people: the sheet, then each picture."""
        pictures = [self.path(shot, outcome) for shot in outcome.finished]
        return {"Grid": [self.sheet] if self.sheet else [], "Pictures": pictures}

    def path(self, shot: Shot, outcome: Outcome) -> Path:
        """The copy where there is one, else the file in the store."""
        return self.copies.get(shot.id, Path(outcome.pictures[shot.id].path))


def save(outcome: Outcome, target: Target) -> Saved:
    """Write what is finished, each file whole or not at all. Raises `StoreFailed`, `DiskFull`."""
    if not outcome.finished:
        return Saved()
    kept = {shot.id: Path(outcome.pictures[shot.id].path) for shot in outcome.finished}
    pixels = [store.read(path)[0] for path in kept.values()]
    files.write(target.sheet, png.encode(grid(pixels, list(outcome.lines.values()))))
    return Saved(sheet=target.sheet.absolute(), copies=_copy(outcome, kept, target.out))


def _copy(outcome: Outcome, kept: Mapping[str, Path], out: Path | None) -> dict[str, Path]:
    """`1.png` … beside the sheet: the very bytes of the store, manifest and all."""
    if out is None:
        return {}
    numbers = {shot.id: number for number, shot in enumerate(outcome.shots, 1)}
    copies = {name: (out / f"{numbers[name]}.png").absolute() for name in kept}
    for name, path in copies.items():
        files.write(path, kept[name].read_bytes())
    return copies
