"""Keys become layers: against diffusers' own loader and against written formulas."""

import hashlib

import pytest
import torch
from safetensors.torch import load_file

from stylus_engine.sampling.names import ldm_names
from tests.sampling.converting import (
    LAYOUTS,
    QUERY,
    by_diffusers,
    deltas,
    factors,
    file_of,
    renamed,
    rewritten,
    worst,
)
from tests.sampling.tiny import random_adapter


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


@pytest.mark.parametrize("layout", ["kohya", "locon", "loha", "dora"])
def test_a_file_as_comfyui_writes_it_is_the_same_adapter(tmp_path, pipeline, bases, layout):
    """Its names are the model's own: the first implementation's for the UNet, transformers' for CLIP."""
    path = tmp_path / "a.safetensors"
    random_adapter(path, pipeline, layout, rank=4, alpha=2.0, conv=True)
    truth = deltas(factors(path, bases))
    paths = [name for name, _ in pipeline.unet.named_modules()]
    names = {
        f"lora_unet_{ours.replace('.', '_')}": f"diffusion_model.{theirs}"
        for theirs, ours in ldm_names(paths, pipeline.unet.config["layers_per_block"])
    }
    for name, _ in pipeline.text_encoder.named_modules():
        bare = name.removeprefix("text_model.")
        flat = f"lora_te_text_model_{bare.replace('.', '_')}"
        names[flat] = f"text_encoders.clip_l.transformer.text_model.{bare}"

    def spell(tensors):
        spelled = {key: (names[key.partition(".")[0]], key.partition(".")[2]) for key in tensors}
        new = {".".join(pair): tensors[key] for key, pair in spelled.items()}
        tensors.clear()
        tensors.update(new)

    assert worst(deltas(factors(rewritten(path, spell), bases)), truth) == 0


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
