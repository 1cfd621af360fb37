"""A recipe, and a shot: everything that is drawn is a shot."""

from typing import Literal

from stylus_engine.model.adapter import Adapter
from stylus_engine.model.mask import Mask
from stylus_engine.model.noun import Noun, within
from stylus_engine.model.request import LIMITS, Start


class Weighted(Noun, frozen=True, kw_only=True):
    """An adapter at its final weight in one picture. `concept`: the words of the prompt it is lit for."""

    adapter: Adapter
    weight: float
    concept: str = ""


class Recipe(Noun, frozen=True, kw_only=True):
    """Adapter -> final weight, and the text that is really encoded.

    `prompt` already holds the trigger words of the lit adapters, and of no other.
    `strength` is already in the weights: the factor that this picture had upon the request's.
    """

    adapters: tuple[Weighted, ...] = ()
    prompt: str
    negative: str = ""
    mask: Mask = Mask()
    null_space: float = 0.0  # how much of its styles' inputs is taken out of the content, 0 … 1
    strength: float = 1.0


class Shot(Noun, frozen=True, kw_only=True):
    """One picture to draw: a recipe and a seed, and where it starts.

    Text-to-image, variation, image-to-image, inpainting and upscale differ only in
    `start`: its picture and mask are fitted to `width` and `height` when it is drawn.  `seed` feeds the shot's own CPU generator: shape (1, C, h, w).
    """

    v: Literal[1] = 1
    id: str
    job: str
    index: int  # 0-based position in the grid
    recipe: Recipe
    seed: int
    checkpoint: str = ""
    width: int
    height: int
    steps: int
    guidance: float
    sampler: str
    start: Start | None = None
    preview_every: int = 0  # steps; 0 = no previews

    def __post_init__(self) -> None:
        within("Seed", self.seed, 0, LIMITS.seed)
        within("Steps", self.steps, 1, LIMITS.steps)
        within("Guidance", self.guidance, 0.0, LIMITS.guidance)
        within("Width", self.width, 8, LIMITS.edge)
        within("Height", self.height, 8, LIMITS.edge)
