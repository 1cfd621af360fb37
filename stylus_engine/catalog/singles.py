"""Checkpoints in one safetensors file: which family, by the names in its header alone."""

from collections.abc import Mapping
from pathlib import Path

from stylus_engine.catalog.probe.header import Entry, read_header
from stylus_engine.errors import BadAdapter, BadCheckpoint

MARKS: tuple[tuple[str, str], ...] = (  # a tensor that one family alone has, first match wins
    ("sdxl", "conditioner.embedders.1.model.transformer.resblocks.0.ln_1.weight"),
    ("sd1", "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"),
)
OTHERS: tuple[tuple[str, str], ...] = (  # what else such files are, none of which is drawn with yet
    ("an SDXL refiner", "conditioner.embedders.0.model."),
    ("SD 2 in a single file", "cond_stage_model.model."),
    ("FLUX or Hunyuan (no single file holds T5's vocabulary: use a folder)", "double_blocks."),
)
TRANSFORMERS: tuple[tuple[str, str, str], ...] = (  # family, its name, a tensor that it alone has
    ("flux1", "FLUX.1", "double_blocks.0.img_mod.lin.weight"),  # FLUX.2 and Hunyuan have none such
    ("sd3", "SD 3", "joint_blocks.0.x_block.attn.qkv.weight"),
    ("z-image", "Z-Image", "noise_refiner.0.attention.qkv.weight"),  # Lumina too, of other widths
)
EDM = ("edm_mean", "edm_vpred.sigma_max")  # Playground 2.5's mark and CosXL's
SIZES: Mapping[str, int] = {"sd1": 512, "sdxl": 1024}
DENOISER = "model.diffusion_model."
VAE = "first_stage_model."
GUIDANCE = "guidance_in.in_layer.weight"


def family_of_file(path: Path) -> str:
    """The family of the checkpoint in `path`. Raises `BadCheckpoint`."""
    if path.suffix != ".safetensors":
        why = "a single file must be safetensors; a pickle can run programs and is not opened"
        raise BadCheckpoint(path=str(path), why=why)
    try:
        tensors = read_header(path).tensors
    except BadAdapter as error:  # the same reader as for adapters, so the same words
        raise BadCheckpoint(path=str(path), why=str(error)) from error
    for family, known, mark in TRANSFORMERS:
        if mark in tensors or DENOISER + mark in tensors:
            return _beside(path, family, known)
    family = next((family for family, mark in MARKS if mark in tensors), "")
    _check(path, tensors, family)
    return family


def reads_guidance(path: Path) -> bool:
    """Whether a FLUX.1 transformer in one file, which `family_of_file` knew, is of *dev*'s kind."""
    tensors = read_header(path).tensors
    return GUIDANCE in tensors or DENOISER + GUIDANCE in tensors


def _beside(path: Path, family: str, known: str) -> str:
    """Text encoders come from the folder that the file lies in: T5's vocabulary is in no file."""
    if not (path.parent / "model_index.json").is_file():
        why = f"it is a transformer of {known} alone: put it into a {known} folder, beside model_index.json"
        raise BadCheckpoint(path=str(path), why=why)
    return family


def _check(path: Path, tensors: Mapping[str, Entry], family: str) -> None:
    if not family:
        raise BadCheckpoint(path=str(path), why=_instead(tensors))
    for part, prefix in (("denoiser", DENOISER), ("VAE", VAE)):
        if not any(name.startswith(prefix) for name in tensors):
            raise BadCheckpoint(path=str(path), why=f"it holds no {part}")
    if any(mark in tensors for mark in EDM):
        why = "its noise is counted as in EDM (Playground 2.5, CosXL), which no sampler here does"
        raise BadCheckpoint(path=str(path), why=why)


def _instead(tensors: Mapping[str, Entry]) -> str:
    """What the file is, if not a checkpoint that can be drawn with."""
    for what, mark in OTHERS:
        if any(mark in name for name in tensors):
            return f"it is {what}, which cannot be drawn with as one file"
    return "it is no SD 1 or SDXL checkpoint, by the names of its tensors"
