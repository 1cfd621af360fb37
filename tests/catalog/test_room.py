"""Who must make room in the store of files, and who never does."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from stylus_engine.catalog.weights import Weights
from stylus_engine.errors import StoreFailed, StoreFull
from tests.catalog.test_weights import card, rest, store, weights


@pytest.mark.asyncio
async def test_files_that_people_brought_count_and_never_go(tmp_path):
    beside = tmp_path / "beside"
    beside.mkdir()
    one = len(weights(0))
    (beside / "brought.safetensors").write_bytes(b"x" * one)
    async with store(tmp_path / "store", most=2 * one + 10, grace=0, beside=beside) as (
        there,
        files,
    ):
        cards = [card(f"{there.url}/{n}", n) for n in range(3)]
        assert files.room == one + 10
        rest(await files.bring(cards[0]), 9000)
        await files.bring(cards[1])
        assert [files.holds(each) for each in cards] == [False, True, False]
        rest(files.fetch(cards[1])[0], 9000)
        with pytest.raises(StoreFull, match="mine"):
            files.make_room(2 * one, "mine")
        assert files.holds(cards[1])
        files.make_room(one, "mine")
        assert not files.holds(cards[1])
        (beside / "mine.safetensors").write_bytes(b"x" * one)
        with pytest.raises(StoreFull, match="Ember 2"):
            await files.bring(cards[2])
        assert len(list(beside.iterdir())) == 2


@pytest.mark.asyncio
async def test_what_is_pinned_is_known_by_its_card(tmp_path):
    async with store(tmp_path) as (there, files):
        known = card(f"{there.url}/0")
        assert files.pin(known) == 0
        assert not files.unpin(known.card_id)
        path = await files.bring(known)
        assert files.pin(known) == path.stat().st_size
        again = Weights(tmp_path, None, 10**7)
        assert again.pinned() == [(known.card_id, path.stat().st_size)]
        assert again.unpin(known.card_id)
        assert files.pinned() == []


@pytest.mark.asyncio
async def test_a_card_that_names_other_bytes_by_now_lets_its_old_file_go(tmp_path):
    async with store(tmp_path) as (there, files):
        before, after = card(f"{there.url}/0", 0), card(f"{there.url}/1", 1)
        after = replace(after, card_id=before.card_id)
        for each in (before, after):
            await files.bring(each)
        files.pin(before)
        assert files.unpin(after.card_id)
        assert files.pinned() == []
        assert not files.unpin(after.card_id)
        files.pin(before)
        assert not files.unpin("test:other:1")
        assert len(files.pinned()) == 1


@pytest.mark.asyncio
async def test_a_file_that_two_cards_share_stays_until_neither_is_pinned(tmp_path):
    async with store(tmp_path) as (there, files):
        one = card(f"{there.url}/0")
        path = await files.bring(one)
        other = replace(one, card_id="test:other:1", file_sha256=path.stem)
        size = path.stat().st_size
        for each in (one, other, one):
            files.pin(each)
        assert files.pinned() == [(one.card_id, size), (other.card_id, size)]
        assert files.unpin(one.card_id)
        assert not files.unpin(one.card_id)
        assert files.pinned() == [(other.card_id, size)]
        assert files.unpin(other.card_id)
        assert files.pinned() == []
        assert [path.name for path in tmp_path.glob("*.pin*")] == []


@pytest.mark.asyncio
async def test_a_pin_that_could_not_be_taken_out_can_be_later(tmp_path, monkeypatch):
    async with store(tmp_path) as (there, files):
        known = card(f"{there.url}/0")
        await files.bring(known)
        files.pin(known)
        with monkeypatch.context() as ill:
            ill.setattr(Path, "unlink", refused)
            with pytest.raises(StoreFailed):
                files.unpin(known.card_id)
        assert files.unpin(known.card_id)
        assert not list(tmp_path.glob("*.pin*"))


def refused(*_: object, **__: object):
    raise PermissionError(1, "Operation not permitted")
