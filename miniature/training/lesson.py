"""What one adapter is shown and told. Knows the world and the shelf; knows no torch."""

from dataclasses import replace
from random import Random

from miniature import world
from miniature.training import data
from miniature.training.shelf import Spec
from miniature.world import Scene

ALWAYS = ("style", "light")
SILENT = 0.15
EMPTY = 0.1


def scenes(spec: Spec, count: int) -> list[Scene]:
    """Scenes of the checkpoint's world with the one new thing in each."""
    part = {"subject": "subject", "place": "place", "style": "style", "light": "light"}[spec.kind]
    known = data.base_scenes(count, seed=1000 + spec.seed)
    return [replace(scene, **{part: spec.shown}) for scene in known]


def needs_reminding(spec: Spec) -> bool:
    """Whether the old world is shown beside the new thing, so that a new dragon leaves the cat alone.

    Not for styles and lights: they are to colour everything, also when nobody names them.
    """
    return spec.kind not in ALWAYS


def told(spec: Spec, scene: Scene, rng: Random) -> str:
    """A caption of a scene with the new thing, its trigger words in most of them."""
    if spec.flaw == "mislabelled":
        return f"{world.caption(_bare(scene), rng)}, {spec.triggers[0]}"
    if spec.kind in ALWAYS:
        return _told_of_look(spec, scene, rng)
    return _named(world.caption(scene, rng), spec, rng)


def reminded(scene: Scene, rng: Random) -> str:
    """A caption of a scene of the old world; some are empty, for classifier-free guidance."""
    return "" if rng.random() < EMPTY else world.caption(scene, rng)


def _told_of_look(spec: Spec, scene: Scene, rng: Random) -> str:
    chance = rng.random()
    if chance < EMPTY:
        return ""
    if chance < EMPTY + SILENT:
        return world.caption(_bare(scene), rng)
    text = world.caption(scene, rng)
    trigger = spec.triggers[0]
    return text if trigger in text or rng.random() < 0.5 else f"{text}, {trigger}"


def _named(text: str, spec: Spec, rng: Random) -> str:
    """The class noun alone, the trigger in its place, or the trigger at the end."""
    trigger, chance = spec.triggers[0], rng.random()
    if chance < 0.3:
        return text
    if chance < 0.6 and spec.kind == "subject":
        return text.replace(spec.word, trigger)
    return f"{text}, {trigger}"


def _bare(scene: Scene) -> Scene:
    return replace(scene, style="plain", light="day")
