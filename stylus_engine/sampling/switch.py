"""Many checkpoints, one drawer at a time: the sampler that assembly hands out.

A checkpoint is loaded by the thread that draws, when the first shot that names it
comes to its turn, and let go when another one's turn comes, or by `unload`.  No
torch here: whoever only hands shots on need not load it.
"""

from collections.abc import Callable, Generator
from threading import Lock
from typing import NamedTuple, Protocol, TypeAlias

from msgspec.structs import replace

from stylus_engine.errors import BadCheckpoint, Busy, Cancelled, StylusError, public
from stylus_engine.model import Checkpoint, Event, Failed, Shot
from stylus_engine.ports import Checkpoints, Sampler


class Loaded(Sampler, Protocol):
    """A sampler of one checkpoint, in memory."""

    @property
    def idle(self) -> bool:
        """Whether no admitted shot is unfinished."""
        ...


class _Waiting(NamedTuple):
    """A shot, and the checkpoint that its name meant when it came."""

    shot: Shot
    checkpoint: Checkpoint


Open: TypeAlias = Callable[[Checkpoint], Loaded]
PASSING = 16  # shots


class Switch:
    """Implements the `Sampler` port over one `Loaded` sampler after another.

    While somebody waits for another checkpoint, at most `passing` more shots are taken
    to the loaded one; then they wait behind him.  A stream of jobs for one checkpoint
    would keep it loaded for ever, and a turn for each shot would do nothing but load.

    A checkpoint is known by its content: a shot goes to the one that it was admitted for,
    or fails; whatever lies under that name by then.
    """

    def __init__(
        self, checkpoints: Checkpoints, open_drawer: Open, waiting: int, passing: int = PASSING
    ) -> None:
        self._checkpoints = checkpoints
        self._open = open_drawer
        self._waiting = waiting
        self._passing = passing
        self._passed = 0
        self._lock = Lock()
        self._line: list[_Waiting] = []  # shots whose checkpoint is not the loaded one
        self._turning: list[Shot] = []  # shots whose checkpoint is being loaded
        self._called_off: set[str] = set()
        self._drawer: Loaded | None = None
        self._loaded = ""

    def admit(self, shot: Shot) -> None:
        """Take a shot in. Raises `Busy`, `UnknownName`, `BadCheckpoint`, and what `Drawer.admit` does."""
        checkpoint = self._checkpoints.find(shot.checkpoint)
        shot = replace(shot, checkpoint=checkpoint.id)
        with self._lock:
            if self._drawer is not None and self._takes(checkpoint):
                self._drawer.admit(shot)
                self._passed += bool(self._line)
            elif len(self._line) >= self._waiting:
                raise Busy(slots=self._waiting)
            else:
                self._line.append(_Waiting(shot, checkpoint))

    def cancel(self, shot_id: str) -> None:
        """Let go of a shot, wherever it is."""
        with self._lock:
            waiting = [*self._turning, *(each.shot for each in self._line)]
            if any(shot.id == shot_id for shot in waiting):
                self._called_off.add(shot_id)
            elif self._drawer is not None:
                self._drawer.cancel(shot_id)

    @property
    def loaded(self) -> bool:
        """Whether a checkpoint is in memory."""
        return self._drawer is not None

    def unload(self) -> bool:
        """Let the checkpoint go, unless a shot still wants it; whether none is loaded now.

        Belongs to the thread that walks `events`, between two walks.
        """
        with self._lock:
            if self._drawer is not None and self._drawer.idle:
                self._drawer, self._loaded = None, ""
            return self._drawer is None

    def load(self, name: str) -> None:
        """Load a checkpoint that will be asked for, unless one is in memory. Raises what loading raises.

        Belongs to the thread that walks `events`, between two walks.
        """
        if self._drawer is None:
            self._load(self._checkpoints.find(name))

    def events(self) -> Generator[Event, None, None]:
        """Draw with the loaded checkpoint until it has no shot left, then turn to the next one's."""
        while True:
            if self._drawer is not None:
                yield from self._drawer.events()
            with self._lock:
                first = next(iter(self._line), None)
            if first is None:
                return
            yield from self._turn_to(first.checkpoint)

    def _takes(self, checkpoint: Checkpoint) -> bool:
        """Whether the loaded drawer is the one, and nobody was passed too often."""
        return checkpoint.id == self._loaded and (not self._line or self._passed < self._passing)

    def _taken(self, checkpoint: Checkpoint) -> list[Shot]:
        """The waiting shots of a checkpoint, in line no more."""
        with self._lock:
            self._passed = 0
            mine = [each.shot for each in self._line if each.checkpoint.id == checkpoint.id]
            self._line = [each for each in self._line if each.checkpoint.id != checkpoint.id]
            self._turning = list(mine)
            return mine

    def _turn_to(self, checkpoint: Checkpoint) -> Generator[Event, None, None]:
        shots = self._taken(checkpoint)
        try:
            if checkpoint.id != self._loaded:
                self._load(checkpoint)
        except StylusError as error:
            with self._lock:
                for shot in shots:
                    self._taken_out(shot)
            yield from (_failed(shot, error) for shot in shots)
            return
        for shot in shots:
            yield from self._pass_on(shot)

    def _load(self, checkpoint: Checkpoint) -> None:
        with self._lock:
            self._drawer, self._loaded = None, ""  # two checkpoints may not fit into memory
        self._same(checkpoint)
        drawer = self._open(checkpoint)
        self._same(checkpoint)  # files may be replaced while they are read
        with self._lock:
            self._drawer, self._loaded = drawer, checkpoint.id

    def _same(self, checkpoint: Checkpoint) -> None:
        if self._checkpoints.find(checkpoint.name).id != checkpoint.id:
            why = "its files are no longer those that the picture was to be drawn with"
            raise BadCheckpoint(path=checkpoint.path, why=why)

    def _pass_on(self, shot: Shot) -> Generator[Event, None, None]:
        """Under the lock: a cancel finds the shot either still turning or already admitted."""
        with self._lock:
            assert self._drawer is not None  # noqa: S101  `_load` has just set it
            called_off = self._taken_out(shot)
            error = Cancelled(done=0) if called_off else _refusal(self._drawer, shot)
        if error is not None:
            yield _failed(shot, error)

    def _taken_out(self, shot: Shot) -> bool:
        """Turning no more; whether it was called off meanwhile. Under the lock."""
        self._turning.remove(shot)
        called_off = shot.id in self._called_off
        self._called_off.discard(shot.id)
        return called_off


def _refusal(drawer: Loaded, shot: Shot) -> StylusError | None:
    try:
        drawer.admit(shot)
    except StylusError as error:
        return error
    return None


def _failed(shot: Shot, error: StylusError) -> Failed:
    return Failed(job=shot.job, shot=shot.id, kind=type(error).__name__, sentence=public(error))
