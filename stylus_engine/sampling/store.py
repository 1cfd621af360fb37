"""Keeps adapters as factors: converted once, counted in bytes, never taken from under a drawing."""

import hashlib
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Literal, NamedTuple

from stylus_engine.errors import AdapterChanged
from stylus_engine.model import Adapter
from stylus_engine.ports import AdapterFiles
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.convert import VERSION, convert, reads_weights
from stylus_engine.sampling.delta import Cut
from stylus_engine.sampling.factors import Factors
from stylus_engine.sampling.files import AdapterFile, read_adapter
from stylus_engine.sampling.shelf import Shelf

__all__ = ["Bases", "FactorStore"]


class Taken(NamedTuple):
    """Factors, where they came from (see `Readied.how`), and the seconds that it took."""

    factors: Factors
    how: Literal["memory", "ahead", "shelf", "converted"]
    seconds: float = 0.0


class FactorStore:
    """The resident adapters, least recently used first. Safe from any thread.

    `capacity_bytes` bounds the factors' bytes; only pinned ones may exceed it.
    `loads`, `hits` and `evictions` count, for those who prove that nothing was loaded;
    `unshelved` are the loads that needed no conversion, because `shelf` had it;
    `guessed` those that nobody had asked for yet, `guess_hits` the ones of them that
    somebody then drew with.
    Two threads that want one adapter convert it once; nobody waits for another adapter's
    conversion.  `made` hears of each
    adapter that comes in, before anybody draws with it.  Nobody waits for the shelf to be
    written.
    """

    def __init__(
        self,
        files: AdapterFiles,
        capacity_bytes: int,
        cut: Cut | None = None,
        made: Callable[[Factors, Bases], None] | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self.loads = 0
        self.hits = 0
        self.evictions = 0
        self.unshelved = 0
        self.guessed = 0
        self.guess_hits = 0
        self._shelf = shelf
        self._writing = ThreadPoolExecutor(1, "shelf") if shelf else None
        self._files = files
        self._capacity = capacity_bytes
        self._cut = cut or Cut()
        self._made = made
        self._resident: OrderedDict[str, Factors] = OrderedDict()
        self._bytes = 0  # of what is resident; never counted anew, or each use would cost more
        self._pins: Counter[str] = Counter()
        self._ahead: dict[str, bool] = {}  # resident, never drawn with; whether it was a guess
        self._lock = Lock()  # over the maps, held for moments
        self._lines: dict[str, Lock] = {}  # over the conversion of each, held for seconds

    def get(self, adapter: Adapter, bases: Bases) -> Factors:
        """See `take`."""
        return self.take(adapter, bases).factors

    def take(self, adapter: Adapter, bases: Bases) -> Taken:
        """The adapter's factors for the checkpoint of `bases`.

        A file whose bytes changed is another adapter.  Raises `BadAdapter` in all its kinds.
        """
        began = time.perf_counter()
        path, sha256 = self._files.fetch(adapter)
        wanted = self._id(sha256, bases)
        found = self._find(wanted)
        if found is None:
            with self._alone(wanted):
                found = self._find(wanted) or self._made_now(path, sha256, adapter, bases)
        return found._replace(seconds=time.perf_counter() - began)

    def prepare(self, adapter: Adapter, bases: Bases, *, likely: bool = False) -> bool:
        """As `get`, from beside a drawing and counted as no use; whether it is resident now.

        What is measured against base weights, which a drawing may have merged at this
        moment, is left to the drawing.  What is only `likely` takes nobody's place: it comes
        in where there is room, and goes first.  Raises `BadAdapter`.
        """
        path, sha256 = self._files.fetch(adapter)
        wanted = self._id(sha256, bases)
        with self._alone(wanted):
            if self._known(wanted, likely=likely):
                return True
            if likely and path.stat().st_size > self._capacity - self.nbytes:
                return False
            factors = self._unshelved(wanted)
            if factors is None:
                file = self._read(path, sha256, adapter)
                if reads_weights(file):
                    return False
                factors = self._converted(file, bases, wanted, shelve=not likely)
            return self._come_early(factors, bases, likely=likely)

    def _made_now(self, path: Path, sha256: str, adapter: Adapter, bases: Bases) -> Taken:
        wanted = self._id(sha256, bases)
        if (factors := self._unshelved(wanted)) is not None:
            return Taken(self._keep(factors, bases), "shelf")
        factors = self._converted(self._read(path, sha256, adapter), bases, wanted)
        return Taken(self._keep(factors, bases), "converted")

    def _known(self, wanted: str, *, likely: bool) -> bool:
        """Whether it is resident; one that was guessed is worth as much as others once it is named."""
        with self._lock:
            if wanted in self._resident and not likely:
                self._resident.move_to_end(wanted)
            return wanted in self._resident

    def _come_early(self, factors: Factors, bases: Bases, *, likely: bool) -> bool:
        self._tell_made(factors, bases)
        with self._lock:
            self.loads += 1
            self.guessed += likely
            self._put_in(factors)
            self._ahead[factors.id] = likely
            self._resident.move_to_end(factors.id, last=not likely)
            self._evict()
            return factors.id in self._resident

    @contextmanager
    def _alone(self, wanted: str) -> Generator[None]:
        """Of several who want one adapter, one converts it; another adapter waits for nobody."""
        with self._lock:
            line = self._lines.setdefault(wanted, Lock())
        with line:
            yield
            with self._lock:  # it is resident: whoever comes now finds it
                self._lines.pop(wanted, None)

    def _unshelved(self, wanted: str) -> Factors | None:
        factors = self._shelf.find(wanted) if self._shelf else None
        self.unshelved += factors is not None
        return factors

    def _read(self, path: Path, sha256: str, adapter: Adapter) -> AdapterFile:
        file = read_adapter(path, adapter.name, sha256)
        # Whoever hands files out knows them by size, time and inode: asked again, it
        # vouches for what was read between, and nothing is hashed twice.
        _, now = self._files.fetch(adapter)
        if now != sha256:
            raise AdapterChanged(name=adapter.name, wanted=sha256, found=now)
        return file

    def _converted(
        self, file: AdapterFile, bases: Bases, wanted: str, *, shelve: bool = True
    ) -> Factors:
        factors = convert(file, bases, wanted, self._cut)
        if shelve:
            self._shelve(factors)
        return factors

    def _shelve(self, factors: Factors) -> None:
        if self._shelf is not None and self._writing is not None and factors.layers:
            self._writing.submit(self._shelf.keep, factors)

    def close(self) -> None:
        """Wait until what was converted is on the shelf; nothing is converted after it."""
        if self._writing is not None:
            self._writing.shutdown()

    def clear(self) -> None:
        """Forget every adapter that is not pinned."""
        with self._lock:
            for each in [name for name in self._resident if not self._pins[name]]:
                self._take_out(each)

    def derived(self, name: str, make: Callable[[], Factors]) -> Factors:
        """What was made of other adapters, under a name that says of which and how; made once."""
        found = self._find(name)
        return found.factors if found else self._put(make())

    def pin(self, factors: Factors) -> None:
        """Never evict `factors` until `unpin` was called as often; brings them back if need be."""
        with self._lock:
            self._pins[factors.id] += 1
            self._put_in(factors)

    def unpin(self, factors: Factors) -> None:
        """Take one `pin` back."""
        with self._lock:
            self._pins[factors.id] -= 1
            self._pins = +self._pins
            self._evict()

    @contextmanager
    def hold(self, *factors: Factors) -> Generator[None]:
        """Pin while the block runs."""
        for each in factors:
            self.pin(each)
        try:
            yield
        finally:
            for each in factors:
                self.unpin(each)

    @property
    def nbytes(self) -> int:
        """Bytes of all resident factors."""
        with self._lock:
            return self._bytes

    @property
    def resident(self) -> tuple[str, ...]:
        """The ids of the resident factors, least recently used first."""
        with self._lock:
            return tuple(self._resident)

    def _id(self, sha256: str, bases: Bases) -> str:
        """Names the file's bytes, the checkpoint and all that decides the conversion."""
        facts = (sha256, bases.checkpoint, VERSION, self._cut)
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def _find(self, wanted: str) -> Taken | None:
        with self._lock:
            found = self._resident.get(wanted)
            if found is None:
                return None
            self._resident.move_to_end(wanted)
            self.hits += 1
            guess = self._ahead.pop(wanted, None)
            self.guess_hits += bool(guess)
        if guess:
            self._shelve(found)  # a wrong guess would have pushed another one off the shelf
        return Taken(found, "memory" if guess is None else "ahead")

    def _keep(self, factors: Factors, bases: Bases) -> Factors:
        self._tell_made(factors, bases)
        return self._put(factors)

    def _tell_made(self, factors: Factors, bases: Bases) -> None:
        if self._made is not None and factors.layers:
            self._made(factors, bases)

    def _put(self, factors: Factors) -> Factors:
        with self._lock:
            self.loads += 1
            self._put_in(factors)
            self._evict()
        return factors

    def _evict(self) -> None:
        if self._bytes <= self._capacity:
            return
        for each in [name for name in self._resident if not self._pins[name]]:
            if self._bytes <= self._capacity:
                return
            self._take_out(each)
            self.evictions += 1

    def _put_in(self, factors: Factors) -> None:
        if factors.id not in self._resident:
            self._resident[factors.id] = factors
            self._bytes += factors.nbytes

    def _take_out(self, name: str) -> None:
        self._bytes -= self._resident.pop(name).nbytes
        self._ahead.pop(name, None)
