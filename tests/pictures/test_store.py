"""Pictures: whole or not at all, named by their bytes, never trusted when read."""

import errno
import hashlib
import io
import json
import os
import signal
import stat
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stylus_engine.errors import BadManifest, DiskFull, StoreFailed
from stylus_engine.model import Manifest, Recipe, Shot, Weighted
from stylus_engine.pictures import files, png, store
from stylus_engine.pictures.store import PictureStore
from tests.planning.plans import adapter

RNG = np.random.default_rng(7)
PIXELS = RNG.integers(0, 256, (24, 40, 3), dtype=np.uint8)


def manifest(prompt: str = "a fox 🦊 — “quoted”, שלום", seed: int = 3, **more: Any) -> Manifest:
    recipe = Recipe(
        prompt=prompt, adapters=(Weighted(adapter=adapter("ink", description=prompt), weight=0.8),)
    )
    shot = Shot(
        id="j-1", job="j", index=0, recipe=recipe, seed=seed, width=40, height=24, steps=4,
        guidance=5.0, sampler="euler",
    )  # fmt: skip
    return Manifest(shot=shot, checkpoint="c" * 64, encoded=prompt, **more)


MANIFEST = manifest(versions={"torch": "2", "diffusers": "1"})


@pytest.fixture
def pictures(tmp_path: Path) -> PictureStore:
    return PictureStore(tmp_path / "pictures")


def everything(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_picture_is_kept_under_the_hash_of_its_bytes(pictures):
    kept = pictures.keep(PIXELS, MANIFEST)
    path = Path(kept.path)
    assert path == pictures.folder / kept.id[:2] / f"{kept.id}.png"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == kept.id
    assert (kept.width, kept.height, kept.manifest) == (40, 24, MANIFEST)
    assert everything(pictures.folder) == [path]


@pytest.mark.parametrize("by", ["id", "path"])
def test_it_comes_back_by_address_and_by_path(pictures, by):
    pixels, read = pictures.read(getattr(pictures.keep(PIXELS, MANIFEST), by))
    assert np.array_equal(pixels, PIXELS)
    assert read == MANIFEST


def test_any_other_program_can_open_it(pictures):
    with Image.open(pictures.keep(PIXELS, MANIFEST).path) as image:
        assert np.array_equal(np.asarray(image), PIXELS)
        assert json.loads(image.info["stylus"])["v"] == 1


def test_the_same_picture_has_the_same_address_and_another_has_not(pictures):
    same = manifest(versions={"diffusers": "1", "torch": "2"})  # another order of the same facts
    first = pictures.keep(PIXELS, MANIFEST).id
    assert pictures.keep(PIXELS.copy(), same).id == first
    assert pictures.keep(PIXELS, manifest(seed=4)).id != first
    assert pictures.keep(255 - PIXELS, MANIFEST).id != first


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prompt=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300),
    seed=st.integers(0, 2**32 - 1),
    versions=st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3),
)
def test_every_manifest_survives(prompt, seed, versions):
    wanted = manifest(prompt, seed, versions=versions)
    pixels, read = png.decode(png.encode(PIXELS, wanted), "x")
    assert read == wanted
    assert np.array_equal(pixels, PIXELS)


@pytest.mark.parametrize(
    ("step", "code", "kind"),
    [
        ("write", errno.ENOSPC, DiskFull),
        ("fsync", errno.ENOSPC, DiskFull),
        ("fsync", errno.EDQUOT, DiskFull),
        ("fsync", errno.EIO, StoreFailed),
        ("replace", errno.EACCES, StoreFailed),
        ("mkdir", errno.ENOSPC, DiskFull),
    ],
)
def test_a_failing_disk_is_told_and_leaves_nothing(pictures, monkeypatch, step, code, kind):
    def fail(*args: object, **more: object):
        raise OSError(code, os.strerror(code))

    where = {"write": files, "fsync": os, "replace": Path, "mkdir": Path}[step]
    name = "_spill" if step == "write" else step
    monkeypatch.setattr(where, name, fail)
    with pytest.raises(StoreFailed) as refused:
        pictures.keep(PIXELS, MANIFEST)
    assert type(refused.value) is kind
    assert os.strerror(code) in str(refused.value)
    assert everything(pictures.folder.parent) == []


def test_half_a_write_leaves_nothing_and_spares_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    files.write(path, b"before")

    def full_after_the_bytes(handle: int) -> None:
        assert [p.stat().st_size for p in tmp_path.glob(".*.part")] == [5]  # bytes are there
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_after_the_bytes)
    with pytest.raises(DiskFull):
        files.write(path, b"after")
    assert path.read_bytes() == b"before"
    assert everything(tmp_path) == [path]


def test_the_order_is_write_sync_rename_sync(tmp_path, monkeypatch):
    done: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        real_sync(handle)

    def replace(self: Path, target: Path) -> Path:
        done.append("rename")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    files.write(tmp_path / "new" / "a", b"x")
    assert done == ["folder", "file", "rename", "folder"]  # the first: `new` in its parent


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_is_truly_full(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this container may not mount")
    try:
        pictures = PictureStore(small)
        noise = RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        kept = []
        with pytest.raises(DiskFull, match="The disk is full"):
            kept.extend(pictures.keep(noise, manifest(seed=seed)) for seed in range(99))
        assert kept
        assert everything(small) == sorted(Path(picture.path) for picture in kept)
        assert all(pictures.read(picture.id)[1] == picture.manifest for picture in kept)
    finally:
        subprocess.run(["umount", str(small)], check=True)


KILLED = """
import os, sys, time
from pathlib import Path
from typing import Any
from stylus_engine.pictures import files
real = os.fsync
def slow(handle):
    real(handle)
    print("written", flush=True)
    time.sleep(60)
os.fsync = slow
files.write(Path(sys.argv[1]), b"x" * 100_000)
"""


def test_a_kill_in_the_middle_never_leaves_half_a_picture(tmp_path):
    path = tmp_path / "a.png"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        writer.send_signal(signal.SIGKILL)
    assert not path.exists()
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".")
    assert left.suffix == files.PART
    files.write(path, b"y")  # a young part may belong to a living neighbour
    assert left.exists()
    old = time.time() - 2 * files.FORGOTTEN
    os.utime(left, (old, old))
    files.write(path, b"z")
    assert everything(tmp_path) == [path]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int) -> bytes:
    return png.SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def with_text(text: str, *, packed: bool = False) -> bytes:
    info = PngInfo()
    info.add_itxt("stylus", text, zip=packed)
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG", pnginfo=info)
    return file.getvalue()


GOOD = png.encode(PIXELS, MANIFEST)
JSON = json.loads(png.to_json(MANIFEST))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a PNG"),
        (b"\x89PNG", "not a PNG"),
        (b"GIF89a" + bytes(100), "not a PNG"),
        (GOOD[:200], "damaged"),
        (GOOD[:-40], "damaged"),
        (GOOD[:1000] + bytes(50) + GOOD[1050:], "damaged"),
        (header(10**6, 10**6) + chunk(b"IEND", b""), "too many"),
        (header(0, 5) + chunk(b"IEND", b""), "none"),
        (header(40, 24) + chunk(b"IEND", b""), "damaged"),
        (with_text("{"), "manifest is damaged"),
        (with_text("[]"), "manifest is damaged"),
        (with_text("{}"), "manifest is damaged"),
        (with_text('{"v": 1, "x": ' + "[" * 200_000), "manifest is damaged"),
        (with_text(json.dumps(JSON | {"v": 2})), "version 2"),
        (with_text(json.dumps(JSON | {"extra": 1})), "manifest is damaged"),
        (with_text(json.dumps(JSON | {"shot": JSON["shot"] | {"steps": 10**9}})), "Steps"),
        (with_text("x" * 50_000_000, packed=True), "damaged"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(tmp_path, data, why):
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(BadManifest) as refused:
        store.read(path)
    assert why in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_bomb_is_refused_before_pixels_are_made(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("Pillow saw the bomb"))
    path = tmp_path / "bomb.png"
    path.write_bytes(header(60_000, 60_000) + chunk(b"IDAT", zlib.compress(bytes(10**6))))
    with pytest.raises(BadManifest, match="60000 × 60000"):
        store.read(path)


def test_a_picture_of_somebody_else_has_pixels_but_no_manifest(tmp_path, pictures):
    path = tmp_path / "plain.png"
    Image.fromarray(PIXELS).convert("RGBA").save(path)
    pixels, read = pictures.read(str(path))
    assert read is None
    assert np.array_equal(pixels, PIXELS)
    with pytest.raises(BadManifest, match="no manifest"):
        store.manifest_of(path)


def test_a_manifest_may_lie_in_a_file_of_its_own(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_bytes(msgspec.json.format(png.to_json(MANIFEST)))
    assert store.manifest_of(path) == MANIFEST


@pytest.mark.parametrize("name", ["nowhere.png", "", "a\0b", "f" * 64, "x" * 5000])
def test_a_file_that_cannot_be_read_is_told(pictures, name):
    with pytest.raises(BadManifest):
        pictures.read(name)


def test_bytes_that_changed_under_their_address_are_not_believed(pictures):
    kept = pictures.keep(PIXELS, MANIFEST)
    Path(kept.path).write_bytes(png.encode(255 - PIXELS, MANIFEST))
    with pytest.raises(BadManifest, match="changed"):
        pictures.read(kept.id)
