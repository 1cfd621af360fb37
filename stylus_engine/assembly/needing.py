"""What drawing with a checkpoint takes of this machine; loads torch, and no weights."""

from stylus_engine.assembly.setup import Setup
from stylus_engine.catalog.weighing import weights
from stylus_engine.model import Checkpoint
from stylus_engine.model.need import Compiling, Need, Precision
from stylus_engine.planning.pace import usual
from stylus_engine.sampling.compiling import tried
from stylus_engine.sampling.devices import DTYPES, choose, name_of, use_threads
from stylus_engine.sampling.gauge import free, times
from stylus_engine.sampling.machine import half_gain
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


def precision(setup: Setup, *, trying: bool) -> Precision:
    """What is drawn in; `trying` half of it on a CPU is a product or two. Raises `BadSettings`."""
    device, dtype = choose(setup.device, setup.dtype)
    use_threads(setup.threads)
    asked = trying and device.type == "cpu" and dtype == DTYPES["float32"]
    gain = half_gain() if asked else 1.0
    return Precision(device=device.type, dtype=name_of(dtype), gain=gain)


def compiling(setup: Setup) -> Compiling:
    """Whether torch can compile for the device that draws. Raises `BadSettings`."""
    device, _ = choose(setup.device, setup.dtype)
    return Compiling(device=device.type, why_not=tried(device))
