"""A picture on disk becomes the start of a drawing."""

from pathlib import Path

from bot.settings import Settings
from stylus_engine.errors import BadPicture
from stylus_engine.model import Start
from stylus_engine.opening import opened
from stylus_engine.pictures import incoming
from stylus_engine.pictures.store import PictureStore
from stylus_engine.planning.starting import usual


def start(
    image: Path | None, mask: Path | None, strength: float | None, settings: Settings
) -> Start | None:
    """Keep the picture and its mask; None where there is none. Raises `BadPicture`, `StoreFailed`."""
    if image is None:
        _refuse_alone(mask, strength)
        return None
    return incoming.start(
        PictureStore(settings.paths.place("pictures")),
        _bytes(image),
        str(image),
        mask=None if mask is None else _bytes(mask),
        mask_name=str(mask),
        strength=usual(masked=mask is not None) if strength is None else strength,
    )


def _refuse_alone(mask: Path | None, strength: float | None) -> None:
    if mask is not None:
        raise BadPicture(path=str(mask), why="a mask needs a picture: give --image too")
    if strength is not None:
        why = "it says how much of --image is redone; the adapters have --style-strength"
        raise BadPicture(path="--strength", why=why)


def _bytes(path: Path) -> bytes:
    """One byte more than is allowed at most: a pipe cannot fill the memory."""
    try:
        with opened(path) as file:
            return file.read(incoming.MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise BadPicture(path=str(path), why=_why(error)) from error


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return f"it cannot be read ({getattr(error, 'strerror', None) or error})"
