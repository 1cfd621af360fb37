"""Finds models where people keep them: diffusers folders, adapters of A1111, ComfyUI and others."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DEPTH = 5  # folders below a place that are looked into
MOST_FOLDERS = 20_000  # a home folder may be enormous; looking stops, it does not hang
SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "proc", "sys"})
LORA_NAMES = frozenset({"lora", "loras", "lycoris"})  # A1111, ComfyUI, older A1111
CHECKPOINT_NAMES = frozenset({"stable-diffusion", "checkpoints", "unet", "diffusion_models"})
PLACES = (
    "stable-diffusion-webui",
    "stable-diffusion-webui-forge",
    "ComfyUI",
    "ComfyUI_windows_portable/ComfyUI",
    "StabilityMatrix/Data/Models",
    "InvokeAI",
    "models",
    ".cache/huggingface/hub",
)


@dataclass(frozen=True, slots=True)
class Found:
    """What lies there: drawable pipeline folders by name, folders of adapters, and a count of single files."""

    checkpoints: tuple[tuple[str, Path], ...] = ()
    loras: tuple[tuple[Path, int], ...] = ()  # folder, how many files
    single_files: int = 0  # checkpoints in one file: told of, not named by us


def usual_places(home: Path) -> tuple[Path, ...]:
    """Where these programs are put, as far as those folders are there."""
    return tuple(path for name in PLACES if (path := home / name).is_dir())


def look(places: Sequence[Path]) -> Found:
    """Everything below these places, each thing once, however the places overlap."""
    folders = dict.fromkeys(folder.resolve() for place in places for folder in _below(place))
    pipelines = [folder for folder in folders if (folder / "model_index.json").is_file()]
    return Found(
        checkpoints=tuple(_named(pipelines)),
        loras=tuple(_loras(folders)),
        single_files=sum(_weights(f) for f in folders if f.name.lower() in CHECKPOINT_NAMES),
    )


def _below(place: Path) -> Iterator[Path]:
    """The folder itself and those below it, links not followed, breadth bounded."""
    for seen, (root, names, _) in enumerate(os.walk(place)):
        if seen >= MOST_FOLDERS:
            return
        yield Path(root)
        deep = len(Path(root).relative_to(place).parts) >= DEPTH
        names[:] = [] if deep else sorted(n for n in names if n not in SKIPPED)


def _named(pipelines: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """A short name each; a second folder of the same name gets a number."""
    used: set[str] = {"miniature"}
    for folder in pipelines:
        name = base = _short(folder)
        number = 2
        while name in used:
            name, number = f"{base}-{number}", number + 1
        used.add(name)
        yield name, folder


def _short(folder: Path) -> str:
    """The folder's name; in the hub's cache, `models--owner--name` three folders up."""
    hub = next((part for part in folder.parts if part.startswith("models--")), "")
    name = hub.rpartition("--")[2] if hub else folder.name
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name.lower())


def _loras(folders: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    """The topmost folder of adapters counts with all below it."""
    tops: list[Path] = []
    for folder in folders:
        inside = any(folder.is_relative_to(top) for top in tops)
        if folder.name.lower() in LORA_NAMES and not inside:
            tops.append(folder)
            count = sum(1 for _ in folder.rglob("*.safetensors"))
            if count:
                yield folder, count


def _weights(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*.safetensors"))
