"""What is counted before anything is loaded is what the loaded checkpoint takes."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.catalog.weighing import weights
from stylus_engine.errors import BadCheckpoint
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.families.parts import Told
from stylus_engine.sampling.gauge import counted
from stylus_engine.sampling.quantising import quantised
from stylus_engine.sampling.reckoning import step_bytes
from tests.house.source import HOUSE
from tests.sampling.draws import tiny_checkpoint
from tests.sampling.tiny_flux import bfl_file, tiny_flux
from tests.sampling.tiny_sdxl import tiny_sdxl

KINDS = ("miniature", "sd1", "sdxl", "flux", "flux with a finetune")


def checkpoint(folder: Path, kind: str) -> Checkpoint:
    if kind == "sd1":
        return tiny_checkpoint(folder)
    place = {"miniature": HOUSE / "miniature" / "data" / "checkpoint"}.get(kind, folder / "it")
    if kind == "sdxl":
        tiny_sdxl().save_pretrained(place)
    if kind.startswith("flux"):
        pipeline = tiny_flux()
        pipeline.save_pretrained(place)
        place = bfl_file(place / "fine.safetensors", pipeline) if "finetune" in kind else place
    return LocalCheckpoints({"it": place}, "it").find("")


def loaded(found: Checkpoint, dtype: torch.dtype = torch.float32) -> Parts:
    return family_of(found).load(found, dtype=dtype)


def held(module: Any) -> int:
    """Bytes of its weights; of int8 ones those of their numbers and scales."""
    sizes = []
    for each in module.parameters():
        inner = [each] if type(each) is torch.nn.Parameter else [each._data, each._scale]
        sizes += [part.numel() * part.element_size() for part in inner]
    return sum(sizes)


def modules(parts: Parts) -> dict[str, Any]:
    denoiser = "transformer" if parts.denoiser == "transformer" else "unet"
    named = {denoiser: parts.unet, "vae": parts.vae, "text_encoder": parts.text_encoder}
    others = {name: getattr(parts, name) for name in ("text_encoder_2", "text_encoder_3")}
    return named | {name: module for name, module in others.items() if module is not None}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_counted_as_they_are_loaded(tmp_path: Path, kind: str, dtype: torch.dtype):
    found = checkpoint(tmp_path, kind)
    whole = loaded(found, dtype)
    told = {each.part: each.whole for each in weights(found, dtype.itemsize)}
    assert told == {name: held(module) for name, module in modules(whole).items()}
    eight = {each.part: each.eight for each in weights(found, dtype.itemsize)}
    assert eight == {
        name: held(module) for name, module in modules(quantised(whole, "int8")).items()
    }


@pytest.mark.parametrize("kind", ["miniature", "sd1", "sdxl"])
@pytest.mark.parametrize("rows", [1, 4])
def test_a_step_is_counted_as_it_is_drawn(tmp_path: Path, kind: str, rows: int):
    """Judged by the same forward with numbers in it."""
    found = checkpoint(tmp_path, kind)
    parts, family = loaded(found), family_of(found)
    size = found.size
    latents = torch.zeros(rows, *family.latent_shape(parts, size, size)[1:])
    told = Told(torch.zeros(rows, 77, parts.unet.config.cross_attention_dim), torch.zeros(rows, 16))
    with torch.inference_mode():
        real = counted(lambda: family.denoise(parts, latents, torch.full((rows,), 500.0), told))
    assert step_bytes(found, rows, torch.float32) == pytest.approx(real, rel=0.02)


def test_half_precision_takes_half_and_nothing_is_left_changed(tmp_path: Path):
    found = checkpoint(tmp_path, "sd1")
    full, half = (step_bytes(found, 2, each) for each in (torch.float32, torch.float16))
    assert 0.45 < half / full < 0.75
    assert torch.get_default_dtype() == torch.float32


def test_what_transformers_take_is_not_made_up(tmp_path: Path):
    assert step_bytes(checkpoint(tmp_path, "flux"), 2, torch.float32) == 0


def test_a_folder_whose_files_are_broken_is_one_sentence(tmp_path: Path):
    found = checkpoint(tmp_path, "sd1")
    file = next((Path(found.path) / "unet").glob("*.safetensors"))
    file.write_bytes(b"<html>")
    with pytest.raises(BadCheckpoint, match="web page"):
        weights(found, 4)


def test_numbers_that_lie_there_twice_are_counted_once(tmp_path: Path):
    found = checkpoint(tmp_path, "sd1")
    before = weights(found, 4)
    (file,) = (Path(found.path) / "unet").glob("*.safetensors")
    (file.parent / "diffusion_pytorch_model.fp16.safetensors").write_bytes(file.read_bytes())
    assert weights(msgspec.structs.replace(found, id="other"), 4) == before


@pytest.mark.parametrize(
    "config", [b"{", b"\xff", b'{"x": ' + b"[" * 200_000], ids=["cut", "no UTF-8", "deep"]
)
def test_a_decoder_whose_config_cannot_be_read_is_one_sentence(tmp_path, config):
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "config.json").write_bytes(config)
    asked = Checkpoint(id="", name="it", path=str(tmp_path), family="sd1", size=64, multiple=8)
    with pytest.raises(BadCheckpoint):
        weights(asked, 4)
