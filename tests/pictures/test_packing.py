"""The ladder: what fits is left alone, what does not goes down no further than it must."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stylus_engine.errors import BadManifest, StoreFailed
from stylus_engine.pictures import packing, png
from stylus_engine.pictures.packing import Limits, pack, stripped
from stylus_engine.pictures.store import manifest_of, read
from tests.model.nouns import MANIFEST

PLENTY = 1 << 30


def picture(folder: Path, seed: int = 0, edge: int = 128) -> Path:
    """Smooth with some noise, as a photograph is: each rung is smaller than the one above."""
    dice = np.random.default_rng(seed)
    slope = np.linspace(0, 200, edge)[:, None, None] + np.zeros((edge, edge, 3))
    pixels = (slope + dice.integers(0, 40, (edge, edge, 3))).astype(np.uint8)
    path = folder / f"{seed}-{edge}.png"
    path.write_bytes(png.encode(pixels, MANIFEST))
    return path


def shown(path: Path) -> tuple[str, tuple[int, int], np.ndarray]:
    with Image.open(path) as image:
        return path.suffix, image.size, np.asarray(image.convert("RGB"))


def rungs(path: Path, folder: Path) -> list[tuple[Path, int]]:
    return list(packing._ladder(path, folder, strip=False))


def test_what_fits_is_sent_as_it_is(tmp_path: Path) -> None:
    paths = [picture(tmp_path, seed) for seed in range(4)]
    room = sum(path.stat().st_size for path in paths)
    assert pack(paths, tmp_path / "packed", Limits(room, room)) == tuple(paths)
    assert not (tmp_path / "packed").exists()


def test_the_ladder_has_the_rungs_that_are_promised(tmp_path: Path) -> None:
    path = picture(tmp_path)
    ladder = rungs(path, tmp_path / "packed")
    told = [shown(where)[:2] for where, _ in ladder]
    assert told == [
        (".png", (128, 128)),
        (".webp", (128, 128)),
        (".webp", (128, 128)),
        (".webp", (128, 128)),
        (".webp", (64, 64)),
        (".webp", (32, 32)),
        (".webp", (16, 16)),
    ]
    assert [size for _, size in ladder] == [where.stat().st_size for where, _ in ladder]
    assert (shown(ladder[1][0])[2] == read(path)[0]).all()


@pytest.mark.parametrize("rung", range(1, 7))
def test_a_picture_goes_down_just_as_far_as_it_must(tmp_path: Path, rung: int) -> None:
    path = picture(tmp_path)
    ladder = rungs(path, tmp_path / "apart")
    most = ladder[rung][1]
    (packed,) = pack([path], tmp_path / "packed", Limits(most, PLENTY))
    first = next(n for n, (_, size) in enumerate(ladder) if size <= most)
    assert packed.name == ladder[first][0].name
    assert packed.stat().st_size <= most


@settings(max_examples=10, deadline=None)
@given(each=st.integers(2_000, 30_000), all_=st.integers(4_000, 80_000), count=st.integers(1, 4))
def test_all_limits_hold_and_the_order_stays(
    tmp_path_factory: pytest.TempPathFactory, each: int, all_: int, count: int
) -> None:
    folder = tmp_path_factory.mktemp("pack")
    paths = [picture(folder, seed, 48 * (1 + seed % 2)) for seed in range(count)]
    packed = pack(paths, folder / "packed", Limits(each, all_))
    sizes = [path.stat().st_size for path in packed]
    assert max(sizes) <= each
    assert sum(sizes) <= all_
    for source, made in zip(paths, packed, strict=True):
        ours = {where for where, _ in rungs(source, folder / "packed")}
        assert made in ours


def test_only_the_largest_pay_for_the_room_of_all(tmp_path: Path) -> None:
    small, large = picture(tmp_path, 1, 32), picture(tmp_path, 2, 256)
    room = small.stat().st_size + large.stat().st_size - 1
    packed = pack([small, large], tmp_path / "packed", Limits(PLENTY, room))
    assert packed[0] == small
    assert packed[1].suffix == ".webp"


def test_a_stripped_picture_shows_the_same_and_tells_nothing(tmp_path: Path) -> None:
    path = picture(tmp_path)
    (packed,) = pack([path], tmp_path / "packed", Limits(PLENTY, PLENTY), strip=True)
    assert manifest_of(path) == MANIFEST
    pixels, manifest = read(packed)
    assert manifest is None
    assert (pixels == read(path)[0]).all()
    data = packed.read_bytes()
    assert MANIFEST.shot.recipe.prompt.encode() not in data
    assert png.CHUNK.encode() not in data


def test_webp_tells_nothing_either(tmp_path: Path) -> None:
    path = picture(tmp_path)
    most = path.stat().st_size - 1
    for strip in (False, True):
        (packed,) = pack([path], tmp_path / "packed", Limits(most, PLENTY), strip=strip)
        assert MANIFEST.shot.recipe.prompt.encode() not in packed.read_bytes()


def test_foreign_metadata_is_stripped_too() -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "a secret"
    Image.new("RGB", (8, 8), "red").save(file, "PNG", exif=exif)
    assert b"a secret" in file.getvalue()
    bare = stripped(file.getvalue())
    assert b"a secret" not in bare
    assert Image.open(io.BytesIO(bare)).getpixel((1, 1)) == (255, 0, 0)


def test_what_was_packed_once_is_found_again(tmp_path: Path) -> None:
    path = picture(tmp_path)
    limits = Limits(path.stat().st_size - 1, PLENTY)
    first = pack([path], tmp_path / "packed", limits)
    before = first[0].stat().st_ino
    assert pack([path], tmp_path / "packed", limits) == first
    assert first[0].stat().st_ino == before


def test_packed_files_go_after_a_day(tmp_path: Path) -> None:
    path = picture(tmp_path)
    limits = Limits(path.stat().st_size - 1, PLENTY)
    (old,) = pack([path], tmp_path / "packed", limits)
    os.utime(old, (0, 0))
    pack([picture(tmp_path, 7)], tmp_path / "packed", limits)
    assert not old.exists()
    assert path.exists()


def test_what_never_fits_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="small enough"):
        pack([picture(tmp_path)], tmp_path / "packed", Limits(10, PLENTY))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 100])
def test_what_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "no.png"
    path.write_bytes(data)
    with pytest.raises(BadManifest):
        pack([path], tmp_path / "packed", Limits(PLENTY, PLENTY), strip=True)


@given(st.binary(max_size=400))
def test_stripping_ends_whatever_it_is_given(data: bytes) -> None:
    assert len(stripped(png.SIGNATURE + data)) <= len(data) + len(png.SIGNATURE)
