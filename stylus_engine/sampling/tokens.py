"""How much text fits: the checkpoint's own tokenizer, without the checkpoint.

The families' modules load diffusers, a fifth of a planner's start: they are
imported for a checkpoint that needs them, and one in a folder with CLIP alone does not;
so is what reads learned words.
"""

# transformers types what a tokenizer is and returns loosely.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from transformers import CLIPTokenizer, Qwen2Tokenizer, T5Tokenizer

from stylus_engine.errors import StylusError
from stylus_engine.model import Adapter, Checkpoint
from stylus_engine.ports import AdapterFiles

Tokenizer: TypeAlias = CLIPTokenizer | T5Tokenizer | Qwen2Tokenizer


class Reader(NamedTuple):
    """The tokenizer of a family that reads more than CLIP does: where it lies, and what fits.

    `most` tokens, 0 = what a chat template leaves.
    """

    folder: str
    load: Callable[..., Tokenizer]
    most: int


HALVES = {"sd1": 2 * 768, "sd2": 2 * 1024, "sdxl": 2 * (768 + 1280)}  # bytes of one vector


class OwnTokens:
    """Implements the `Tokens` port by a checkpoint's own tokenizer; a planner needs no weights for it.

    `files` tell how many vectors a textual inversion has; of one whose file is not here
    yet its size does, as if it were in half precision: rather a word too few than one cut.
    """

    def __init__(self, files: AdapterFiles | None = None) -> None:
        self._files = files
        self._known: dict[str, tuple[Tokenizer, int]] = {}
        self._counted: dict[str, int] = {}  # by the file's sha256

    def fits(self, checkpoint: Checkpoint, text: str, adapters: Sequence[Adapter] = ()) -> bool:
        """Whether `text` and its markers stay within the window: CLIP's 77 tokens as a rule."""
        if checkpoint.id not in self._known:
            self._known[checkpoint.id] = _loaded(Path(checkpoint.path), checkpoint.family)
        tokenizer, most = self._known[checkpoint.id]
        learned = [each for each in adapters if each.kind == "embedding"]
        if learned and isinstance(tokenizer, CLIPTokenizer):
            return self._length(tokenizer, text, learned) <= most
        return _count(tokenizer, text) <= most

    def _length(self, tokenizer: Tokenizer, text: str, learned: Sequence[Adapter]) -> int:
        from stylus_engine.sampling.embeddings import length

        known = {word.casefold(): self._vectors(each) for each in learned for word in each.words}
        marks = _count(tokenizer, "")
        return marks + length(text, known, lambda piece: _count(tokenizer, piece) - marks)

    def _vectors(self, adapter: Adapter) -> int:
        from stylus_engine.sampling.embeddings import vectors_in
        from stylus_engine.sampling.files import read_adapter

        if self._files is None:
            return _by_size(adapter)
        try:
            path, sha256 = self._files.fetch(adapter)
            if sha256 not in self._counted:
                self._counted[sha256] = vectors_in(read_adapter(path, adapter.name, sha256))
        except StylusError:  # told when it is drawn with
            return _by_size(adapter)
        return self._counted[sha256]


def _count(tokenizer: Tokenizer, text: str) -> int:
    return len(tokenizer(text, truncation=False, verbose=False).input_ids)


def _by_size(adapter: Adapter) -> int:
    width = HALVES.get(adapter.family, min(HALVES.values()))
    return max(1, adapter.file_bytes // width)


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
