"""Keys become layers: against diffusers' own loader, against written formulas, and never in silence."""

import hashlib
import json
import re
from pathlib import Path
from typing import get_args

import pytest
import torch
from peft.tuners.lora.layer import Conv2d, Linear
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from stylus_engine.errors import (
    AdapterNotApplied,
    AdapterUnsupported,
    AdapterWrongFamily,
    AdapterWrongShape,
)
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.convert import convert
from stylus_engine.sampling.factors import Factors
from stylus_engine.sampling.files import read_adapter
from tests.sampling.tiny import Layout, Truth, random_adapter, tiny_pipeline

LAYOUTS = get_args(Layout)
QUERY = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
CROSS = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline(0)


@pytest.fixture(scope="module")
def bases(pipeline) -> Bases:
    return Bases("tiny", "sd1-32", {"unet": pipeline.unet, "text_encoder": pipeline.text_encoder})


def factors(path: Path, bases: Bases) -> Factors:
    return convert(read_adapter(path, "Ink"), bases, "id")


def deltas(found: Factors) -> Truth:
    """dW of every layer in fp64."""
    return {
        place: torch.einsum("or,r...->o...", layer.up.double(), layer.down.double())
        for place, layer in found.layers.items()
    }


def worst(ours: Truth, theirs: Truth) -> float:
    """The largest relative error; both speak of the very same layers."""
    assert set(ours) == set(theirs)
    return max(((ours[at] - theirs[at]).norm() / theirs[at].norm()).item() for at in theirs)


def by_diffusers(path: Path) -> Truth:
    """What `load_lora_weights` and peft make of the file, on a pipeline of its own."""
    pipeline = tiny_pipeline(0)
    pipeline.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name="ink")
    return {
        (component, name): module.get_delta_weight("ink").detach().double()
        for component in ("unet", "text_encoder")
        for name, module in getattr(pipeline, component).named_modules()
        if isinstance(module, Linear | Conv2d) and "ink" in module.scaling
    }


def rewritten(path: Path, change, metadata: dict[str, object] | None = None) -> Path:
    """The file with `change(tensors)` applied, perhaps with another peft header."""
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        header = file.metadata()
    if metadata is not None:
        header["lora_adapter_metadata"] = json.dumps(metadata)
    change(tensors)
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path, header)
    return path


def renamed(path: Path, pattern: str, by: str) -> Path:
    """The file with every key `re.sub`-ed."""

    def change(tensors):
        new = {re.sub(pattern, by, key): tensors[key] for key in tensors}
        tensors.clear()
        tensors.update(new)

    return rewritten(path, change)


def file_of(path: Path, **tensors: torch.Tensor) -> Path:
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path)
    return path


# --- what fits -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_does_what_its_formula_says(tmp_path, pipeline, bases, layout, dtype):
    path = tmp_path / "a.safetensors"
    conv = dtype is torch.float32
    truth = random_adapter(path, pipeline, layout, rank=4, alpha=2.0, dtype=dtype, conv=conv)
    found = factors(path, bases)
    assert {component for component, _ in found.layers} == {"unet", "text_encoder"}
    assert worst(deltas(found), truth) <= 1e-6
    assert found.residual <= 1e-6
    assert found.kept >= 1 - 1e-12
    for place, layer in found.layers.items():
        assert layer.down.shape[1:] == bases.weight(place).shape[1:]
        assert layer.up.shape == (bases.weight(place).shape[0], layer.rank)
        assert layer.up.dtype == layer.down.dtype == torch.float32


@pytest.mark.parametrize("layout", ["peft", "kohya", "locon", "diffusers_old"])
def test_plain_files_do_what_diffusers_makes_of_them(tmp_path, pipeline, bases, layout):
    path = tmp_path / "a.safetensors"
    random_adapter(path, pipeline, layout, rank=4, alpha=3.0, conv=True, seed=5)
    assert worst(deltas(factors(path, bases)), by_diffusers(path)) <= 1e-6


def test_peft_patterns_do_what_peft_makes_of_them(tmp_path, pipeline, bases):
    path = tmp_path / "a.safetensors"
    truth = random_adapter(path, pipeline, "peft", rank=4, alpha=3.0)
    config = {
        f"{component}.{key}": value
        for component in ("unet", "text_encoder")
        for key, value in {
            "r": 4,
            "lora_alpha": 3,
            "target_modules": [name for part, name in truth if part == component],
            "use_rslora": component == "unet",
            "alpha_pattern": {"to_k": 5, QUERY: 7} if component == "unet" else {"1.mlp.fc1": 9},
        }.items()
    }
    rewritten(path, lambda tensors: None, config)
    ours, theirs = deltas(factors(path, bases)), by_diffusers(path)
    assert worst(ours, theirs) <= 1e-6


def test_alphas_that_differ_by_layer_are_each_obeyed(tmp_path, pipeline, bases):
    path = tmp_path / "a.safetensors"
    truth = random_adapter(path, pipeline, "kohya", rank=4, alpha=2.0)
    flat = f"lora_unet_{QUERY.replace('.', '_')}.alpha"
    rewritten(path, lambda tensors: tensors.update({flat: torch.tensor(6.0)}))
    truth["unet", QUERY] *= 3
    assert worst(deltas(factors(path, bases)), truth) <= 1e-6


def test_no_alpha_means_alpha_is_the_rank(tmp_path, pipeline, bases):
    path = tmp_path / "a.safetensors"
    truth = random_adapter(path, pipeline, "kohya", rank=4, alpha=2.0)
    rewritten(
        path, lambda tensors: [tensors.pop(key) for key in [*tensors] if key.endswith(".alpha")]
    )
    doubled = {place: 2 * delta for place, delta in truth.items()}
    assert worst(deltas(factors(path, bases)), doubled) <= 1e-6


@pytest.mark.parametrize(
    ("layout", "pattern", "by"),
    [
        ("peft", r"lora_([AB])\.weight", r"lora_\1.default.weight"),
        ("peft", r"^(?=unet|text)", "base_model.model."),
        ("peft", r"^text_encoder\.text_model\.", "text_encoder."),
        ("dora_peft", r"magnitude_vector$", "magnitude_vector.weight"),
        ("kohya", "^lora_te_", "lora_te1_"),
        ("lokr", "^lora_te_", "lora_te1_"),
        ("lokr", "^lora_te_text_model_", "lora_te_"),
    ],
)
def test_spellings_of_the_wild(tmp_path, pipeline, bases, layout, pattern, by):
    path = tmp_path / "a.safetensors"
    truth = random_adapter(path, pipeline, layout, alpha=2.0)
    before = set(load_file(path))
    assert set(load_file(renamed(path, pattern, by))) != before
    assert worst(deltas(factors(path, bases)), truth) <= 1e-6


@pytest.mark.parametrize(
    ("layout", "prefix", "by"),
    [
        ("peft", r"^unet\.", ""),
        ("peft", r"^unet\.", "base_model.model."),
        ("loha", "^lora_unet_", "lycoris_"),
        ("kohya", "^lora_unet_", "lycoris_"),
        ("diffusers_old", r"^unet\.", ""),
    ],
)
def test_files_of_the_unet_alone(tmp_path, pipeline, bases, layout, prefix, by):
    path = tmp_path / "a.safetensors"
    truth = random_adapter(path, pipeline, layout, rank=4, alpha=2.0, text_encoder=False)
    renamed(path, prefix, by)
    assert worst(deltas(factors(path, bases)), truth) <= 1e-6


def test_a_text_encoder_that_trained_its_queries_alone(tmp_path, pipeline, bases):
    """Left to itself, diffusers 0.42 fails here: it cannot infer the layout without an out_proj."""
    path = tmp_path / "a.safetensors"
    truth = random_adapter(path, pipeline, "kohya", alpha=2.0)
    only = [key for key in load_file(path) if key.startswith("lora_te_") and "q_proj" not in key]
    rewritten(path, lambda tensors: [tensors.pop(key) for key in only])
    kept = {at: truth[at] for at in truth if at[0] == "unet" or at[1].endswith("q_proj")}
    assert worst(deltas(factors(path, bases)), kept) <= 1e-6


def test_several_algorithms_in_one_file(tmp_path, pipeline, bases):
    path, other = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    truth = random_adapter(path, pipeline, "kohya", alpha=2.0)
    more = random_adapter(other, pipeline, "loha", alpha=2.0, conv=True, text_encoder=False)
    plain = load_file(path)
    fresh = {at: more[at] for at in more if at not in truth}
    names = {f"lora_unet_{path.replace('.', '_')}" for _, path in fresh}
    extra = {key: tensor for key, tensor in load_file(other).items() if key.split(".")[0] in names}
    file_of(path, **plain, **extra)
    assert worst(deltas(factors(path, bases)), truth | fresh) <= 1e-6


def test_converting_writes_to_no_base_weight(tmp_path, pipeline, bases):
    def hashed() -> str:
        digest = hashlib.sha256()
        for module in bases.modules.values():
            for tensor in module.state_dict().values():
                digest.update(tensor.numpy().tobytes())
        return digest.hexdigest()

    before = hashed()
    for layout in ("kohya", "loha", "dora"):
        random_adapter(tmp_path / "a.safetensors", pipeline, layout)
        factors(tmp_path / "a.safetensors", bases)
    assert hashed() == before


# --- what does not -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layout", "part"),
    [
        ("kohya", "lora_up.weight"),
        ("kohya", "lora_down.weight"),
        ("peft", "lora_B.weight"),
        ("diffusers_old", "up.weight"),
        ("loha", "hada_w2_b"),
        ("lokr", "lokr_w2_a"),
        ("lokr", "lokr_w1"),
        ("dora", "lora_up.weight"),
        ("dora_peft", "lora_A.weight"),
    ],
)
def test_one_missing_key_is_told(tmp_path, pipeline, bases, layout, part):
    path = tmp_path / "a.safetensors"
    random_adapter(path, pipeline, layout)
    key = [key for key in load_file(path) if key.endswith(part)][7]
    rewritten(path, lambda tensors: tensors.pop(key))
    with pytest.raises(AdapterNotApplied) as caught:
        factors(path, bases)
    assert caught.value.count >= 1
    assert caught.value.of == len(load_file(path))
    assert caught.value.example in load_file(path)
    assert "fit no layer" in str(caught.value)


@pytest.mark.parametrize("layout", ["kohya", "peft", "loha", "dora"])
def test_one_key_of_a_layer_that_is_not_there(tmp_path, pipeline, bases, layout):
    path = tmp_path / "a.safetensors"
    random_adapter(path, pipeline, layout)
    renamed(
        path,
        r"mid_block(.)attentions(.)0(.+)attn1(.)to_q",
        r"mid_block\1attentions\g<2>7\3attn1\4to_q",
    )
    with pytest.raises(AdapterNotApplied) as caught:
        factors(path, bases)
    assert 2 <= caught.value.count <= 5
    assert "attn1" in caught.value.example


@pytest.mark.parametrize("key", ["lora_unet_nothing.lora_down.weight", "something", "a.b.alpha"])
def test_one_stray_tensor_is_told(tmp_path, pipeline, bases, key):
    path = tmp_path / "a.safetensors"
    random_adapter(path, pipeline, "kohya")
    rewritten(path, lambda tensors: tensors.update({key: torch.ones(1)}))
    with pytest.raises(AdapterNotApplied) as caught:
        factors(path, bases)
    assert (caught.value.count, caught.value.example) == (1, key)


def test_two_updates_of_one_layer(tmp_path, pipeline, bases):
    path, other = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    random_adapter(path, pipeline, "kohya", text_encoder=False)
    random_adapter(other, pipeline, "peft", text_encoder=False)
    both = load_file(path) | load_file(other)
    with pytest.raises(AdapterNotApplied) as caught:
        factors(file_of(path, **both), bases)
    assert caught.value.count == len(load_file(other))


@pytest.mark.parametrize(
    ("parts", "family"),
    [
        ({"lora_down.weight": (4, 768), "lora_up.weight": (64, 4)}, "sd1"),
        ({"lora_down.weight": (4, 1024), "lora_up.weight": (64, 4)}, "sd2"),
        ({"lora_down.weight": (4, 2048), "lora_up.weight": (64, 4)}, "sdxl"),
        ({"lora_down.weight": (4, 96), "lora_up.weight": (64, 4)}, "sd1-96"),
        ({"lokr_w1": (4, 16), "lokr_w2": (16, 128)}, "sdxl"),
        (
            {"hada_w1_a": (64, 2), "hada_w1_b": (2, 768)}
            | {"hada_w2_a": (64, 2), "hada_w2_b": (2, 768)},
            "sd1",
        ),
    ],
)
def test_the_width_of_cross_attention_betrays_a_family(tmp_path, bases, parts, family):
    tensors = {f"{CROSS}.{part}": torch.ones(shape) for part, shape in parts.items()}
    tensors["lora_unet_of_a_larger_model.lora_down.weight"] = torch.ones(1)
    with pytest.raises(AdapterWrongFamily) as caught:
        factors(file_of(tmp_path / "a.safetensors", **tensors), bases)
    assert (caught.value.family, caught.value.needed) == (family, "sd1-32")
    assert "is made for" in str(caught.value)


@pytest.mark.parametrize(
    ("stem", "family"),
    [
        ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.lora_{}.weight", "sdxl"),
        ("lora_te2_text_model_encoder_layers_0_self_attn_q_proj.lora_{}.weight", "sdxl"),
        ("text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora_{}.weight", "sdxl"),
        ("lora_unet_double_blocks_0_img_attn_qkv.lora_{}.weight", "flux"),
        ("diffusion_model.double_blocks.0.img_attn.qkv.lora_{}.weight", "flux"),
        ("transformer.single_transformer_blocks.0.attn.to_q.lora_{}.weight", "flux"),
        ("lora_unet_joint_blocks_0_x_block_attn_qkv.lora_{}.weight", "sd3"),
        ("transformer.transformer_blocks.0.attn.to_q.lora_{}.weight", "a diffusion transformer"),
    ],
)
def test_the_keys_betray_a_family(tmp_path, bases, stem, family):
    names = ("A", "B") if "." in stem.split(".lora_")[0] else ("down", "up")
    tensors = {stem.format(name): torch.ones(2, 2) for name in names}
    with pytest.raises(AdapterWrongFamily) as caught:
        factors(file_of(tmp_path / "a.safetensors", **tensors), bases)
    assert caught.value.family == family


@pytest.mark.parametrize(
    ("layout", "part"),
    [
        ("kohya", "lora_down.weight"),
        ("kohya", "lora_up.weight"),
        ("kohya", "alpha"),
        ("locon", "lora_down.weight"),
        ("loha", "hada_w1_a"),
        ("lokr", "lokr_w2_b"),
        ("dora", "dora_scale"),
    ],
)
def test_one_tensor_of_another_shape(tmp_path, pipeline, bases, layout, part):
    path = tmp_path / "a.safetensors"
    random_adapter(path, pipeline, layout)
    flat = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
    flat = "lora_unet_mid_block_resnets_0_conv1" if layout == "locon" else flat

    def change(tensors):
        was = tensors[f"{flat}.{part}"]
        tensors[f"{flat}.{part}"] = torch.cat([was.reshape(was.shape or (1,))] * 2)

    with pytest.raises(AdapterWrongShape) as caught:
        factors(rewritten(path, change), bases)
    assert caught.value.layer.startswith("unet.mid_block.")
    assert "is needed" in str(caught.value)


def test_a_pointwise_update_of_a_spatial_layer_does_not_fit(tmp_path, bases):
    tensors = {
        "lora_unet_conv_out.lora_down.weight": torch.ones(2, 32 * 9, 1, 1),
        "lora_unet_conv_out.lora_up.weight": torch.ones(4, 2, 1, 1),
    }
    with pytest.raises(AdapterWrongShape):
        factors(file_of(tmp_path / "a.safetensors", **tensors), bases)


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        (["lora_unet_x.weight", "lora_unet_x.on_input"], "(IA)³"),
        (["lora_unet_x.oft_blocks", "lora_unet_x.alpha"], "OFT"),
        (["lora_unet_x.a1.weight", "lora_unet_x.b1.weight"], "GLoRA"),
        (["lora_unet_x.diff", "lora_unet_x.diff_b"], "full difference"),
        (["lora_unet_x.w_norm", "lora_unet_x.b_norm"], "trained norms"),
        (["lora_unet_x.q_layer.weight"], "T-LoRA"),
        (["unet.x.lora_A.weight", "unet.x.lora_B.weight", "unet.x.lora_B.bias"], "LoRA with bias"),
        (["lora_controlnet"], "control LoRA"),
        (["emb_params"], "textual inversion"),
        (["<sks>"], "textual inversion"),
        (["clip_l", "clip_g"], "textual inversion"),
        (["bundle_emb.sks.string_to_param.*"], "textual inversion"),
    ],
)
def test_kinds_we_do_not_draw_with_are_named(tmp_path, bases, keys, kind):
    path = file_of(tmp_path / "a.safetensors", **{key: torch.ones(2, 2) for key in keys})
    with pytest.raises(AdapterUnsupported) as caught:
        factors(path, bases)
    assert caught.value.kind == kind
    assert kind in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_a_peft_header_nobody_can_read(tmp_path, pipeline, bases, text):
    path = tmp_path / "a.safetensors"
    random_adapter(path, pipeline, "peft")
    save_file(load_file(path), path, {"lora_adapter_metadata": text})
    with pytest.raises(AdapterUnsupported):
        factors(path, bases)
