"""A drawn picture is where another begins: variations of it, and the same at twice its size.

Both keep recipe and mask.  A variation takes the next seeds; the larger one keeps its
seed and is drawn in squares of the checkpoint's own size, or else subjects repeat.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from stylus_engine.model import LIMITS, Manifest, Shot, Start

SUBTLE, STRONG = 0.35, 0.7  # how much of the picture a variation redoes
FINER = 0.35  # how much of a picture is redone at twice its size
HIRES = 0.7  # the paper's second pass, which sees the whole picture at once


def varied(manifest: Manifest, picture: str, strength: float, count: int) -> Sequence[Manifest]:
    """What to draw for `count` variations of `picture`, which `manifest` tells of."""
    shot = manifest.shot
    start = Start(
        picture=picture,
        strength=strength,
        width=shot.width,
        height=shot.height,
        tile=shot.start.tile if shot.start else 0,
    )
    seeds = [(shot.seed + number) % (LIMITS.seed + 1) for number in range(1, count + 1)]
    return [_other(manifest, replace(shot, seed=seed, start=start)) for seed in seeds]


def doubled(manifest: Manifest, picture: str, strength: float, tile: int) -> Manifest:
    """What to draw for `picture` at twice its size, in squares of `tile` pixels (0 = in one piece).

    Raises `OutOfRange` beyond the largest edge.
    """
    shot = manifest.shot
    start = Start(
        picture=picture, strength=strength, width=shot.width, height=shot.height, tile=tile
    )
    return _other(
        manifest, replace(shot, width=2 * shot.width, height=2 * shot.height, start=start)
    )


def _other(manifest: Manifest, shot: Shot) -> Manifest:
    checked = Shot(**{name: getattr(shot, name) for name in shot.__struct_fields__})
    return replace(manifest, shot=checked)
