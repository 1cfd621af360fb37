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
from tests.sampling.oracle import ETA, SCHEDULERS, OracleError, Truth, quiet, seeded


@torch.inference_mode()
def redraw(
    pipeline: StableDiffusionPipeline, shot: Shot, picture: Pixels, mask: Pixels | None = None
) -> Truth:
    """Let plain diffusers draw a shot from a picture, within a mask if there is one."""
    assert shot.start is not None
    parts = _sampled(pipeline, shot.sampler)
    seen: list[Tensor] = []

    def watch(_: Any, __: int, ___: Any, state: dict[str, Any]) -> dict[str, Any]:
        seen.append(state["latents"].clone())
        return {}

    asked: dict[str, Any] = {
        "prompt": [shot.recipe.prompt],
        "negative_prompt": [shot.recipe.negative],
        "image": [Image.fromarray(picture)],
        "strength": shot.start.strength,
        "num_inference_steps": shot.steps,
        "guidance_scale": shot.guidance,
        "generator": [seeded(shot.seed)],
        "output_type": "latent",
        "eta": ETA.get(shot.sampler, 0.0),
        "callback_on_step_end": watch,
    }
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
