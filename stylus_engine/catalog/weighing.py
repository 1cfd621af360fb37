"""What a checkpoint's weights take in memory, by the headers of its files: nothing is loaded."""

import re
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import TypeAlias

import msgspec

from stylus_engine.catalog.checkpoints import TRANSFORMERS
from stylus_engine.catalog.probe.header import read_header
from stylus_engine.catalog.singles import DENOISER, VAE
from stylus_engine.errors import BadAdapter, BadCheckpoint
from stylus_engine.model import Checkpoint
from stylus_engine.model.need import Weights

Shapes: TypeAlias = list[tuple[int, ...]]
BASES = ("unet", "transformer")
LOADED = (*BASES, "vae", "text_encoder", "text_encoder_2", "text_encoder_3")
# Beside them may lie the same numbers in half precision (`model.fp16.safetensors`), which nobody loads.
PLAIN = re.compile(r"(?:diffusion_pytorch_model|model)(?:-\d+-of-\d+)?\.safetensors")
PREFIXES = (  # of one file that holds all models
    (DENOISER, "unet"),
    (VAE, "vae"),
    ("cond_stage_model.", "text_encoder"),
    ("conditioner.embedders.0.", "text_encoder"),
    ("conditioner.embedders.1.", "text_encoder_2"),
)
FULL = 4  # bytes of a number in fp32
# `BadAdapter`: the reader of adapters' headers.
UNREADABLE = (BadAdapter, OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Vae(msgspec.Struct):
    """vae/config.json; diffusers' own default is true."""

    force_upcast: bool = True


def weights(checkpoint: Checkpoint, size: int) -> tuple[Weights, ...]:
    """Of each model, where a number is drawn with in `size` bytes. Raises `BadCheckpoint`."""
    path = Path(checkpoint.path)
    try:
        found = _shapes(path, checkpoint.family)
        upcast = _upcast(path)
    except UNREADABLE as error:
        raise BadCheckpoint(path=checkpoint.path, why=str(error)) from error
    wide = max(size, FULL) if upcast else size
    return tuple(_weighed(part, of, wide if part == "vae" else size) for part, of in found.items())


def _weighed(part: str, shapes: Shapes, size: int) -> Weights:
    """In int8 every matrix of the denoiser is a byte a number and a scale a row."""
    whole = sum(prod(shape) for shape in shapes) * size
    matrices = [shape for shape in shapes if len(shape) == 2] if part in BASES else []
    saved = sum(prod(shape) * (size - 1) - shape[0] * size for shape in matrices)
    return Weights(part=part, whole=whole, eight=whole - saved)


def _shapes(path: Path, family: str) -> dict[str, Shapes]:
    if not path.is_file():
        return _of_folder(path)
    if family in TRANSFORMERS.values():
        rest = {part: of for part, of in _of_folder(path.parent).items() if part not in BASES}
        return rest | _of_transformer(path)
    return _of_one(path)


def _of_transformer(path: Path) -> dict[str, Shapes]:
    """A file of a transformer, which may bring a VAE of its own."""
    found: dict[str, Shapes] = {}
    for name, shape in _tensors(path):
        found.setdefault("vae" if name.startswith(VAE) else "transformer", []).append(shape)
    return found


def _of_folder(folder: Path) -> dict[str, Shapes]:
    places = ((part, sorted((folder / part).glob("*.safetensors"))) for part in LOADED)
    return {part: _of_files(_plain(files)) for part, files in places if files}


def _plain(files: Sequence[Path]) -> Sequence[Path]:
    return [file for file in files if PLAIN.fullmatch(file.name)] or files


def _of_files(files: Sequence[Path]) -> Shapes:
    return [shape for file in files for _, shape in _tensors(file)]


def _of_one(path: Path) -> dict[str, Shapes]:
    found: dict[str, Shapes] = {}
    for name, shape in _tensors(path):
        for prefix, part in PREFIXES:
            if name.startswith(prefix):
                found.setdefault(part, []).append(shape)
    return found


def _tensors(path: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    for name, entry in read_header(path).tensors.items():
        yield name, tuple(entry.shape)


def _upcast(path: Path) -> bool:
    """Whether the VAE stays in fp32; one that comes in a file with all else has the usual config."""
    folder = path.parent if path.is_file() else path
    config = folder / "vae" / "config.json"
    if not config.is_file():
        return True
    return msgspec.json.decode(config.read_bytes(), type=_Vae).force_upcast
