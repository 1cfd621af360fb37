"""Model families: what differs between them, one small file each, and nothing else.

Law of this room: a family file loads, encodes text, calls the denoiser, decodes
and knows the latents' shape.  It knows no adapter, no slot and no scheduler.
"""

from collections.abc import Mapping
from types import MappingProxyType

from stylus_engine.errors import BadCheckpoint
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families import flux, sd1, sd3, sdxl, zimage
from stylus_engine.sampling.families.parts import Family, Parts

__all__ = ["FAMILIES", "Family", "Parts", "family_of"]

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "sd1": sd1,
        "sd2": sd1,
        "sdxl": sdxl,
        "flux1": flux,
        "sd3": sd3,
        "z-image": zimage,
    }  # SD 2 is SD 1 with other widths and what its configs say
)


def family_of(checkpoint: Checkpoint) -> Family:
    """The module that draws with `checkpoint`; `sd1-96` (an unusual width) is `sd1`.

    Raises `BadCheckpoint` for a family nobody here knows.
    """
    whole = checkpoint.family
    name = whole if whole in FAMILIES else whole.split("-")[0]
    if name not in FAMILIES:
        raise BadCheckpoint(path=checkpoint.path, why=f"its family is {checkpoint.family!r}")
    return FAMILIES[name]
