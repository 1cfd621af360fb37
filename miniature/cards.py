"""Writes the cards of the miniature: `python -m miniature.cards [FILE]`.

A card for every adapter of the shelf and for the one that is quick, then the distractors.  The adapters that
are bad on purpose read like any other and carry `health="quarantined"`: nobody is
offered a broken picture by default, and a health probe has something to find when
it measures them anew.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import msgspec

from miniature import distractors
from miniature.card_texts import TAGS, WORDS
from miniature.training.shelf import FAST, SHELF, Spec
from stylus_engine.model import Adapter, Kind, Licence

FILE = Path(__file__).parent / "data" / "cards.jsonl"
LICENCE = Licence(name="CC0-1.0", commercial=True, derivatives=True, credit=False)


def cards() -> Iterator[Adapter]:
    """Every card, paths relative to the file of cards. Deterministic."""
    yield from map(card, (*SHELF, FAST))
    yield from distractors.cards()


def card_id(spec: Spec) -> str:
    """The key of a trained adapter's card."""
    return f"miniature:{spec.name}:1"


def card(spec: Spec) -> Adapter:
    """The card of one trained adapter: what its author says, whatever the file does."""
    author, description = WORDS[spec.name]
    low, high = spec.weight_range
    return Adapter(
        card_id=card_id(spec),
        name=spec.title,
        family_declared=distractors.FAMILY,
        kind=_kind(spec),
        category=spec.kind,
        description=description,
        triggers=spec.triggers,
        tags=_tags(spec),
        weight=spec.weight,
        weight_low=low,
        weight_high=high,
        path=f"adapters/{spec.name}.safetensors",
        author=author,
        licence=LICENCE,
        health="quarantined" if spec.flaw else "good",
        previews=(f"previews/{spec.name}-1.png",),
    )


def write(path: Path = FILE) -> int:
    """Write the file whole, fsync, rename; return how many cards it holds."""
    lines = [msgspec.json.encode(each) for each in cards()]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}")
    with fresh.open("wb") as file:
        file.write(b"\n".join(lines) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return len(lines)


def _kind(spec: Spec) -> Kind:
    if spec.layout in {"loha", "lokr"}:
        return cast("Kind", spec.layout)
    return "locon" if spec.conv else "lora"


def _tags(spec: Spec) -> tuple[str, ...]:
    """What the card promises, and for an adapter that promises wrongly, its promise."""
    if spec.flaw == "mislabelled":
        return ("oil painting", "masterpiece", "brush strokes")
    if spec.kind == "speed":
        return ("lcm", "few steps")
    return TAGS[spec.word]


def main() -> None:
    """The program."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    print(f"{write(path)} cards written to {path}")


if __name__ == "__main__":
    main()
