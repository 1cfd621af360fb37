"""The networks adapters are made for, as diffusers builds them: real names and widths, no weights.

Built on torch's meta device, where a tensor has a shape and no memory.  Most are less
deep than the released ones; where depth tells families apart they are as deep.
"""

# diffusers exports its classes lazily, which no type checker sees.
# pyright: reportPrivateImportUsage=false

import warnings
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import diffusers
import torch
import transformers
from torch import nn

Shapes: TypeAlias = dict[str, tuple[int, ...]]  # of a layer's weight: (out, in[, kernel, kernel])
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
JOINT = (*ATTENTION, "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")


def _unet(cross: int, **more) -> nn.Module:
    return diffusers.UNet2DConditionModel(cross_attention_dim=cross, **more)


def _sd1() -> nn.Module:
    return _unet(768, layers_per_block=1)


def _sd2() -> nn.Module:
    heads = [5, 10, 20, 20]
    return _unet(1024, attention_head_dim=heads, use_linear_projection=True, layers_per_block=1)


def _small() -> nn.Module:
    """As the miniature's: sd1's names, another text."""
    return _unet(
        96, block_out_channels=(32, 64), down_block_types=_DOWN[:2], up_block_types=_UP[:2]
    )


_DOWN = ("CrossAttnDownBlock2D", "DownBlock2D")
_UP = ("UpBlock2D", "CrossAttnUpBlock2D")


def _xl(cross: int = 2048, channels=(320, 640, 1280), depths=(1, 2, 10)) -> nn.Module:
    middle = len(channels) - (2 if cross == 1280 else 1)
    down = ["DownBlock2D"] + ["CrossAttnDownBlock2D"] * middle
    up = ["CrossAttnUpBlock2D"] * middle + ["UpBlock2D"]
    if cross == 1280:  # the refiner ends as it begins
        down, up = [*down, "DownBlock2D"], ["UpBlock2D", *up]
    return _unet(
        cross,
        block_out_channels=channels,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        transformer_layers_per_block=list(depths),
        attention_head_dim=[max(1, c // 64) for c in channels],
        use_linear_projection=True,
        layers_per_block=1,
    )


def _refiner() -> nn.Module:
    return _xl(1280, (384, 768, 1536, 1536), (4, 4, 4, 4))


def _flux2(heads: int, text: int) -> nn.Module:
    return diffusers.Flux2Transformer2DModel(
        num_layers=2, num_single_layers=2, num_attention_heads=heads, joint_attention_dim=text
    )


BUILD: dict[str, Callable[[], nn.Module]] = {
    "sd1": _sd1,
    "sd2": _sd2,
    "sd1-96": _small,
    "sdxl": _xl,
    "sdxl-refiner": _refiner,
    "sd3": lambda: diffusers.SD3Transformer2DModel(num_layers=2, num_attention_heads=24),
    "sd3 large": lambda: diffusers.SD3Transformer2DModel(num_layers=2, num_attention_heads=38),
    "flux1": lambda: diffusers.FluxTransformer2DModel(num_layers=19, num_single_layers=38),
    "flux1 short": lambda: diffusers.FluxTransformer2DModel(num_layers=2, num_single_layers=2),
    "flux2": lambda: _flux2(48, 15360),
    "flux2 klein 9b": lambda: _flux2(32, 12288),
    "flux2 klein 4b": lambda: _flux2(24, 7680),
    "chroma": lambda: diffusers.ChromaTransformer2DModel(num_layers=2, num_single_layers=2),
    "qwen-image": lambda: diffusers.QwenImageTransformer2DModel(num_layers=3),
    "z-image": lambda: diffusers.ZImageTransformer2DModel(n_layers=2, n_refiner_layers=1),
    "lumina2": lambda: diffusers.Lumina2Transformer2DModel(num_layers=2),
    "wan": lambda: diffusers.WanTransformer3DModel(num_layers=2),
    "wan 1.3b": lambda: diffusers.WanTransformer3DModel(num_layers=2, num_attention_heads=12),
    "hunyuan-video": diffusers.HunyuanVideoTransformer3DModel,
    "ltx": lambda: diffusers.LTXVideoTransformer3DModel(num_layers=2),
    "pixart": lambda: diffusers.PixArtTransformer2DModel(num_layers=2),
    "sana": lambda: diffusers.SanaTransformer2DModel(num_layers=2),
    "cogvideox": lambda: diffusers.CogVideoXTransformer3DModel(num_layers=2),
    "auraflow": lambda: diffusers.AuraFlowTransformer2DModel(
        num_mmdit_layers=2, num_single_dit_layers=2
    ),
    "hidream": lambda: diffusers.HiDreamImageTransformer2DModel(
        patch_size=2,
        num_layers=1,
        num_single_layers=1,
        num_attention_heads=20,
        text_emb_dim=2048,
        attention_head_dim=128,
        caption_channels=[4096, 4096],
        llama_layers=[0],
        num_routed_experts=4,
        num_activated_experts=2,
        axes_dims_rope=(64, 64),
        max_resolution=(128, 128),
    ),
    "hunyuan-dit": lambda: diffusers.HunyuanDiT2DModel(
        num_attention_heads=16,
        attention_head_dim=88,
        in_channels=4,
        patch_size=2,
        sample_size=128,
        num_layers=2,
        hidden_size=1408,
    ),
    "mochi": lambda: diffusers.MochiTransformer3DModel(num_layers=2),
    "cosmos": lambda: diffusers.CosmosTransformer3DModel(num_layers=2, num_attention_heads=16),
}


def built(name: str) -> nn.Module:
    """A new one. HunyuanVideo's class warns of an import of its own."""
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore", FutureWarning)
        return BUILD[name]()


@cache
def network(name: str) -> nn.Module:
    """One that is only looked at."""
    return built(name)


@cache
def text_encoder(width: int) -> nn.Module:
    """CLIP's, as wide as the family's text."""
    config = transformers.CLIPTextConfig(
        hidden_size=width, intermediate_size=4 * width, num_hidden_layers=2,
        num_attention_heads=max(1, width // 64),
    )  # fmt: skip
    with torch.device("meta"):
        return transformers.CLIPTextModel(config)


def shapes(module: nn.Module, *ends: str) -> Shapes:
    """The layers whose names end so."""
    return {
        name: tuple(layer.weight.shape)
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d) and name.endswith(ends)
    }
