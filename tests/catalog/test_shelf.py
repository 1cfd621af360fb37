"""Other people's folders: what is an adapter gets a card, everything else is passed over."""

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sections import MINIATURE
from stylus_engine.catalog.cards import CardFile
from stylus_engine.catalog.shelf import shelf

KEY = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"


def put(path: Path, header: object, body: bytes = b"") -> Path:
    raw = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + body)
    return path


def lora(width: int, **told: str) -> dict[str, object]:
    tensor = {"dtype": "F16", "shape": [4, width], "data_offsets": [0, 8 * width]}
    return {"__metadata__": told, KEY: tensor}


def test_the_miniatures_own_files_are_recognised():
    """An independent truth: the cards that lie beside them."""
    written = {Path(c.path).name: c for c in CardFile(MINIATURE / "cards.jsonl").cards() if c.path}
    found = {Path(c.path or "").name: c for c in shelf(MINIATURE / "adapters")}
    assert found.keys() == written.keys()
    trained = [name for name in found if found[name].family_detected]
    assert len(trained) >= len(found) - 2
    assert {found[name].family for name in trained} == {"sd1-96"}
    assert {name: card.kind for name, card in found.items()} == {
        name: card.kind for name, card in written.items()
    }


@pytest.mark.parametrize(("width", "family"), [(768, "sd1"), (1024, "sd2"), (2048, "sdxl")])
def test_the_family_is_in_the_shapes(tmp_path: Path, width: int, family: str):
    put(
        tmp_path / "sub" / "my_Style-v2.safetensors",
        lora(width, ss_base_model_version="a lie"),
        bytes(8 * width),
    )
    (card,) = shelf(tmp_path)
    assert (card.family, card.name) == (family, "my Style v2")
    assert card.card_id.startswith("local:sub/my_Style-v2:")


def test_the_trainers_words_are_read_and_cleaned(tmp_path: Path):
    frequency = json.dumps({"10_ink": {"ink": 9, " brush ": 3, "bad": "x"}, "20": {"ink": 1}})
    told = {"ss_tag_frequency": frequency, "modelspec.title": "Ink\u202eknI\x07"}
    told["modelspec.trigger_phrase"] = "inkk, wash"
    put(tmp_path / "a.safetensors", lora(768, **told), bytes(8 * 768))
    (card,) = shelf(tmp_path)
    assert card.tags == ("ink", "brush")
    assert card.triggers == ("inkk", "wash")
    assert card.name == "InkknI"


def test_what_is_no_adapter_is_passed_over(tmp_path: Path):
    put(tmp_path / "model.safetensors", {"unet.weight": {"dtype": "F16", "shape": [1]}})
    put(tmp_path / "list.safetensors", [1, 2])
    (tmp_path / "empty.safetensors").touch()
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04evil")
    (tmp_path / "page.safetensors").write_bytes(b"<html>" * 10)
    (tmp_path / "long.safetensors").write_bytes(struct.pack("<Q", 2**62) + b"{}")
    (tmp_path / "folder.safetensors").mkdir()
    put(tmp_path / "readme.txt", lora(768), bytes(8 * 768))
    put(tmp_path / "cut.safetensors", lora(768), bytes(8 * 768 - 1))
    assert list(shelf(tmp_path)) == []
    assert list(shelf(tmp_path / "nowhere")) == []


@given(
    header=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.just(KEY) | st.just("__metadata__") | st.text(), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_no_header_breaks_it(tmp_path_factory: pytest.TempPathFactory, header: object):
    folder = tmp_path_factory.mktemp("shelf")
    put(folder / "x.safetensors", header)
    list(shelf(folder))


def test_a_written_card_goes_before_a_found_one(tmp_path: Path):
    put(tmp_path / "a.safetensors", lora(768), bytes(8 * 768))
    (found,) = shelf(tmp_path)
    line = json.dumps({"card_id": found.card_id, "name": "Written", "family_declared": "sd1"})
    (tmp_path / "cards.jsonl").write_text(line)
    cards = CardFile(tmp_path / "cards.jsonl", found=[found])
    assert [card.name for card in cards.cards()] == ["Written"]
