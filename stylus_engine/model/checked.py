"""What a self-check found out about one adapter, and about drawing."""

from typing import Literal

from stylus_engine.model.noun import Noun


class Checked(Noun, frozen=True, kw_only=True):
    """One adapter, stacked against merged. `sentence`: why it was refused, "" = it was not.

    `forward` and `draw` are max |Δ| relative to the largest number, of one denoiser
    forward and of a draw in a few steps; `judge` says whose reading was merged.
    """

    name: str
    sentence: str = ""
    layers: int = 0
    kept: float = 1.0
    judge: Literal["", "diffusers", "formula"] = ""
    forward: float = 0.0
    draw: float = 0.0
    good: bool = False


class Timed(Noun, frozen=True, kw_only=True):
    """A grid: seconds, the paths of its pictures and the reasons of those that failed, by card id."""

    seconds: float
    pictures: dict[str, str]
    failed: dict[str, str]
