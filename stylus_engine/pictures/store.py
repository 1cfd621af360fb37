"""The store: a picture's name is the sha256 of its file."""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stylus_engine.errors import BadManifest, BadPicture
from stylus_engine.model import Manifest, Picture, Start
from stylus_engine.opening import opened
from stylus_engine.pictures import files, png
from stylus_engine.pictures.fitting import fitted
from stylus_engine.ports import Ground, Pixels

ADDRESS = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PictureStore:
    """Keeps pictures under `folder` as `ab/abcdef….png`. Implements `Pictures`."""

    folder: Path

    def keep(self, pixels: Pixels, manifest: Manifest) -> Picture:
        """Store one picture; on return it is fsynced. Raises `StoreFailed`, `DiskFull`."""
        data = png.encode(pixels, manifest)
        address = hashlib.sha256(data).hexdigest()
        path = self.place(address)
        files.write(path, data)
        height, width = pixels.shape[:2]
        return Picture(id=address, path=str(path), width=width, height=height, manifest=manifest)

    def read(self, address: str) -> tuple[Pixels, Manifest | None]:
        """The picture at a content address or a path; no manifest for somebody else's PNG.

        Raises `BadManifest`, also when the bytes are not those of the address.
        """
        if not ADDRESS.fullmatch(address):
            return read(Path(address))
        data = _bytes(self.place(address))
        if hashlib.sha256(data).hexdigest() != address:
            raise BadManifest(path=address, why="its bytes have changed since it was kept")
        return png.decode(data, address)

    def ground(self, start: Start, width: int, height: int) -> Ground:
        """The picture and mask of `start`, cut and scaled to this size. Raises `BadPicture`."""
        try:
            picture, _ = self.read(start.picture)
            mask = None if start.mask is None else self.read(start.mask)[0]
        except BadManifest as error:
            raise BadPicture(path=error.path, why=error.why) from error
        return fitted(picture, mask, width, height, start.picture)

    def place(self, address: str) -> Path:
        """Where the picture of this address lies, or would."""
        return self.folder / address[:2] / f"{address}.png"


def forget(picture: Picture) -> None:
    """Take away the file of a picture that nobody was told of; one that stays does no harm."""
    if picture.path:
        with suppress(OSError):
            Path(picture.path).unlink(missing_ok=True)


def read(path: Path) -> tuple[Pixels, Manifest | None]:
    """Any PNG file. Raises `BadManifest`."""
    return png.decode(_bytes(path), str(path))


def manifest_of(path: Path) -> Manifest:
    """The manifest of a picture or of a JSON file. Raises `BadManifest`, also where there is none."""
    data = _bytes(path)
    if data.lstrip()[:1] == b"{":
        return png.from_json(data, str(path))
    _, manifest = png.decode(data, str(path))
    if manifest is None:
        raise BadManifest(path=str(path), why="it carries no manifest of Stylus")
    return manifest


def _bytes(path: Path) -> bytes:
    """At most one byte more than is allowed: a pipe or a huge file cannot fill the memory."""
    try:
        with opened(path) as file:
            return file.read(png.MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        why = "there is no such file" if isinstance(error, FileNotFoundError) else _why(error)
        raise BadManifest(path=str(path), why=why) from error


def _why(error: OSError | ValueError) -> str:
    told = error.strerror if isinstance(error, OSError) else None
    return f"it cannot be read ({told or error})"
