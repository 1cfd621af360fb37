"""The oracle for shots that start from a picture: plain diffusers' own pipelines, and squares done by hand.

Like `oracle.py` it imports nothing of our sampling.  For squares the denoiser of a
plain image-to-image pipeline is wrapped: it cuts, asks one square at a time, averages.
"""

# diffusers' lazy module hides its names from type checkers, and its pipelines are typed loosely.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false, reportAttributeAccessIssue=false

from typing import Any

import torch
from diffusers import (
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
)
from PIL import Image
from torch import Tensor, nn

from stylus_engine.model import Shot
from stylus_engine.ports import Pixels
from tests.sampling.oracle import ETA, SCHEDULERS, Truth, quiet, seeded
from tests.sampling.oracle_files import OracleError


@torch.inference_mode()
def redraw(
    pipeline: StableDiffusionPipeline, shot: Shot, picture: Pixels, mask: Pixels | None = None
) -> Truth:
    """Let plain diffusers draw a shot from a picture, within a mask if there is one."""
    assert shot.start is not None
    parts, dice = _sampled(pipeline, shot.sampler), seeded(shot.seed)
    seen: list[Tensor] = []

    def watch(_: Any, __: int, ___: Any, state: dict[str, Any]) -> dict[str, Any]:
        seen.append(state["latents"].clone())
        return {}

    asked: dict[str, Any] = {
        "prompt": [shot.recipe.prompt],
        "negative_prompt": [shot.recipe.negative],
        "image": [Image.fromarray(picture)],  # or, below, its latents
        "strength": shot.start.strength,
        "num_inference_steps": shot.steps,
        "guidance_scale": shot.guidance,
        "generator": [dice],
        "output_type": "latent",
        "eta": ETA.get(shot.sampler, 0.0),
        "callback_on_step_end": watch,
    }
    if shot.start.enlarge == "latents":
        asked["image"] = _twice(_latents(pipeline, picture, dice))
    kind = StableDiffusionImg2ImgPipeline
    if mask is not None:
        kind = StableDiffusionInpaintPipeline
        size = {"height": shot.height, "width": shot.width}
        asked |= {"mask_image": [Image.fromarray(mask).convert("L")], **size}
    with quiet():
        fresh = kind(**parts, requires_safety_checker=False)
        fresh.set_progress_bar_config(disable=True)
        result = fresh(**asked)
    if not torch.equal(seen[-1], result.images):
        raise OracleError("the last step is not the result")
    return Truth(tuple(seen))


def _latents(pipeline: StableDiffusionPipeline, picture: Pixels, dice: torch.Generator) -> Tensor:
    """What the image-to-image pipeline would begin from, asked of the VAE itself: (1, 4, h, w)."""
    image = torch.tensor(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    found = pipeline.vae.encode(image).latent_dist.sample(dice)
    return found * pipeline.vae.config.scaling_factor


def _twice(latents: Tensor) -> Tensor:
    """Twice as high and wide, by hand: each new cell is 3/4 of its nearest and 1/4 of the next, edges repeat."""
    for axis in (2, 3):
        near = latents.movedim(axis, -1)
        before = torch.cat([near[..., :1], near[..., :-1]], dim=-1)
        after = torch.cat([near[..., 1:], near[..., -1:]], dim=-1)
        pairs = torch.stack([0.75 * near + 0.25 * before, 0.75 * near + 0.25 * after], dim=-1)
        latents = pairs.flatten(-2).movedim(-1, axis)
    return latents


def _sampled(pipeline: StableDiffusionPipeline, sampler: str) -> dict[str, Any]:
    # The inpainting pipeline forgets the repair that the two others make: latents are no pixels.
    kind, options = SCHEDULERS[sampler]
    options = options | ({"clip_sample": False} if sampler.startswith("ddim") else {})
    scheduler = kind.from_config(pipeline.scheduler.config, **options)
    return {**pipeline.components, "scheduler": scheduler}


class Squares(nn.Module):
    """A UNet that looks at squares of `edge` latents and lets each say most about its middle."""

    def __init__(self, unet: Any, edge: int) -> None:
        super().__init__()
        self.inner, self.edge = unet, edge
        self.config, self.dtype, self.device = unet.config, unet.dtype, unet.device

    def forward(self, latents: Tensor, timestep: Tensor, **more: Any) -> tuple[Tensor]:
        edge = self.edge
        total, said = torch.zeros_like(latents), torch.zeros_like(latents)
        weight = torch.tensor([[min(a, edge - 1 - a, 1e9) + 1 for a in range(edge)]]).float()
        weight = weight.T @ weight
        for top in self._places(latents.shape[2]):
            for left in self._places(latents.shape[3]):
                rows, columns = slice(top, top + edge), slice(left, left + edge)
                (out,) = self.inner(latents[:, :, rows, columns], timestep, **more)
                total[:, :, rows, columns] += out * weight
                said[:, :, rows, columns] += weight
        return (total / said,)

    def _places(self, length: int) -> list[int]:
        count = 1
        while count * self.edge - (count - 1) * self.edge / 4 < length:
            count += 1
        room = length - self.edge
        return [round(n * room / max(1, count - 1)) for n in range(count)]
