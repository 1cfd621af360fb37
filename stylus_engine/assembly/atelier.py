"""Where pictures are drawn: sampler, adapters in memory, the thread that steps, the eye that looks."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, wait
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING
from weakref import ref

from stylus_engine.assembly.loading import unswept
from stylus_engine.assembly.stock import Stock
from stylus_engine.mending import second_of
from stylus_engine.model import Adapter, Checkpoint, Event, Shot
from stylus_engine.ports import Checkpoints, Pictures, Scorer

if TYPE_CHECKING:
    from stylus_engine.mending import Mender
    from stylus_engine.sampling.drawer import Drawer
    from stylus_engine.sampling.foresight import Foresight
    from stylus_engine.sampling.rack import Rack
    from stylus_engine.sampling.store import FactorStore
    from stylus_engine.sampling.switch import Switch
    from stylus_engine.walking import Walker


class Atelier:
    """Drawing over one stock; nothing of it is made before a shot is to be drawn."""

    def __init__(
        self,
        stock: Stock,
        checkpoints: Callable[[], Checkpoints],
        pictures: Pictures | None,
        look: Callable[[], Scorer] | None,
    ) -> None:
        """`pictures` are used instead of the setup's own; without `look` nobody looks at them."""
        self._stock = stock
        self._setup = stock.setup
        self._checkpoints = checkpoints
        self._kept = pictures
        self._look = look
        self._lately: Callable[[], Drawer | None] = lambda: None
        self._coming: Future[None] | None = None  # a checkpoint that is loaded ahead

    def draw(self, job: str, shots: Sequence[Shot]) -> AsyncGenerator[Event, None]:
        """See `Mender.draw` where pictures are looked at, else `Walker.draw`."""
        return (self.mender or self.walker).draw(job, shots)

    def cancel(self, shot: str) -> None:
        """See `Sampler.cancel`; a second drawing of the shot ends with it."""
        for name in (shot, second_of(shot)):
            self.sampler.cancel(name)

    @staticmethod
    def warm() -> None:
        """Load the libraries that draw, but no checkpoint: the first picture comes seconds sooner."""
        with unswept():
            for room in ("drawer", "executors", "families"):
                import_module(f"stylus_engine.sampling.{room}")

    async def rest(self) -> bool:
        """Let checkpoint and adapters go; whether the memory is free now.

        Waits until what is being drawn has ended; a shot that came meanwhile keeps all.
        """
        if "sampler" not in vars(self):
            return True
        return await asyncio.wrap_future(self.walker.between(self._unload))

    @property
    def loaded(self) -> bool:
        """Whether a checkpoint is in memory."""
        return "sampler" in vars(self) and self.sampler.loaded

    @property
    def counts(self) -> dict[str, int]:
        """What became of adapters: worked out or read, found in memory, put out of it, made ready ahead.

        `guessed`: made ready while a language model thought; `guess_misses` of them nobody has
        drawn with so far.  `gathered`: put together on the device; `gathered_hits`: found there again.
        """
        if "factors" not in vars(self):
            return {}
        known, ahead, rack = self.factors, vars(self).get("foresight"), self.rack
        return {
            "loads": known.loads,
            "unshelved": known.unshelved,
            "hits": known.hits,
            "evictions": known.evictions,
            "prepared": ahead.prepared if ahead else 0,
            "guessed": known.guessed,
            "guess_hits": known.guess_hits,
            "guess_misses": known.guessed - known.guess_hits,
            "gathered": rack.made,
            "gathered_hits": rack.hits,
            "gathered_evictions": rack.evictions,
            "gathered_bytes": rack.nbytes,
        }

    def prepare(self, job: str, adapter: Adapter, *, likely: bool = False) -> None:
        """Make an adapter ready that `job` will be drawn with, or is `likely` to, if its checkpoint is in memory."""
        if self.loaded or self._coming is not None:
            self.foresight.wish(job, adapter, likely=likely)

    def expect(self, checkpoint: str) -> None:
        """Load a checkpoint, by name or id, that a job will soon be drawn with. Raises nothing: the drawing will."""
        self._coming = self.walker.between(lambda: self.sampler.load(checkpoint))

    def drop(self, job: str) -> None:
        """Nobody draws this job any more."""
        if "foresight" in vars(self):
            self.foresight.drop(job)

    def close(self) -> None:
        """Give the threads back, if anything was ever drawn."""
        if "foresight" in vars(self):
            self.foresight.close()
        if "walker" in vars(self):
            self.walker.close()
        if "factors" in vars(self):
            self.factors.close()

    @cached_property
    def sampler(self) -> "Switch":
        """Draws with whatever checkpoint a shot names."""
        from stylus_engine.sampling.switch import Switch

        waiting = self._setup.slots + self._setup.waiting
        return Switch(self._checkpoints(), self._drawer, waiting=waiting)

    @cached_property
    def walker(self) -> "Walker":
        """The thread that steps it."""
        from stylus_engine.walking import Walker

        return Walker(self.sampler)

    @cached_property
    def mender(self) -> "Mender | None":
        """Looks at pictures, where the setup says so and there is something that can."""
        from stylus_engine.mending import Mender
        from stylus_engine.pictures.store import forget

        if self._look is None:
            return None
        return Mender(self.walker, self.pictures, self._look, forget)

    @cached_property
    def pictures(self) -> Pictures:
        """Where finished pictures are kept."""
        from stylus_engine.pictures.store import PictureStore

        return self._kept or PictureStore(self._setup.pictures)

    @cached_property
    def factors(self) -> "FactorStore":
        """The adapters that are ready to draw with."""
        from stylus_engine.sampling.overlap import kept
        from stylus_engine.sampling.shelf import Shelf
        from stylus_engine.sampling.store import FactorStore

        made = partial(kept, self._stock.sketches) if self._setup.sketches else None
        most = self._setup.factor_disk_mib << 20
        shelf = Shelf(self._setup.cache / "factors", most) if most else None
        room = self._setup.factor_cache_mib << 20
        return FactorStore(self._stock.files, room, made=made, shelf=shelf)

    @cached_property
    def rack(self) -> "Rack":
        """Adapters gathered on the device, one checkpoint's at a time."""
        from stylus_engine.sampling.rack import Rack

        return Rack(self._setup.factor_device_mib << 20)

    @cached_property
    def foresight(self) -> "Foresight":
        """Makes adapters ready while somebody still thinks."""
        from stylus_engine.sampling.foresight import Foresight

        return Foresight(self._ready)

    def _ready(self, adapter: Adapter, likely: bool) -> None:
        if self._coming is not None:
            wait([self._coming])
        drawer = self._lately()
        if drawer is not None:
            drawer.prepare(adapter, likely=likely)

    def _unload(self) -> bool:
        """Called by the thread that draws."""
        from stylus_engine.sampling.devices import give_memory_back

        unloaded = self.sampler.unload()
        if unloaded:
            self.factors.clear()
            self.rack.clear()
            give_memory_back()
        return unloaded

    def _drawer(self, checkpoint: Checkpoint) -> "Drawer":
        """Load a checkpoint; called by the thread that draws."""
        with unswept():
            from stylus_engine.assembly.drawing import drawer

        self.rack.clear()  # of the checkpoint that was let go for this one
        made = drawer(self._setup, checkpoint, self.factors, self.pictures, self.rack)
        self._lately = ref(made)  # weak: the switch lets it go
        return made
