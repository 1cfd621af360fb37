"""What a machine could do at most: its rate of products, its rate of reading, and what a grid asks of both."""

import time
from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.table import Row, Spread
from stylus_engine.model import Shot
from stylus_engine.sampling.families import Parts, family_of
from stylus_engine.sampling.families.parts import Told
from stylus_engine.sampling.stack import Row as Worn

# diffusers' configs are typed loosely.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

EDGE = 2048  # of the product that the rate is measured with
STRETCH = 2**26  # numbers that are read to measure how fast memory is
TRIES = 5


@torch.inference_mode()
def tax(parts: Parts, shots: Sequence[Shot], rows: Sequence[Worn]) -> float:
    """FLOPs of the stacked factors in one UNet forward / FLOPs of the bare UNet."""
    ranks: dict[str, int] = {}
    union = {factors.id: factors for row in rows for factors, _ in row}
    for factors in union.values():
        for (component, path), layer in factors.layers.items():
            if component == "unet":
                ranks[path] = ranks.get(path, 0) + layer.rank
    extra = 0

    def watch(path: str) -> Callable[[nn.Module, object, torch.Tensor], None]:
        def hook(module: nn.Module, _: object, output: torch.Tensor) -> None:
            nonlocal extra
            weight = module.get_parameter("weight")
            places = output.numel() // weight.shape[0]
            extra += 2 * places * ranks[path] * (weight[0].numel() + weight.shape[0])

        return hook

    hooks = [parts.unet.get_submodule(path).register_forward_hook(watch(path)) for path in ranks]
    try:
        base = flops(parts, shots)
    finally:
        for hook in hooks:
            hook.remove()
    return extra / base


@torch.inference_mode()
def flops(parts: Parts, shots: Sequence[Shot]) -> int:
    """Of one bare forward, one row a shot; attention as plain products, so that it is counted on a CPU too."""
    family, count = family_of(parts.checkpoint), len(shots)
    here = {"device": parts.device, "dtype": parts.dtype}
    _, channels, height, width = family.latent_shape(parts, shots[0].width, shots[0].height)
    latents = torch.zeros(count, channels, height, width, device=parts.device)
    states = torch.zeros(count, 77, parts.unet.config["cross_attention_dim"], **here)
    pooled = None
    if parts.text_encoder_2 is not None:
        pooled = torch.zeros(count, parts.text_encoder_2.config.projection_dim, **here)
    times = torch.ones(count, device=parts.device)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        family.denoise(parts, latents, times, Told(states, pooled))
    return counter.get_total_flops()


def limits(
    case: str, parts: Parts, shots: Sequence[Shot], ours: Spread | str, settle: Callable[[], None]
) -> list[Row]:
    """The denoiser's products at this machine's best rate, and its weights read once a step."""
    guided = 2 if shots[0].guidance > 1 else 1
    steps = shots[0].steps
    work = flops(parts, shots) * guided * steps
    size = sum(p.numel() * p.element_size() for p in parts.unet.parameters()) * steps
    rate, speed = products(parts, settle), reading(parts, settle)
    asked = f"{work / 1e9:.0f} GFLOP at {rate.median / 1e9:.0f} GFLOP/s"
    read = f"{size / 1e9:.1f} GB of weights at {speed.median / 1e9:.0f} GB/s"
    metric = "seconds for a grid of four"
    return [
        Row(case, metric, "s", ours, f"physical limit: {asked}", _time(work, rate)),
        Row(case, metric, "s", ours, f"physical limit: {read}", _time(size, speed)),
    ]


def _time(amount: float, rate: Spread) -> Spread:
    return Spread(amount / rate.median, amount / rate.max, amount / rate.min, rate.n)


def products(parts: Parts, settle: Callable[[], None]) -> Spread:
    """FLOP/s of a square product in the checkpoint's precision."""
    here = torch.randn(EDGE, EDGE).to(parts.device, parts.dtype)
    return _rate(lambda: here @ here, 2 * EDGE**3, settle)


def reading(parts: Parts, settle: Callable[[], None]) -> Spread:
    """Bytes/s that a sum over memory reads."""
    here = torch.ones(STRETCH, device=parts.device)
    return _rate(here.sum, STRETCH * here.element_size(), settle)


def _rate(work: Callable[[], object], amount: float, settle: Callable[[], None]) -> Spread:
    work()
    settle()
    rates: list[float] = []
    for _ in range(TRIES):
        start = time.perf_counter()
        work()
        settle()
        rates.append(amount / (time.perf_counter() - start))
    return Spread.of(rates)
