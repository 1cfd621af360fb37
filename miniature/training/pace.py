"""Learning rate, running mean of weights, saved state and the log line. Knows no model."""

# torch leaves some of its calls untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn
from torch.optim import Optimizer


def one_cycle(step: int, steps: int, peak: float, warm: float = 0.05) -> float:
    """The learning rate at `step`: a linear rise over the first `warm` of all steps, then a cosine fall to 2 %."""
    done = step / steps
    if done < warm:
        return peak * (0.05 + 0.95 * done / warm)
    fall = (done - warm) / (1 - warm)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * fall)))


def set_rate(optimizer: Optimizer, rate: float) -> None:
    """Gives every group of the optimizer this learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


class RunningMean:
    """The exponential mean of a model's weights; its memory grows with the steps up to `decay`."""

    def __init__(self, model: nn.Module, decay: float = 0.999) -> None:
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    def update(self, model: nn.Module, step: int) -> None:
        """Moves the mean towards the model as it stands after `step`."""
        keep = min(self.decay, (1 + step) / (20 + step))
        for name, value in model.state_dict().items():
            mean = self.weights[name]
            if mean.is_floating_point():
                mean.lerp_(value.detach(), 1 - keep)


def save_state(path: Path, state: Mapping[str, object]) -> None:
    """Writes a training's state whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    torch.save(state, half)
    half.replace(path)


class Log:
    """One line every `every` steps: mean loss since the last line, seconds a step, minutes left."""

    def __init__(self, name: str, steps: int, every: int = 50) -> None:
        self.name, self.steps, self.every = name, steps, every
        self.since, self.losses = time.monotonic(), list[float]()

    def step(self, step: int, loss: float) -> None:
        """Counts one finished step."""
        self.losses.append(loss)
        if len(self.losses) < self.every and step + 1 < self.steps:
            return
        each = (time.monotonic() - self.since) / len(self.losses)
        left = (self.steps - step - 1) * each / 60
        mean = sum(self.losses) / len(self.losses)
        clock = time.strftime("%H:%M:%S")
        line = f"{clock} {self.name} {step + 1}/{self.steps} loss {mean:.4f} {each:.3f} s/step {left:.0f} min left\n"
        sys.stdout.write(line)
        sys.stdout.flush()
        self.since, self.losses = time.monotonic(), []
