"""Words that names of files run together: `x_Lightning4Step` says `Lightning 4 Step`, `TurboXL4s` says `Turbo XL 4 steps`.

What few-step adapters are named with is parted, and their steps from whatever stands
before; other words only where small letters meet large ones.
"""

import re

_FAMILY = r"(?:lightning|hyper|turbo|lcm|tcd|pcm|dmd2?)"
_BARE = "sdxl|xl|pony|illustrious|noobai"
# With its number, which counts no steps: of `SD15_8steps` only the 8 does.
_BASE = rf"(?:{_BARE}|sd(?:v?[1-3][0-9]?)?|flux1?)"
_SHORT_OF_STEPS = rf"(?:{_BARE}|sd(?:v?[1-3][0-9]?)??|flux1??)"  # `Hyper-SD1step` has no number
_FEW = r"(?:1[26]|[1-9])"  # of `4s`; `80s` and `90s` are decades
_END = r"(?=lora|unet|cfg|fp16|v[0-9]|[^a-z0-9]|$|(?-i:(?<=[a-z])[A-Z]))"
_COUNTED = rf"steps?{_END}"  # `step1000` is how long somebody trained
_KNOWN = re.compile(
    rf"{_FAMILY}|{_BASE}|loras?|unet|weights|cfg|fp16|v[0-9]+|steps?|(?<![0-9])[0-9]{{1,2}}(?![0-9])",
    re.IGNORECASE,
)
# Atomic: names are anybody's text, and `sd1sd1sd1…` could be read in 2ⁿ ways.
_ALL_KNOWN = re.compile(rf"(?>{_KNOWN.pattern})++", re.IGNORECASE)
_SHORT = re.compile(
    rf"((?:{_FAMILY}[_.-]?{_BASE}|{_BASE}[_.-]?{_FAMILY})[_.-]?{_FEW})s{_END}", re.IGNORECASE
)  # beside a base: a `911_Turbo_4S` is a car
_IN_STEPS = re.compile(
    rf"{_FAMILY}(?:[_.-]?{_SHORT_OF_STEPS})?(?=(?:1[0-9]|[1-9])[\s_-]?{_COUNTED})",
    re.IGNORECASE,
)
_STEPS = re.compile(rf"(?<=[a-z])(?=[0-9]{{1,2}}{_COUNTED})", re.IGNORECASE)
_SEAM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RUN = re.compile(r"[A-Za-z0-9]+")


def parted(name: str) -> str:
    """The name with its words apart; what stands between them already stays."""
    name = _SHORT.sub(r"\1steps", name)
    name = _IN_STEPS.sub(r" \g<0> ", name)
    name = _STEPS.sub(" ", name)
    return _RUN.sub(lambda run: _cut(run[0]), name)


def _cut(run: str) -> str:
    """Letters and digits without a gap."""
    pieces = [run] if _ALL_KNOWN.fullmatch(run) else _SEAM.split(run)
    return " ".join(_known(piece) for piece in pieces)


def _known(piece: str) -> str:
    return " ".join(_KNOWN.findall(piece)) if _ALL_KNOWN.fullmatch(piece) else piece
