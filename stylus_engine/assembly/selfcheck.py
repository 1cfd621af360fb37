"""`stylus selfcheck`, built of the rooms that know it; loads torch."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

from stylus_engine.assembly.drawing import loaded
from stylus_engine.assembly.setup import Setup
from stylus_engine.catalog.files import LocalFiles
from stylus_engine.model import Adapter, Checkpoint
from stylus_engine.model.checked import Checked, Timed
from stylus_engine.ports import Pictures
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.selfcheck import Inspector, peak, sheet
from stylus_engine.sampling.store import FactorStore


class Selfcheck:
    """Checks files of a folder, then draws with those that are good. Opening one loads the checkpoint."""

    def __init__(self, setup: Setup, checkpoint: Checkpoint, pictures: Pictures) -> None:
        whole = replace(setup, offload="none", quantised="none")  # what is merged replaces weights
        self._parts = loaded(whole, checkpoint)
        self._checkpoint = checkpoint
        self._factors = FactorStore(LocalFiles(), setup.factor_cache_mib << 20)
        self._inspector = Inspector(self._parts, self._factors)
        self._pictures = pictures

    def check(self, file: Path) -> Checked:
        """See `Inspector.check`."""
        return self._inspector.check(card(file, self._checkpoint))

    def sheet(self, files: Sequence[Path], steps: int) -> Generator[Timed, None, None]:
        """See `sampling.selfcheck.sheet`."""
        drawer = Drawer(self._parts, self._factors, self._pictures, slots=4)
        cards = [card(file, self._checkpoint) for file in files]
        return sheet(drawer, cards, steps, self._checkpoint.size)

    @property
    def peak(self) -> int:
        """See `sampling.selfcheck.peak`."""
        return peak(self._parts.device)


def card(file: Path, checkpoint: Checkpoint) -> Adapter:
    """The least that a card can say: the file is what is asked."""
    return Adapter(
        card_id=str(file), name=file.stem, family_declared=checkpoint.family, path=str(file)
    )
