"""Files behind cards: where they are and what their bytes are now."""

import hashlib
import os

import pytest

from stylus_engine.catalog import Digests, LocalFiles
from stylus_engine.errors import AdapterChanged, AdapterFileMissing
from stylus_engine.model import Adapter


def card(**fields):
    return Adapter(card_id="t:1:1", name="Ember", family_declared="sd1", **fields)


def test_path_and_digest(tmp_path):
    file = tmp_path / "a.safetensors"
    file.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    files = LocalFiles()
    assert files.fetch(card(path=str(file))) == (file, digest)
    assert files.fetch(card(path=str(file), file_sha256=digest))[1] == digest
    file.write_bytes(b"others!")
    assert files.fetch(card(path=str(file)))[1] == hashlib.sha256(b"others!").hexdigest()
    with pytest.raises(AdapterChanged, match="has changed"):
        files.fetch(card(path=str(file), file_sha256=digest))


@pytest.mark.parametrize(
    "fields", [{}, {"path": "/nowhere/a"}, {"path": "/"}, {"url": "https://x.org/a"}]
)
def test_no_file_is_one_sentence(fields):
    with pytest.raises(AdapterFileMissing, match="file of adapter Ember is missing"):
        LocalFiles().fetch(card(**fields))


def test_an_unchanged_file_is_hashed_once_also_by_the_next_process(tmp_path, monkeypatch):
    file, cache = tmp_path / "a", tmp_path / "cache" / "digests.json"
    file.write_bytes(b"weights")
    first = Digests(cache)
    digest = first.sha256(file)
    first.keep()
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert Digests(cache).sha256(file) == first.sha256(file) == digest
    assert [p.name for p in cache.parent.iterdir()] == ["digests.json"]


def test_a_replaced_file_of_same_size_and_time_is_seen_by_its_inode(tmp_path):
    file, digests = tmp_path / "a", Digests()
    file.write_bytes(b"one")
    old = digests.sha256(file)
    stamp = file.stat()
    fresh = tmp_path / "b"
    fresh.write_bytes(b"two")
    os.utime(fresh, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    fresh.replace(file)
    assert digests.sha256(file) != old


@pytest.mark.parametrize("broken", [b"", b"{", b"\xff", b'{"a": 1}'])
def test_a_broken_cache_is_forgotten(tmp_path, broken):
    cache = tmp_path / "digests.json"
    cache.write_bytes(broken)
    (tmp_path / "a").write_bytes(b"x")
    assert Digests(cache).sha256(tmp_path / "a") == hashlib.sha256(b"x").hexdigest()


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "blocked").write_bytes(b"")
    digests = Digests(tmp_path / "blocked" / "digests.json")
    (tmp_path / "a").write_bytes(b"x")
    digests.sha256(tmp_path / "a")
    digests.keep()
