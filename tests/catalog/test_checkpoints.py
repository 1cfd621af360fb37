"""Checkpoint folders read without torch: id, family, size."""

import json
import subprocess
import sys

import pytest

from stylus_engine.catalog import Digests, LocalCheckpoints
from stylus_engine.errors import BadCheckpoint, UnknownName


def folder(
    root, name="one", *, width=96, vae=3, levels=3, sample=16, kind="StableDiffusionPipeline"
):
    place = root / name
    configs = {
        "model_index.json": {"_class_name": kind, "unet": ["diffusers", "UNet2DConditionModel"]},
        "unet/config.json": {
            "cross_attention_dim": width, "sample_size": sample, "block_out_channels": [32] * levels,
        },
        "vae/config.json": {"block_out_channels": [8] * vae, "latent_channels": 4},
        "text_encoder/config.json": {"hidden_size": width},
        "tokenizer/vocab.json": {},
    }  # fmt: skip
    for path, config in configs.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(json.dumps(config))
    for part in ("unet", "vae", "text_encoder"):
        (place / part / "model.safetensors").write_bytes(f"{name}{part}".encode())
    return place


@pytest.mark.parametrize(
    ("shape", "family", "size", "multiple"),
    [
        ({}, "sd1-96", 64, 16),
        ({"width": 768, "vae": 4, "levels": 4, "sample": 64}, "sd1", 512, 8),
        ({"width": 1024, "vae": 4, "levels": 4, "sample": 96}, "sd2", 768, 8),
        ({"width": 2048, "vae": 4, "sample": 128, "kind": "StableDiffusionXLPipeline"}, "sdxl", 1024, 8),
    ],
)  # fmt: skip
def test_what_the_configs_say(tmp_path, shape, family, size, multiple):
    found = LocalCheckpoints({"one": folder(tmp_path, **shape)}, "one").find("")
    assert (found.name, found.family, found.size, found.multiple) == ("one", family, size, multiple)
    assert len(found.id) == 64


def test_the_id_is_of_weights_and_configs_and_of_nothing_else(tmp_path):
    place = folder(tmp_path)
    store = LocalCheckpoints({"one": place}, "one")
    first = store.find("one").id
    (place / "README.md").write_text("hello")
    (place / ".git").mkdir()
    (place / ".git" / "config.json").write_text("{}")
    assert store.find("one").id == first == store.find(first).id
    place.rename(tmp_path / "moved")
    assert LocalCheckpoints({"x": tmp_path / "moved"}, "x").find("").id == first
    for path in ("tokenizer/vocab.json", "unet/model.safetensors"):
        (tmp_path / "moved" / path).write_text('{"a": 1}')
        changed = LocalCheckpoints({"x": tmp_path / "moved"}, "x").find("").id
        assert changed != first
        first = changed


def test_unknown_names_list_the_known_and_a_broken_neighbour_hides_nothing(tmp_path):
    good = folder(tmp_path)
    store = LocalCheckpoints({"bad": tmp_path / "gone", "one": good}, "one")
    assert store.find(store.find("one").id).name == "one"
    with pytest.raises(UnknownName, match=r"no checkpoint called “two”\. Known: bad, one"):
        store.find("two")
    with pytest.raises(BadCheckpoint, match=r"model_index\.json is missing"):
        store.find("bad")


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("model_index.json", None, "model_index.json is missing"),
        ("unet/config.json", b"{", "unet/config.json"),
        ("unet/config.json", b"{}", "cross_attention_dim"),
        ("vae/config.json", b"\xff", "vae/config.json"),
        (
            "model_index.json",
            b'{"x": ' + b"[" * 200_000,
            "model_index.json is nested absurdly deep",
        ),
        ("vae/config.json", b'{"block_out_channels": []}', "block_out_channels"),
        ("unet/model.safetensors", None, "unet holds no safetensors weights"),
        ("text_encoder/model.safetensors", None, "text_encoder holds no safetensors"),
    ],
)
def test_a_broken_folder_is_one_sentence(tmp_path, path, content, why):
    place = folder(tmp_path)
    (place / path).unlink()
    if content is not None:
        (place / path).write_bytes(content)
    with pytest.raises(BadCheckpoint, match=why) as told:
        LocalCheckpoints({"one": place}, "one").find("")
    assert "\n" not in str(told.value)


def test_hashes_are_kept_between_runs(tmp_path):
    place, cache = folder(tmp_path), tmp_path / "cache" / "digests.json"
    first = LocalCheckpoints({"one": place}, "one", Digests(cache)).find("").id
    assert str(place / "unet/model.safetensors") in cache.read_text()
    assert LocalCheckpoints({"one": place}, "one", Digests(cache)).find("").id == first


def test_the_room_loads_no_torch():
    code = "import sys, stylus_engine.catalog as c; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
