"""From decoded tensors to bytes: pixels to keep, previews to glance at."""

from io import BytesIO

import torch
from diffusers.image_processor import VaeImageProcessor
from torch import Tensor
from torch.nn import functional as F

from stylus_engine.errors import DrawNotFinite
from stylus_engine.ports import Pixels

PREVIEW = 32  # latent pixels, the longest edge that a preview decodes


def to_pixels(image: Tensor) -> Pixels:
    """Decoded (1, 3, H, W) in [0, 1] -> uint8 (H, W, 3), rounded as the plain pipeline does.

    Raises `DrawNotFinite` for NaN or infinity: a failure, never a black picture.
    """
    if not torch.isfinite(image).all():
        raise DrawNotFinite(why="the numbers went to infinity on the way")
    levels = (image[0].clamp(0, 1) * 255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).contiguous().cpu().numpy()


def shrunk(latents: Tensor) -> Tensor:
    """Latents small enough to decode for a glance: averaging latents nearly averages pixels."""
    high, wide = latents.shape[-2:]
    share = -(-max(high, wide) // PREVIEW)
    return F.avg_pool2d(latents, (min(share, high), min(share, wide)))  # of a strip a line is left


def to_png(pixels: Pixels) -> bytes:
    """PNG bytes of uint8 (H, W, 3)."""
    (picture,) = VaeImageProcessor.numpy_to_pil(pixels[None] / 255.0)
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
