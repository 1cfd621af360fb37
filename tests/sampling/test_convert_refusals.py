"""What does not fit is told, never in silence."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from stylus_engine.errors import (
    AdapterNotApplied,
    AdapterUnsupported,
    AdapterWrongFamily,
    AdapterWrongShape,
)
from tests.sampling.converting import (
    CROSS,
    factors,
    file_of,
    renamed,
    rewritten,
)
from tests.sampling.tiny import random_adapter


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
        ("lora_unet_double_blocks_0_img_attn_qkv.lora_{}.weight", "flux1"),
        ("diffusion_model.double_blocks.0.img_attn.qkv.lora_{}.weight", "flux1"),
        ("transformer.single_transformer_blocks.0.attn.to_q.lora_{}.weight", "flux1"),
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
        (["bundle_emb.sks.string_to_param.*"], "textual inversion beside a LoRA"),
        (["clip_l", "lora_unet_x.alpha"], "textual inversion beside a LoRA"),
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
