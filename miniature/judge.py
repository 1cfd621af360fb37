"""The judge: reads subject, colour, place, style and light out of a picture, and how it was taught.

It is a measuring instrument of the report; nothing that draws may ask it.
"""

# torch and safetensors leave some of their own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Self

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from miniature import world
from miniature.training import data, pace
from miniature.training.data import Pictures
from miniature.world import Scene

Redraw = Callable[[Tensor], Tensor]
FILE = "judge.safetensors"
LABELS: dict[str, tuple[str, ...]] = {
    "subject": world.ALL_SUBJECTS,
    "colour": world.COLOURS,
    "place": world.ALL_PLACES,
    "style": world.ALL_STYLES,
    "light": world.LIGHTS,
}
TAUGHT, HELD_OUT, HARD = 11, 12, 13  # millions: where the seeds of three sets of scenes begin
SHARED = 5000  # as many as `training.vae` draws: then neither draws them twice
BATCH = 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge sees: one word a part, as in `Scene`."""

    subject: str
    colour: str
    place: str
    style: str
    light: str


class Judge(nn.Module):
    """A small convolutional net with one head a part; 64×64 pixels in −1 … 1 go in."""

    def __init__(self, labels: dict[str, tuple[str, ...]] | None = None) -> None:
        super().__init__()
        self.labels = LABELS if labels is None else labels
        self.trunk = nn.Sequential(
            *_stage(3, 24, 5, 2),
            *_stage(24, 48, 3, 2),
            *_stage(48, 64, 3, 1),
            *_stage(64, 96, 3, 2),
            *_stage(96, 96, 3, 2),
            nn.Flatten(),
            nn.Dropout(0.2),
        )
        self.heads = nn.ModuleDict({k: nn.Linear(96 * 16, len(v)) for k, v in self.labels.items()})

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """(n, 3, 64, 64) in −1 … 1 → for each part its logits, (n, words)."""
        seen = self.trunk(pictures)
        return {part: head(seen) for part, head in self.heads.items()}

    @torch.inference_mode()
    def read(self, images: Sequence[Image.Image]) -> list[Verdict]:
        """One verdict an image; images of any size are reduced to 64×64 first."""
        if not images:
            return []
        self.eval()
        small = [np.asarray(image.convert("RGB").resize((64, 64))) for image in images]
        logits: dict[str, Tensor] = self(_tensor(np.stack(small)))
        best = {part: row.argmax(1).tolist() for part, row in logits.items()}
        return [
            Verdict(**{part: self.labels[part][best[part][i]] for part in self.labels})
            for i in range(len(images))
        ]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The trained judge of `folder`, ready to read."""
        with safe_open(folder / FILE, framework="pt") as file:
            labels: dict[str, list[str]] = json.loads(file.metadata()["labels"])
        judge = cls({part: tuple(words) for part, words in labels.items()})
        judge.load_state_dict(load_file(folder / FILE))
        return judge.eval()

    def save(self, folder: Path) -> None:
        """Writes weights and label lists, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        half = folder / f"{FILE}.half"
        save_file(self.state_dict(), half, {"labels": json.dumps(self.labels)})
        half.replace(folder / FILE)


def train_judge(
    out: Path,
    cache: Path,
    steps: int = 2400,
    pictures: int = 3000,
    redraw: Redraw | None = None,
) -> dict[str, float]:
    """Teaches a judge on drawn scenes, saves it in `out`, returns its held-out accuracy a part.

    `cache` keeps drawings; those of the autoencoder's lessons are shared with it. `redraw` sends
    pictures, (n, 3, 64, 64) in −1 … 1, through an autoencoder; a third of the lessons then come
    from its hand, for the judge will read pictures that a decoder painted.
    """
    torch.manual_seed(0)
    scenes, drawn = _lessons(pictures, cache)
    if redraw is not None:
        drawn[::3] = through(redraw, drawn[::3])
    judge = _taught(scenes, drawn, steps)
    judge.save(out)
    return _examined(judge, cache, redraw)


def accuracy(judge: Judge, scenes: Sequence[Scene], pictures: Pictures) -> dict[str, float]:
    """For each part the share of pictures, (n, 64, 64, 3) bytes, that it reads as drawn."""
    verdicts = judge.read([Image.fromarray(picture) for picture in pictures])
    pairs = list(zip(scenes, verdicts, strict=True))
    return {
        part: sum(getattr(s, part) == getattr(v, part) for s, v in pairs) / len(pairs)
        for part in judge.labels
    }


def lessons(count: int, first: int, hard: bool = False) -> list[Scene]:
    """Scenes of every word of the world, seeds from `first` million on.

    A quarter is plain and half by day; in a hard lesson every style meets a light, and none is.
    """
    rng = Random(first)
    styles, lights = world.STYLES, world.LIGHTS[1:]
    if not hard:
        styles = ("plain",) * (len(styles) // 3) + styles
        lights = ("day",) * len(lights) + lights
    parts = (world.ALL_SUBJECTS, world.COLOURS, world.ALL_PLACES, styles, lights)
    columns = [data.cycled(words, count, rng) for words in parts]
    rows = zip(*columns, strict=True)
    return [Scene(*words, seed=first * 1_000_000 + i) for i, words in enumerate(rows)]


def _lessons(count: int, cache: Path) -> tuple[list[Scene], Pictures]:
    """Scenes of its own, hard ones, and those that the autoencoder learns from."""
    books = {
        "judge": lessons(count, TAUGHT),
        "judge-hard": lessons(count * 2 // 3, HARD, hard=True),
        "all": data.all_scenes(SHARED, seed=7),
    }
    drawn = [data.drawn(scenes, cache / f"{name}.npy") for name, scenes in books.items()]
    return [scene for scenes in books.values() for scene in scenes], np.concatenate(drawn)


def _stage(before: int, after: int, kernel: int, stride: int) -> tuple[nn.Module, ...]:
    conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False)
    return conv, nn.BatchNorm2d(after), nn.SiLU()


def _tensor(pictures: Pictures) -> Tensor:
    return torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def _taught(scenes: Sequence[Scene], drawn: Pictures, steps: int) -> Judge:
    """Two thirds of the steps on worn pictures, the last third on clearer ones."""
    judge = Judge()
    _term(judge, scenes, drawn, steps * 2 // 3, peak=3e-3, wear=1)
    _term(judge, scenes, drawn, steps // 3, peak=1.5e-3, wear=0.3)
    return judge.eval()


def _term(
    judge: Judge, scenes: Sequence[Scene], drawn: Pictures, steps: int, peak: float, wear: float
) -> None:
    truth, rng = _truth(scenes), torch.Generator().manual_seed(steps)
    optimizer = torch.optim.AdamW(judge.train().parameters(), weight_decay=0.05)
    log = pace.Log("judge", steps, every=100)
    for step in range(steps):
        pace.set_rate(optimizer, pace.one_cycle(step, steps, peak))
        rows = torch.randint(len(scenes), (BATCH,), generator=rng).sort().values
        seen = judge(worn(_tensor(drawn[rows.numpy()]), rng, wear))
        loss = _loss(seen, {part: words[rows] for part, words in truth.items()})
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        log.step(step, loss.item())


def _loss(seen: dict[str, Tensor], truth: dict[str, Tensor]) -> Tensor:
    each = [
        F.cross_entropy(seen[part], words, label_smoothing=0.02) for part, words in truth.items()
    ]
    return torch.stack(each).mean()


def _truth(scenes: Sequence[Scene]) -> dict[str, Tensor]:
    return {
        part: torch.tensor([words.index(getattr(scene, part)) for scene in scenes])
        for part, words in LABELS.items()
    }


def worn(batch: Tensor, rng: torch.Generator, wear: float) -> Tensor:
    """Mirrored, moved, and by up to `wear` as a decoder might paint it: blurred, noisy, tinted."""
    if torch.rand((), generator=rng) < 0.5:
        batch = batch.flip(3)
    down, right = (int(torch.randint(7, (), generator=rng)) for _ in range(2))
    batch = F.pad(batch, (3, 3, 3, 3), mode="replicate")[..., down : down + 64, right : right + 64]
    blur = 0.8 * wear * torch.rand((len(batch), 1, 1, 1), generator=rng)
    batch = batch + blur * (F.avg_pool2d(batch, 3, 1, 1, count_include_pad=False) - batch)
    noise = 0.12 * wear * torch.rand((len(batch), 1, 1, 1), generator=rng)
    tint = 0.05 * torch.randn((len(batch), 3, 1, 1), generator=rng)
    gain = 1 + 0.06 * torch.randn((len(batch), 1, 1, 1), generator=rng)
    return batch * gain + tint + noise * torch.randn(batch.shape, generator=rng)


@torch.inference_mode()
def through(redraw: Redraw, pictures: Pictures) -> Pictures:
    """(n, 64, 64, 3) bytes, after a decoder's hand."""
    redrawn: list[Pictures] = []
    for i in range(0, len(pictures), BATCH):
        again = redraw(_tensor(pictures[i : i + BATCH])).clamp(-1, 1)
        redrawn.append(again.add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).numpy())
    return np.concatenate(redrawn)


def _examined(judge: Judge, cache: Path, redraw: Redraw | None) -> dict[str, float]:
    """Accuracy on scenes it never saw, printed; redrawn too when there is a hand."""
    scenes = lessons(800, HELD_OUT)
    drawn = data.drawn(scenes, cache / "judge-held-out.npy")
    marks = accuracy(judge, scenes, drawn)
    print("judge, held out:", *(f"{part} {mark:.2%}" for part, mark in marks.items()))
    if redraw is not None:
        again = accuracy(judge, scenes, through(redraw, drawn))
        print("judge, redrawn:", *(f"{part} {mark:.2%}" for part, mark in again.items()))
    return marks
