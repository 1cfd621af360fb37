"""What an adapter sets that was distilled to draw in a few steps."""

from stylus_engine.model.adapter import Adapter
from stylus_engine.model.noun import Noun, within
from stylus_engine.model.request import LIMITS


class FewStep(Noun, frozen=True, kw_only=True):
    """How a few-step adapter is drawn with. `kind` as people call it: `LCM`, `Lightning`, `Hyper-SD`.

    `sampler` "": whatever the request has, for families that know one way alone.
    """

    kind: str
    steps: int
    sampler: str
    guidance: float
    weight: float = 1.0

    def __post_init__(self) -> None:
        within("Steps", self.steps, 1, LIMITS.steps)
        within("Guidance", self.guidance, 0.0, LIMITS.guidance)


class Faster(Noun, frozen=True, kw_only=True):
    """The few-step adapter that all pictures of a plan are drawn with, beside its masks."""

    adapter: Adapter
    few: FewStep
