"""What drawing with a checkpoint takes of this machine; loads torch, and no weights."""

from stylus_engine.assembly.setup import Setup
from stylus_engine.catalog.weighing import weights
from stylus_engine.model import Checkpoint
from stylus_engine.model.need import Compiling, Need
from stylus_engine.planning.pace import usual
from stylus_engine.sampling.compiling import tried
from stylus_engine.sampling.devices import choose
from stylus_engine.sampling.gauge import free, times
from stylus_engine.sampling.reckoning import step_bytes


def needed(setup: Setup, checkpoint: Checkpoint, guidance: float | None) -> Need:
    """Counted; `guidance`: None = what suits the checkpoint. Raises `BadCheckpoint`, `BadSettings`."""
    device, dtype = choose(setup.device, setup.dtype)
    strict = usual(checkpoint).guidance if guidance is None else guidance
    return Need(
        weights=weights(checkpoint, dtype.itemsize),
        step=step_bytes(checkpoint, 2 if strict > 1 else 1, dtype),
        times=times(device),
        free=free(device),
        device=device.type,
    )


def compiling(setup: Setup) -> Compiling:
    """Whether torch can compile for the device that draws. Raises `BadSettings`."""
    device, _ = choose(setup.device, setup.dtype)
    return Compiling(device=device.type, why_not=tried(device))
