"""Whether a grid fits into the memory: what was counted, what is free, and the setting that helps."""

from collections.abc import Iterator
from typing import NamedTuple

from bot.sections import DrawingSettings, SamplingSettings
from stylus_engine.model.need import Need, Weights
from stylus_engine.planning.executors import unfit

GIB, MIB = 2**30, 2**20
BASES = ("unet", "transformer")
OFFLOADS = ("none", "models", "blocks")


class Way(NamedTuple):
    """How a grid is drawn: pictures at once, and where and how weights are kept."""

    slots: int
    offload: str
    quantised: str


def fits(need: Need, way: Way, memory_mib: int) -> bool:
    """Whether weights and one step find room; where nobody knows what is free they do."""
    return not need.free or _taken(need, way, memory_mib) <= need.free


def helping(
    need: Need, sampling: SamplingSettings, drawing: DrawingSettings
) -> dict[str, str | int]:
    """The settings that make it fit, first those that change no picture; {} = none do."""
    now = way_of(sampling, drawing.count)
    for way in _ways(need, now):
        if fits(need, way, sampling.memory_mib):
            before = now._asdict()
            found = {key: value for key, value in way._asdict().items() if value != before[key]}
            return found | (_waiting(way, sampling, drawing) if "slots" in found else {})
    return {}


def _waiting(
    way: Way, sampling: SamplingSettings, drawing: DrawingSettings
) -> dict[str, str | int]:
    """Who gives up slots must let more wait: the settings hold one request at least."""
    wanted = drawing.most_count - way.slots
    return {"waiting": wanted} if wanted > sampling.waiting else {}


def way_of(sampling: SamplingSettings, count: int) -> Way:
    """As it is set."""
    return Way(min(count, sampling.slots), sampling.offload, sampling.quantised)


def told(need: Need, way: Way, size: str, memory_mib: int) -> str:
    """`1.7 GiB of weights and 0.5 GiB for a step of 4 pictures of 512 × 512, counted; 3.1 GiB are free`."""
    free = f"{_gib(need.free)} free" if need.free else "this system does not say what is free"
    held = f"{_gib(held_at_once(need, way))} of weights{_kept(way)}"
    if not need.step:
        return (
            f"{held}, counted in the files; what a step takes beside them was not counted; {free}"
        )
    pictures = "1 picture" if way.slots == 1 else f"{way.slots} pictures"
    step = f"{_gib(_step(need, way, memory_mib))} for a step of {pictures} of {size}"
    return f"{held} and {step}, counted without adapters; {free}"


def held_at_once(need: Need, way: Way) -> int:
    """Bytes of weights that lie on the device at the same time; of a denoiser by blocks, no block."""
    if way.offload == "none" or need.device == "cpu":
        return sum(_bytes(each, way) for each in need.weights)
    there = [each for each in need.weights if way.offload == "models" or each.part not in BASES]
    return max((_bytes(each, way) for each in there), default=0)


def _taken(need: Need, way: Way, memory_mib: int) -> int:
    return held_at_once(need, way) + need.times * _step(need, way, memory_mib)


def _step(need: Need, way: Way, memory_mib: int) -> int:
    """`memory_mib` parts a step that is larger, down to one picture."""
    most = memory_mib * MIB or need.step * way.slots
    return max(need.step, min(need.step * way.slots, most))


def _ways(need: Need, now: Way) -> Iterator[Way]:
    """For each way to keep weights as many pictures at once as are asked for, then fewer."""
    for kept in _kept_ways(need, now):
        least = 1 if need.step else now.slots
        for slots in range(now.slots, least - 1, -1):
            yield kept._replace(slots=slots)


def _kept_ways(need: Need, now: Way) -> Iterator[Way]:
    offloads = OFFLOADS if need.device != "cpu" else OFFLOADS[:1]
    further = offloads[offloads.index(now.offload) :] if now.offload in offloads else (now.offload,)
    for quantised in dict.fromkeys((now.quantised, "int8")):
        for offload in further:
            if not unfit(offload, quantised):
                yield now._replace(offload=offload, quantised=quantised)


def _bytes(weights: Weights, way: Way) -> int:
    return weights.whole if way.quantised == "none" else weights.eight


def _kept(way: Way) -> str:
    return "" if way.offload == "none" else f" at once (offload {way.offload})"


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{max(1, round(size / MIB))} MiB"
