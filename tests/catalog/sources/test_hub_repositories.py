"""Records of the hub become cards, or skips with a reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog.nouns import Item, Skipped
from stylus_engine.catalog.sources.records import Record
from stylus_engine.catalog.sources.repositories import base_of_repository, entries
from stylus_engine.model import Licence
from tests.catalog.servers.hub import COMMIT, repository

HOME = "https://huggingface.co"


def only(*files, **fields) -> Any:
    (found,) = entries(Record(repository(1, *files, **fields)), HOME)
    return found


def test_a_usual_record():
    item = only()
    card = item.card
    assert card.card_id == "huggingface:painter/ink-1:pytorch_lora_weights"
    assert card.model_key == "huggingface:painter/ink-1"
    assert (card.name, card.author) == ("ink 1", "painter")
    assert (card.family_declared, card.base) == ("sdxl", "")
    assert card.triggers == ("ink wash",)
    assert card.tags == ("lora", "watercolour", "ink")
    assert card.rating == "pg13"
    assert card.popularity == 101
    assert card.licence == Licence(name="apache-2.0", commercial=True, derivatives=True)
    base = f"{HOME}/painter/ink-1/resolve/{COMMIT}"
    assert card.url == f"{base}/pytorch_lora_weights.safetensors"
    assert [each.prompt for each in item.examples] == ["an ink wash fox", ""]
    assert card.previews == (
        f"{base}/images/fox%201.png",
        "https://cdn-lfs.huggingface.co/a.png",
    )
    assert "an ink wash fox" in card.description


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        (("lora.safetensors",), ["lora"]),
        (("a-000010.safetensors", "a.safetensors"), ["a-000010", "a"]),
        (("other.safetensors", "pytorch_lora_weights.safetensors"), ["pytorch_lora_weights"]),
        (("checkpoint-500/pytorch_lora_weights.safetensors", "x.safetensors"), ["x"]),
    ],
)
def test_which_files_are_adapters(files, kept):
    found = list(entries(Record(repository(1, *files)), HOME))
    assert [
        each.card.card_id.rpartition(":")[2] for each in found if isinstance(each, Item)
    ] == kept
    names = {each.card.name for each in found if isinstance(each, Item)}
    assert len(names) == len(kept)


def test_ids_of_odd_file_names_are_apart_and_well_formed():
    names = ["a b.safetensors", "a-b.safetensors", "a_b.safetensors", f"{'x' * 200}.safetensors"]
    found: Any = list(entries(Record(repository(1, *names)), HOME))
    found = [each.card.card_id for each in found]
    assert len(set(found)) == 4
    assert all(len(each.rpartition(":")[2]) <= 80 and " " not in each for each in found)


@pytest.mark.parametrize(
    ("files", "fields", "reason"),
    [
        ((), {"gated": "auto"}, "gated"),
        ((), {"gated": "manual"}, "gated"),
        ((), {"gated": True}, "gated"),
        ((), {"private": True}, "gated"),
        ((), {"disabled": True}, "gated"),
        ((), {"pipeline_tag": "text-generation"}, "unsupported"),
        ((), {"id": "../../etc/passwd"}, "odd record"),
        ((), {"id": None}, "odd record"),
        (("model.bin",), {}, "not safetensors"),
        (("notes.txt",), {}, "no file"),
        (("../x.safetensors",), {}, "no file"),
        (("unet/diffusion_pytorch_model.safetensors", "vae/a.safetensors"), {}, "unsupported"),
        ((), {"siblings": None}, "no file"),
        (
            (),
            {"pipeline_tag": None, "tags": ["lora"], "cardData": {"base_model": "Qwen/Qwen2.5-7B"}},
            "no family",
        ),
    ],
)
def test_what_cannot_be_had_is_told_with_a_reason(files, fields, reason):
    found = only(*files, **fields)
    assert isinstance(found, Skipped)
    assert found.reason == reason


def test_a_run_that_kept_every_step_is_not_taken_whole():
    found = list(entries(Record(repository(1, *(f"s{n}.safetensors" for n in range(50)))), HOME))
    assert [type(each) for each in found].count(Item) == 32
    assert isinstance(found[0], Skipped)


@pytest.mark.parametrize(
    ("name", "family", "finer"),
    [
        ("runwayml/stable-diffusion-v1-5", "sd1", ""),
        ("CompVis/stable-diffusion-v1-4", "sd1", ""),
        ("stabilityai/stable-diffusion-2-1", "sd2", ""),
        ("stabilityai/stable-diffusion-xl-base-1.0", "sdxl", ""),
        ("stabilityai/stable-diffusion-3.5-large", "sd3", ""),
        ("black-forest-labs/FLUX.1-dev", "flux1", ""),
        ("black-forest-labs/FLUX.1-Kontext-dev", "flux1", ""),
        ("black-forest-labs/FLUX.2-dev", "flux2", ""),
        ("Qwen/Qwen-Image", "qwen-image", ""),
        ("Tongyi-MAI/Z-Image-Turbo", "z-image", ""),
        ("cagliostrolab/animagine-xl-3.1", "sdxl", ""),
        ("AstraliteHeart/pony-diffusion-v6-xl", "sdxl", "pony"),
        ("OnomaAIResearch/Illustrious-xl-early-release-v0", "sdxl", "illustrious"),
        ("Qwen/Qwen2.5-7B-Instruct", "unknown", ""),
        ("meta-llama/Llama-3.1-8B", "unknown", ""),
        ("", "unknown", ""),
    ],
)
def test_base_models(name, family, finer):
    assert base_of_repository(name) == (family, finer)


def test_the_base_is_also_found_in_the_tags():
    tags = ["lora", "base_model:adapter:black-forest-labs/FLUX.1-dev"]
    assert only(cardData={}, tags=tags).card.family_declared == "flux1"
    assert only(cardData=None, tags=["lora"]).card.family_declared == "unknown"


@pytest.mark.parametrize(
    ("said", "triggers"),
    [
        ("TOK", ("TOK",)), (None, ()), ("", ()), (["a", "b", None, 3], ("a", "b")),
        ("sks, ink wash", ("sks", "ink wash")), ("<lora:x:1> in the style of (TOK:1.2)", ("in the style of TOK",)),
        ({"a": 1}, ()),
    ],
)  # fmt: skip
def test_instance_prompts(said, triggers):
    assert only(cardData={"instance_prompt": said}).card.triggers == triggers


@pytest.mark.parametrize(
    ("fields", "rating"),
    [
        ({"tags": ["lora", "not-for-all-audiences"]}, "x"), ({"id": "a/my-NSFW-lora"}, "x"),
        ({"tags": ["hentai"]}, "x"), ({"tags": ["nsfw_pose"]}, "x"),
        ({"cardData": {"instance_prompt": "nude woman"}}, "x"), ({"id": "a/essex-village"}, "pg13"), ({}, "pg13"),
    ],
)  # fmt: skip
def test_ratings(fields, rating):
    assert only(**fields).card.rating == rating


@pytest.mark.parametrize(
    ("card", "name", "free"),
    [
        ({"license": "mit"}, "mit", True),
        ({"license": "other", "license_name": "flux-1-dev-non-commercial-license"},
         "flux-1-dev-non-commercial-license", False),
        ({"license": "cc-by-nc-4.0"}, "cc-by-nc-4.0", False),
        ({}, "unknown", False),
    ],
)  # fmt: skip
def test_licences(card, name, free):
    licence = only(cardData=card).card.licence
    assert (licence.name, licence.commercial, licence.derivatives) == (name, free, free)


def test_pictures_elsewhere_than_https_are_left_out():
    urls = ["http://x.org/a.png", "file:///etc/passwd", "../../x.png", "data:image/png;base64,x"]
    widget = [{"text": f"t{n}", "output": {"url": url}} for n, url in enumerate(urls)]
    item = only(cardData={"widget": widget})
    assert item.card.previews == ()
    assert [each.url for each in item.examples] == [""] * 4


def test_stamps_change_with_the_commit():
    assert only().stamp == only(downloads=102, likes=9).stamp
    others = {only().stamp, only(sha="f" * 40).stamp, only(lastModified="2027").stamp}
    assert len(others) == 3


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    st.sampled_from(sorted(repository(1))), st.sampled_from(sorted(repository(1)["cardData"])),
    ODD, ODD,
)  # fmt: skip
def test_no_field_of_any_kind_breaks_the_walk(above, inner, one, two):
    record = repository(1)
    record["cardData"] = record["cardData"] | {inner: two}
    record[above] = one
    for entry in entries(Record(record), HOME):
        assert isinstance(entry, Item | Skipped)
