"""What somebody brings: looked through, kept by its bytes, or refused with nothing left behind."""

import hashlib
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save

from stylus_engine.catalog.arriving import Arrivals, titled
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.digests import Digests
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.catalog.sources.looking import Eyes
from stylus_engine.catalog.warned import UNTOLD
from stylus_engine.errors import AdapterNotFinite, BadAdapter, BadArchive, StoreFailed
from stylus_engine.model import Adapter
from tests.house.source import HOUSE

NOW = "2026-11-28T12:00:00+00:00"
ROBOT = HOUSE / "miniature" / "data" / "adapters" / "tin_robot.safetensors"


@pytest.fixture
def arrivals(tmp_path: Path) -> Arrivals:
    return Arrivals(Catalogue(tmp_path / "catalog.db"), tmp_path / "adapters", Eyes(Digests()))


def files(arrivals: Arrivals) -> list[str]:
    return sorted(path.name for path in arrivals._folder.glob("*"))


def test_a_good_file_becomes_a_card_of_its_bytes(arrivals: Arrivals):
    card, fresh = arrivals.take_bytes(ROBOT.read_bytes(), "My_Robot.safetensors", NOW)
    assert fresh
    assert (card.kind, card.family, card.rating) == ("locon", "sd1-96", UNTOLD)
    assert card.path is not None
    assert Path(card.path).read_bytes() == ROBOT.read_bytes()
    assert files(arrivals) == [f"{card.file_sha256}.safetensors"]
    assert card.described_by == "rules"
    assert arrivals._catalogue.find("My Robot") == card


def test_the_same_bytes_are_the_same_card(arrivals: Arrivals):
    first, _ = arrivals.take_bytes(ROBOT.read_bytes(), "a.safetensors", NOW)
    again, fresh = arrivals.take_bytes(ROBOT.read_bytes(), "b.safetensors", NOW)
    assert (again, fresh) == (first, False)
    assert len(files(arrivals)) == 1


def test_the_same_bytes_come_back_when_their_file_is_lost(arrivals: Arrivals):
    first, _ = arrivals.take_bytes(ROBOT.read_bytes(), "a.safetensors", NOW)
    assert first.path is not None
    Path(first.path).unlink()
    again, fresh = arrivals.take_bytes(ROBOT.read_bytes(), "a.safetensors", NOW)
    assert (again.card_id, fresh) == (first.card_id, True)
    assert len(files(arrivals)) == 1


@pytest.mark.parametrize("flag", ["real_person", "minor"])
def test_bytes_that_another_card_warns_of_are_refused(arrivals: Arrivals, flag: str):
    digest = hashlib.sha256(ROBOT.read_bytes()).hexdigest()
    facts = {"name": "Somebody", "family_declared": "sd1", "file_sha256": digest, flag: True}
    warned = Adapter(card_id="civitai:1:1", url="https://example.org/1", **facts)
    arrivals._catalogue.take("civitai", Page(items=(Item(card=warned),)), NOW)
    with pytest.raises(BadArchive, match="real person or a minor"):
        arrivals.take_bytes(ROBOT.read_bytes(), "robot.safetensors", NOW)
    assert (len(arrivals._catalogue), files(arrivals)) == (1, [])


def broken() -> bytes:
    tensors = load_file(ROBOT)
    max(tensors.values(), key=torch.numel).view(-1)[3] = torch.nan
    return save(tensors)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"MZ" + bytes(100), b"<html>404</html>", b"\xff" * 8, b"PK\x03\x04" + bytes(50),
        ROBOT.read_bytes()[:-1], save({"x": torch.zeros(2)}), b"\x80\x04\x95" + bytes(200),
    ],
    ids=["empty", "program", "page", "huge header", "zip", "cut", "no adapter", "pickle"],
)  # fmt: skip
def test_what_is_no_adapter_leaves_nothing(arrivals: Arrivals, data: bytes):
    with pytest.raises(BadAdapter):
        arrivals.take_bytes(data, "a.safetensors", NOW)
    assert files(arrivals) == []
    assert len(arrivals._catalogue) == 0


def test_broken_numbers_leave_nothing(arrivals: Arrivals):
    with pytest.raises(AdapterNotFinite):
        arrivals.take_bytes(broken(), "a.safetensors", NOW)
    assert files(arrivals) == []


def test_a_folder_that_cannot_be_is_told(tmp_path: Path):
    (tmp_path / "adapters").write_text("a file")
    arrivals = Arrivals(Catalogue(tmp_path / "c.db"), tmp_path / "adapters", Eyes(Digests()))
    with pytest.raises(StoreFailed):
        arrivals.take_bytes(ROBOT.read_bytes(), "a", NOW)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("ink_wash.safetensors", "ink wash"), ("../../etc/passwd", "passwd"), ("C:\\x\\y.SAFETENSORS", "y"),
        ("\u202eevil\x00.safetensors", "evil"), ("", "adapter"), ("....safetensors", "..."),
    ],
)  # fmt: skip
def test_a_name_is_a_title_and_never_a_path(name: str, title: str):
    assert titled(name) == title


@given(st.text(max_size=300))
def test_any_name_is_a_title(name: str):
    title = titled(name)
    assert 0 < len(title) <= 120
    assert "/" not in title
    assert "\\" not in title
