"""How much text fits: the checkpoint's own tokenizer, without the checkpoint.

The families' modules load diffusers, a fifth of a planner's start: they are
imported for a checkpoint that needs them, and one in a folder with CLIP alone does not.
"""

# transformers types what a tokenizer is and returns loosely.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

from transformers import CLIPTokenizer, Qwen2Tokenizer, T5Tokenizer

from stylus_engine.model import Checkpoint

Tokenizer: TypeAlias = CLIPTokenizer | T5Tokenizer | Qwen2Tokenizer


class Reader(NamedTuple):
    """The tokenizer of a family that reads more than CLIP does: where it lies, and what fits.

    `most` tokens, 0 = what a chat template leaves.
    """

    folder: str
    load: Callable[..., Tokenizer]
    most: int


class OwnTokens:
    """Implements the `Tokens` port by a checkpoint's own tokenizer; a planner needs no weights for it."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Tokenizer, int]] = {}

    def fits(self, checkpoint: Checkpoint, text: str) -> bool:
        """Whether `text` and its markers stay within the window: CLIP's 77 tokens as a rule."""
        if checkpoint.id not in self._known:
            self._known[checkpoint.id] = _loaded(Path(checkpoint.path), checkpoint.family)
        tokenizer, most = self._known[checkpoint.id]
        return len(tokenizer(text, truncation=False, verbose=False).input_ids) <= most


def _loaded(path: Path, family: str) -> tuple[Tokenizer, int]:
    """A single file has no tokenizer of its own, one of FLUX.1 its folder's; SD 3 may lack T5."""
    reader, home = _reader(family), path.parent if path.is_file() else path
    if reader and (home / reader.folder).is_dir():
        found = reader.load(home / reader.folder, local_files_only=True)
        return found, min(reader.most or _room(found), int(found.model_max_length))
    found = (
        _packaged()
        if path.is_file()
        else CLIPTokenizer.from_pretrained(path / "tokenizer", local_files_only=True)
    )
    return found, int(found.model_max_length)


def _reader(family: str) -> Reader | None:
    """None where CLIP reads alone."""
    match family:
        case "flux1":
            from stylus_engine.sampling.families import flux

            return Reader("tokenizer_2", T5Tokenizer.from_pretrained, flux.WINDOW)
        case "sd3":
            from stylus_engine.sampling.families import sd3

            return Reader("tokenizer_3", T5Tokenizer.from_pretrained, sd3.WINDOW)
        case "z-image":
            return Reader("tokenizer", Qwen2Tokenizer.from_pretrained, 0)
        case _:
            return None


def _room(tokenizer: Tokenizer) -> int:
    from stylus_engine.sampling.families import zimage

    return zimage.room(tokenizer)


def _packaged() -> Tokenizer:
    from stylus_engine.sampling.families.single import tokenizer

    return tokenizer()
