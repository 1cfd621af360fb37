"""Something that draws without a model: pictures of a seed, moved as a test says."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stylus_engine.model import Drawn, Failed, Lit, Manifest, Picture, Started

SHA = "ab" * 32


def scene(shot):
    """Soft waves of the prompt's and seed's own."""
    key = hashlib.sha256(f"{shot.recipe.prompt}|{shot.seed}".encode()).digest()
    dice = np.random.default_rng(list(key))
    y, x = np.mgrid[0:16, 0:16] / 16
    waves = [
        np.sin(2 * np.pi * (x + a)) + np.cos(2 * np.pi * (y + b)) for a, b in dice.random((3, 2))
    ]
    return 128 + 25 * np.stack(waves, axis=-1)


@dataclass
class Easel:
    """`draw` as a walker's, `read` and `keep` as a store's, `fetch` as a folder's.

    `paint(pixels, weight)` is what the adapter does; `fails(weight)` names an error kind.
    """

    paint: Callable[..., Any] = lambda pixels, weight: pixels
    fails: Callable[[float], str] = lambda weight: ""
    kept: dict = field(default_factory=dict)
    drawn: list = field(default_factory=list)
    sha: str = SHA

    async def draw(self, job, shots):
        for shot in shots:
            assert shot.job == job
            yield Started(job=job, shot=shot.id)
            yield self.end(shot)

    def end(self, shot):
        weight = sum(lit.weight for lit in shot.recipe.adapters)
        if kind := self.fails(weight):
            return Failed(job=shot.job, shot=shot.id, kind=kind, sentence=f"It says {kind}.")
        pixels = np.clip(self.paint(scene(shot), weight), 0, 255).round().astype(np.uint8)
        self.drawn.append(shot)
        return Drawn(job=shot.job, shot=shot.id, picture=self.keep(shot, pixels))

    def keep(self, shot, pixels):
        name = hashlib.sha256(shot.id.encode()).hexdigest()
        self.kept[name] = pixels
        lit = tuple(
            Lit(card_id=w.adapter.card_id, name=w.adapter.name, file_sha256=SHA, weight=w.weight)
            for w in shot.recipe.adapters
        )
        manifest = Manifest(shot=shot, checkpoint="c", adapters=lit, encoded=shot.recipe.prompt)
        return Picture(id=name, path=f"/{name}", width=16, height=16, manifest=manifest)

    def read(self, address):
        return self.kept[address], None

    def fetch(self, adapter):
        return adapter.path, self.sha


def burns(from_weight):
    """Four times the contrast and colour from this weight on, a little more below it."""

    def paint(pixels, weight):
        return 128 + (pixels - 128) * (4 if weight >= from_weight else 1 + weight / 4)

    return paint
