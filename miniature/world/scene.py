"""The words of the drawn world and the noun `Scene`. Knows vocabulary; knows nothing of pixels."""

from dataclasses import dataclass

SUBJECTS = ("cat", "bird", "fish", "car", "house", "boat", "mushroom", "balloon")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
PLACES = ("forest", "desert", "beach", "snow", "city", "space")

NEW_SUBJECTS = (
    "dragon",
    "robot",
    "castle",
    "octopus",
    "snail",
    "rocket",
    "butterfly",
    "dinosaur",
    "teapot",
    "cupcake",
)
NEW_PLACES = ("volcano", "underwater", "candyland")
STYLES = (
    "pencil",
    "pixel",
    "watercolour",
    "stainedglass",
    "neon",
    "blueprint",
    "papercut",
    "crossstitch",
    "chalk",
    "woodcut",
    "mosaic",
    "halftone",
)
LIGHTS = ("day", "sunset", "night", "storm")

ALL_SUBJECTS = SUBJECTS + NEW_SUBJECTS
ALL_PLACES = PLACES + NEW_PLACES
ALL_STYLES = ("plain", *STYLES)


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture in words; `seed` settles everything the words leave open."""

    subject: str
    colour: str
    place: str
    style: str = "plain"
    light: str = "day"
    seed: int = 0

    def __post_init__(self) -> None:
        _known("subject", self.subject, ALL_SUBJECTS)
        _known("colour", self.colour, COLOURS)
        _known("place", self.place, ALL_PLACES)
        _known("style", self.style, ALL_STYLES)
        _known("light", self.light, LIGHTS)
        if self.seed < 0:
            raise ValueError(f"seed {self.seed} is negative")


def _known(part: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise ValueError(f"unknown {part} {word!r}; the world knows {', '.join(words)}")
