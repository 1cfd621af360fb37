"""Other people's pictures, small; whatever the bytes are, the worst is None."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stylus_engine.pictures.thumbs import thumb


def picture(kind: str, size: tuple[int, int] = (900, 300), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 120).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_a_small_jpeg(kind: str):
    small = thumb(picture(kind), 512)
    assert small is not None
    with Image.open(io.BytesIO(small)) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (512, 171), "RGB")


def test_grey_and_clear_pictures_are_shown_too():
    assert thumb(picture("PNG", mode="L"), 64)
    assert thumb(picture("PNG", mode="RGBA"), 64)
    assert thumb(picture("PNG", (10, 10)), 64)


def bomb(width: int, height: int) -> bytes:
    """A PNG of one colour that unpacks to gigabytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    "data",
    [
        b"", b"GIF89a" + bytes(90), b"<svg/>", picture("PNG")[:60], picture("JPEG")[:200],
        bomb(14_000, 14_000), bomb(7_000, 7_000), picture("BMP"),
    ],
)  # fmt: skip
def test_what_is_no_sane_picture_is_none(data: bytes):
    assert thumb(data, 512) is None


@given(st.binary(max_size=300), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"]))
def test_any_bytes_are_survived(data: bytes, head: bytes):
    thumb(head + data, 64)
