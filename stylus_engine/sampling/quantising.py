"""A base in eight bits: half of half precision's memory, and other pictures than the checkpoint's own.

Every linear layer of the denoiser becomes int8 with a scale for each row (optimum-quanto);
convolutions stay, as they lose six times as much (measured on the tiny checkpoint).
Adapters are added beside it in the precision that is drawn in.
"""

# quanto is not typed.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from dataclasses import replace

import torch
from optimum.quanto import freeze, qint8, quantize
from torch import nn

from stylus_engine.sampling.families.parts import Parts


def quantised(parts: Parts, kind: str) -> Parts:
    """The same parts with their denoiser so; their `how` says it."""
    if kind == "none":
        return parts
    # Inference tensors could not be moved later: moving an int8 weight exchanges tensors.
    with torch.inference_mode(mode=False), torch.no_grad():
        others = [
            path for path, each in parts.unet.named_modules() if not isinstance(each, nn.Linear)
        ]
        quantize(parts.unet, weights=qint8, exclude=others)
        freeze(parts.unet)
    return replace(parts, how=(*parts.how, ("quantised", kind)))
