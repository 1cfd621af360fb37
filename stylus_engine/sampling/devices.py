"""Which device draws, and in which precision."""

import gc

import torch

from stylus_engine.errors import BadSettings

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def choose(device: str, dtype: str) -> tuple[torch.device, torch.dtype]:
    """What `auto` means here: the accelerator if torch sees one, at half precision; else the CPU in fp32.

    Raises `BadSettings` for a device torch does not have.
    """
    chosen = torch.device(_best() if device == "auto" else device)
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise BadSettings(
            where="sampling.device", why="torch sees no CUDA card; `stylus doctor` says more"
        )
    if dtype == "auto":
        return chosen, torch.float32 if chosen.type == "cpu" else torch.float16
    return chosen, DTYPES[dtype]


def use_threads(count: int) -> None:
    """Let torch compute on `count` cores; 0 leaves torch's own choice."""
    if count:
        torch.set_num_threads(count)


def give_memory_back() -> None:
    """After a checkpoint was let go: modules are cycles, and CUDA keeps what was freed for itself."""
    gc.collect()
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def _best() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
