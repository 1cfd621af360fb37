"""FLUX.1's adapter files, without a model: at the released widths against diffusers' converters, by formula beyond."""

# diffusers exports its classes lazily, and its converters carry no types.
# pyright: reportPrivateImportUsage=false, reportUnknownVariableType=false

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from diffusers import FluxTransformer2DModel
from diffusers.loaders.lora_conversion_utils import (
    _convert_kohya_flux_lora_to_diffusers,
    _convert_xlabs_flux_lora_to_diffusers,
)
from safetensors.torch import load_file
from torch import Tensor, nn

from stylus_engine.errors import AdapterNotApplied, AdapterWrongFamily, AdapterWrongShape
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.factors import Component, Factors, Layer
from tests.sampling.converting import factors, file_of
from tests.sampling.tiny_flux import adapter, tiny_flux
from tests.sampling.tiny_sdxl import adapter as of_sdxl
from tests.sampling.tiny_sdxl import tiny_sdxl

HIDDEN = 3072
QKV = ("to_q", "to_k", "to_v")


@pytest.fixture(scope="module")
def released() -> Bases:
    """One block of each kind at the widths of FLUX.1; shapes, no numbers."""
    with torch.device("meta"):
        transformer = FluxTransformer2DModel(
            num_layers=1, num_single_layers=1, guidance_embeds=True
        )
    return Bases("c", "flux1", {"transformer": transformer})


@pytest.fixture(scope="module")
def tiny() -> Bases:
    pipeline = tiny_flux()
    parts: dict[Component, nn.Module] = {
        "transformer": pipeline.transformer,
        "text_encoder": pipeline.text_encoder,
        "text_encoder_2": pipeline.text_encoder_2,
    }
    return Bases("c", "flux1", parts)


def pairs(
    sizes: Mapping[str, tuple[int, ...]], names: tuple[str, str], rank: int = 4
) -> dict[str, Tensor]:
    """A random LoRA pair of each module: name -> (rows, columns)."""
    dice = torch.Generator().manual_seed(5)
    found: dict[str, Tensor] = {}
    for name, (out, into) in sizes.items():
        found[name + names[0]] = torch.randn(rank, into, generator=dice)
        found[name + names[1]] = torch.randn(out, rank, generator=dice)
    return found


def kohya() -> dict[str, Tensor]:
    block = {
        f"{side}_{part}": shape
        for side in ("img", "txt")
        for part, shape in {
            "attn_qkv": (3 * HIDDEN, HIDDEN),
            "attn_proj": (HIDDEN, HIDDEN),
            "mlp_0": (4 * HIDDEN, HIDDEN),
            "mlp_2": (HIDDEN, 4 * HIDDEN),
            "mod_lin": (6 * HIDDEN, HIDDEN),
        }.items()
    }
    sizes = {f"lora_unet_double_blocks_0_{name}": shape for name, shape in block.items()} | {
        "lora_unet_single_blocks_0_linear1": (7 * HIDDEN, HIDDEN),
        "lora_unet_single_blocks_0_linear2": (HIDDEN, 5 * HIDDEN),
        "lora_unet_single_blocks_0_modulation_lin": (3 * HIDDEN, HIDDEN),
        "lora_unet_img_in": (HIDDEN, 64),
        "lora_unet_txt_in": (HIDDEN, 4096),
        "lora_unet_time_in_in_layer": (HIDDEN, 256),
        "lora_unet_vector_in_out_layer": (HIDDEN, HIDDEN),
        "lora_unet_guidance_in_in_layer": (HIDDEN, 256),
        "lora_unet_final_layer_linear": (64, HIDDEN),
        "lora_unet_final_layer_adaLN_modulation_1": (2 * HIDDEN, HIDDEN),
    }
    found = pairs(sizes, (".lora_down.weight", ".lora_up.weight"))
    # diffusers forgets the alpha of the last layer's two.
    scaled = [name for name in sizes if "final_layer" not in name]
    return found | {f"{name}.alpha": torch.tensor(3.0) for name in scaled}


def apart(found: Layer, down: Tensor, up: Tensor) -> float:
    """The relative error of ΔW, seen through one random vector: the whole would be a gigabyte."""
    seen = torch.randn(down.shape[1], 1, generator=torch.Generator().manual_seed(1)).double()
    truth = up.double() @ (down.double() @ seen)
    ours = found.up.double() @ (found.down.double() @ seen)
    return float((ours - truth).norm() / truth.norm())


def agrees(found: Factors, theirs: dict[str, Tensor]) -> None:
    """The very layers that diffusers names, and the same update in each."""
    downs = {re.sub(r"^transformer\.|\.lora_A\.weight$", "", k): k for k in theirs if "lora_A" in k}
    assert {path for _, path in found.layers} == set(downs)
    for (_, path), layer in found.layers.items():
        up = theirs[downs[path].replace("lora_A", "lora_B")]
        assert apart(layer, theirs[downs[path]], up) <= 1e-6, path


def test_kohyas_names_at_the_released_widths_are_what_diffusers_reads(released, tmp_path: Path):
    state = kohya()
    found = factors(file_of(tmp_path / "ink.safetensors", **state), released)
    agrees(found, _convert_kohya_flux_lora_to_diffusers(state))


def test_xlabs_names_at_the_released_widths_are_what_diffusers_reads(released, tmp_path: Path):
    sizes = {
        "double_blocks.0.processor.qkv_lora1": (3 * HIDDEN, HIDDEN),
        "double_blocks.0.processor.qkv_lora2": (3 * HIDDEN, HIDDEN),
        "double_blocks.0.processor.proj_lora1": (HIDDEN, HIDDEN),
        "double_blocks.0.processor.proj_lora2": (HIDDEN, HIDDEN),
    }
    state = pairs(sizes, (".down.weight", ".up.weight"))
    found = factors(file_of(tmp_path / "ink.safetensors", **state), released)
    agrees(found, _convert_xlabs_flux_lora_to_diffusers(state))


def test_a_trainer_that_kept_query_key_and_value_apart_gets_its_own_ranks_back(released, tmp_path):
    """Side by side they are one file's rank 12, mostly zeros; each needs 4 of it."""
    name = "lora_unet_double_blocks_0_img_attn_qkv"
    state = pairs({name: (3 * HIDDEN, HIDDEN)}, (".lora_down.weight", ".lora_up.weight"), rank=12)
    up = state[f"{name}.lora_up.weight"]
    for at in range(3):
        rows, mine = slice(at * HIDDEN, (at + 1) * HIDDEN), slice(4 * at, 4 * at + 4)
        kept = up[rows, mine].clone()
        up[rows] = 0
        up[rows, mine] = kept
    found = factors(file_of(tmp_path / "ink.safetensors", **state), released)
    assert [layer.rank for layer in found.layers.values()] == [4, 4, 4]
    agrees(found, _convert_kohya_flux_lora_to_diffusers(state))


def delta(found: Factors, tiny: Bases, path: str) -> Tensor:
    layer = found.layers["transformer", path]
    assert layer.up.shape[0] == tiny.weight(("transformer", path)).shape[0]
    return layer.up.double() @ layer.down.double()


@pytest.mark.parametrize("prefix", ["lora_unet_double_blocks_1_", "lycoris_double_blocks_1_"])
def test_products_over_a_fused_layer_are_cut_by_rows(tiny, tmp_path: Path, prefix):
    """LoHa and LoKr by their formulas; query, key and value are 32 rows of 96 each."""
    dice = torch.Generator().manual_seed(3)
    a, c = (torch.randn(96, 2, generator=dice) for _ in range(2))
    b, d = (torch.randn(2, 32, generator=dice) for _ in range(2))
    hada = {"hada_w1_a": a, "hada_w1_b": b, "hada_w2_a": c, "hada_w2_b": d}
    one, two = torch.randn(8, 4, generator=dice), torch.randn(12, 8, generator=dice)
    kron = {"lokr_w1": one, "lokr_w2": two}
    whole = {"img_attn_qkv": (a @ b) * (c @ d), "txt_attn_qkv": torch.kron(one, two)}
    state = {f"{prefix}img_attn_qkv.{part}": tensor for part, tensor in hada.items()}
    state |= {f"{prefix}txt_attn_qkv.{part}": tensor for part, tensor in kron.items()}
    found = factors(file_of(tmp_path / "ink.safetensors", **state), tiny)
    for at, name in enumerate(QKV):
        ours = delta(found, tiny, f"transformer_blocks.1.attn.{name}")
        truth = whole["img_attn_qkv"].double()[32 * at : 32 * at + 32]
        assert (ours - truth).norm() <= 1e-5 * truth.norm()
        ours = delta(found, tiny, f"transformer_blocks.1.attn.add_{name[-1]}_proj")
        truth = whole["txt_attn_qkv"].double()[32 * at : 32 * at + 32]
        assert (ours - truth).norm() <= 1e-5 * truth.norm()


def test_dora_over_a_fused_or_swapped_layer_is_measured_against_our_rows(tiny, tmp_path: Path):
    dice = torch.Generator().manual_seed(4)
    names = {
        "double_blocks.0.img_attn.qkv": [f"transformer_blocks.0.attn.{each}" for each in QKV],
        "final_layer.adaLN_modulation.1": ["norm_out.linear"],
    }
    state: dict[str, Tensor] = {}
    truths: dict[str, Tensor] = {}
    for name, paths in names.items():
        base = torch.cat([tiny.weight(("transformer", path)) for path in paths]).double()
        if "adaLN" in name:
            base = torch.cat([base[32:], base[:32]])
        down, up = torch.randn(3, 32, generator=dice), torch.randn(len(base), 3, generator=dice)
        size = torch.rand(len(base), 1, generator=dice) + 0.5
        merged = base + up.double() @ down.double()
        change = size.double() * merged / merged.norm(dim=1, keepdim=True) - base
        if "adaLN" in name:
            change = torch.cat([change[32:], change[:32]])
        parts = {"lora_A.weight": down, "lora_B.weight": up, "dora_scale": size}
        state |= {f"diffusion_model.{name}.{part}": tensor for part, tensor in parts.items()}
        rows = change.split([len(tiny.weight(("transformer", path))) for path in paths])
        truths |= dict(zip(paths, rows, strict=True))
    found = factors(file_of(tmp_path / "ink.safetensors", **state), tiny)
    for path, truth in truths.items():
        assert (delta(found, tiny, path) - truth).norm() <= 1e-5 * truth.norm(), path


@pytest.mark.parametrize("prefix", ["lora_te2_", "lora_te3_", "text_encoders.t5xxl.transformer."])
def test_t5_is_adapted_too(tiny, tmp_path: Path, prefix):
    dotted = [
        f"encoder.block.{at}.layer.0.SelfAttention.{part}" for at in range(2) for part in "qkvo"
    ] + [f"encoder.block.1.layer.1.DenseReluDense.{part}" for part in ("wi_0", "wi_1", "wo")]
    spelled = dotted if prefix.endswith(".") else [name.replace(".", "_") for name in dotted]
    root: nn.Module = tiny.modules["text_encoder_2"]
    shapes = {
        prefix + name: tuple(root.get_submodule(path).get_parameter("weight").shape)
        for name, path in zip(spelled, dotted, strict=True)
    }
    state = pairs(shapes, (".lora_down.weight", ".lora_up.weight"))
    found = factors(file_of(tmp_path / "ink.safetensors", **state), tiny)
    assert {path for component, path in found.layers} == set(dotted)


def test_a_file_that_arrives_in_part_is_refused(tiny, tmp_path: Path):
    adapter(tmp_path / "ink.safetensors", tiny_flux(), "ai_toolkit", seed=1)
    state = load_file(tmp_path / "ink.safetensors")
    more = pairs(
        {"diffusion_model.double_blocks.9.img_mlp.0": (128, 32)},
        (".lora_A.weight", ".lora_B.weight"),
    )
    with pytest.raises(AdapterNotApplied, match=r"double_blocks\.9"):
        factors(file_of(tmp_path / "more.safetensors", **state, **more), tiny)


def test_rows_that_do_not_add_up_are_refused(tiny, tmp_path: Path):
    state = pairs(
        {"lora_unet_single_blocks_0_linear1": (96, 32)}, (".lora_down.weight", ".lora_up.weight")
    )
    with pytest.raises(AdapterWrongShape):
        factors(file_of(tmp_path / "ink.safetensors", **state), tiny)


def test_a_unets_adapter_is_refused_by_its_family(tiny, tmp_path: Path):
    of_sdxl(tmp_path / "xl.safetensors", tiny_sdxl(), "kohya", seed=1)
    with pytest.raises(AdapterWrongFamily, match="Stable Diffusion"):
        factors(tmp_path / "xl.safetensors", tiny)
