"""Pictures that people bring: upright, stripped, small, or refused by the name of what they are."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stylus_engine.errors import BadPicture, OutOfRange
from stylus_engine.model import Start
from stylus_engine.pictures import incoming
from stylus_engine.pictures.fitting import fitted, middle
from stylus_engine.pictures.store import PictureStore

# What a camera's orientation means, as the EXIF standard draws it: how the stored rows become the seen ones.
SEEN = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90,
}


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    return PictureStore(tmp_path)


def colours(width: int = 24, height: int = 16) -> np.ndarray:
    """Another colour in each corner."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (250, 10, 10)
    pixels[: height // 2, width // 2 :] = (10, 250, 10)
    pixels[height // 2 :, : width // 2] = (10, 10, 250)
    pixels[height // 2 :, width // 2 :] = (240, 240, 20)
    return pixels


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and has nothing in it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return chunked((b"IHDR", head), (b"IDAT", zlib.compress(b"")))


def chunked(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of these pieces."""
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (*chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("turn", SEEN)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_it_stands_as_the_camera_was_held(turn: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {"lossless": True}
    options = {} if kind == "PNG" else options
    data = encoded(Image.fromarray(colours()), kind, exif=exif, **options)
    seen = incoming.bring(data, "photo").pixels
    wanted = SEEN[turn](colours())
    assert seen.shape == wanted.shape
    assert np.abs(seen.astype(int) - wanted).max() <= 12  # a JPEG's own loss


def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
    return struct.pack(">HHI", tag, kind, count) + value.ljust(4, b"\0")


@pytest.mark.parametrize(
    "odd",
    [
        entry(0x011A, 2, 4, b"72\0"),  # a resolution in letters
        entry(0x013B, 11, 1, struct.pack(">f", 1.5)),  # an artist who is a number
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_else_a_camera_says_may_be_odd(kind: str, odd: bytes) -> None:
    turned = entry(0x0112, 3, 1, b"\0\x06")
    table = struct.pack(">2sHIH", b"MM", 42, 8, 2) + min(turned, odd) + max(turned, odd) + bytes(4)
    data = encoded(Image.fromarray(colours()), kind, exif=b"Exif\0\0" + table)
    assert incoming.bring(data, "photo").pixels.shape == (24, 16, 3)


def test_what_is_said_beside_a_picture_may_be_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Image.Image) -> Image.Exif:
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", broken)
    assert incoming.bring(encoded(Image.fromarray(colours())), "photo").pixels.shape == (16, 24, 3)


def test_a_cameras_jpeg_with_a_preview_beside_it_does_not_move() -> None:
    """Many cameras append one: Pillow calls it MPO, and counts two frames."""
    photo, preview = Image.fromarray(colours()), Image.fromarray(colours(12, 8))
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(photo, "MPO", save_all=True, append_images=[preview], exif=exif, quality=100)
    assert data.startswith(b"\xff\xd8")
    seen = incoming.bring(data, "photo.jpg").pixels
    assert np.abs(seen.astype(int) - SEEN[6](colours())).mean() <= 12


def test_nothing_but_pixels_is_kept(store: PictureStore) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x9286] = "A camera", "somewhere in Ghent"
    data = encoded(Image.fromarray(colours()), "JPEG", exif=exif, comment=b"a secret")
    kept = incoming.start(store, data, "photo.jpg")
    raw = store.place(kept.picture).read_bytes()
    kinds, at = [], 8
    while at < len(raw):
        (length,) = struct.unpack(">I", raw[at : at + 4])
        kinds.append(raw[at + 4 : at + 8])
        at += length + 12
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}
    assert (kept.width, kept.height, kept.mask) == (24, 16, None)
    assert incoming.start(store, data, "again.jpg") == kept


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no picture that can be read"),
        (b"<html>not found</html>", "no picture that can be read"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC pictures are not read here"),
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "AVIF pictures are not read here"),
        (png_header(60_000, 60_000), "more than 50 million pixels"),
        (png_header(9_000, 6_000), "more than 50 million pixels"),
        (png_header(20_000, 20), "too narrow a strip"),
        (png_header(20, 20), "damaged"),
        (encoded(Image.fromarray(colours()))[:-30], "damaged"),
        (encoded(Image.fromarray(colours()), "JPEG")[:200], "damaged"),
        (b"x" * (incoming.MOST_BYTES + 1), "larger than 64 MiB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_picture_is_refused_in_one_sentence(data: bytes, why: str) -> None:
    with pytest.raises(BadPicture) as refused:
        incoming.bring(data, "thing.png")
    assert str(refused.value).startswith("thing.png cannot be drawn from: ")
    assert why in str(refused.value)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_what_moves_is_refused_and_what_stands_still_is_not(kind: str) -> None:
    frames = [Image.fromarray(colours()), Image.fromarray(255 - colours())]
    moving = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(BadPicture, match="it moves"):
        incoming.bring(moving, "cat")
    assert incoming.bring(encoded(frames[0], kind), "cat").pixels.shape == (16, 24, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixel_becomes_the_colour_it_is(mode: str) -> None:
    grey = np.full((8, 8), 128, np.uint8)
    image = Image.fromarray(grey)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    elif mode != "L":
        image = image.convert("RGB").convert(mode)
    data = encoded(image, "JPEG" if mode == "CMYK" else "PNG")
    seen = incoming.bring(data, "grey").pixels.astype(int)
    wanted = {"1": seen.mean()}.get(mode, 128)
    assert np.abs(seen.mean() - wanted) <= 4


@pytest.mark.parametrize(("depth", "most"), [(np.uint8, 255), (np.uint16, 65535)])
def test_the_level_that_a_grey_png_leaves_out_is_its_transparency(depth: type, most: int) -> None:
    """One level of 16 bits, and not its neighbour, which is the same in 8."""
    grey = np.full((8, 12), most // 2, depth)
    grey[:, :4] = most // 4
    if depth is np.uint16:
        grey[:, 4:8] = most // 4 + 1
    data = encoded(Image.fromarray(grey), "PNG", transparency=most // 4)
    brought = incoming.bring(data, "cut")
    assert brought.clear is not None
    clear = np.zeros((8, 12), bool)
    clear[:, :4] = True
    assert np.array_equal(brought.clear, clear)
    assert brought.pixels[0, 0].tolist() == [255, 255, 255]
    assert np.abs(brought.pixels[0, -1].astype(int) - 127).max() <= 1


@pytest.mark.parametrize("key", [(0xFFFF, 0, 0xFFFF), (0x1234, 0x5678, 0x9ABC), (0xFF, 0xFF, 0xFF)])
def test_the_colour_that_a_png_of_16_bits_leaves_out_is_its_transparency(
    key: tuple[int, int, int],
) -> None:
    """Written by hand, for Pillow writes none. White is no key of 255 of 65535."""
    rows = np.full((8, 12, 3), 0xFFFF, ">u2")
    rows[:, :4] = key
    head = struct.pack(">IIBBBBB", 12, 8, 16, 2, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    data = chunked((b"IHDR", head), (b"tRNS", struct.pack(">HHH", *key)), (b"IDAT", packed))
    brought = incoming.bring(data, "cut")
    assert brought.clear is not None
    assert np.array_equal(brought.clear, (rows == key).all(axis=2))


def test_a_large_picture_is_made_small_and_a_small_one_is_left_alone() -> None:
    large = np.repeat(np.repeat(colours(60, 40), 100, axis=0), 100, axis=1)  # 24 million pixels
    seen = incoming.bring(encoded(Image.fromarray(large), "JPEG", quality=95), "large").pixels
    assert seen.shape == (1365, 2048, 3)
    assert np.abs(seen[100, 100].astype(int) - (250, 10, 10)).max() <= 6
    assert np.array_equal(
        incoming.bring(encoded(Image.fromarray(colours())), "x").pixels, colours()
    )


def test_what_is_transparent_is_the_mask(store: PictureStore) -> None:
    whole = np.dstack([colours(), np.full((16, 24), 255, np.uint8)])
    whole[2:6, 3:9, 3] = 0
    data = encoded(Image.fromarray(whole))
    start = incoming.start(store, data, "hole.png", cut=True)
    ground = store.ground(start, 24, 16)
    assert ground.mask is not None
    assert np.argwhere(ground.mask).min(axis=0).tolist() == [2, 3]
    assert np.argwhere(ground.mask).max(axis=0).tolist() == [5, 8]
    with pytest.raises(BadPicture, match="nothing in it is transparent"):
        incoming.start(store, encoded(Image.fromarray(colours())), "whole.png", cut=True)
    assert incoming.start(store, data, "hole.png").mask is None


def test_a_mask_is_white_where_it_is_drawn_anew_and_of_the_same_size(store: PictureStore) -> None:
    photo = encoded(Image.fromarray(colours()))
    white = np.zeros((16, 24), np.uint8)
    white[:, 12:] = 255
    start = incoming.start(
        store, photo, "p.png", mask=encoded(Image.fromarray(white)), mask_name="m.png"
    )
    ground = store.ground(start, 48, 32)
    assert ground.mask is not None
    assert (ground.pixels.shape, ground.mask.shape) == ((32, 48, 3), (32, 48))
    assert ground.mask[:, 25:].all()
    assert not ground.mask[:, :23].any()
    refusals = {
        (12, 16): "m.png cannot be drawn from: a mask of 16 × 12 for a picture of 24 × 16",
        (16, 24): "m.png cannot be drawn from: a mask is white where",
    }
    for shape, words in refusals.items():
        black = encoded(Image.fromarray(np.zeros(shape, np.uint8)))
        with pytest.raises(BadPicture) as refused:
            incoming.start(store, photo, "p.png", mask=black, mask_name="m.png")
        assert str(refused.value).startswith(words)


@pytest.mark.parametrize("turn", [1, 6])
def test_sizes_that_differ_are_told_as_they_were_brought(store: PictureStore, turn: int) -> None:
    """Both are made small before they are held against each other; nobody asked for those sizes."""
    exif = Image.Exif()
    exif[0x0112] = turn
    photo = encoded(Image.new("RGB", (3000, 2000)), "JPEG", exif=exif)
    mask = encoded(Image.new("L", (1500, 1000), 255))
    with pytest.raises(BadPicture) as refused:
        incoming.start(store, photo, "p.jpg", mask=mask, mask_name="m.png")
    wanted = "3000 × 2000" if turn == 1 else "2000 × 3000"
    assert str(refused.value).endswith(f"a mask of 1500 × 1000 for a picture of {wanted}.")


def test_a_ground_is_cut_from_the_middle_and_told_when_it_is_gone(store: PictureStore) -> None:
    start = incoming.start(store, encoded(Image.fromarray(colours(40, 16))), "p.png")
    assert np.array_equal(store.ground(start, 40, 16).pixels, colours(40, 16))
    assert store.ground(start, 8, 8).pixels.shape == (8, 8, 3)
    with pytest.raises(BadPicture, match="there is no such file"):
        store.ground(Start(picture="0" * 64), 8, 8)
    with pytest.raises(BadPicture, match="its mask has 24 × 16 pixels, it has 40 × 16"):
        fitted(colours(40, 16), colours(), 8, 8, "p.png")


def test_the_middle_of_a_picture() -> None:
    assert middle(40, 16, 1.0) == (12, 0, 28, 16)
    assert middle(16, 40, 2.0) == (0, 16, 16, 24)


def test_strength_has_its_bounds(store: PictureStore) -> None:
    with pytest.raises(OutOfRange):
        incoming.start(store, encoded(Image.fromarray(colours())), "p.png", strength=1.2)
