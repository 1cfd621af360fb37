"""How it is drawn on this machine, and what a picture is unless somebody says otherwise."""

from typing import Annotated, Literal

import msgspec

from bot.layers import Folder
from bot.sections.shapes import AUTO, Auto, Count, Natural, Section
from stylus_engine.model import LIMITS


class SamplingSettings(Section, frozen=True):
    """How the drawing runs on this machine."""

    slots: Count = 4
    waiting: Natural = 60
    memory_mib: Natural = 0
    device: str = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    executor: Literal["auto", "stack", "slots", "core", "bank", "merge"] = "stack"
    factor_cache_mib: Natural = 512
    factor_disk_mib: Natural = 2048
    factor_device_mib: Natural = 1024
    decode_mib: Natural = 0
    channels_last: bool = False
    offload: Literal["none", "models", "blocks"] = "none"
    quantised: Literal["none", "int8"] = "none"
    attention: Literal["auto", "flash", "efficient", "cudnn", "math"] = "auto"
    compile: Literal["none", "blocks"] = "none"
    preview_every: Natural = 0
    threads: Natural = 0


class DrawingSettings(Section, frozen=True):
    """What a request is unless it says otherwise, and the most it may ask for."""

    count: Count = 4
    steps: Count | Auto = AUTO
    guidance: Annotated[float, msgspec.Meta(ge=0)] | Auto = AUTO
    sampler: str = AUTO
    fast: str = "auto"
    always_fast: bool = False
    negative: str = ""
    most_count: Count = LIMITS.count
    most_steps: Count = LIMITS.steps
    most_edge: Count = 2048
    check: bool = False
    scorer: Folder = ""
