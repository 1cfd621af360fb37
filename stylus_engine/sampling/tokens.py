"""How much text fits: the checkpoint's own tokenizer, without the checkpoint."""

# transformers types what a tokenizer is and returns loosely.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from pathlib import Path

from transformers import CLIPTokenizer

from stylus_engine.model import Checkpoint


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
            folder = Path(checkpoint.path) / "tokenizer"
            loaded = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
            self._tokenizers[checkpoint.id] = loaded
        return self._tokenizers[checkpoint.id]
