"""A checkpoint made ready to draw with; loads torch."""

from dataclasses import replace

from stylus_engine.assembly.setup import Setup
from stylus_engine.model import Checkpoint
from stylus_engine.planning.executors import kept_by
from stylus_engine.ports import Pictures
from stylus_engine.sampling.devices import choose, use_threads
from stylus_engine.sampling.drawer import Drawer
from stylus_engine.sampling.executors import executor
from stylus_engine.sampling.families import family_of
from stylus_engine.sampling.families.parts import Parts
from stylus_engine.sampling.offload import HERE, placed
from stylus_engine.sampling.quantising import quantised
from stylus_engine.sampling.rack import Rack
from stylus_engine.sampling.speed import tuned
from stylus_engine.sampling.store import FactorStore


def drawer(
    setup: Setup, checkpoint: Checkpoint, factors: FactorStore, pictures: Pictures, rack: Rack
) -> Drawer:
    """Load a checkpoint on the device that the setup names; called by the thread that draws."""
    return with_parts(setup, loaded(setup, checkpoint), factors, pictures, rack)


def with_parts(
    setup: Setup, parts: Parts, factors: FactorStore, pictures: Pictures, rack: Rack
) -> Drawer:
    """What draws with a checkpoint that is loaded, as the setup says. Raises `BadSettings`."""
    return Drawer(
        parts,
        factors,
        pictures,
        slots=setup.slots,
        waiting=setup.waiting,
        most_bytes=setup.memory_mib << 20,
        rack=rack,
        executor=executor(
            setup.executor, parts.modules, rack, parts.device, parts.kept, setup.compile
        ),
    )


def loaded(setup: Setup, checkpoint: Checkpoint) -> Parts:
    """The checkpoint's models. Raises `BadCheckpoint`."""
    use_threads(setup.threads)
    device, dtype = choose(setup.device, setup.dtype)
    kept = kept_by(setup.offload, setup.quantised)
    first = HERE if kept else device  # the device may not hold all of it, or not yet
    parts = family_of(checkpoint).load(checkpoint, dtype=dtype, device=first)
    parts = replace(parts, device=device, room=setup.decode_mib << 20, kept=kept)
    parts = tuned(parts, channels_last=setup.channels_last, attention=setup.attention)
    return placed(quantised(parts, setup.quantised), setup.offload) if kept else parts
