"""How much text fits: the checkpoint's own tokenizer, without the checkpoint."""

# transformers types what a tokenizer is and returns loosely.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from pathlib import Path
from typing import TypeAlias

from transformers import CLIPTokenizer, T5Tokenizer

from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families import flux, sd3
from stylus_engine.sampling.families.single import tokenizer

LONG = {"flux1": ("tokenizer_2", flux.WINDOW), "sd3": ("tokenizer_3", sd3.WINDOW)}  # T5's
Tokenizer: TypeAlias = CLIPTokenizer | T5Tokenizer


class ClipTokens:
    """Implements the `Tokens` port for the tokenizer that a family goes by; a planner needs no weights for it."""

    def __init__(self) -> None:
        self._tokenizers: dict[str, Tokenizer] = {}

    def fits(self, checkpoint: Checkpoint, text: str) -> bool:
        """Whether `text` and its two markers stay within the window (CLIP's 77 tokens; T5's 512 or 256)."""
        tokenizer = self._tokenizer(checkpoint)
        most = LONG.get(checkpoint.family, ("", flux.WINDOW))[1]
        ids = tokenizer(text, truncation=False, verbose=False).input_ids
        return len(ids) <= min(most, int(tokenizer.model_max_length))

    def _tokenizer(self, checkpoint: Checkpoint) -> Tokenizer:
        if checkpoint.id not in self._tokenizers:
            self._tokenizers[checkpoint.id] = _loaded(Path(checkpoint.path), checkpoint.family)
        return self._tokenizers[checkpoint.id]


def _loaded(path: Path, family: str) -> Tokenizer:
    """A single file has no tokenizer of its own."""
    if path.is_file():
        return tokenizer()
    if family in LONG and (path / LONG[family][0]).is_dir():
        return T5Tokenizer.from_pretrained(path / LONG[family][0], local_files_only=True)
    return CLIPTokenizer.from_pretrained(path / "tokenizer", local_files_only=True)
