"""`stylus eval --vlm`: the refiner's model looks at pairs of pictures, ours against each other arm."""

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from bot.secrets import secret
from bot.settings import Settings
from stylus_engine.errors import BadSettings

if TYPE_CHECKING:
    from stylus_engine.evaluation.campaign import Arm
    from stylus_engine.evaluation.marks import Mark
    from stylus_engine.evaluation.tables import Duel


def duels(
    settings: Settings,
    marks: "Sequence[Mark]",
    arms: "Sequence[Arm]",
    most: int,
    read: Callable[[str], bytes],
) -> "list[Duel]":
    """Over `most` prompts for each other arm of the same guidance. Raises `BadSettings`, `SourceSilent`."""
    from stylus_engine.evaluation.duels import Viewer, duel, pairs
    from stylus_engine.evaluation.tables import OURS

    if not most:
        return []
    refiner = settings.refiner
    if not refiner.model:
        raise BadSettings(where="refiner.model", why="--vlm needs a model that sees")
    ours = {arm.guidance: arm.name for arm in arms if arm.method == OURS}
    others = [arm for arm in arms if ours.get(arm.guidance, arm.name) != arm.name]
    viewer = Viewer(refiner.model, refiner.base_url, secret(refiner, "api_key", "refiner"))
    with closing(viewer):
        fights = [(arm.name, pairs(marks, ours[arm.guidance], arm.name, most)) for arm in others]
        return [duel(viewer, some, name, read) for name, some in fights if some]
