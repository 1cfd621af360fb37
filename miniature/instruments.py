"""What the evaluation is handed on the miniature: the judge, the small CLIP, and the world itself as reference.

Its figures are the miniature's and say so by their names.
"""

# torch leaves some of its calls untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from miniature import world
from miniature.clip import ClipScorer, small, tensor
from miniature.judge import Judge
from miniature.world import Scene
from stylus_engine.ports import Pixels

DATA = Path(__file__).parent / "data"
REFERENCE = 41  # millions: where the seeds of pictures begin that no training has drawn


class JudgeReads:
    """The miniature's judge as the evaluation asks it; also its trunk as a feature network."""

    name = "miniature-judge"

    def __init__(self, data: Path = DATA) -> None:
        """`data`: where the judge's file lies."""
        self._data = data

    def parts(self, pictures: Sequence[Pixels]) -> Sequence[Mapping[str, str]]:
        """Each picture's subject, colour, place, style and light."""
        return [asdict(v) for v in self._judge.read([Image.fromarray(one) for one in pictures])]

    @torch.inference_mode()
    def of(self, pictures: Sequence[Pixels]) -> NDArray[np.float64]:
        """(pictures, 96): the trunk's last maps, averaged over their places."""
        seen = self._judge.trunk(tensor(np.stack([small(one) for one in pictures])))
        return seen.unflatten(1, (96, 16)).mean(2).double().numpy()

    @cached_property
    def _judge(self) -> Judge:
        return Judge.load(self._data)


def clip(data: Path = DATA) -> ClipScorer:
    """The small CLIP: a scorer and a feature network."""
    return ClipScorer(data / "clip")


def reference(truths: Sequence[Mapping[str, str]]) -> list[Pixels]:
    """The world's own drawings of what prompts name; what they leave open is drawn by lot."""
    rng = Random(REFERENCE)
    return [np.asarray(world.draw(_scene(truth, rng, at))) for at, truth in enumerate(truths)]


def _scene(truth: Mapping[str, str], rng: Random, at: int) -> Scene:
    open_parts = {
        "subject": rng.choice(world.SUBJECTS),
        "colour": rng.choice(world.COLOURS),
        "place": rng.choice(world.PLACES),
    }
    return Scene(**open_parts | dict(truth), seed=REFERENCE * 1_000_000 + at)
