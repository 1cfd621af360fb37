"""The seams: one Protocol for each thing that rooms share without knowing each other.

Law of this file: shapes and promises only.  A room implements a port by having
its methods; nobody inherits from here.  What is slow is awaited; the sampler is
the exception, because one dedicated thread walks it (torch's grad mode and the
borrowed weights belong to the thread that took them).
"""

from collections.abc import AsyncGenerator, Collection, Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from stylus_engine.model import (
    Adapter,
    Candidate,
    Checkpoint,
    Event,
    Manifest,
    Measured,
    Picture,
    Plan,
    Query,
    Request,
    Shot,
    Start,
)

Vectors: TypeAlias = NDArray[np.float32]
Pixels: TypeAlias = NDArray[np.uint8]


class Embedder(Protocol):
    """Turns texts into unit vectors of one space."""

    @property
    def name(self) -> str:
        """Names the space; vectors of two names never meet in one index."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of each vector."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions), each row of length 1."""
        ...


class CardStore(Protocol):
    """All cards this installation knows."""

    def cards(self) -> Iterable[Adapter]:
        """Every card, in a stable order."""
        ...

    def get(self, card_id: str) -> Adapter:
        """The card with exactly this id. Raises `UnknownName`."""
        ...

    def find(self, name: str) -> Adapter:
        """The card a person means: an id, a name in any case. Raises `UnknownName` with near misses, `SharedName`."""
        ...

    def named(self, text: str, limit: int, after: str = "") -> Sequence[Adapter]:
        """Cards whose name holds `text` in any case, the most popular first; "" = all of them.

        `after`: the id of the last one of the stretch before, "" = from the first.
        """
        ...

    def among(self, card_ids: Sequence[str], text: str) -> Sequence[Adapter]:
        """Those of these cards, in the same order, whose name holds `text`."""
        ...

    def __len__(self) -> int:
        """How many cards there are."""
        ...


class Measures(Protocol):
    """What drawing has shown of adapters."""

    def measured(self, card_ids: Sequence[str]) -> Mapping[str, Measured]:
        """Figures of those that were checked, by card id; nobody else is in it."""
        ...


class Change(NamedTuple):
    """What happened to one card. `card` None: it is gone.

    `vector` is its description's, float32 of unit length, where the source brought
    one of the space that `vectors_of` asked for; None: embed the text.
    """

    seq: int
    card_id: str
    card: Adapter | None
    vector: Vectors | None = None


class Changes(Protocol):
    """The cards as a sequence of changes: each write of a card takes the next number.

    Only the last change of a card is kept, so reading all from 0 gives every card once.
    """

    def identity(self) -> str:
        """Which cards these are: numbers of another sequence mean something else."""
        ...

    def last(self) -> int:
        """The number of the newest change; 0 when there was none."""
        ...

    def card_of(self, seq: int) -> str:
        """The card whose last change has this number; "" when none has."""
        ...

    def number_of(self, card_id: str) -> int:
        """The number of a card's last change; 0 when there is no such card."""
        ...

    def after(self, seq: int, limit: int, vectors_of: str = "") -> Sequence[Change]:
        """At most `limit` changes after number `seq`, in order; vectors of that space with them."""
        ...


class AdapterFiles(Protocol):
    """The files behind the cards."""

    def fetch(self, adapter: Adapter) -> tuple[Path, str]:
        """Return the local path and the sha256 of its bytes now.

        Raises `AdapterFileMissing`, `AdapterChanged` when the card names another sha256.
        """
        ...


class Bringer(Protocol):
    """Sees to it that files are here before they are drawn with."""

    async def absent(self, shots: Sequence[Shot]) -> Sequence[Adapter]:
        """What these shots light, could be fetched and is not here."""
        ...

    def bring(
        self, job: str, shots: Sequence[Shot], whose: str = ""
    ) -> AsyncGenerator[Event, None]:
        """Fetch what these shots light and this machine lacks, in the turn of the person `whose`.

        `Fetching` as it comes; one `Failed` for each shot that cannot have all its files.
        Leave it with `aclosing`: that gives up what is under way.
        """
        ...


class Checkpoints(Protocol):
    """The checkpoints this installation may draw with."""

    def find(self, name: str) -> Checkpoint:
        """By name or id, "" = the default. Raises `UnknownName`, `BadCheckpoint`."""
        ...


class Tokens(Protocol):
    """How much text a checkpoint's text encoder takes."""

    def fits(self, checkpoint: Checkpoint, text: str, adapters: Sequence[Adapter] = ()) -> bool:
        """Whether nothing of `text` would be cut off (75 tokens beside the two markers for CLIP).

        The word of a textual inversion among `adapters` counts as many tokens as it has vectors.
        """
        ...


class Retriever(Protocol):
    """Finds adapters for the parts of a prompt."""

    async def recall(self, query: Query) -> Sequence[Candidate]:
        """At most `query.k` candidates, policy applied inside the index. Raises `BadIndex`."""
        ...


class Meanings(Protocol):
    """Knows what words mean, for a composer that has none to ask."""

    def knows(self, word: str) -> bool:
        """Whether it is a word at all, and so not another one misspelt."""
        ...

    def apart(self, text: str, words: Collection[str]) -> bool:
        """Whether `text` is the name of something that has nothing to do with any of `words`.

        "sea lion" is apart from "lion"; "lion cub" is not, nor is what nobody knows.
        """
        ...

    async def likeness(
        self, spans: Sequence[str], cards: Sequence[Adapter]
    ) -> Sequence[Sequence[float]]:
        """For each span and card how surely the one asks for the other, 0 … 1.

        Looks at the first cards only where there are many new ones, and gives the rest -1.
        """
        ...


class Composer(Protocol):
    """Chooses among candidates."""

    async def compose(
        self, request: Request, query: Query, candidates: Sequence[Candidate]
    ) -> Plan:
        """Assign adapters to concepts of the prompt; a plan without tasks means: draw the base model."""
        ...


class Ground(NamedTuple):
    """What a drawing starts from: uint8 (height, width, 3), and where it is drawn anew.

    `mask` is True where it is; None: everywhere.
    """

    pixels: Pixels
    mask: NDArray[np.bool_] | None = None


class Pictures(Protocol):
    """Where finished pictures are kept, and those that people bring."""

    def keep(self, pixels: Pixels, manifest: Manifest) -> Picture:
        """Store uint8 pixels of shape (height, width, 3); on return they are fsynced.

        Raises `StoreFailed`, `DiskFull`; a half-written file is never left.
        """
        ...

    def read(self, address: str) -> tuple[Pixels, Manifest | None]:
        """The picture at a content address or path. Raises `BadManifest`."""
        ...

    def ground(self, start: Start, width: int, height: int) -> Ground:
        """The picture and mask of `start`, cut and scaled to this size. Raises `BadPicture`."""
        ...


class Scorer(Protocol):
    """Tells how well pictures show what texts say; a CLIP, or something like it."""

    @property
    def name(self) -> str:
        """Says what it is, e.g. `miniature-clip`."""
        ...

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (pictures, texts), cosine-like: the higher, the more a picture shows a text.

        Synchronous: it runs on a thread of its own.
        """
        ...


class Sampler(Protocol):
    """Draws shots, many at once. Every shot ends in exactly one `Drawn` or `Failed`."""

    def admit(self, shot: Shot) -> None:
        """Take a shot in; it joins at the next step. Safe from any thread. Raises `Busy`."""
        ...

    def cancel(self, shot_id: str) -> None:
        """Let go of a shot at the next step; it ends in `Failed(kind="Cancelled")`. Safe from any thread."""
        ...

    def events(self) -> Generator[Event, None, None]:
        """Step until no admitted shot is left, telling what happens.

        Walk it, and close it, on one thread.  Closing it gives every weight back.
        """
        ...
