"""Who works in a house: each made when first asked for, and handed the others that it needs."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from stylus_engine.assembly.stock import Stock
from stylus_engine.ports import Checkpoints, Pictures, Scorer

if TYPE_CHECKING:
    from stylus_engine.assembly.arriving import Arriving
    from stylus_engine.assembly.atelier import Atelier
    from stylus_engine.assembly.following import Following
    from stylus_engine.assembly.infirmary import Infirmary
    from stylus_engine.assembly.library import Library
    from stylus_engine.catalog.orders import Round, TellStep
    from stylus_engine.engine import Engine


class Household:
    """Engine, atelier, infirmary, library and their kin, and which of them knows which."""

    def __init__(
        self, stock: Stock, pictures: Pictures | None, look: Callable[[], Scorer] | None
    ) -> None:
        """`pictures` are used instead of the setup's own; without `look` nobody looks at them."""
        self._stock = stock
        self._setup = stock.setup
        self._kept = pictures
        self._look = look

    @cached_property
    def checkpoints(self) -> Checkpoints:
        """Every checkpoint this installation may draw with."""
        from stylus_engine.catalog.checkpoints import LocalCheckpoints

        known, default = self._setup.checkpoints, self._setup.default_checkpoint
        return LocalCheckpoints(known, default, self._stock.digests)

    @cached_property
    def atelier(self) -> "Atelier":
        """Where pictures are drawn."""
        from stylus_engine.assembly.atelier import Atelier

        return Atelier(self._stock, lambda: self.checkpoints, self._kept, self._look)

    @cached_property
    def engine(self) -> "Engine":
        """The path from a prompt to its pictures."""
        from stylus_engine.assembly.composers import Composers
        from stylus_engine.engine import Engine
        from stylus_engine.sampling.tokens import OwnTokens

        return Engine(
            checkpoints=self.checkpoints,
            cards=self._stock.cards,
            methods=Composers(self._stock).methods,
            tokens=OwnTokens(self._stock.files),
            walker=self.atelier.walker,
            preview_every=self._setup.preview_every,
            bringer=self._stock.bringer,
            measures=self._stock.cards if self._setup.heed_health else None,
            mender=self.atelier.mender,
            ahead=self._stock.early.drawing,
        )

    @cached_property
    def following(self) -> "Following":
        """Brings the index in line with the cards."""
        from stylus_engine.assembly.following import Following

        return Following(self._stock)

    @cached_property
    def arriving(self) -> "Arriving":
        """Takes in what people bring."""
        from stylus_engine.assembly.arriving import Arriving

        return Arriving(self._stock, self.following, self.checkpoints)

    @cached_property
    def infirmary(self) -> "Infirmary":
        """Checks adapters by drawing with them."""
        from stylus_engine.assembly.infirmary import Infirmary

        return Infirmary(self._stock, self.following, self.checkpoints, self.atelier.pictures)

    @cached_property
    def library(self) -> "Library":
        """What `stylus catalog` asks: cards in, learned of, told of."""
        from stylus_engine.assembly.library import Library

        return Library(self._stock, self.following, self.check)

    async def check(self, names: Sequence[str], most: int, tell: "TellStep") -> "Round":
        """See `Infirmary.check`; drawn where everything is drawn."""
        return await self.infirmary.check(names, most, self.atelier.draw, tell)
