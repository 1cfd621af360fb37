"""Writes the checkpoint as the pipeline folder that plain `StableDiffusionPipeline.from_pretrained` loads."""

# diffusers leaves its pipelines and its exports untyped, and says None is no safety checker
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from diffusers import DDIMScheduler, StableDiffusionPipeline
from torch import Tensor
from transformers import CLIPTokenizer

from miniature.training import models, vae
from miniature.training.models import Checkpoint

Weights = dict[str, Tensor]


def export(words: CLIPTokenizer, weights: Sequence[Weights], cache: Path, target: Path) -> None:
    """The denoiser's and the text encoder's `weights` as a folder at `target`; whole or not at all."""
    unet, text_encoder = models.new_unet(), models.new_text_encoder(words)
    unet.load_state_dict(weights[0])
    text_encoder.load_state_dict(weights[1])
    pipeline = StableDiffusionPipeline(
        vae=vae.load(cache),
        text_encoder=text_encoder.eval(),
        tokenizer=words,
        unet=unet.eval(),
        scheduler=DDIMScheduler(**models.SCHEDULE),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    half = target.with_name(f"{target.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    pipeline.save_pretrained(half)
    _plain(half, cache / "tokenizer")
    _replace(half, target)


def load(target: Path) -> Checkpoint:
    """The trained denoiser, text encoder and tokeniser of a pipeline folder."""
    pipeline = StableDiffusionPipeline.from_pretrained(target)
    return Checkpoint(pipeline.unet, pipeline.text_encoder, pipeline.tokenizer)


def _plain(folder: Path, tokenizer: Path) -> None:
    """The tokeniser in CLIP's own files, weights that all may read, configs that do not name this machine."""
    shutil.rmtree(folder / "tokenizer")
    shutil.copytree(tokenizer, folder / "tokenizer")
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in folder.rglob("config.json"):
        config = json.loads(path.read_text())
        config.pop("_name_or_path", None)
        path.write_text(json.dumps(config, indent=2) + "\n")


def _replace(half: Path, target: Path) -> None:
    """A folder cannot replace a full one in one call: the old one steps aside first."""
    old = target.with_name(f"{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.replace(old)
    half.replace(target)
    shutil.rmtree(old, ignore_errors=True)
