"""What Civitai is asked of a folder's files, and what its silence costs: nothing."""

import hashlib

from stylus_engine.catalog import Digests
from stylus_engine.catalog.nouns import Item
from stylus_engine.catalog.sources.folder import Folder
from stylus_engine.catalog.sources.looking import Eyes
from stylus_engine.errors import SourceSilent
from stylus_engine.model import Adapter
from tests.catalog.sources.files import civitai_info, lora, put
from tests.catalog.sources.walks import Known, items, skips, walked


def told(digest: str) -> Item:
    card = Adapter(
        card_id="civitai:5:6", name="Known Abroad", family_declared="sdxl", base="pony", rating="r",
        description="As Civitai says.", triggers=("abroad",), weight=1.3, weight_high=1.3,
        path="/elsewhere", file_sha256="0" * 64, model_key="civitai:5", real_person=True,
        url="https://civitai.com/api/download/models/6", popularity=9,
    )  # fmt: skip
    return Item(card=card, raw=b'{"id":6}')


class Civitai:
    def __init__(self):
        self.asked = []
        self.error: SourceSilent | None = None

    async def __call__(self, digests):
        self.asked.append(list(digests))
        if self.error:
            raise self.error
        return {digests[0]: told(digests[0])}


def test_civitai_fills_what_the_folder_leaves_out_and_the_file_wins(tmp_path):
    put(tmp_path / "a.safetensors", lora(1, {"modelspec.title": "Header title"}))
    put(tmp_path / "b.safetensors", lora(2))
    put(tmp_path / "c.safetensors", lora(3))
    put(tmp_path / "c.civitai.info", civitai_info())
    civitai, known = Civitai(), Known()
    source = Folder(tmp_path, Eyes(Digests()), known=known, ask=civitai)
    first, second, _ = items(walked(source, known))
    card = first.card
    assert [len(asked) for asked in civitai.asked] == [2]  # the third has Civitai's word beside it
    assert (card.name, card.description, card.triggers) == (
        "Known Abroad",
        "As Civitai says.",
        ("abroad",),
    )
    assert card.path == str(tmp_path / "a.safetensors")
    assert card.card_id.startswith("local:a:")
    assert (
        card.file_sha256 == hashlib.sha256(lora(1, {"modelspec.title": "Header title"})).hexdigest()
    )
    assert (card.family_declared, card.family, card.base) == ("sdxl", "sd1", "pony")
    assert (card.rating, card.real_person, card.weight) == ("r", True, 1.3)
    assert b'"civitai":{"id":6}' in first.raw
    assert second.card.name == "b"
    walked(source, known)
    assert len(civitai.asked) == 1  # neither who was known nor who was not is asked for again


def test_a_silent_civitai_loses_nothing_and_is_asked_again(tmp_path):
    put(tmp_path / "a.safetensors", lora(1))
    civitai, known = Civitai(), Known()
    civitai.error = SourceSilent(source="civitai.com", why="it timed out")
    source = Folder(tmp_path, Eyes(Digests()), known=known, ask=civitai)
    pages = walked(source, known)
    assert [item.card.name for item in items(pages)] == ["a"]
    assert skips(pages) == {
        "Civitai": ("not reachable", "civitai.com does not answer: it timed out.")
    }
    civitai.error = None
    assert [item.card.name for item in items(walked(source, known))] == ["Known Abroad"]


def test_without_leave_to_ask_what_was_told_before_is_kept(tmp_path):
    put(tmp_path / "a.safetensors", lora(1))
    known = Known()
    walked(Folder(tmp_path, Eyes(Digests()), known=known, ask=Civitai()), known)
    assert items(walked(Folder(tmp_path, Eyes(Digests()), known=known), known)) == []
