"""Adapter files that wish us ill: each is refused in one sentence, and whoever draws beside it does not notice."""

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from stylus_engine.errors import (
    AdapterNotApplied,
    AdapterNotFinite,
    AdapterNotSafetensors,
    AdapterUnsupported,
    AdapterWrongFamily,
    AdapterWrongShape,
)
from stylus_engine.model import Drawn, Failed
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.embeddings import length, vectors_in
from stylus_engine.sampling.files import read_adapter
from tests.sampling.converting import CROSS, factors, renamed, rewritten
from tests.sampling.draws import Pool, adapters
from tests.sampling.judge import stage
from tests.sampling.small import shot, small_pool
from tests.sampling.tiny import random_adapter

LINEAR = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
SPATIAL = "lora_unet_mid_block_resnets_0_conv1"


def one_layer(path: Path, pipeline, layout, change: Callable[[Tensor], Tensor], *parts: str):
    """A file of one layer, `change` done to some of its tensors."""
    random_adapter(path, pipeline, layout)
    stem = SPATIAL if layout == "tucker" else LINEAR

    def only(tensors):
        kept = {key: tensors[key] for key in tensors if key.startswith(f"{stem}.")}
        tensors.clear()
        tensors.update(kept)
        for part in parts:
            tensors[f"{stem}.{part}"] = change(tensors[f"{stem}.{part}"])

    return rewritten(path, only)


def flat(tensor: Tensor) -> Tensor:
    return tensor.flatten()


def single(tensor: Tensor) -> Tensor:
    return tensor.flatten()[0].clone()


def no_rank(tensor: Tensor) -> Tensor:
    """Of rank 0, whichever side it is."""
    return tensor[:0] if tensor.shape[0] == 4 else tensor[:, :0]


@pytest.mark.parametrize(
    ("layout", "change", "parts"),
    [
        ("kohya", flat, ["lora_up.weight"]),
        ("kohya", single, ["lora_down.weight"]),
        ("kohya", no_rank, ["lora_down.weight", "lora_up.weight"]),
        ("dora", flat, ["lora_up.weight"]),
        ("loha", single, ["hada_w2_b"]),
        ("lokr", flat, ["lokr_w1"]),
        ("tucker", flat, ["lora_mid.weight"]),
        ("tucker", lambda tensor: tensor[..., 0, 0], ["lora_mid.weight"]),
    ],
)
def test_what_is_no_matrix_fits_no_layer(tmp_path, pipeline, bases, layout, change, parts):
    path = one_layer(tmp_path / "a.safetensors", pipeline, layout, change, *parts)
    with pytest.raises(AdapterWrongShape) as caught:
        factors(path, bases)
    assert "where a matrix is needed" in str(caught.value)


@pytest.mark.parametrize(
    ("layout", "part", "number", "dtype"),
    [
        ("kohya", "alpha", 3e38, torch.float32),
        ("kohya", "lora_up.weight", 1e300, torch.float64),
        ("kohya", "lora_down.weight", 1e300, torch.float64),
        ("kohya", "lora_down.weight", 3e38, torch.bfloat16),
        ("loha", "hada_w1_a", 1e300, torch.float64),
        ("dora", "dora_scale", 1e300, torch.float64),
    ],
)
def test_numbers_that_leave_fp32_are_broken(tmp_path, pipeline, bases, layout, part, number, dtype):
    """Each is finite in the file: what becomes of it is not, or not in a layer's sum."""

    def change(tensor: Tensor) -> Tensor:
        return torch.full_like(tensor, number, dtype=dtype)

    path = one_layer(tmp_path / "a.safetensors", pipeline, layout, change, part)
    with pytest.raises(AdapterNotFinite) as caught:
        factors(path, bases)
    assert "mid_block" in caught.value.tensor


@pytest.mark.parametrize(
    "stem", ["lora_unet_mid.to_q.lora_{}", "lora_te_x.lora.{}", "lora_te1_x.processor.to_q_lora.{}"]
)
def test_names_that_diffusers_stumbles_over_are_told(tmp_path, bases, stem):
    """Its converters raise what nobody catches, a `KeyError` or a `ValueError` for all of the file."""
    tensors = {
        f"{stem.format('down')}.weight": torch.ones(2, 32),
        f"{stem.format('up')}.weight": torch.ones(32, 2),
    }
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(AdapterNotApplied) as caught:
        factors(tmp_path / "a.safetensors", bases)
    assert (caught.value.count, caught.value.of) == (2, 2)


def test_another_familys_layer_that_is_a_single_number(tmp_path):
    transformer = Bases("tiny", "flux1", {"transformer": torch.nn.ModuleDict()})
    save_file({f"{CROSS}.lora_down.weight": torch.tensor(1.0)}, tmp_path / "a.safetensors")
    with pytest.raises(AdapterWrongFamily) as caught:
        factors(tmp_path / "a.safetensors", transformer)
    assert caught.value.family == "Stable Diffusion"


def test_kohyas_layers_with_pefts_endings_are_the_same_layers(tmp_path, pipeline, bases):
    plain, mixed = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    random_adapter(plain, pipeline, "kohya", alpha=2.0)
    mixed.write_bytes(plain.read_bytes())
    renamed(renamed(mixed, r"lora_down", "lora_A"), r"lora_up", "lora_B")
    found, wanted = factors(mixed, bases).layers, factors(plain, bases).layers
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[at].up, wanted[at].up) for at in wanted)


@pytest.mark.parametrize("alpha", ["NaN", "-Infinity", "1" + "0" * 400, "1e999"])
def test_a_header_whose_alpha_is_no_number(tmp_path, pipeline, bases, alpha):
    with pytest.raises((AdapterUnsupported, AdapterNotFinite)):
        factors(headed(tmp_path, pipeline, f'{{"unet.lora_alpha": {alpha}}}'), bases)


@pytest.mark.parametrize("pattern", ["(", "(.*.*.*)*x", "([a-z_.0-9]+)+!", "(a|a)x", "to_k|to_q"])
def test_a_header_that_is_a_program_is_not_run(tmp_path, pipeline, bases, pattern):
    """peft reads it as a regular expression; such a one may be wrong, or never end."""
    path = headed(tmp_path, pipeline, json.dumps({"unet.alpha_pattern": {pattern: 3}}))
    with pytest.raises(AdapterUnsupported, match="regular expressions"):
        factors(path, bases)


def test_a_header_that_is_too_deep(tmp_path, pipeline, bases):
    with pytest.raises(AdapterUnsupported):
        factors(headed(tmp_path, pipeline, f'{{"a": {"[" * 100_000}{"]" * 100_000}}}'), bases)


def test_an_alpha_for_every_layer_is_looked_up_not_tried(tmp_path, pipeline, bases):
    """Compiled one after the other, as peft has them, these would take half an hour."""
    names = {f"nobody.{number}": 9 for number in range(20_000)}
    wanted = {"^to_q": 5, "mid_block\\.attentions.0.transformer_blocks.0.attn1.to_q": 8, "to_q": 2}
    whole = {"unet.lora_alpha": 4, "unet.alpha_pattern": names | wanted}
    tame = factors(headed(tmp_path, pipeline, json.dumps({"unet.lora_alpha": 4})), bases)
    told = factors(headed(tmp_path, pipeline, json.dumps(whole)), bases)
    times = {path: told.layers[_, path].up / tame.layers[_, path].up for _, path in tame.layers}
    for path, by in times.items():
        first = 2 if path.startswith("mid_block") and path.endswith("attn1.to_q") else 0.5
        assert torch.allclose(by, torch.tensor(float(first if path.endswith("to_q") else 1)))


def headed(folder: Path, pipeline, header: str) -> Path:
    """A peft file of the UNet with this header."""
    path = folder / "a.safetensors"
    random_adapter(path, pipeline, "peft", text_encoder=False)
    save_file(load_file(path), path, {"lora_adapter_metadata": header})
    return path


@pytest.mark.parametrize("number", [3e38, 1e30])
def test_whoever_draws_beside_a_huge_adapter_does_not_notice(tmp_path, number):
    """An infinity in the shared stack, times the weight 0 of another's row, is no number there."""
    pool, path = small_pool(tmp_path), tmp_path / "wild.safetensors"
    tame = load_file(pool.files["kohya-0"])
    huge = {key: torch.full_like(each, number) for key, each in tame.items()}
    save_file(huge, path)
    cards = (*pool.adapters, *adapters(pool.checkpoint, {"wild": path}))
    ends = drawn_together(replace(pool, adapters=cards, files={**pool.files, "wild": path}))
    assert isinstance(ends["calm"], Drawn)
    assert getattr(ends["wild"], "kind", "") == "AdapterNotFinite"


def drawn_together(pool: Pool) -> dict[str, Drawn | Failed]:
    on = stage(pool)
    for name, worn in (("calm", "peft-0"), ("wild", "wild")):
        on.drawer.admit(shot(pool, name, {worn: 1.0}, steps=2))
    return {each.shot: each for each in on.drawer.events() if isinstance(each, Drawn | Failed)}


@pytest.mark.parametrize(
    "shape", ["[9223372036854775808,0]", "[true]", "[1099511627776,1099511627776,0]", "[0,-1]"]
)
def test_sizes_that_torch_cannot_have(tmp_path, shape):
    end = 4 if shape == "[true]" else 0
    header = f'{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{end}]}}}}'.encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * end)
    with pytest.raises(AdapterNotSafetensors):
        read_adapter(path, "Ink")


@pytest.mark.parametrize("shape", [(3, 0), (0, 32), (0,)])
def test_a_word_without_vectors(tmp_path, bases, shape):
    path = tmp_path / "a.safetensors"
    save_file({"emb_params": torch.zeros(shape)}, path)
    assert vectors_in(read_adapter(path, "Ink")) == 0
    with pytest.raises(AdapterUnsupported, match="no vectors"):
        factors(path, bases)


def test_a_word_that_fp32_does_not_hold(tmp_path, bases):
    path = tmp_path / "a.safetensors"
    save_file({"emb_params": torch.full((2, 32), 1e300, dtype=torch.float64)}, path)
    with pytest.raises(AdapterNotFinite):
        factors(path, bases)


@pytest.mark.parametrize(
    ("word", "text", "heard"),
    [
        ("ink", "an İNK wash", 0),
        ("kız", "a kiz", 0),
        ("ink", "an INK wash", 1),
        ("straße", "STRASSE", 1),
    ],
)
def test_letters_that_a_pattern_takes_for_others(word, text, heard):
    """İ and ı match an i where case is ignored, and are no i: nobody's word, and no fault."""
    spoken = length(text, {word.casefold(): 100}, len)
    assert (spoken >= 100) == bool(heard)
