"""A checkpoint made ready to draw with; loads torch."""

from dataclasses import replace

from stylus_engine.assembly.setup import Setup
from stylus_engine.model import Checkpoint
from stylus_engine.ports import Pictures
from stylus_engine.sampling.devices import choose, use_threads
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.executors import EXECUTORS
from stylus_engine.sampling.families import family_of
from stylus_engine.sampling.families.parts import Parts
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.speed import tuned
from stylus_engine.sampling.store import FactorStore


def drawer(
    setup: Setup, checkpoint: Checkpoint, factors: FactorStore, pictures: Pictures, rack: Rack
) -> Drawer:
    """Load a checkpoint on the device that the setup names; called by the thread that draws."""
    parts = loaded(setup, checkpoint)
    return Drawer(
        parts,
        factors,
        pictures,
        slots=setup.slots,
        waiting=setup.waiting,
        most_bytes=setup.memory_mib << 20,
        rack=rack,
        executor=EXECUTORS[setup.executor](parts.modules, rack),
    )


def loaded(setup: Setup, checkpoint: Checkpoint) -> Parts:
    """The checkpoint's models. Raises `BadCheckpoint`."""
    use_threads(setup.threads)
    device, dtype = choose(setup.device, setup.dtype)
    parts = family_of(checkpoint).load(checkpoint, dtype=dtype, device=device)
    parts = replace(parts, room=setup.decode_mib << 20)
    return tuned(parts, channels_last=setup.channels_last, attention=setup.attention)
