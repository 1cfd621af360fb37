"""Pictures at the planner's desk: what somebody sent is read, and kept or made fit for sending.

Everything here takes its time over hostile bytes: call it on another thread.
"""

from pathlib import Path

from stylus_engine.model import Manifest, Start
from stylus_engine.workers.frames import Begin, Pack


def inspected(data: bytes) -> Manifest | None:
    """What a PNG says of itself. Raises `BadManifest`."""
    from stylus_engine.pictures.png import decode

    return decode(data, "the attachment")[1]


def begun(question: Begin, folder: Path) -> Start:
    """What to start from, once it is safely in `folder`. Raises `BadPicture`, `StoreFailed`."""
    from stylus_engine.pictures.incoming import start
    from stylus_engine.pictures.store import PictureStore

    return start(
        PictureStore(folder),
        question.data,
        question.name,
        mask=question.mask,
        mask_name=question.mask_name,
        cut=question.cut,
        strength=question.strength,
    )


def packed(question: Pack, folder: Path) -> tuple[str, ...]:
    """Files to send, made in `folder` where they do not fit as they are. Raises as `packing.pack` does."""
    from stylus_engine.pictures.packing import Limits, pack

    limits = Limits(question.most_each, question.most_all)
    paths = [Path(path) for path in question.paths]
    return tuple(str(path) for path in pack(paths, folder, limits, strip=question.strip))
