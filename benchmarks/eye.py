"""The miniature's judge as a `Scorer`: an eye that knows the drawn world, for measuring and testing repair."""

import re
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from miniature.judge import Judge
from miniature.world.captions import LIGHT_WORDS, STYLE_NAMES, WHERE
from stylus_engine.ports import Pixels


class JudgeEye:
    """A text scores the probability, less one half, of each word of the world that it names."""

    name = "miniature-judge"

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    @torch.inference_mode()
    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Scorer.score`."""
        small = [np.asarray(Image.fromarray(p).resize((64, 64)), np.float32) for p in pictures]
        inputs = torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2) / 127.5 - 1
        chances = {part: logits.softmax(1).numpy() for part, logits in self._judge(inputs).items()}
        return np.stack([self._fit(chances, text, len(pictures)) for text in texts], axis=1)

    def _fit(
        self, chances: dict[str, NDArray[np.float32]], text: str, count: int
    ) -> NDArray[np.float32]:
        fit = np.zeros(count, np.float32)
        for part, words in self._judge.labels.items():
            for at, word in enumerate(words):
                if named(part, word, text):
                    fit += chances[part][:, at] - 0.5
        return fit


def named(part: str, word: str, text: str) -> bool:
    """Whether the text names this word of the world, as captions do."""
    said = {"style": STYLE_NAMES.get(word, word), "place": WHERE.get(word, word)}.get(part, word)
    ways = {said, word, *LIGHT_WORDS.get(word, ())}
    return any(re.search(rf"\b{re.escape(way)}\b", text) for way in ways)
