"""What the trainer wrote: found where it is, cleaned, and never trusted with more than names."""

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylus_engine.catalog.nouns import Probed
from stylus_engine.catalog.probe import compare, probe_header
from stylus_engine.catalog.probe.told import frequencies
from stylus_engine.catalog.probe.words import spoken
from stylus_engine.model import Adapter
from tests.catalog.probe.maker import bytes_of, kohya

LAYERS = {"down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k": (320, 768)}
DEEP = {"input_blocks_4_1_transformer_blocks_0_attn2_to_k": (640, 2048)}


def probed(layers=LAYERS, **told: object) -> Probed:
    """A file of kohya's with this metadata; "__" stands for a dot."""
    words = {key.replace("__", "."): worded(value) for key, value in told.items()}
    shapes = kohya(layers, 4)
    header = bytes_of(shapes, words)
    return probe_header(header, len(header) + 2 * sum(map(math.prod, shapes.values())))


def worded(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def tagged(counts: object, **more: object) -> Probed:
    return probed(ss_tag_frequency=counts, **more)


# --- triggers ---------------------------------------------------------------------


def test_the_authors_own_words_go_first():
    found = tagged({"10_sks dog": {"dog": 4}}, modelspec__trigger_phrase="inkk, wash\nblot , inkk")
    assert found.triggers == ("inkk", "wash", "blot")


def test_tags_that_every_picture_had_are_triggers():
    tags = {"1girl": 20, "yelan_(genshin)": 20, "solo": 20, "smile": 19, "score_9": 20}
    dirs = {"6_yelan": {"n_repeats": 6, "img_count": 20}}
    assert tagged({"6_yelan": tags}, ss_dataset_dirs=dirs).triggers == ("yelan_ genshin",)


def test_a_folders_name_tells_where_tags_do_not():
    tags = {"dog": 4, "cat": 3}
    assert tagged({"10_sks dog": tags}).triggers == ("sks dog",)
    assert tagged({"10_sks dog": {}, "5_img": {}, "7_zkz": {}}).triggers == ("sks dog", "zkz")
    assert tagged({"img": tags, "10_": tags, "x_10": tags}).triggers == ()


def test_a_folders_only_tag_is_its_caption():
    assert tagged({"10_cut_paper": {"papercut": 256}}).triggers == ("papercut",)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("<lora:evil:1> ink", "ink"),
        ("((ink:1.3))", "ink"),
        ("[ink] {wash}", "ink wash"),
        ("ink BREAK wash AND blot", "ink wash blot"),
        ("__animals__", "animals"),
        ("@everyone <@123456> hi", "everyone hi"),
        ("see https://evil.example/x?y now", "see now"),
        (r"yelan \(genshin impact\)", "yelan genshin impact"),
        ("ink\u202e\u200b\u0000wash", "inkwash"),
        ("ｉｎｋ", "ink"),
        ("<<lora:x:1>>", ""),
        ("x" * 500, "x" * 60),
        ("3:30 clock", "3:30 clock"),
    ],
)
def test_a_trigger_is_only_words(said: str, left: str):
    assert spoken(said) == left


@given(st.text(max_size=200) | st.text(alphabet="<>()[]{}:@\\_ab1. ", max_size=60))
def test_no_trigger_keeps_markup(text: str):
    left = spoken(text)
    assert len(left) <= 60
    assert not set("<>()[]{}") & set(left)


def test_triggers_are_few():
    many = ", ".join(f"word{n}" for n in range(5000))
    assert len(probed(modelspec__trigger_phrase=many).triggers) == 12


# --- tags -------------------------------------------------------------------------


def test_tags_come_commonest_first_over_all_folders():
    found = tagged({"1_a": {"ink": 3, " brush ": 5}, "1_b": {"ink": 4, "x\u202ey": 1}})
    assert found.tags == ("ink", "brush", "xy")


def test_a_table_others_have_edited_is_still_read():
    odd = {"1_a": {"ink": 3, "bad": "x", "none": None, "minus": -1, "half": 1.5}, "b": 7, "c": [1]}
    assert tagged(odd).tags == ("ink",)
    for broken in ("", "{", "[1]", "null", '{"a": {"b": 1e999}}', "{" * 100_000):
        assert probed(ss_tag_frequency=broken).tags == ()


def test_the_authors_tags_serve_where_captions_do_not():
    assert probed(modelspec__tags="ink, wash").tags == ("ink", "wash")


@given(st.dictionaries(st.text(), st.dictionaries(st.text(), st.integers(0, 99)), max_size=4))
def test_frequencies_are_what_json_says(table: dict[str, dict[str, int]]):
    text = json.dumps(table)
    assert frequencies({"ss_tag_frequency": text}) == json.loads(text)


# --- the rest ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "base"),
    [
        ({}, ""),
        ({"ss_sd_model_name": "C:\\models\\ponyDiffusionV6XL.safetensors"}, "pony"),
        ({"ss_sd_model_name": "noobaiXLNAIXL_epsilonPred.safetensors"}, "noobai"),
        ({"ss_sd_model_name": "noobai_on_Illustrious-XL.safetensors"}, "noobai"),
        ({"ss_sd_model_name": "waiNSFWIllustrious_v140.safetensors"}, "illustrious"),
        ({"ss_sd_model_name": "Illustrious-XL-v0.1.safetensors"}, "illustrious"),
        ({"ss_sd_model_name": "sd_xl_base_1.0.safetensors"}, ""),
        ({"ss_base_model_version": "sdxl_base_v1-0", "ss_sd_model_name": "pony.safetensors"}, "pony"),
        ({"modelspec__architecture": "illustrious/lora", "ss_sd_model_name": "pony"}, "illustrious"),
        ({"ss_tag_frequency": {"1_x": {"score_9": 3, "dog": 1}}}, "pony"),
        ({"ss_tag_frequency": {"1_x": {"masterpiece": 3}}}, ""),
    ],
)  # fmt: skip
def test_descendants_of_sdxl_are_told_by_their_metadata(told: dict[str, object], base: str):
    found = probed(DEEP, **told)
    assert (found.family, found.base) == ("sdxl", base)
    assert probed(LAYERS, **told).base == ""  # no SD 1 file is a Pony


@pytest.mark.parametrize(
    ("told", "alpha"),
    [
        ({"ss_network_alpha": "8"}, 8.0),
        ({"ss_network_alpha": "8", "ss_network_args": {"conv_alpha": "8.0"}}, 8.0),
        ({"ss_network_alpha": "8", "ss_network_args": {"conv_alpha": 4}}, None),
        ({"ss_network_alpha": "Dynamic"}, None),
        ({"ss_network_alpha": "nan"}, None),
        ({"ss_network_alpha": "1e999"}, None),
        ({"ss_network_alpha": "9" * 5000}, None),
        ({"lora_adapter_metadata": {"unet.lora_alpha": 4, "text_encoder.lora_alpha": 4.0}}, 4.0),
        ({"lora_adapter_metadata": {"unet.lora_alpha": 4, "text_encoder.lora_alpha": 2}}, None),
        ({"lora_adapter_metadata": {"lora_alpha": 4, "alpha_pattern": {"x": 1}}}, None),
        ({"lora_adapter_metadata": "{"}, None),
        ({}, None),
    ],
)
def test_alpha_is_one_number_or_none(told: dict[str, object], alpha: float | None):
    assert probed(**told).alpha == alpha


def test_what_is_kept_is_short_clean_and_nobodys_folders():
    found = probed(
        ss_sd_model_name="/home/jane/models/base.safetensors",
        ss_output_name="C:\\Users\\jane\\ink",
        ss_training_comment="x\u202e" * 5000,
        sshs_model_hash="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        modelspec__thumbnail="data:image/png;base64," + "A" * 300_000,
        ss_bucket_info="x" * 5000,
        ss_steps="None",
        modelspec__title="Ink\u202eknI\x07",
        modelspec__author="a" * 500,
        modelspec__license="CC0",
        modelspec__description="two\nlines",
    )
    assert found.trained["ss_sd_model_name"] == "base.safetensors"
    assert found.trained["ss_output_name"] == "ink"
    assert found.trained["ss_training_comment"] == "x" * 120
    assert set(found.trained) == {"ss_sd_model_name", "ss_output_name", "ss_training_comment"}
    assert (found.title, found.licence, found.description) == ("InkknI", "CC0", "two lines")
    assert len(found.author) == 80


def test_an_embedding_tells_its_dims():
    header = bytes_of({"clip_g": (3, 1280), "clip_l": (3, 768)}, {})
    found = probe_header(header, len(header) + 2 * 3 * 2048)
    assert found.trained == {"vectors": "3", "width": "1280 + 768"}


# --- compared with a card ---------------------------------------------------------

CARD = Adapter(
    card_id="x:1:1", name="Ink", family_declared="sdxl", kind="lora", triggers=("sks dog",)
)
FILE = Probed(kind="lora", layout="kohya", family="sdxl", tags=("sks_dog", "grass"))


def test_a_card_that_tells_the_truth_hears_nothing():
    assert compare(CARD, FILE, "ab" * 32) == ()
    silent = Adapter(card_id="x:1:1", name="Ink", family_declared="unknown")
    assert compare(silent, FILE) == ()
    blank = Probed(kind="unsupported", layout="unknown")
    assert compare(silent, blank) == ()


def test_each_difference_is_one_sentence():
    lied = msgspec.structs.replace(
        CARD, family_declared="sd1", kind="loha", base="pony", triggers=("cat", "sks dog"), file_sha256="00" * 32
    )  # fmt: skip
    truth = msgspec.structs.replace(FILE, base="noobai")
    assert compare(lied, truth, "AB" * 32) == (
        "The card says sd1; the file is made for sdxl.",
        "The card says it builds on pony; the file was trained on noobai.",
        "The card says loha; the file is of the kind lora.",
        "The card's sha256 is 000000000000…; the file's is ABABABABABAB….",
        "The file's captions do not have “cat” of the card's trigger words.",
    )


def test_names_for_the_same_thing_are_no_difference():
    flux = msgspec.structs.replace(CARD, family_declared="flux", triggers=())
    assert compare(flux, msgspec.structs.replace(FILE, family="flux1")) == ()
    pony = msgspec.structs.replace(CARD, family_declared="pony")
    assert compare(pony, msgspec.structs.replace(FILE, base="pony")) == ()
    same = msgspec.structs.replace(CARD, file_sha256="AB" * 32)
    assert compare(same, FILE, "ab" * 32) == ()
