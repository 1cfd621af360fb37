"""`stylus selfcheck`, built of the rooms that know it; loads torch."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

from stylus_engine.assembly.drawing import loaded, with_parts
from stylus_engine.assembly.setup import Setup
from stylus_engine.catalog.files import LocalFiles
from stylus_engine.model import Adapter, Checkpoint
from stylus_engine.model.checked import Checked, Timed
from stylus_engine.planning.executors import kept_by
from stylus_engine.ports import Pictures
from stylus_engine.sampling.devices import choose
from stylus_engine.sampling.families.parts import Parts
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.selfcheck import Inspector, peak, sheet
from stylus_engine.sampling.store import FactorStore

GRID = 4  # pictures of one grid


class Selfcheck:
    """Checks files of a folder, then draws with those that are good. Opening one loads the checkpoint."""

    def __init__(self, setup: Setup, checkpoint: Checkpoint, pictures: Pictures) -> None:
        self._setup = replace(setup, slots=GRID)
        self._checkpoint = checkpoint
        self._factors = FactorStore(LocalFiles(), setup.factor_cache_mib << 20)
        self._pictures = pictures
        self._inspector: Inspector | None = self._inspecting()

    def check(self, file: Path) -> Checked:
        """See `Inspector.check`."""
        self._inspector = self._inspector or self._inspecting()
        return self._inspector.check(card(file, self._checkpoint))

    def sheet(self, files: Sequence[Path], steps: int) -> Generator[Timed, None, None]:
        """See `sampling.selfcheck.sheet`; drawn with all that the setup says of drawing."""
        rack = Rack(self._setup.factor_device_mib << 20)
        drawer = with_parts(self._setup, self._drawing(), self._factors, self._pictures, rack)
        cards = [card(file, self._checkpoint) for file in files]
        return sheet(drawer, cards, steps, self._checkpoint.size)

    @property
    def peak(self) -> int:
        """See `sampling.selfcheck.peak`."""
        return peak(choose(self._setup.device, self._setup.dtype)[0])

    def _inspecting(self) -> Inspector:
        whole = replace(
            self._setup, offload="none", quantised="none"
        )  # what is merged replaces weights
        return Inspector(loaded(whole, self._checkpoint), self._factors)

    def _drawing(self) -> Parts:
        """Those that were checked with, or others where weights are offloaded or quantised: never both at once."""
        if self._inspector and not kept_by(self._setup.offload, self._setup.quantised):
            return self._inspector.parts
        self._inspector = None
        return loaded(self._setup, self._checkpoint)


def card(file: Path, checkpoint: Checkpoint) -> Adapter:
    """The least that a card can say: the file is what is asked."""
    return Adapter(
        card_id=str(file), name=file.stem, family_declared=checkpoint.family, path=str(file)
    )
