"""Which scenes are shown in training, drawn once and kept as bytes. Knows the world; knows no model."""

import os
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from miniature import world
from miniature.world import Scene

Pictures = NDArray[np.uint8]
T = TypeVar("T")
CHUNK = 64


def base_scenes(count: int, seed: int) -> list[Scene]:
    """Scenes of the checkpoint's own world: plain, by day, known subjects and places; every word equally often."""
    return _scenes(count, seed, world.SUBJECTS, world.PLACES, ("plain",), ("day",))


def all_scenes(count: int, seed: int) -> list[Scene]:
    """Scenes of everything that is ever drawn; half of them plain, two thirds by day. For the autoencoder."""
    styles = ("plain",) * len(world.STYLES) + world.STYLES
    lights = ("day",) * (2 * len(world.LIGHTS)) + world.LIGHTS
    return _scenes(count, seed, world.ALL_SUBJECTS, world.ALL_PLACES, styles, lights)


def drawn(scenes: Sequence[Scene], path: Path) -> Pictures:
    """(scenes, 64, 64, 3) RGB bytes, mapped from `path`, which is drawn on every core if it is not there."""
    if not path.exists():
        save(path, _draw_all(scenes))
    pictures: Pictures = np.load(path, mmap_mode="r")
    if len(pictures) != len(scenes):
        raise ValueError(
            f"{path} holds {len(pictures)} pictures for {len(scenes)} scenes; delete it"
        )
    return pictures


def drawn_here(scenes: Sequence[Scene]) -> Pictures:
    """(scenes, 64, 64, 3) RGB bytes, drawn in this process."""
    return np.stack([np.asarray(world.draw(scene)) for scene in scenes])


def save(path: Path, array: NDArray[np.generic]) -> None:
    """Writes an .npy file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half.npy")
    np.save(half, array)
    half.replace(path)


def cycled(words: Sequence[T], count: int, rng: Random) -> list[T]:
    """`count` words in random order, each as often as the others."""
    bag = [words[i % len(words)] for i in range(count)]
    rng.shuffle(bag)
    return bag


def _scenes(
    count: int,
    seed: int,
    subjects: Sequence[str],
    places: Sequence[str],
    styles: Sequence[str],
    lights: Sequence[str],
) -> list[Scene]:
    rng = Random(seed)
    parts = [
        cycled(words, count, rng) for words in (subjects, world.COLOURS, places, styles, lights)
    ]
    return [
        Scene(*words, seed=seed * 1_000_000 + i) for i, words in enumerate(zip(*parts, strict=True))
    ]


def _draw_all(scenes: Sequence[Scene]) -> Pictures:
    chunks = [scenes[i : i + CHUNK] for i in range(0, len(scenes), CHUNK)]
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        return np.concatenate(pool.map(drawn_here, chunks, chunksize=1))
