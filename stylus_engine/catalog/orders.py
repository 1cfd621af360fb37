"""What a person may ask of the catalogue, and what a round over its cards came to.

An order says where cards come from in plain values; `assembly` makes the source of it.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from stylus_engine.catalog.nouns import Skipped
from stylus_engine.model import Adapter, Fetching
from stylus_engine.model.noun import Noun


class FromCivitai(Noun, frozen=True, kw_only=True):
    """Of Civitai's list. `bases` are its own names (`SD 1.5`, `SDXL 1.0`), none = all.

    `whole`: also what did not get a new version since the last walk, for flags that changed.
    """

    bases: tuple[str, ...] = ()
    most: int = 0  # cards; 0 = all
    whole: bool = False


class FromHub(Noun, frozen=True, kw_only=True):
    """Of the Hugging Face Hub: repositories tagged as LoRA, of one author or of all.

    `probing`: the header of each file is read too, which costs a request or two a file.
    `whole`: also what did not change since the last walk.
    """

    search: str = ""
    author: str = ""
    probing: bool = False
    most: int = 0
    whole: bool = False


class FromFolder(Noun, frozen=True, kw_only=True):
    """A folder of this machine. `enrich`: also ask Civitai what it knows of these files."""

    path: str
    enrich: bool = False


class FromStylusDocs(Noun, frozen=True, kw_only=True):
    """The paper's archive. `vectors`: take the stored ones too, for whoever queries in their space."""

    path: str
    vectors: bool = False


class FromCards(Noun, frozen=True, kw_only=True):
    """A file of cards, JSON lines or CSV, as `export` writes them."""

    path: str


Order: TypeAlias = FromCivitai | FromHub | FromFolder | FromStylusDocs | FromCards


class Step(Noun, frozen=True, kw_only=True):
    """How far a round is. `of` 0: nobody counted."""

    done: int
    of: int = 0
    skipped: int = 0
    name: str = ""  # what is in hand


class Round(Noun, frozen=True, kw_only=True):
    """What a round came to: cards that learned something, those passed over by reason, its cost.

    `facts` are further figures by name, in the order in which they are told.  `stopped` is the
    class name of the error that ended it early, and its sentence: what came before is kept,
    and was paid for.
    """

    learned: int = 0
    skipped: Mapping[str, int] = msgspec.field(default_factory=dict[str, int])
    examples: tuple[Skipped, ...] = ()
    facts: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    stopped: tuple[str, str] | None = None


class Brought(Noun, frozen=True):
    """What somebody brings: an address, or the bytes of a file and how it was called."""

    url: str = ""
    data: bytes = b""
    name: str = ""


class Arrived(Noun, frozen=True, kw_only=True):
    """One adapter that somebody brought. `why_not` "": it is found from now on."""

    adapter: Adapter
    fresh: bool = True  # False: it was known already
    why_not: str = ""


TellStep: TypeAlias = Callable[[Step], None]
TellFetching: TypeAlias = Callable[[Fetching], None]


class Pinned(Noun, frozen=True, kw_only=True):
    """A file that stays. `own`: it lies in a folder of its owner, where nothing is ever removed."""

    card_id: str
    name: str
    file_bytes: int = 0
    own: bool = False
