"""Textual inversions: a word that means learned vectors, in the pictures that wear it and in no other.

A file becomes vectors for each text encoder.  Where a text says the word, its tokens
are placeholders, and the encoder's own table of words is overruled at these places of
this row: no vocabulary grows, so that two pictures of one batch may mean different
things by one word.  A word is spoken or it is not: a weight other than 0 does not scale
it (vectors that were trained at full length mean something else when they are shorter).
Source: arXiv 2208.01618; diffusers' `load_textual_inversion` is the judge.
"""

# transformers types what a tokenizer is and returns loosely.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAny=false

import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from torch import Tensor, nn

from stylus_engine.errors import AdapterNotFinite, AdapterUnsupported, AdapterWrongFamily
from stylus_engine.sampling.bases import Bases
from stylus_engine.sampling.factors import Component, Factors
from stylus_engine.sampling.files import AdapterFile, sane
from stylus_engine.sampling.stack import Row

MOST_VECTORS = 75  # what a window of 77 tokens has room for
ALONE = re.compile(r"emb_params|string_to_param\..*|<.*>")  # the one tensor of a file
SIDES: dict[str, Component] = {"clip_l": "text_encoder", "clip_g": "text_encoder_2"}
WIDTHS = {768: "sd1", 1024: "sd2", 1280: "sdxl"}
TOKENIZERS: dict[Component, str] = {
    "text_encoder": "tokenizer",
    "text_encoder_2": "tokenizer_2",
}


def is_embedding(file: AdapterFile) -> bool:
    """Whether every tensor of the file is vectors of a textual inversion."""
    if len(file.tensors) == 1 and ALONE.fullmatch(next(iter(file.tensors))):
        return True
    return bool(file.tensors) and file.tensors.keys() <= SIDES.keys()


def embedded(file: AdapterFile, bases: Bases, factors_id: str) -> Factors:
    """The vectors for each text encoder of the checkpoint, fp32 (n, width), and no layer.

    Raises `AdapterWrongFamily` where they do not fit, `AdapterUnsupported` for none or too many,
    `AdapterNotFinite` where fp32 does not hold them.
    """
    _refuse_numbers(file)
    found: dict[Component, Tensor] = {
        _side(key): _vectors(tensor) for key, tensor in file.tensors.items()
    }
    widths = {name: _width(root) for name, root in bases.modules.items() if name in TOKENIZERS}
    if {name: vectors.shape[-1] for name, vectors in found.items()} != widths:
        raise AdapterWrongFamily(name=file.name, family=_family(found), needed=bases.family)
    if max(len(vectors) for vectors in found.values()) > MOST_VECTORS:
        raise AdapterUnsupported(name=file.name, kind=f"more than {MOST_VECTORS} vectors")
    return Factors(factors_id, file.sha256, layers={}, vectors=found)


def _refuse_numbers(file: AdapterFile) -> None:
    for key, tensor in file.tensors.items():
        if not tensor.numel():
            raise AdapterUnsupported(name=file.name, kind="no vectors")
        if not sane(tensor):
            raise AdapterNotFinite(name=file.name, tensor=key)


def vectors_in(file: AdapterFile) -> int:
    """How many vectors its word means to the encoder that it means most to; 0: it is no embedding."""
    if not is_embedding(file):
        return 0
    return max(len(_vectors(tensor)) for tensor in file.tensors.values())


def length(text: str, known: Mapping[str, int], count: Callable[[str], int]) -> int:
    """The tokens of a text without markers: a `known` word's vectors, and what `count` says of the rest."""
    pieces = _pieces(text, known)
    return sum(known[piece.casefold()] if learned else count(piece) for piece, learned in pieces)


def spoken(factors: Factors, words: Sequence[str]) -> Factors:
    """The same vectors as the meaning of these words; layers are not spoken."""
    if not factors.vectors:
        return factors
    told = tuple(word.casefold() for word in words if word.strip())
    return replace(factors, id=f"{factors.id} {' '.join(told)}", words=told)


def _side(key: str) -> Component:
    return SIDES.get(key, "text_encoder")


def _vectors(tensor: Tensor) -> Tensor:
    return (
        tensor.float().reshape(-1, max(1, *tensor.shape[-1:]))
        if tensor.ndim
        else tensor.reshape(1, 1)
    )


def _width(encoder: nn.Module) -> int:
    return int(cast("Any", encoder).config.hidden_size)


def _family(found: Mapping[Component, Tensor]) -> str:
    width = max(vectors.shape[-1] for vectors in found.values())
    return WIDTHS.get(width, f"sd1-{width}")


@dataclass(slots=True)
class Line:
    """One text as tokens: `ids` without markers, `spots` where vectors go, `said` what is left of it."""

    ids: list[int] = field(default_factory=list[int])
    spots: dict[int, Tensor] = field(default_factory=dict[int, Tensor])
    said: list[str] = field(default_factory=list[str])


class Speller:
    """A tokenizer for the texts of one batch, each with the words that its row has learned.

    Called as families call theirs: texts that hold no learned word come out as they do there.
    """

    def __init__(self, tokenizer: Any, component: Component, rows: Sequence[Row]) -> None:  # noqa: ANN401 - tokenizers have no common typed base
        self.lines: dict[int, Line] = {}
        self._tokenizer = tokenizer
        self._meanings = [dict(_meanings(row, component)) for row in rows]

    @property
    def model_max_length(self) -> int:
        """The window, both markers included."""
        return int(self._tokenizer.model_max_length)

    def __call__(self, texts: Sequence[str], **how: Any) -> Any:  # noqa: ANN401 - as the tokenizer's own
        """Ids and mask of shape (B, window)."""
        batch = self._tokenizer(list(texts), **how)
        self.lines = {}
        for row, (text, known) in enumerate(zip(texts, self._meanings, strict=True)):
            pieces = list(_pieces(text, known))
            if any(learned for _, learned in pieces):
                self.lines[row] = line = self._line(pieces, known)
                self._write(batch, row, line.ids)
        return batch

    def decode(self, *told: Any, **how: Any) -> str:  # noqa: ANN401 - as the tokenizer's own
        """See the tokenizer's own."""
        return str(self._tokenizer.decode(*told, **how))

    def said(self, row: int) -> str | None:
        """What was left of a text with learned words; None: it has none."""
        line = self.lines.get(row)
        return None if line is None else " ".join(line.said)

    def _line(self, pieces: Sequence[tuple[str, bool]], known: Mapping[str, Tensor]) -> Line:
        """As much as the window holds; of a learned word all its vectors or nothing."""
        line, room = Line(), self.model_max_length - 2
        for piece, learned in pieces:
            left = room - len(line.ids)
            vectors = known[piece.casefold()] if learned else ()
            if not learned:
                ids = self._tokenizer(piece, add_special_tokens=False).input_ids[:left]
                line.ids += ids
                line.said.append(self.decode(ids).strip())
            elif len(vectors) <= left:
                at = len(line.ids) + 1  # after the first marker
                line.spots |= {at + n: vector for n, vector in enumerate(vectors)}
                line.ids += [self._nobody] * len(vectors)
                line.said.append(piece)
            else:
                break
        line.said = [each for each in line.said if each]
        return line

    @property
    def _nobody(self) -> int:
        """An id that marks no end: the pooled text is read at the end of the text."""
        return 0 if self._tokenizer.eos_token_id != 0 else 1

    def _write(self, batch: Any, row: int, ids: Sequence[int]) -> None:  # noqa: ANN401 - as the tokenizer's own
        words = self._tokenizer
        whole = [words.bos_token_id, *ids, words.eos_token_id]
        padded = whole + [words.pad_token_id] * (self.model_max_length - len(whole))
        batch.input_ids[row] = batch.input_ids.new_tensor(padded)
        batch.attention_mask[row] = 0
        batch.attention_mask[row, : len(whole)] = 1

    @contextmanager
    def heard(self, encoder: nn.Module, rows: Sequence[int]) -> Generator[None]:
        """Within, row b of a forward of `encoder` is text number `rows[b]`, learned words and all."""

        def overrule(_: nn.Module, __: object, output: Tensor) -> None:
            for at, row in enumerate(rows):
                for spot, vector in self._spots(row):
                    output[at, spot] = vector.to(output)

        if not any(row in self.lines for row in rows):
            yield
            return
        table = cast("Any", encoder).get_input_embeddings()
        handle = table.register_forward_hook(overrule)
        try:
            yield
        finally:
            handle.remove()

    def _spots(self, row: int) -> Iterator[tuple[int, Tensor]]:
        if line := self.lines.get(row):
            yield from line.spots.items()


def spellers(parts: Any, rows: Sequence[Row]) -> dict[Component, Speller]:  # noqa: ANN401 - `Parts`; its tokenizers are loosely typed
    """One for each text encoder that reads learned words; none where no row wears any."""
    found: set[Component] = {name for row in rows for each, _ in row for name in each.vectors}
    return {name: Speller(getattr(parts, TOKENIZERS[name]), name, rows) for name in sorted(found)}


def _meanings(row: Row, component: Component) -> Iterator[tuple[str, Tensor]]:
    for factors, _ in row:
        if component in factors.vectors:
            yield from ((word, factors.vectors[component]) for word in factors.words)


def _pieces(text: str, known: Collection[str]) -> Iterator[tuple[str, bool]]:
    """The text, cut where it says a known word, and whether a piece is one: whole words, the longest first."""
    if not known:
        yield text, False
        return
    longest = sorted(known, key=len, reverse=True)
    pattern = rf"(?<!\w)({'|'.join(map(re.escape, longest))})(?!\w)"
    for number, piece in enumerate(re.split(pattern, text, flags=re.IGNORECASE)):
        # The pattern takes İ and ı for i, of which case folding makes other letters.
        if number % 2 and piece.casefold() in known:
            yield piece, True
        elif piece.strip():
            yield piece, False
