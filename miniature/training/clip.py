"""Trains the small CLIP on the drawn world: everything that is drawn, told in many wordings.

Wordings are the captions' own, the cards' words and the *open* half of the other words;
the held-out half is never told, or the instrument would know what the methods must not.
"""

# torch leaves some of its calls untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from miniature import judge, world
from miniature.clip import Clip, tensor
from miniature.question_maker import share
from miniature.question_words import CARDS, OTHERS
from miniature.training import data, pace, tokenizer
from miniature.training.data import Pictures
from miniature.world import Scene
from miniature.world.captions import LIGHT_WORDS, STYLE_NAMES

TAUGHT, HELD_OUT = 21, 22  # millions: where the seeds of two sets of scenes begin
OTHERWISE = 0.35  # how often a part is told in other words
Redraw = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class ClipRun:
    """How long and on what it is trained; some minutes on one core as it stands."""

    pictures: int = 6000
    steps: int = 500
    batch: int = 96
    peak: float = 2e-3
    every: int = 100
    examined: int = 300


def train(settings: ClipRun, words: Path, cache: Path, out: Path, redraw: Redraw) -> None:
    """Goes on from the last saved state, if one lies in `cache`; weights and marks go to `out`."""
    torch.manual_seed(4)
    scenes = judge.lessons(settings.pictures, TAUGHT)
    drawn = np.array(data.drawn(scenes, cache / "clip.npy"))
    drawn[::6] = judge.through(redraw, drawn[::6])
    clip = _taught(Clip(tokenizer.load(words)), scenes, drawn, settings, cache / "clip.pt")
    clip.save(out)
    marks = examined(clip, settings.examined, cache, redraw)
    (out / "marks.json").write_text(json.dumps(marks, indent=1) + "\n")
    print("clip, held out:", marks)
    (cache / "clip.pt").unlink(missing_ok=True)


def told(scene: Scene, rng: Random) -> str:
    """A caption of the scene, some of its parts in other words than the captions'."""
    text = world.caption(scene, rng)
    for word, said in _sayings(scene):
        if rng.random() < OTHERWISE:
            others = (*CARDS.get(word, ()), *share(OTHERS.get(word, ()), "open"))
            text = text.replace(said, rng.choice(others), 1) if others else text
    return text


@torch.inference_mode()
def examined(clip: Clip, count: int, cache: Path, redraw: Redraw) -> dict[str, float]:
    """On scenes it never saw: how often the right text of 100 is first, and the right picture."""
    scenes = judge.lessons(count, HELD_OUT)
    drawn = data.drawn(scenes, cache / "clip-held-out.npy")
    texts = [world.plain_prompt(scene) for scene in scenes]
    clip.eval()
    marks: dict[str, float] = {"pictures": float(count), "among": 100.0}
    for name, pictures in (("drawn", drawn), ("redrawn", judge.through(redraw, drawn))):
        likeness = clip.see(tensor(np.array(pictures))) @ clip.hear(texts).T
        marks[f"{name}: text of picture"] = first_of(likeness, 100)
        marks[f"{name}: picture of text"] = first_of(likeness.T, 100)
    return marks


def first_of(likeness: Tensor, among: int) -> float:
    """Share of rows whose own column is the best of its block of `among`."""
    blocks = [
        likeness[i : i + among, i : i + among] for i in range(0, len(likeness) - among + 1, among)
    ]
    right = [block.argmax(1).eq(torch.arange(among)).float().mean().item() for block in blocks]
    return round(sum(right) / len(right), 4) if right else 0.0


def _sayings(scene: Scene) -> Sequence[tuple[str, str]]:
    """The world's words and how a caption says them."""
    style = [(scene.style, STYLE_NAMES[scene.style])] if scene.style != "plain" else []
    light = [(scene.light, LIGHT_WORDS[scene.light][0])] if scene.light != "day" else []
    return [(scene.subject, scene.subject), *style, *light]


def _taught(
    clip: Clip, scenes: Sequence[Scene], drawn: Pictures, settings: ClipRun, state: Path
) -> Clip:
    optimizer = torch.optim.AdamW(clip.train().parameters(), weight_decay=0.05)
    log = pace.Log("clip", settings.steps, every=25)
    for step in range(_resumed(clip, optimizer, state), settings.steps):
        pace.set_rate(optimizer, pace.one_cycle(step, settings.steps, settings.peak))
        loss = _loss(clip, *_batch(scenes, drawn, settings.batch, step))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        log.step(step, loss.item())
        if (step + 1) % settings.every == 0:
            _keep(clip, optimizer, step + 1, state)
    return clip.eval()


def _batch(
    scenes: Sequence[Scene], drawn: Pictures, size: int, step: int
) -> tuple[Tensor, list[str]]:
    """The lesson of a step, from its number alone: a training that was killed goes on the same."""
    rng = Random(step)
    rows = sorted(rng.sample(range(len(scenes)), min(size, len(scenes))))
    worn = judge.worn(tensor(drawn[rows]), torch.Generator().manual_seed(step), wear=0.5)
    return worn, [told(scenes[row], rng) for row in rows]


def _loss(clip: Clip, pictures: Tensor, texts: list[str]) -> Tensor:
    """Each picture finds its text among the batch's, each text its picture."""
    likeness = clip.see(pictures) @ clip.hear(texts).T * clip.sharpness.clamp(max=4.6).exp()
    own = torch.arange(len(texts))
    return (cross_entropy(likeness, own) + cross_entropy(likeness.T, own)) / 2


def _keep(clip: Clip, optimizer: torch.optim.Optimizer, step: int, state: Path) -> None:
    pace.save_state(
        state, {"step": step, "clip": clip.state_dict(), "optimizer": optimizer.state_dict()}
    )


def _resumed(clip: Clip, optimizer: torch.optim.Optimizer, state: Path) -> int:
    if not state.exists():
        return 0
    saved = torch.load(state, weights_only=True)
    clip.load_state_dict(saved["clip"])
    optimizer.load_state_dict(saved["optimizer"])
    return int(saved["step"])
