"""What a stored picture says of itself, so that it can be drawn again."""

from typing import Literal

import msgspec

from stylus_engine.model.noun import Noun
from stylus_engine.model.shot import Shot


class Lit(Noun, frozen=True, kw_only=True):
    """An adapter as a manifest names it: by the bytes of its file."""

    card_id: str
    name: str
    file_sha256: str
    weight: float


class Survival(Noun, frozen=True, kw_only=True):
    """What a look at the finished picture said. `by`: the scorer; `lost`: lit concepts that do not show.

    `repaired`: this is the second drawing, with other weights than were planned.
    """

    by: str
    lost: tuple[str, ...] = ()
    repaired: bool = False


class Ran(Noun, frozen=True, kw_only=True):
    """Some steps of a picture: how its adapters were worn meanwhile.

    `executor`: stack, slots, core, core+slots, bank or merge.  `why`: asked (by the
    settings), bare (nothing was worn), first (the model had not been watched at work
    yet), cheapest, or offloaded and quantised: the cheapest that leaves such weights
    alone; `over` is the one that would have come next.
    """

    executor: str
    steps: int
    why: str
    over: str = ""


class Manifest(Noun, frozen=True, kw_only=True):
    """Everything that decides the pixels of one picture.

    `encoded` and `encoded_negative` are the texts after truncation to the token
    window, as the text encoder saw them; `versions` names the libraries whose
    arithmetic drew it, `how` the ways of this machine that change pixels: device,
    precision, and what the settings add.  `ran` moves pixels by rounding only.
    """

    v: Literal[1] = 1
    shot: Shot
    checkpoint: str  # sha256 id
    adapters: tuple[Lit, ...] = ()
    mask: str = ""
    encoded: str
    encoded_negative: str = ""
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    how: dict[str, str] = msgspec.field(default_factory=dict)
    ran: tuple[Ran, ...] = ()
    survival: Survival | None = None  # None: nobody looked, or all was well


class Readied(Noun, frozen=True, kw_only=True):
    """How one adapter of a picture came to be ready to draw with, and how long the picture waited for it.

    `how`: memory (it was there), ahead (it was there because somebody had named or
    guessed it), shelf (converted before, read from the disk) or converted (from its file).
    """

    name: str
    how: Literal["memory", "ahead", "shelf", "converted"]
    seconds: float = 0.0


class Picture(Noun, frozen=True, kw_only=True):
    """A picture that is safely on disk. `id` is the sha256 of the PNG file's bytes.

    `readied` stands beside the file and not in it: equal pictures are equal files.
    """

    id: str
    path: str
    width: int
    height: int
    manifest: Manifest
    readied: tuple[Readied, ...] = ()
