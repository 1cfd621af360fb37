"""What a finished picture says of how it was drawn: the parts of its manifest."""

from collections import Counter
from contextlib import suppress
from importlib import metadata

from msgspec.structs import replace

from stylus_engine.model import Lit, Ran, Shot, Weighted
from stylus_engine.sampling.devices import name_of
from stylus_engine.sampling.families import Parts
from stylus_engine.sampling.slots import Slot

WHOLE = 0.9995  # of an adapter's squared norm: what is left out of it then, nobody sees
VERSIONED = ("torch", "diffusers", "stylus")


def ran(slot: Slot) -> tuple[Ran, ...]:
    """How the slot's adapters were worn, in order of first appearance."""
    return tuple(
        Ran(executor=choice.executor, steps=steps, why=choice.why, over=choice.over)
        for choice, steps in Counter(slot.ran.values()).items()
    )


def lit(shot: Shot) -> list[Weighted]:
    """The adapters that change something; for one at weight 0 no file is opened."""
    return [each for each in shot.recipe.adapters if each.weight != 0]


def portable(shot: Shot) -> Shot:
    """The shot without this machine's paths: a picture travels."""
    anywhere = tuple(
        replace(lit, adapter=replace(lit.adapter, path=None, previews=()))
        for lit in shot.recipe.adapters
    )
    return replace(shot, recipe=replace(shot.recipe, adapters=anywhere))


def named(slot: Slot) -> tuple[Lit, ...]:
    """The adapters of a slot by the bytes of their files."""
    return tuple(
        Lit(
            card_id=each.adapter.card_id,
            name=each.adapter.name,
            file_sha256=factors.file_sha256,
            weight=weight,
        )
        for each, (factors, weight) in zip(lit(slot.shot), slot.row, strict=True)
    )


def how(parts: Parts) -> dict[str, str]:
    """What of this machine's way changes pixels: device and precisions; the VAE's where it differs."""
    told = {"device": parts.device.type, "precision": name_of(parts.dtype)}
    if parts.vae.dtype != parts.dtype:
        told["vae"] = name_of(parts.vae.dtype)
    return told | dict(parts.how)


def compiled(slot: Slot) -> dict[str, str]:
    """Whether blocks of the denoiser were compiled for it: that changes pixels by rounding."""
    names = {choice.executor for choice in slot.ran.values()}
    return {"compile": "blocks"} if "compiled" in names else {}


def shortened(slot: Slot) -> dict[str, str]:
    """Which adapters became factors only by leaving something out, and how much of their change is left."""
    kept = {
        each.adapter.name: factors.kept
        for each, (factors, _) in zip(lit(slot.shot), slot.row, strict=True)
        if factors.kept < WHOLE
    }
    told = (f"{100 * share:.1f} % of {name}" for name, share in kept.items())
    return {"kept": ", ".join(told)} if kept else {}


def versions() -> dict[str, str]:
    """The libraries whose arithmetic drew the picture; a source tree that was not installed has none."""
    installed: dict[str, str] = {}
    for name in VERSIONED:
        with suppress(metadata.PackageNotFoundError):
            installed[name] = metadata.version(name)
    return installed
