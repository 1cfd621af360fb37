"""Pictures that people bring: looked at before they are opened, turned, stripped, made small.

What is kept is a plain PNG of the pixels alone: no place, no camera, no name, and no
profile of colours (pixels are taken as sRGB, as nearly all are).  What cannot be one
still picture is refused by the name of what it is.
"""

import hashlib
import io
import struct
import warnings
import zlib
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from stylus_engine.errors import BadPicture
from stylus_engine.model import LIMITS, Start
from stylus_engine.pictures import files, png
from stylus_engine.pictures.store import PictureStore
from stylus_engine.ports import Pixels

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MOST_PIXELS = 50_000_000
MOST_BYTES = 64 << 20
WORKING = 2048  # pixels, the longest edge that is kept: twice what today's checkpoints draw
FOREIGN = {b"heic": "HEIC", b"heix": "HEIC", b"hevc": "HEIC", b"mif1": "HEIF", b"avif": "AVIF"}
SAVE_AS = "save it as JPEG or PNG first"
ORIENTATION = 0x0112  # of EXIF: how the camera was held
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
COLOURS16 = (
    b"\x10\x02"  # of a PNG's header: 16 bits of red, green and blue each, of which Pillow keeps 8
)
BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)


class Brought(NamedTuple):
    """A picture as it is kept. `clear` is True where it was transparent, None when nowhere.

    `came`: its width and height before it was made small, upright.
    """

    pixels: Pixels
    clear: NDArray[np.bool_] | None
    came: tuple[int, int]


def start(
    store: PictureStore,
    data: bytes,
    name: str,
    *,
    mask: bytes | None = None,
    mask_name: str = "",
    cut: bool = False,
    strength: float = 0.75,
) -> Start:
    """Keep a picture, and its mask, and say how to start from them. Raises `BadPicture`.

    `cut`: what is transparent in the picture is the mask.
    """
    brought = bring(data, name)
    redone = _redone(brought, name, mask, mask_name, cut=cut)
    height, width = brought.pixels.shape[:2]
    return Start(
        picture=kept(store, brought.pixels),
        mask=None if redone is None else kept(store, painted(redone)),
        strength=strength,
        width=width,
        height=height,
    )


def bring(data: bytes, name: str) -> Brought:
    """One still picture out of a file: upright, at most `WORKING` pixels long. Raises `BadPicture`."""
    _refuse_foreign(data, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _look(image, name)
                _key_in_eight_bits(image, data)
                return _opened(image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadPicture(path=name, why=_too_many()) from error
    except UnidentifiedImageError as error:
        why = f"it is no picture that can be read here; {SAVE_AS}"
        raise BadPicture(path=name, why=why) from error
    except BROKEN as error:
        raise BadPicture(path=name, why="the file is damaged") from error


def kept(store: PictureStore, pixels: Pixels) -> str:
    """The address of a plain PNG of these pixels, which is safely on disk. Raises `StoreFailed`."""
    data = png.encode(pixels)
    address = hashlib.sha256(data).hexdigest()
    files.write(store.place(address), data)
    return address


def painted(mask: NDArray[np.bool_]) -> Pixels:
    """A mask as a picture: white is drawn anew."""
    return np.repeat((mask * np.uint8(255))[..., None], 3, axis=2)


def _redone(
    brought: Brought, name: str, mask: bytes | None, mask_name: str, *, cut: bool
) -> NDArray[np.bool_] | None:
    if cut:
        return _marked(brought.clear, name, "nothing in it is transparent")
    if mask is None:
        return None
    other = bring(mask, mask_name)
    if other.pixels.shape != brought.pixels.shape:
        sizes = [f"{each.came[0]} × {each.came[1]}" for each in (other, brought)]
        raise BadPicture(path=mask_name, why=f"a mask of {sizes[0]} for a picture of {sizes[1]}")
    white = other.pixels.mean(axis=2) >= 128
    chosen = white if other.clear is None else white | other.clear
    return _marked(chosen, mask_name, "a mask is white where something is drawn anew")


def _marked(mask: NDArray[np.bool_] | None, name: str, why: str) -> NDArray[np.bool_]:
    if mask is None or not mask.any():
        raise BadPicture(path=name, why=why)
    return mask


def _refuse_foreign(data: bytes, name: str) -> None:
    if len(data) > MOST_BYTES:
        why = f"the file is larger than {MOST_BYTES >> 20} MiB"
        raise BadPicture(path=name, why=why)
    kind = FOREIGN.get(data[8:12]) if data[4:8] == b"ftyp" else None
    if kind:
        raise BadPicture(path=name, why=f"{kind} pictures are not read here; {SAVE_AS}")


def _look(image: Image.Image, name: str) -> None:
    """Before any pixel is made: nothing was decoded yet but the header."""
    if not 0 < image.width * image.height <= MOST_PIXELS:
        raise BadPicture(path=name, why=_too_many())
    if max(image.size) > LIMITS.aspect**2 * min(image.size):
        raise BadPicture(path=name, why=f"{image.width} × {image.height} is too narrow a strip")
    if (
        getattr(image, "n_frames", 1) > 1 and image.format != "MPO"
    ):  # a camera's JPEG and its previews
        raise BadPicture(path=name, why=f"it moves; {SAVE_AS}")


def _too_many() -> str:
    return f"it has more than {MOST_PIXELS // 1_000_000} million pixels"


def _opened(image: Image.Image) -> Brought:
    width, height = image.size
    image.draft("RGB", (WORKING, WORKING))  # a JPEG is decoded small in the first place
    image.load()  # from here on what is broken is not the picture
    # Small before upright: turning makes a copy, and here that would be one of fifty million pixels.
    image.thumbnail((WORKING, WORKING), Image.Resampling.LANCZOS, reducing_gap=3.0)
    upright = _upright(image)
    came = (width, height) if upright.size == image.size else (height, width)
    return Brought(*_on_paper(_levelled(upright).convert("RGBA")), came)


def _upright(image: Image.Image) -> Image.Image:
    """Pillow's own `exif_transpose` writes all the rest of EXIF anew, and stumbles where that is odd."""
    try:
        turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    except BROKEN:  # what was said beside the picture is broken, the picture is not
        return image
    return image if turn is None else image.transpose(turn)


def _on_paper(whole: Image.Image) -> tuple[Pixels, NDArray[np.bool_] | None]:
    """What shows on white, and where it is transparent."""
    clear = np.asarray(whole.getchannel("A")) < 128
    paper = Image.new("RGBA", whole.size, "white")
    flat = Image.alpha_composite(paper, whole).convert("RGB")
    return np.asarray(flat, dtype=np.uint8), clear if clear.any() else None


def _key_in_eight_bits(image: Image.Image, data: bytes) -> None:
    """The one colour of a PNG that is not there is cut as its pixels are, or Pillow looks for another."""
    key = image.info.get("transparency")
    if image.format == "PNG" and data[24:26] == COLOURS16 and isinstance(key, tuple):
        levels = cast("tuple[int, ...]", key)
        image.info["transparency"] = tuple(level >> 8 for level in levels)


def _levelled(image: Image.Image) -> Image.Image:
    """Sixteen bits of grey become eight; Pillow alone would cut them off at white."""
    if not image.mode.startswith(("I", "F")):
        return image
    exact = np.asarray(image, dtype=np.float64)
    grey = Image.fromarray((exact / 257).clip(0, 255).astype(np.uint8))
    key = image.info.get("transparency")  # a PNG's one level that is not there
    if isinstance(key, int):
        grey.putalpha(Image.fromarray(np.where(exact == key, 0, 255).astype(np.uint8)))
    return grey
