"""What people call base models, as our families: `Illustrious` is an `sdxl` of base `illustrious`.

The names are those of Civitai's list, A1111's drop-down and what sidecars make of them.
A claim is only a claim: where the file tells, the file wins.
"""

import re
from functools import lru_cache
from typing import NamedTuple

UNKNOWN = "unknown"
SIZES_OF_SD = {768: "sd1", 1024: "sd2"}  # cross-attention width -> family
_OURS = re.compile(r"sd1-\d{1,5}")  # a family by its width, as the miniature's


class Base(NamedTuple):
    """`family` as in `Checkpoint.family`; `base` where people tell finer, else ""."""

    family: str
    base: str = ""


# First match wins; names are lower case, their spaces, dots and dashes gone.
_RULES: tuple[tuple[str, Base], ...] = (
    (r"pony(?!v7).*", Base("sdxl", "pony")),
    (r"illustrious.*", Base("sdxl", "illustrious")),
    (r"noobai.*", Base("sdxl", "noobai")),
    (r"(sd|stablediffusion)?xl.*", Base("sdxl")),
    (r"(sd|stablediffusion)v?1\d?.*", Base("sd1")),
    (r"(sd|stablediffusion)v?2\d?.*", Base("sd2")),
    (r"(sd|stablediffusion)v?3\d?.*", Base("sd3")),
    (r"flux(1.*|d|s|dev|schnell|kontext|krea)?", Base("flux1")),
    (r"flux2.*", Base("flux2")),
    (r"krea2?", Base("krea2")),
    (r"qwen.*", Base("qwen-image")),
    (r"wan.*", Base("wan")),
    (r"hunyuanvideo.*", Base("hunyuan-video")),
    (r"hunyuan1.*", Base("hunyuan-dit")),
    (r"zimage.*", Base("z-image")),
    (r"lumina.*", Base("lumina2")),
    (r"pixart.*", Base("pixart")),
    (r"ltx.*", Base("ltx")),
    (r"cogvideox.*", Base("cogvideox")),
)


@lru_cache(maxsize=512)  # an archive names the same few a hundred thousand times
def base_of(name: str) -> Base:
    """The family and base that a name means; a name nobody knows is a family of its own."""
    if _OURS.fullmatch(name):
        return Base(name)
    bare = re.sub(r"[\W_]+", "", name[:80]).lower()
    for pattern, base in _RULES:
        if re.fullmatch(pattern, bare):
            return base
    return Base(bare if bare and bare not in {"other", "unknown"} else UNKNOWN)
