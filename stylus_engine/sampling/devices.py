"""Which device draws, and in which precision."""

import gc
import os
from pathlib import Path

import torch

from stylus_engine.errors import BadSettings

LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container
SHARE = 4  # one picture's way through the VAE may take a quarter of the device
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


def name_of(dtype: torch.dtype) -> str:
    """As the settings spell it."""
    return str(dtype).removeprefix("torch.")


def room(device: torch.device) -> int:
    """Bytes that the VAE may take for one picture; the same whatever else runs, so pictures stay alike."""
    return _memory(device) // SHARE


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        _, total = torch.cuda.mem_get_info(device)
        return total
    if device.type == "mps":
        return torch.mps.recommended_max_memory()
    here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    told = LIMIT.read_text().strip() if LIMIT.is_file() else ""
    return min(here, int(told)) if told.isdecimal() else here


def _best() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
