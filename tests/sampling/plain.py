"""A folder's plain diffusers pipeline, fresh for each shot, and read from disk once."""

# diffusers' lazy module hides its names from type checkers, and its pipelines are typed loosely.
# pyright: reportPrivateImportUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import copy
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline

from stylus_engine.model import Shot
from tests.sampling.draws import Pool


@lru_cache(maxsize=4)
def _read(folder: Path, absent: tuple[str, ...]) -> Any:
    return DiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True, **dict.fromkeys(absent)
    )


def fresh(kind: Any, folder: Path, absent: tuple[str, ...] = ()) -> Any:
    """A pipeline of `kind` over copies of all that the folder holds."""
    pipeline = kind(**copy.deepcopy(_read(folder, absent).components))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def fuse(pipeline: Any, pool: Pool, shot: Shot, components: Sequence[str]) -> None:
    """Let diffusers load and fuse the shot's recipe, from the files that it can read itself."""
    worn = {each.adapter.name: each.weight for each in shot.recipe.adapters}
    for name in worn:
        path = pool.files[name].with_name(f"{name}-plain.safetensors")
        pipeline.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name=name)
    if worn:
        pipeline.set_adapters(list(worn), list(worn.values()))
        pipeline.fuse_lora(components=list(components), adapter_names=list(worn))
        pipeline.unload_lora_weights()
