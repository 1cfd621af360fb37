"""Reading the folders of a diffusers pipeline: what every family file needs to load."""

# diffusers and transformers type their `from_pretrained` loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from safetensors import SafetensorError
from torch import nn
from transformers.utils import logging

from stylus_engine.errors import BadCheckpoint
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families.parts import Parts
from stylus_engine.sampling.flow import flows

UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError)
COUNTS = {
    "num_train_timesteps": 10_000,
    "solver_order": 3,
}  # every slot's scheduler makes lists so long
EDM = "EDM"  # how diffusers' schedulers for Playground 2.5 and CosXL begin; ours would draw noise
Module = TypeVar("Module", bound=nn.Module)


def opened(checkpoint: Checkpoint, read: Callable[[Path], Parts]) -> Parts:
    """What `read` makes of the checkpoint's path. Raises `BadCheckpoint` whatever goes wrong."""
    path = Path(checkpoint.path)
    if not path.exists():
        raise BadCheckpoint(path=checkpoint.path, why="there is no such folder")
    try:
        with _quiet():
            return read(path)
    except UNREADABLE as error:
        raise BadCheckpoint(path=checkpoint.path, why=_first_line(error)) from error


def opened_flowing(
    checkpoint: Checkpoint, dtype: torch.dtype, read: Callable[[Path, torch.dtype], Parts]
) -> Parts:
    """The same for a model of flow matching, with the precision that is read: bf16 for fp16.

    Raises `BadCheckpoint`, for a scheduler of another kind too.
    """
    kept = torch.bfloat16 if dtype == torch.float16 else dtype
    parts = opened(checkpoint, lambda path: read(path, kept))
    if not flows(parts.scheduler_config):
        raise BadCheckpoint(path=checkpoint.path, why="its scheduler is not of flow matching")
    return parts


def model(kind: Any, folder: Path, **precision: torch.dtype) -> Any:  # noqa: ANN401 - unrelated classes of two libraries
    """One component, local files only, safetensors only, whole.

    Both libraries call a model with missing tensors a success (random weights and a log line).
    """
    found, told = kind.from_pretrained(
        folder,
        local_files_only=True,
        use_safetensors=True,
        output_loading_info=True,
        **precision,
    )
    if told["missing_keys"]:
        missing = sorted(told["missing_keys"])
        raise ValueError(f"{folder.name} lacks {len(missing)} tensors, such as {missing[0]}")
    return found


def resting(module: Module, device: torch.device) -> Module:
    """In eval mode, without gradients, on `device`."""
    module.to(device).eval().requires_grad_(requires_grad=False)
    return module


def upcast(vae: Module, dtype: torch.dtype) -> Module:
    """In fp32 where its config says `force_upcast`: such a VAE overflows in fp16 and draws black."""
    marked = cast("Mapping[str, Any]", vae.config)["force_upcast"]
    nn.Module.to(
        vae, torch.float32 if marked else dtype
    )  # diffusers' own `to` warns, of nothing here
    return vae


def scheduler_config(folder: Path) -> dict[str, Any]:
    """The folder's own, as it stands there. Raises `ValueError` for what no scheduler should be built from."""
    text = (folder / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8")
    config: object = json.loads(text)
    if not isinstance(config, dict):
        raise ValueError("scheduler_config.json holds no settings")  # noqa: TRY004  `opened` reads no types
    settings = cast("dict[str, Any]", config)
    if str(settings.get("_class_name")).startswith(EDM):
        why = "noise is counted as in EDM, which no sampler here does"
        raise ValueError(f"scheduler_config.json: {why}")
    for key, most in COUNTS.items():
        count = settings.get(key, 1)
        if type(count) is not int or not 1 <= count <= most:
            raise ValueError(
                f"scheduler_config.json: {key} must be a whole number from 1 to {most}"
            )
    return settings


@contextmanager
def _quiet() -> Generator[None, None, None]:
    """No progress bars on a terminal that is not ours, nor what it makes of keys, which `model` counts.

    Whoever had them on has them back.
    """
    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()


def _first_line(error: BaseException) -> str:
    """Foreign errors run over pages; their first line says which file."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
