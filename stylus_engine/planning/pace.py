"""How a picture is sampled: what people say, a few-step adapter sets, or suits the checkpoint.

    said by the person > set by a few-step adapter > set in the settings > the checkpoint's kind

Guidance counts as everywhere here: at 1 and below there is no negative row.  diffusers'
Z-Image counts it from 0, so its numbers are one higher here.  A few-step checkpoint is
told by its name, for nothing in its weights tells; FLUX.1's configs do.
"""

from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import NamedTuple

from stylus_engine.model import Checkpoint, Request, most_steps
from stylus_engine.model.few_step import Faster
from stylus_engine.model.noun import within
from stylus_engine.planning.few_steps import taught


class Pace(NamedTuple):
    """`steps` of denoising, `guidance` (1 = none), the sampler's name."""

    steps: int
    guidance: float
    sampler: str


OTHER = Pace(20, 5.0, "dpmpp_2m_karras")  # of odd widths, as the miniature, measured with these
# Defaults of diffusers' pipelines, other than named.  UNets take 20 steps of DPM++ for the 50
# of those pipelines, as diffusers' documentation of schedulers does.
USUAL: Mapping[str, Pace] = MappingProxyType(
    {
        "sd1": Pace(20, 7.5, "dpmpp_2m_karras"),
        "sd2": Pace(20, 7.5, "dpmpp_2m_karras"),
        "sdxl": Pace(20, 5.0, "dpmpp_2m_karras"),
        "sd3": Pace(28, 4.5, "euler"),  # the cards of SD 3.5: 3.5 for large, 4.5 for medium
        "flux1": Pace(28, 3.5, "euler"),
        "z-image": Pace(50, 6.0, "euler"),
    }
)
# Distilled checkpoints of the families that have no few-step sampler; as their cards draw.
QUICK: Mapping[str, Pace] = MappingProxyType(
    {
        "sd3": Pace(4, 1.0, "euler"),
        "flux1": Pace(4, 1.0, "euler"),
        "z-image": Pace(9, 1.0, "euler"),
    }
)


def usual(checkpoint: Checkpoint) -> Pace:
    """What suits a checkpoint of this family and kind."""
    family = checkpoint.family
    if family == "flux1":
        return USUAL[family] if checkpoint.guided else QUICK[family]
    few = taught(f"{checkpoint.name} {PurePath(checkpoint.path).name}")
    if few is None or family not in USUAL:
        return USUAL.get(family, OTHER)
    return QUICK.get(family) or Pace(few.steps, few.guidance, few.sampler)


def pace(request: Request, fast: Faster | None, checkpoint: Checkpoint) -> Pace:
    """What the grid is drawn with. Raises `OutOfRange` for more steps than the sampler has."""
    own, few, left = request.firm, fast.few if fast else None, _left(request, checkpoint)
    if few is None:
        within(f"Steps of {left.sampler}", left.steps, 1, most_steps(left.sampler))
        return left
    sampler = left.sampler if "sampler" in own or not few.sampler else few.sampler
    steps = left.steps if "steps" in own else few.steps
    within(f"Steps of {sampler}", steps, 1, most_steps(sampler))
    return Pace(steps, left.guidance if "guidance" in own else few.guidance, sampler)


def _left(request: Request, checkpoint: Checkpoint) -> Pace:
    """The request's numbers, the checkpoint's where nobody said any."""
    suits, open_ = usual(checkpoint), request.unsaid
    return Pace(
        min(suits.steps, request.steps) if "steps" in open_ else request.steps,
        suits.guidance if "guidance" in open_ else request.guidance,
        suits.sampler if "sampler" in open_ else request.sampler,
    )
