"""What a step takes beside the weights, before anything is loaded: a forward over tensors without numbers.

The denoiser is made of its config alone and run as `gauge.py` runs the real one, so the
bytes that are counted are the same to the last.  Only UNets: what transformers are told
differs from family to family, and is not made up here.
"""

# diffusers types its configs loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch._subclasses.fake_tensor import FakeTensorMode

from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families import single
from stylus_engine.sampling.gauge import counted

TIMES = 6  # sizes and places that SDXL is told


def step_bytes(checkpoint: Checkpoint, rows: int, dtype: torch.dtype) -> int:
    """Alive at once in a forward of `rows` at the checkpoint's own size; 0 = not counted for its family."""
    if checkpoint.family.partition("-")[0] not in {"sd1", "sd2", "sdxl"}:
        return 0
    config = _config(checkpoint)
    with FakeTensorMode(), torch.inference_mode(), _in(dtype):
        unet: Any = UNet2DConditionModel.from_config(config)
        told = _told(config, rows)
        return counted(lambda: unet.eval()(**told, return_dict=False))


def _config(checkpoint: Checkpoint) -> dict[str, Any]:
    path = Path(checkpoint.path)
    folder = single.CONFIGS / checkpoint.family if path.is_file() else path
    config: Any = UNet2DConditionModel.load_config(folder / "unet", local_files_only=True)
    return dict(config)


def _told(config: dict[str, Any], rows: int) -> dict[str, Any]:
    edge, width = config["sample_size"], config["cross_attention_dim"]
    told: dict[str, Any] = {
        "sample": torch.empty(rows, config["in_channels"], edge, edge),
        "timestep": torch.empty(rows),
        "encoder_hidden_states": torch.empty(rows, single.WINDOW, width),
    }
    if config.get("addition_embed_type") == "text_time":
        times = TIMES * config["addition_time_embed_dim"]
        pooled = config["projection_class_embeddings_input_dim"] - times
        whole = {"text_embeds": torch.empty(rows, pooled), "time_ids": torch.empty(rows, TIMES)}
        told["added_cond_kwargs"] = whole
    return told


@contextmanager
def _in(dtype: torch.dtype) -> Generator[None]:
    """Modules and tensors are made in `dtype`: fake ones cannot be changed to it afterwards."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
