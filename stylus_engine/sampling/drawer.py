"""The `Sampler` port: many jobs in flight, drawn by one thread on one device."""

from collections.abc import Generator
from contextlib import closing

import torch

from stylus_engine.model import Adapter, Event, Shot
from stylus_engine.planning.turns import Room, chosen
from stylus_engine.ports import Pictures
from stylus_engine.sampling.executors import Executor, Stacking
from stylus_engine.sampling.families import Parts
from stylus_engine.sampling.faults import device
from stylus_engine.sampling.inbox import Inbox
from stylus_engine.sampling.loop import Choose, Loop
from stylus_engine.sampling.phrasebook import Phrasebook
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.store import FactorStore
from stylus_engine.sampling.studio import Studio

MOST_ROWS = 16  # of one turn, unless more slots than eight share it


class Drawer:
    """Draws shots of one checkpoint: `slots` at a time, with `waiting` more in line.

    `admit` and `cancel` may be called from any thread, also while another walks
    `events`.  One walk at a time; a new one may follow when more was admitted.
    """

    def __init__(  # noqa: PLR0913  keywords, each with a default: what assembly chooses
        self,
        parts: Parts,
        factors: FactorStore,
        pictures: Pictures,
        *,
        slots: int = 8,
        waiting: int = 64,
        executor: Executor | None = None,
        most_bytes: int = 0,
        rack: Rack | None = None,
        choose: Choose = chosen,
    ) -> None:
        self._inbox = Inbox(room=slots + waiting, slots=slots)
        rack = rack or Rack()
        executor = executor or Stacking(parts.modules, rack, parts.device)
        self._studio = Studio(parts, factors, pictures, executor, most_bytes, rack)
        room = Room(seats=slots, rows=max(MOST_ROWS, 2 * slots))
        self._loop = Loop(self._studio, self._inbox, room, choose=choose)

    def admit(self, shot: Shot) -> None:
        """Take a shot in; it joins at the next step.

        Raises `Busy` beyond `slots + waiting` unfinished shots, and what
        `Studio.check` says of shots that could never be drawn here.
        """
        self._studio.check(shot)
        self._inbox.admit(shot)

    def cancel(self, shot_id: str) -> None:
        """Let go of a shot at the next step; it ends in `Failed(kind="Cancelled")`."""
        self._inbox.cancel(shot_id)

    def prepare(self, adapter: Adapter, *, likely: bool = False) -> None:
        """See `Studio.prepare`; for what is only `likely` not while anything is drawn."""
        if not likely or self.idle:
            self._studio.prepare(adapter, likely=likely)

    @property
    def idle(self) -> bool:
        """Whether no admitted shot is unfinished."""
        return self._inbox.idle

    @property
    def phrases(self) -> Phrasebook:
        """The texts that were encoded lately, and how often that was."""
        return self._studio.phrases

    @torch.inference_mode()
    def events(self) -> Generator[Event, None, None]:
        """Step until no admitted shot is left. Every shot ends in one `Drawn` or one `Failed`.

        Closed early it forgets whatever it was given; either way no hook, no weight
        and no pin is left behind.  Raises `DeviceLost`: nothing more can be drawn here.
        """
        with device(), closing(self._studio):
            yield from self._loop.run()
