"""What the rows of one forward are told beside latents and time, stacked and picked."""

from collections.abc import Sequence

import torch
from torch import Tensor

from stylus_engine.sampling.families.parts import Told
from stylus_engine.sampling.slots import Line


def pick(tensor: Tensor, rows: list[int]) -> Tensor:
    """The named rows; all of them in order without a copy, which indexing would make (on CUDA with a sync)."""
    return tensor if rows == list(range(len(tensor))) else tensor[rows]


def by_length(lines: Sequence[Line]) -> list[list[int]]:
    """The places of lines whose texts are equally long."""
    groups: dict[int, list[int]] = {}
    for at, line in enumerate(lines):
        groups.setdefault(line.text.states.shape[1], []).append(at)
    return list(groups.values())


def told_to(lines: Sequence[Line], device: torch.device) -> Told:
    """What the rows of one forward are told, stacked."""
    pooled = [line.text.pooled for line in lines if line.text.pooled is not None]
    guidance = torch.tensor([line.slot.shot.guidance for line in lines], dtype=torch.float32)
    states = torch.cat([line.text.states for line in lines])
    return Told(states, torch.cat(pooled) if pooled else None, guidance.to(device))


def some(told: Told, rows: list[int]) -> Told:
    """The named rows of what all are told."""
    pooled = None if told.pooled is None else pick(told.pooled, rows)
    guidance = None if told.guidance is None else pick(told.guidance, rows)
    return Told(pick(told.states, rows), pooled, guidance)
