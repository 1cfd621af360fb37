"""Records of Civitai's list become cards, or skips with a reason."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog.nouns import Item, Skipped
from stylus_engine.catalog.sources.models import entries
from stylus_engine.catalog.sources.records import Record
from stylus_engine.model import Licence
from tests.catalog.servers.civitai import (
    file,
    model,
    picture,
    sha256,
    version,
    when,
)


def only(**fields) -> Any:
    """What one model becomes."""
    (found,) = entries(Record(model(1, **fields)), "https://civitai.com")
    return found


def only_version(**fields) -> Any:
    return only(modelVersions=[version(1001, **fields)])


def test_a_usual_record():
    item = only()
    card = item.card
    assert (card.card_id, card.model_key) == ("civitai:1:1001", "civitai:1")
    assert (card.name, card.author, card.kind) == ("Model 1", "Painter", "lora")
    assert card.description == "Adds thing 1 to a picture."
    assert (card.family_declared, card.base) == ("sd1", "")
    assert card.triggers == ("trigger1001",)
    assert card.tags == ("style", "ink")
    assert card.file_sha256 == sha256(1001)
    assert card.file_bytes == 150_995_456
    assert card.url == "https://civitai.com/api/download/models/1001"
    assert card.popularity == 1101
    assert card.rating == "pg"
    assert card.licence == Licence(name="civitai", commercial=False, derivatives=True, credit=False)
    assert card.described_by == "card"
    assert not any((card.real_person, card.minor))
    assert json.loads(item.raw)["model"]["name"] == "Model 1"


@pytest.mark.parametrize(
    ("said", "commercial"),
    [
        ("{Image,RentCivit}", False), ("{Image,Rent}", True), ("Sell", True), ("None", False),
        (["Image"], False), (["Rent"], True), (["{Image,Rent}"], True), ([], False),
        (None, False), ("{}", False), (["{Sell}"], True), (7, False),
    ],
)  # fmt: skip
def test_commercial_use_in_its_shapes(said, commercial):
    assert only(allowCommercialUse=said).card.licence.commercial is commercial


@pytest.mark.parametrize(
    ("base", "family", "finer"),
    [
        ("SD 1.5", "sd1", ""), ("SD 1.5 LCM", "sd1", ""), ("SD 2.1 768", "sd2", ""),
        ("SDXL 1.0", "sdxl", ""), ("SDXL Lightning", "sdxl", ""), ("Pony", "sdxl", "pony"),
        ("Illustrious", "sdxl", "illustrious"), ("NoobAI", "sdxl", "noobai"),
        ("SD 3.5 Large", "sd3", ""), ("Flux.1 D", "flux1", ""), ("Flux.2 Klein 9B", "flux2", ""),
        ("Qwen", "qwen-image", ""), ("Other", "unknown", ""), (None, "unknown", ""),
    ],
)  # fmt: skip
def test_base_models(base, family, finer):
    card = only_version(baseModel=base).card
    assert (card.family_declared, card.base) == (family, finer)


def test_a_base_that_nobody_knows_is_no_crash():
    assert only_version(baseModel="Brand New 9 ⚡").card.family_declared == "brandnew9"


@pytest.mark.parametrize(
    ("levels", "rating"),
    [
        ({"nsfwLevel": 1}, "pg"), ({"nsfwLevel": 3}, "pg13"), ({"nsfwLevel": 7}, "r"),
        ({"nsfwLevel": 31}, "x"), ({"nsfwLevel": 32}, "x"), ({"nsfwLevel": 1, "nsfw": True}, "r"),
        ({"nsfwLevel": 0, "modelVersions": [version(1001, images=[])]}, "r"),
        ({"nsfwLevel": None, "modelVersions": [version(1001, images=None)]}, "r"),
        ({"modelVersions": [version(1001, images=[picture(1), picture(2, nsfwLevel=8)])]}, "x"),
    ],
)  # fmt: skip
def test_ratings_take_the_strictest_and_the_unrated_is_not_for_everybody(levels, rating):
    assert only(**levels).card.rating == rating


def test_only_mild_pictures_are_previews():
    images = [picture(n, nsfwLevel=level) for n, level in enumerate((1, 2, 4, 16))]
    card = only_version(images=[*images, picture(9, type="video"), None, "odd"]).card
    assert [url[-6:] for url in card.previews] == ["0.jpeg", "1.jpeg"]


@pytest.mark.parametrize(
    ("fields", "person", "minor"),
    [
        ({"poi": True}, True, False), ({"minor": True}, False, True),
        ({"tags": ["Celebrity", "woman"]}, True, False), ({"tags": ["shota"]}, False, True),
        ({"tags": ["children's book"]}, False, False),
    ],
)  # fmt: skip
def test_flags_stay_on_the_card(fields, person, minor):
    card = only(**fields).card
    assert (card.real_person, card.minor) == (person, minor)


@pytest.mark.parametrize(
    ("words", "triggers"),
    [
        (["ink wash, ukiyo-e , ink wash"], ("ink wash", "ukiyo-e")),
        (["<lora:inkwash:0.8> ink"], ("ink",)),
        (["(ink wash:1.3)", "[sumi]", "BREAK"], ("ink wash", "sumi")),
        (["see https://evil.example/x now", "@everyone hi"], ("see now", "everyone hi")),
        (["a &amp; b", None, 7, "", "  "], ("a & b",)),
        (["ｗｉｄｅ\u200b\u202e word"], ("wide word",)),
        ([f"word{n}" for n in range(30)], tuple(f"word{n}" for n in range(12))),
        (None, ()),
        ("not a list", ()),
    ],
)
def test_trained_words(words, triggers):
    assert only_version(trainedWords=words).card.triggers == triggers


def test_a_whole_prompt_among_the_trained_words_is_not_taken_apart():
    prompt = "masterpiece, a very long sentence about a dragon that sits on a rock, sunset"
    assert len(only_version(trainedWords=[prompt]).card.triggers) == 1


def test_markup_of_descriptions_is_gone():
    text = "<p>Use &lt;b&gt;</p><script>alert(1)</script><!-- hidden --><li>0.7</li>\u202e"
    card = only(description=text, modelVersions=[version(1001, description="<p>v2</p>")]).card
    assert "script" not in card.description
    assert "alert" not in card.description
    assert "hidden" not in card.description
    assert "\u202e" not in card.description
    assert "0.7" in card.description
    assert "v2" in card.description
    assert only(description=None).card.description == ""


def test_the_median_of_the_examples_weights_is_the_prior():
    images = [
        picture(n, meta={"prompt": "ink", "civitaiResources": [
            {"type": "checkpoint", "modelVersionId": 5},
            {"type": "lora", "weight": weight, "modelVersionId": 1001}]})
        for n, weight in enumerate((0.5, 0.6, 1.4))
    ]  # fmt: skip
    item = only_version(images=images)
    assert item.card.weight == 0.6
    assert [each.prompt for each in item.examples] == ["ink"] * 3
    assert only().card.weight == 0.8


@pytest.mark.parametrize("weight", [900, -900, "0.7", float("inf"), None, [], True])
def test_an_absurd_weight_is_no_crash(weight):
    images = [
        picture(1, meta={"resources": [{"type": "lora", "name": "x", "weight": weight}]}),
        picture(2, meta="odd"),
    ]
    card = only_version(images=images).card
    assert -4 <= card.weight_low <= card.weight <= card.weight_high <= 4


@pytest.mark.parametrize(("weights", "prior"), [((900,), 0.8), ((-900, 0.6), 0.6), ((4.1,), 0.8)])
def test_an_absurd_weight_is_no_part_of_the_prior(weights, prior):
    images = [
        picture(n, meta={"resources": [{"type": "lora", "name": "x", "weight": weight}]})
        for n, weight in enumerate(weights)
    ]
    card = only_version(images=images).card
    assert (card.weight_low, card.weight, card.weight_high) == (0.0, prior, 1.0)


SOON = (datetime.now(UTC) + timedelta(days=3)).isoformat()
PAST = (datetime.now(UTC) - timedelta(days=3)).isoformat()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": "Checkpoint"}, "unsupported"),
        ({"type": None}, "unsupported"),
        ({"mode": "Archived"}, "no file"),
        ({"mode": "TakenDown"}, "no file"),
        ({"modelVersions": []}, "no file"),
        ({"modelVersions": None}, "no file"),
        ({"modelVersions": [version(1001, files=[])]}, "no file"),
        ({"modelVersions": [version(1001, files=[file(1, type="Training Data")])]}, "no file"),
        ({"modelVersions": [version(1001, usageControl="Generation")]}, "gated"),
        ({"modelVersions": [version(1001, usageControl="InternalGeneration")]}, "gated"),
        ({"modelVersions": [version(1001, earlyAccessEndsAt=SOON)]}, "gated"),
        ({"modelVersions": [version(1001, availability="EarlyAccess")]}, "gated"),
        ({"modelVersions": [version(1001, status="Draft")]}, "gated"),
        (
            {
                "modelVersions": [
                    version(1001, files=[file(1, metadata={"format": "PickleTensor"})])
                ]
            },
            "not safetensors",
        ),
        (
            {"modelVersions": [version(1001, files=[file(1, name="a.pt", metadata=None)])]},
            "not safetensors",
        ),
        (
            {"modelVersions": [version(1001, files=[file(1, virusScanResult="Danger")])]},
            "broken file",
        ),
        ({"modelVersions": [version(1001, files=[file(1, sizeKB=3e7)])]}, "too large"),
        ({"modelVersions": [version(1001) | {"id": None}]}, "odd record"),
        ({"id": None}, "odd record"),
        ({"id": "12; drop"}, "odd record"),
    ],
)
def test_what_cannot_be_had_is_told_with_a_reason(fields, reason):
    found = only(**fields)
    assert isinstance(found, Skipped)
    assert found.reason == reason


def test_early_access_that_ran_out_is_public():
    found = only_version(earlyAccessEndsAt=PAST, availability="EarlyAccess")
    assert isinstance(found, Item)


@pytest.mark.parametrize(
    ("kind", "ours"),
    [("LORA", "lora"), ("LoCon", "locon"), ("DoRA", "dora"), ("TextualInversion", "embedding")],
)
def test_kinds(kind, ours):
    assert only(type=kind).card.kind == ours


def test_the_primary_safetensors_file_is_chosen():
    files = [
        file(1, name="a.pt", metadata={"format": "PickleTensor"}),
        file(2, primary=False),
        file(3),
        file(4, type="Training Data"),
    ]
    assert only_version(files=files).card.file_sha256 == sha256(3)
    assert only_version(files=files[:2]).card.file_sha256 == sha256(2)


@pytest.mark.parametrize(
    "hashes",
    [{}, None, {"SHA256": None}, {"SHA256": "abc"}, {"SHA256": "../" * 21 + "x"},
     {"SHA256": hashlib.sha256(b"").hexdigest().upper()}],
)  # fmt: skip
def test_a_file_that_was_not_hashed_has_no_digest(hashes):
    assert only_version(files=[file(1, hashes=hashes)]).card.file_sha256 is None


def test_stamps_change_with_what_is_said_and_not_with_each_download():
    def stamp(**fields):
        return only(**fields).stamp

    few, more = (version(1001, stats={"downloadCount": n}) for n in (1100, 1101))
    assert stamp() == stamp()
    assert stamp(modelVersions=[few]) == stamp(modelVersions=[more])
    others = [
        stamp(name="New"), stamp(poi=True), stamp(nsfwLevel=4), stamp(description="x"),
        stamp(allowDerivatives=False), stamp(tags=["x"]),
        stamp(modelVersions=[version(1001, updatedAt=when(5))]),
        stamp(modelVersions=[version(1001, files=[file(7)])]),
    ]  # fmt: skip
    assert len({stamp(), *others}) == len(others) + 1


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.sampled_from(sorted(model(1))), st.sampled_from(sorted(version(1))), ODD, ODD)
def test_no_field_of_any_kind_breaks_the_walk(above, inner, one, two):
    record = model(1) | {above: one}
    if isinstance(record["modelVersions"], list) and above != "modelVersions":
        record["modelVersions"] = [version(1001) | {inner: two}, one]
    for entry in entries(Record(record), "https://civitai.com"):
        assert isinstance(entry, Item | Skipped)
