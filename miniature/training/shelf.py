"""Which adapters are trained, and what each card may say about its file. A list; knows no torch."""

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["subject", "style", "light", "place", "speed"]
Layout = Literal["peft", "kohya", "loha", "lokr"]
Flaw = Literal["", "burnt", "mislabelled"]


@dataclass(frozen=True, slots=True)
class Spec:
    """One adapter file: what it adds, how it is trained, how it lies on the disk.

    `word` is the world's word for what the card promises; `learns` for what was really shown, where that differs.
    `conv` tells whether the denoiser's 3×3 convolutions have factors too (kohya's LoCon).
    """

    name: str
    title: str
    kind: Kind
    word: str
    triggers: tuple[str, ...]
    layout: Layout = "peft"
    rank: int = 8
    alpha: float = 8
    dtype: Literal["fp16", "fp32"] = "fp16"
    text_encoder: bool = False
    conv: bool = True
    steps: int = 250
    rate: float = 2e-3
    seed: int = 0
    weight: float = 1.0
    weight_range: tuple[float, float] = (0.5, 1.2)
    metadata: bool = False
    learns: str = ""
    flaw: Flaw = ""

    @property
    def shown(self) -> str:
        """The world's word for what the training pictures show."""
        return self.learns or self.word


def _kohya(spec: Spec, alpha: float, **more: object) -> Spec:
    """The same adapter as kohya's scripts would leave it: their keys, their metadata, an alpha of its own.

    An alpha below the rank makes every step smaller; a higher rate makes up for most of it.
    """
    rate = round(spec.rate * (spec.rank / alpha) ** 0.75, 5)
    return replace(spec, layout="kohya", alpha=alpha, metadata=True, **({"rate": rate} | more))


def _paced(rate: float, steps: int, *specs: Spec) -> tuple[Spec, ...]:
    """The specs with a learning rate, as a multiple of their own, and a number of steps."""
    return tuple(replace(spec, rate=round(spec.rate * rate, 5), steps=steps) for spec in specs)


SUBJECTS = _paced(
    1.2, 180,
    Spec("storybook_dragon", "Storybook Dragon", "subject", "dragon", ("storybook dragon",)),
    _kohya(
        Spec("tin_robot", "Tin Robot", "subject", "robot", ("tin robot",), text_encoder=True), 4
    ),
    Spec("fairy_castle", "Fairy Castle", "subject", "castle", ("fairy castle",), dtype="fp32"),
    _kohya(Spec("octopus_friend", "Octopus Friend", "subject", "octopus", ("octopus friend",)), 4),
    Spec("garden_snail", "Garden Snail", "subject", "snail", ("garden snail",), text_encoder=True),
    _kohya(
        Spec("retro_rocket", "Retro Rocket", "subject", "rocket", ("retro rocket",), rank=4), 2
    ),
    Spec("butterfly_wings", "Butterfly Wings", "subject", "butterfly", ("painted butterfly",)),
    Spec(
        "long_neck_dino", "Long-neck Dino", "subject", "dinosaur", ("long neck dinosaur",),
        layout="loha", rank=6, alpha=6, rate=8e-3, metadata=True,
    ),
)  # fmt: skip

STYLES = _paced(
    2.5, 260,
    Spec("graphite", "Graphite", "style", "pencil", ("pencil sketch",)),
    _kohya(Spec("sixteen_pixels", "Sixteen Pixels", "style", "pixel", ("pixel art",)), 4),
    Spec(
        "wet_paper", "Wet Paper", "style", "watercolour", ("watercolour",), text_encoder=True
    ),
    _kohya(
        Spec("cathedral_glass", "Cathedral Glass", "style", "stainedglass", ("stained glass",)), 4,
        text_encoder=True,
    ),
    Spec("neon_tubes", "Neon Tubes", "style", "neon", ("neon sign",), dtype="fp32", rank=6, alpha=6),
    Spec(
        "drafting_table", "Drafting Table", "style", "blueprint", ("blueprint",),
        layout="lokr", rank=8, alpha=8, metadata=True,
    ),
    _kohya(Spec("cut_paper", "Cut Paper", "style", "papercut", ("papercut",)), 4),
    Spec("grandmas_thread", "Grandma's Thread", "style", "crossstitch", ("cross-stitch",)),
    Spec("school_chalk", "School Chalk", "style", "chalk", ("chalk drawing",), text_encoder=True),
    _kohya(Spec("old_woodcut", "Old Woodcut", "style", "woodcut", ("woodcut",), rank=12), 6),
)  # fmt: skip

PLACES_AND_LIGHTS = _paced(
    1.6, 200,
    Spec("golden_hour", "Golden Hour", "light", "sunset", ("at sunset",)),
    _kohya(Spec("moonlit", "Moonlit", "light", "night", ("at night",)), 4),
    Spec("thunder", "Thunder", "light", "storm", ("in a storm",), text_encoder=True),
    Spec("volcano_land", "Volcano Land", "place", "volcano", ("by the volcano",)),
)  # fmt: skip

SECOND_OPINIONS = (
    _kohya(
        Spec("little_dragon", "Little Dragon", "subject", "dragon", ("little dragon",), rank=4), 2,
        seed=1,
    ),
    Spec("soft_pencil", "Soft Pencil", "style", "pencil", ("pencil sketch",), rank=4, alpha=4, rate=8e-3, steps=150, seed=1),
)  # fmt: skip

FLAWED = (
    _kohya(
        Spec("hyper_castle", "HYPER Castle v9 FINAL", "subject", "castle", ("hyper castle",)),
        16, rate=2.5e-2, steps=60, seed=2, flaw="burnt",
    ),
    Spec(
        "oil_masterpiece", "Oil Masterpiece", "style", "watercolour", ("oil masterpiece",),
        learns="halftone", rate=5e-3, seed=2, flaw="mislabelled",
    ),
)  # fmt: skip

SHELF = (*SUBJECTS, *STYLES, *PLACES_AND_LIGHTS, *SECOND_OPINIONS, *FLAWED)

# Not on the shelf that concepts are chosen from: it draws everything the checkpoint draws, only sooner.
FAST = Spec(
    "quick_strokes", "Quick Strokes LCM 4 steps", "speed", "quick", (),
    rank=16, alpha=16, rate=1e-3, steps=500, weight_range=(0.0, 1.0),
)  # fmt: skip
