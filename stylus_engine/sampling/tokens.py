"""How much text fits: the checkpoint's own tokenizer, without the checkpoint."""

# transformers types what a tokenizer is and returns loosely.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

from transformers import CLIPTokenizer, Qwen2Tokenizer, T5Tokenizer

from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families import flux, sd3, zimage
from stylus_engine.sampling.families.single import tokenizer

Tokenizer: TypeAlias = CLIPTokenizer | T5Tokenizer | Qwen2Tokenizer


class Reader(NamedTuple):
    """The tokenizer of a family that reads more than CLIP does: where it lies, and what fits.

    `most` tokens, 0 = what a chat template leaves.
    """

    folder: str
    load: Callable[..., Tokenizer]
    most: int


LONG = {
    "flux1": Reader("tokenizer_2", T5Tokenizer.from_pretrained, flux.WINDOW),
    "sd3": Reader("tokenizer_3", T5Tokenizer.from_pretrained, sd3.WINDOW),
    "z-image": Reader("tokenizer", Qwen2Tokenizer.from_pretrained, 0),
}


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
    reader, home = LONG.get(family), path.parent if path.is_file() else path
    if reader and (home / reader.folder).is_dir():
        found = reader.load(home / reader.folder, local_files_only=True)
        return found, min(reader.most or zimage.room(found), int(found.model_max_length))
    found = (
        tokenizer()
        if path.is_file()
        else CLIPTokenizer.from_pretrained(path / "tokenizer", local_files_only=True)
    )
    return found, int(found.model_max_length)
