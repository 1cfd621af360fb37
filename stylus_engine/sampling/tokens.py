"""How much text fits: the checkpoint's own tokenizer, without the checkpoint."""

# transformers types what a tokenizer is and returns loosely.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from pathlib import Path

from transformers import CLIPTokenizer

from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families.single import tokenizer


class ClipTokens:
    """Implements the `Tokens` port for CLIP text encoders; a planner needs no weights for it."""

    def __init__(self) -> None:
        self._tokenizers: dict[str, CLIPTokenizer] = {}

    def fits(self, checkpoint: Checkpoint, text: str) -> bool:
        """Whether `text` and its two markers stay within the window (77 tokens as a rule)."""
        tokenizer = self._tokenizer(checkpoint)
        ids = tokenizer(text, truncation=False, verbose=False).input_ids
        return len(ids) <= int(tokenizer.model_max_length)

    def _tokenizer(self, checkpoint: Checkpoint) -> CLIPTokenizer:
        if checkpoint.id not in self._tokenizers:
            self._tokenizers[checkpoint.id] = _loaded(Path(checkpoint.path))
        return self._tokenizers[checkpoint.id]


def _loaded(path: Path) -> CLIPTokenizer:
    """A single file has no tokenizer of its own."""
    if path.is_file():
        return tokenizer()
    return CLIPTokenizer.from_pretrained(path / "tokenizer", local_files_only=True)
