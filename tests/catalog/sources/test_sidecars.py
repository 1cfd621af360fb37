"""Sidecars as each tool writes them, and as nobody should."""

import asyncio
import json
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stylus_engine.catalog import Digests
from stylus_engine.catalog.sources.folder import Folder
from stylus_engine.catalog.sources.looking import Eyes
from stylus_engine.catalog.sources.pictures import is_picture, size_of
from tests.catalog.sources.files import a1111, civitai_info, lora, lora_manager, png, put

HEADER = {
    "modelspec.title": "Header Title",
    "modelspec.description": "Header words.",
    "modelspec.trigger_phrase": "hdr",
    "modelspec.author": "trainer",
}


def walked(root):
    async def walk():
        async with aclosing(Folder(root, Eyes(Digests())).pages("", "")) as pages:
            return [page async for page in pages]

    pages = asyncio.run(walk())
    (item,) = [item for page in pages for item in page.items]
    return item, {skip.what: skip.detail for page in pages for skip in page.skipped}


def made(tmp_path, **beside):
    """The item, the card and the skips of one file with these sidecars; `_` in a name is a dot."""
    put(tmp_path / "ink.safetensors", lora(1, HEADER))
    for name, data in beside.items():
        put(tmp_path / f"ink.{name.replace('_', '.')}", data)
    item, skipped = walked(tmp_path)
    return item, item.card, skipped


def test_the_header_alone(tmp_path):
    _, card, skipped = made(tmp_path)
    assert (card.name, card.description, card.author) == (
        "Header Title",
        "Header words.",
        "trainer",
    )
    assert (card.triggers, card.weight, card.rating, skipped) == (("hdr",), 0.8, "pg13", {})


def test_a1111(tmp_path):
    item, card, skipped = made(tmp_path, json=a1111())
    assert card.name == "Header Title"
    assert card.description == "My own ink LoRA go down to 0.5 for portraits"
    assert (card.triggers, card.weight, card.family_declared) == (("inkk", "wash"), 0.7, "sd1")
    assert skipped == {}
    assert json.loads(item.raw) == {".json": a1111()}


def test_a_weight_of_zero_is_a1111s_way_of_not_saying(tmp_path):
    fields = {"preferred weight": 0, "sd version": "Unknown", "activation text": ""}
    _, card, skipped = made(tmp_path, json=a1111(**fields))
    assert (card.weight, card.family_declared, card.triggers) == (0.8, "sd1", ("hdr",))
    assert skipped == {}


def test_somebody_elses_json_says_nothing(tmp_path):
    _, card, skipped = made(tmp_path, json={"network_dim": 32, "weight": 9})
    assert (card.name, card.weight, skipped) == ("Header Title", 0.8, {})


def test_civitai_helper(tmp_path):
    item, card, skipped = made(tmp_path, civitai_info=civitai_info())
    assert skipped == {}
    assert card.name == "Aesthetic Poses"
    assert card.description == "Poses & light New Triggers: aesthetic_pos3"
    assert card.triggers == ("aesthetic_pos3", "dynamic_pos3", "x" * 60)
    assert (card.family_declared, card.base, card.family) == ("sdxl", "illustrious", "sd1")
    assert (card.tags, card.author, card.popularity) == (("poses", "style"), "somebody", 3426)
    assert (card.rating, card.model_key) == ("pg13", "civitai:706978")
    assert card.licence.name == "civitai"
    assert (card.licence.commercial, card.licence.derivatives, card.licence.credit) == (
        True,
        False,
        False,
    )
    assert card.previews == (
        "https://image.civitai.com/x/1.jpeg",
        "https://image.civitai.com/x/3.jpeg",
    )
    first = item.examples[0]
    assert (first.prompt, first.negative, first.weight, first.rating) == (
        "aesthetic_pos3, street", "blurry", 0.9, "pg13",
    )  # fmt: skip
    assert json.loads(item.raw) == {".civitai.info": civitai_info()}


def test_lora_manager(tmp_path):
    _, card, skipped = made(tmp_path, metadata_json=lora_manager())
    assert skipped == {}
    assert card.name == "Ink as I call it"
    assert card.description == "Poses, managed for covers"
    assert (card.weight, card.weight_low, card.weight_high) == (0.65, 0.4, 1.1)
    assert card.tags == ("covers", "style", "poses")
    assert (card.base, card.model_key) == ("illustrious", "civitai:706978")
    assert not any("passwd" in each for each in card.previews)


def test_all_at_once_and_who_is_heard_first(tmp_path):
    item, card, _ = made(
        tmp_path, json=a1111(), metadata_json=lora_manager(), civitai_info=civitai_info(id=7),
        preview_png=png(), png=png(32, 32),
    )  # fmt: skip
    assert card.name == "Ink as I call it"  # A1111 has no names
    assert card.description == "My own ink LoRA go down to 0.5 for portraits for covers"
    assert (card.triggers, card.weight, card.weight_high) == (("inkk", "wash"), 0.7, 1.1)
    assert card.author == "somebody"
    assert card.family_declared == "sd1"
    assert card.previews[:2] == (str(tmp_path / "ink.preview.png"), str(tmp_path / "ink.png"))
    assert len(item.examples) == 2
    assert sorted(json.loads(item.raw)) == [".civitai.info", ".json", ".metadata.json"]


@pytest.mark.parametrize(
    ("model", "images", "expected"),
    [
        ({"poi": True}, [], ("pg13", True, False)),  # nobody rates it
        ({"poi": True, "nsfw": False}, [], ("g", True, False)),
        ({"minor": True, "nsfw": True}, [], ("r", False, True)),
        ({}, [{"nsfwLevel": 16}], ("x", False, False)),
        ({}, [{"nsfwLevel": 1}, {"nsfwLevel": 4}], ("r", False, False)),
        ({"nsfw": None}, [{"nsfwLevel": "Soft"}], ("pg13", False, False)),
        ({}, [{"nsfwLevel": 1}], ("pg", False, False)),
    ],
)
def test_warnings_stand_whoever_gives_them(tmp_path, model, images, expected):
    info = civitai_info(model={"name": "x"} | model, images=images)
    _, card, _ = made(tmp_path, json=a1111(), civitai_info=info)
    assert (card.rating, card.real_person, card.minor) == expected


@pytest.mark.parametrize(
    ("uses", "commercial"),
    [
        ("{Image,RentCivit}", False), ("{Image,Rent}", True), (["Image"], False), (["{Image,Rent}"], True),
        ("Sell", True), (None, False), ([], False), ("None", False), ({"a": 1}, False),
    ],
)  # fmt: skip
def test_the_shapes_of_a_licence(tmp_path, uses, commercial):
    info = civitai_info(model={"name": "x", "allowCommercialUse": uses, "allowNoCredit": False})
    card = made(tmp_path, civitai_info=info)[1]
    assert (card.licence.commercial, card.licence.credit) == (commercial, True)


HOSTILE = {
    "nothing": b"",
    "no JSON": b"{'a': 1}",
    "cut off": json.dumps(civitai_info()).encode()[:-5],
    "a list": b"[1, 2]",
    "a text": b'"x"',
    "null": b"null",
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "UTF-16": json.dumps(civitai_info()).encode("utf-16"),
    "deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep list": b'{"images":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "NaN": b'{"preferred weight": NaN}',
    "huge": b'{"a":"' + b"x" * (5 * 2**20) + b'"}',
    "binary": bytes(range(256)) * 20,
}


@pytest.mark.parametrize("name", ["json", "metadata_json", "civitai_info"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_sidecar_is_told_and_the_file_is_a_card(tmp_path, name, kind):
    _, card, skipped = made(tmp_path, **{name: HOSTILE[kind]})
    assert (card.name, card.triggers) == ("Header Title", ("hdr",))
    (told,) = skipped.items()
    assert told[0] == f"ink.{name.replace('_', '.')}"
    assert told[1].startswith("it has more than" if kind == "huge" else "it ")
    assert "\n" not in told[1]


def test_a_text_that_was_cut_within_an_emoji_costs_no_sidecar(tmp_path):
    _, card, skipped = made(
        tmp_path, json={"description": "Half \ud83d of it", "sd version": "SDXL"}
    )
    assert (card.description, card.base, skipped) == ("Half of it", "", {})


WRONG = {
    "description": {"a": 1}, "activation text": 7, "preferred weight": "a lot", "notes": [], "sd version": 1.5,
    "model_name": ["x"], "base_model": {}, "usage_tips": "{not json", "tags": "a, b", "civitai": [1],
    "modelDescription": 4, "preview_nsfw_level": "high", "id": "x", "modelId": -4, "trainedWords": {"a": 1},
    "baseModel": None, "stats": "many", "model": 7, "files": 3, "images": ["x", None, 3, {"url": 4, "meta": "m"}],
    "creator": "me",
}  # fmt: skip


@pytest.mark.parametrize("name", ["json", "metadata_json", "civitai_info"])
def test_fields_of_the_wrong_kind_are_left_out_and_named(tmp_path, name):
    _, card, skipped = made(tmp_path, **{name: WRONG})
    assert (card.name, card.triggers, card.weight) == ("Header Title", ("hdr",), 0.8)
    assert "left out: “" in skipped[f"ink.{name.replace('_', '.')}"]


def test_absurd_numbers_are_dropped_and_named(tmp_path):
    tips = '{"strength": 1e308, "strength_min": -99, "strength_max": "1e999"}'
    _, card, skipped = made(tmp_path, metadata_json=lora_manager(usage_tips=tips))
    assert (card.weight_low, card.weight, card.weight_high) == (0.0, 0.8, 1.0)
    assert "“strength”, “strength_min”, “strength_max”" in skipped["ink.metadata.json"]
    huge = civitai_info(modelId=10**400, stats={"downloadCount": 10**300})
    _, card, _ = made(tmp_path, metadata_json=lora_manager(civitai=huge, usage_tips=""))
    assert (card.popularity, card.model_key) == (0, "")


@pytest.mark.parametrize("weight", [99, -99, 4.01, "99", "nan", True])
def test_an_absurd_preferred_weight_leaves_the_word_to_the_next_voice(tmp_path, weight):
    tips = '{"strength": 0.6}'
    _, card, _ = made(
        tmp_path,
        json={"preferred weight": weight},
        metadata_json=lora_manager(usage_tips=tips),
    )
    assert card.weight == 0.6


def test_hostile_words_are_cleaned(tmp_path):
    words = "\u202eevil\x00\x1b[31m" + "\U000e0041" * 9 + "<script>alert(1)</script>" + "yes " * 900
    _, card, _ = made(
        tmp_path,
        json=a1111(description=words, notes=words),
        civitai_info=civitai_info(model={"name": words}),
    )
    for text in (card.name, card.description):
        assert not set(text) & set("\u202e\x00\x1b\U000e0041")
    assert "script" not in card.description
    assert (len(card.name), len(card.description)) == (120, 2000)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(list(WRONG)) | st.text(), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(
    fields=st.dictionaries(st.sampled_from([*WRONG, *a1111(), "images", "meta"]), VALUES),
    ending=st.sampled_from(["json", "metadata.json", "civitai.info"]),
)
def test_no_sidecar_keeps_a_file_from_being_a_card(tmp_path_factory, fields, ending):
    root = tmp_path_factory.mktemp("any")
    put(root / "ink.safetensors", lora(1))
    put(root / f"ink.{ending}", fields)
    item, _ = walked(root)
    assert item.card.name
    assert -4 <= item.card.weight_low <= item.card.weight <= item.card.weight_high <= 4


# --- pictures --------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["preview_png", "preview_jpg", "preview_jpeg", "preview_webp", "png", "jpg", "webp"]
)
def test_a_picture_beside_the_file_is_its_preview(tmp_path, name):
    _, card, skipped = made(tmp_path, **{name: png()})
    assert card.previews == (str(tmp_path / f"ink.{name.replace('_', '.')}"),)
    assert skipped == {}


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", b"\x89PNG\r\n\x1a\n", png(20_000, 10_001), png(8, 8), png(2**31 - 1, 2**31 - 1),
     b"\xff\xd8\xff" + b"\xff" * 5000, b"\xff\xd8\xff\xe0\x00\x00" * 99, b"RIFF\0\0\0\0WEBPVP8X", b"GIF89a" + b"x" * 99,
     png() + b"\0" * (21 * 2**20)],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_picture_or_far_too_large_is_not_named(tmp_path, data):
    _, card, skipped = made(tmp_path, preview_png=data)
    assert card.previews == ()
    assert skipped == {"ink.preview.png": "it is no picture that can be shown"}


def test_a_preview_that_leads_out_of_the_folder_is_none(tmp_path):
    secret = put(tmp_path / "secret.png", png())
    root = tmp_path / "shelf"
    root.mkdir()
    (root / "ink.preview.png").symlink_to(secret)
    _, card, skipped = made(root)
    assert card.previews == ()
    assert len(skipped) == 1


@pytest.mark.parametrize("ending", [".json", ".metadata.json", ".civitai.info"])
def test_a_sidecar_that_leads_out_of_the_folder_is_not_read(tmp_path, ending):
    secret = tmp_path / "secret.json"
    secret.write_text('{"description": "a secret", "model_name": "a secret", "name": "a secret"}')
    root = tmp_path / "shelf"
    root.mkdir()
    (root / f"ink{ending}").symlink_to(secret)
    item, card, skipped = made(root)
    assert "secret" not in repr(card) + repr(item)
    assert skipped == {f"ink{ending}": "it is a link that leads out of the folder"}


def test_a_sidecar_that_is_a_link_within_the_folder_is_read(tmp_path):
    (tmp_path / "shared.json").write_text('{"description": "shared words"}')
    (tmp_path / "ink.json").symlink_to(tmp_path / "shared.json")
    _, card, _ = made(tmp_path)
    assert "shared words" in card.description


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(16, 16), (640, 481), (1, 700)])
@pytest.mark.parametrize(
    "how", [{}, {"lossless": True}, {"exif": True}, {"mode": "RGBA"}, {"progressive": True}]
)
def test_sizes_are_those_that_pillow_reads(tmp_path, kind, size, how):
    """An independent reader wrote the files."""
    mode = how.get("mode", "RGB") if kind != "JPEG" else "RGB"
    options = {key: value for key, value in how.items() if key in ("lossless", "progressive")}
    if "exif" in how:
        exif = Image.Exif()
        exif[270] = "x" * 60_000
        options["exif"] = exif
    path = tmp_path / "a"
    Image.new(mode, size, 7).save(path, kind, **options)
    assert size_of(path.read_bytes()) == size
    assert is_picture(path) is (min(size) >= 16)


@given(
    st.binary(max_size=64),
    st.sampled_from(
        [
            b"",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"\xff\xd8\xff",
            b"RIFF\0\0\0\0WEBPVP8 ",
            b"RIFF\0\0\0\0WEBPVP8L",
            b"RIFF\0\0\0\0WEBPVP8X",
        ]
    ),
)
def test_no_bytes_break_the_reader_of_sizes(data, start):
    found = size_of(start + data)
    assert found is None or all(edge >= 0 for edge in found)


@pytest.mark.parametrize("yes", [True, "true", "Yes", " 1", 1])
@pytest.mark.parametrize("flag", ["poi", "minor"])
def test_a_flag_that_is_written_as_a_text_or_a_number_is_heard(tmp_path, flag, yes):
    record = {"id": 1, "modelId": 2, "model": {"name": "Ink", flag: yes, "nsfw": False}}
    _, card, skipped = made(tmp_path, civitai_info=json.dumps(record).encode())
    assert (card.real_person, card.minor) == (flag == "poi", flag == "minor")
    assert skipped == {}


@pytest.mark.parametrize("no", [False, "false", "No", "0", 0, "", None, "perhaps", 2, []])
def test_a_flag_that_is_not_set_or_means_nothing_warns_of_nobody(tmp_path, no):
    record = {"id": 1, "modelId": 2, "model": {"name": "Ink", "poi": no, "minor": no}}
    _, card, skipped = made(tmp_path, civitai_info=json.dumps(record).encode())
    assert (card.real_person, card.minor) == (False, False)
    assert bool(skipped) == (no in ("perhaps", 2, []))


@pytest.mark.parametrize(
    ("marked", "rating"),
    [
        ({"nsfwLevel": 1}, "pg"), ({"nsfwLevel": 8}, "x"), ({"nsfwLevel": 64}, "x"),
        ({"nsfwLevel": "Soft"}, "pg13"), ({"nsfwLevel": "X"}, "x"), ({"nsfw": "Mature"}, "r"),
        ({"nsfw": "None"}, "pg"), ({"nsfw": True}, "r"), ({"nsfw": False}, "g"),
        ({"nsfwLevel": None, "nsfw": "X"}, "x"), ({"nsfwLevel": 4, "nsfw": "None"}, "r"),
    ],
)  # fmt: skip
def test_how_a_picture_is_marked_is_heard_in_numbers_and_in_words(tmp_path, marked, rating):
    picture = {"url": "https://x.example/1.png", "type": "image", **marked}
    record = {"id": 1, "modelId": 2, "model": {"name": "Ink", "nsfw": False}, "images": [picture]}
    _, card, skipped = made(tmp_path, civitai_info=json.dumps(record).encode())
    assert (card.rating, skipped) == (rating, {})
