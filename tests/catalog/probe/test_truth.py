"""The probe against the record of those who made the files: nothing may be wrong."""

import io
import json
import struct
from functools import cache
from pathlib import Path

import pytest

from bot.sections import MINIATURE
from stylus_engine.catalog.cards import CardFile
from stylus_engine.catalog.nouns import Probed
from stylus_engine.catalog.probe import judged, needed, probe, probe_header
from stylus_engine.catalog.probe.header import read_from
from tests.catalog.probe.collection import everything
from tests.catalog.probe.maker import Made, Record


@cache
def collection() -> tuple[Made, ...]:
    return tuple(everything())


def as_record(found: Probed) -> Record:
    return Record(
        layout=found.layout,
        kind=found.kind,
        family=found.family,
        rank=found.rank,
        alpha=found.alpha,
        text_encoder=found.text_encoder,
        refused=bool(found.refused),
        base=found.base,
    )


@pytest.mark.slow
def test_nothing_is_wrong_over_all_layouts_and_families():
    wrong = {}
    for made in collection():
        found = as_record(probe_header(made.header, made.size, made.case))
        if found != made.truth:
            wrong[made.case] = (found, made.truth)
    assert wrong == {}


@pytest.mark.slow
def test_the_collection_is_broad():
    truths = [made.truth for made in collection()]
    assert len({(t.layout, t.family, t.kind) for t in truths}) >= 150
    assert len({(t.layout, t.family) for t in truths}) >= 75
    assert len({t.layout for t in truths}) >= 12
    assert len({t.family for t in truths}) >= 22


@pytest.mark.slow
def test_a_file_says_the_same_as_its_header(tmp_path: Path):
    for made in collection()[::20]:
        path = made.write(tmp_path)
        assert probe(path) == probe_header(made.header + b"tensors", made.size, path.name)
        path.unlink()


class Counting:
    """A file that counts what is read of it."""

    def __init__(self, whole: bytes) -> None:
        self.whole, self.at = whole, 0

    def read(self, size: int) -> bytes:
        part = self.whole[self.at : self.at + size]
        self.at += len(part)
        return part


@pytest.mark.slow
def test_no_byte_of_a_tensor_is_read():
    for made in collection()[::20]:
        file = Counting(made.header + b"\xff" * 1000)
        found = judged(read_from(file, made.size, made.case))
        assert file.at == found.bytes_read == len(made.header)
        assert needed(made.header[:8], made.size, "x") == len(made.header)


def test_a_real_file_is_read_no_further_than_its_header(monkeypatch: pytest.MonkeyPatch):
    read: list[int] = []

    class Counted(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            part = super().read(size)
            read.append(len(part))
            return part

    def opened(path: Path, mode: str, buffering: int) -> Counted:
        assert buffering == 0, "a buffer reads ahead into the tensors"
        return Counted(path, mode)

    path = MINIATURE / "adapters" / "graphite.safetensors"
    (length,) = struct.unpack("<Q", path.read_bytes()[:8])
    monkeypatch.setattr(Path, "open", opened)
    found = probe(path)
    assert sum(read) == found.bytes_read == 8 + length
    assert len(read) == 2


def test_the_miniatures_files_are_what_their_cards_say():
    """Its recipe wrote the cards, peft and LyCORIS the files."""
    cards = {c.path: c for c in CardFile(MINIATURE / "cards.jsonl").cards() if c.path}
    assert len(cards) == 27
    for path, card in cards.items():
        found = probe(Path(path))
        assert (found.kind, found.family, found.refused) == (card.kind, card.family_declared, "")


def test_the_miniatures_trainers_words_are_found():
    """What its recipe wrote into the headers, read here by other means."""
    for path in sorted((MINIATURE / "adapters").glob("*.safetensors")):
        with path.open("rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        told = header["__metadata__"]
        found = probe(path)
        assert found.tensors == len(header) - 1
        alpha = told.get("ss_network_alpha")
        assert found.alpha == (None if alpha is None else float(alpha))
        assert found.rank == int(told.get("ss_network_dim", found.rank))
        if "ss_tag_frequency" in told:
            (tags,) = json.loads(told["ss_tag_frequency"]).values()
            assert found.tags == found.triggers == tuple(tags)
