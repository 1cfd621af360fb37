"""A drawn picture is where another begins: variations of it, and the same at twice its size.

Both keep recipe, mask and strength.  A variation takes the next seeds; the larger one keeps its
seed and is drawn in squares of the size that the first one had, or else subjects repeat.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from stylus_engine.model import LIMITS, Manifest, Picture, Request, Shot, Start
from stylus_engine.model.request import Enlarge

SUBTLE, STRONG = 0.35, 0.7  # how much of the picture a variation redoes
FINER = 0.25  # how much of a picture is redone at twice its size
IMAGE, HOLE = 0.6, 1.0  # of a picture that is brought: half of it, all of a masked part
HIRES = 0.7  # the paper's second pass, which sees the whole picture at once


def varied(manifest: Manifest, picture: str, strength: float, count: int) -> Sequence[Manifest]:
    """What to draw for `count` variations of `picture`, which `manifest` tells of."""
    shot = manifest.shot
    start = _start(shot, picture, strength)
    seeds = [_after(shot.seed, number) for number in range(1, count + 1)]
    return [replace(manifest, shot=replace(shot, seed=seed, start=start)) for seed in seeds]


def doubled(
    manifest: Manifest,
    picture: str,
    strength: float,
    *,
    whole: bool,
    enlarge: Enlarge = "pixels",
) -> Manifest:
    """What to draw for `picture` at twice its size; `whole`: in one piece; `enlarge`: see `Start`.

    Raises `OutOfRange` beyond the largest edge.
    """
    shot = manifest.shot
    start = _start(shot, picture, strength, tile=0 if whole else edge(shot))
    start = replace(start, enlarge=enlarge)
    large = replace(shot, width=2 * shot.width, height=2 * shot.height, start=start)
    return replace(manifest, shot=large)


def varying(request: Request, picture: Picture, strength: float) -> Request:
    """The request of variations of a picture of it: as many as were asked for."""
    shot = picture.manifest.shot
    return replace(
        request,
        width=shot.width,
        height=shot.height,
        seed=_after(shot.seed, 1),
        strengths=(shot.recipe.strength,),
        start=_start(shot, picture.id, strength),
    )


def doubling(request: Request, picture: Picture) -> Request:
    """The request of a picture of it at twice its size. Raises `OutOfRange`."""
    shot = picture.manifest.shot
    return replace(
        request,
        width=2 * shot.width,
        height=2 * shot.height,
        seed=shot.seed,
        strengths=(shot.recipe.strength,),
        count=1,
        start=_start(shot, picture.id, FINER, tile=edge(shot)),
    )


def usual(*, masked: bool) -> float:
    """How much of a picture that somebody brings is redone where nobody says."""
    return HOLE if masked else IMAGE


def edge(shot: Shot) -> int:
    """The square in which the denoiser saw this picture: all of it, unless it was one of many."""
    known = shot.start.tile if shot.start else 0
    return known or max(shot.width, shot.height)


def _start(shot: Shot, picture: str, strength: float, tile: int | None = None) -> Start:
    """`tile` None: as the picture itself was drawn."""
    same = shot.start.tile if shot.start else 0
    return Start(
        picture=picture,
        strength=strength,
        width=shot.width,
        height=shot.height,
        tile=same if tile is None else tile,
    )


def _after(seed: int, steps: int) -> int:
    return (seed + steps) % (LIMITS.seed + 1)
