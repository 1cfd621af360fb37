"""The layers an adapter may change, read only: which there are, and their pristine weights."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn

from stylus_engine.sampling.bfl import bfl_names
from stylus_engine.sampling.factors import Component, Layer
from stylus_engine.sampling.mmdit import sd3_names, z_image_names
from stylus_engine.sampling.names import ldm_names

Place: TypeAlias = tuple[Component, str]  # and the dotted path as in `named_modules()`

KOHYA: dict[Component, tuple[str, ...]] = {
    "unet": ("lora_unet_", "lycoris_"),
    "transformer": ("lora_unet_", "lora_transformer_", "lycoris_"),
    "text_encoder": ("lora_te_", "lora_te1_"),
    "text_encoder_2": ("lora_te2_",),
    "text_encoder_3": ("lora_te3_",),
}
# As ComfyUI has it by family, and kohya's prefix of FLUX.1's T5.
COMFY: dict[str, dict[Component, tuple[str, ...]]] = {
    "flux1": {
        "transformer": ("diffusion_model.",),
        "text_encoder": ("text_encoders.clip_l.transformer.",),
        "text_encoder_2": ("text_encoders.t5xxl.transformer.", "lora_te3_"),
    },
    "sd3": {
        "transformer": ("diffusion_model.",),
        "text_encoder": ("text_encoders.clip_l.transformer.",),
        "text_encoder_2": ("text_encoders.clip_g.transformer.",),
        "text_encoder_3": ("text_encoders.t5xxl.transformer.",),
    },
    "z-image": {"transformer": ("diffusion_model.",), "text_encoder": ()},
    "sd1": {"text_encoder": ("text_encoders.clip_l.transformer.",)},
    "sd2": {"text_encoder": ("text_encoders.clip_h.transformer.",)},
    "sdxl": {
        "text_encoder": ("text_encoders.clip_l.transformer.",),
        "text_encoder_2": ("text_encoders.clip_g.transformer.",),
    },
}
MAKERS = {
    "flux1": bfl_names,
    "sd3": sd3_names,
    "z-image": z_image_names,
}  # how a family's own makers call its layers


@dataclass(frozen=True, slots=True)
class Target:
    """What one module of a file changes: a layer, or several whose rows it has under each other.

    `swapped`: the halves of its rows have changed places.
    """

    places: tuple[Place, ...]
    swapped: bool = False

    def split(self, layer: Layer, rows: Iterable[int]) -> Iterator[Layer]:
        """The layers of `places`, which have so many rows; directions that do nothing there are left out.

        A trainer that keeps query, key and value apart writes them side by side, mostly zeros.
        """
        up = layer.up.roll(layer.up.shape[0] // 2, 0) if self.swapped else layer.up
        if len(self.places) == 1:
            yield Layer(down=layer.down, up=up)
            return
        for part in torch.split(up, list(rows)):
            used = torch.ne(part, 0).any(dim=0)
            used[0] |= not used.any()  # a layer that was never trained
            yield Layer(down=layer.down[used], up=part[:, used].contiguous())


@dataclass(frozen=True)
class Bases:
    """Read access to a checkpoint's modules, all fp32 and never written to.

    `checkpoint` is the checkpoint's id, `family` as in `Checkpoint.family`.
    """

    checkpoint: str
    family: str
    modules: Mapping[Component, nn.Module]

    def weight(self, place: Place) -> Tensor:
        """The pristine weight, (out, in) or (out, in, kh, kw), of a place that `places` named."""
        stored = self._stored(place)
        plain = type(stored) in (Tensor, nn.Parameter)
        return stored.detach() if plain else stored.dequantize()

    def shape(self, place: Place) -> torch.Size:
        """That of its weight, which is not looked at."""
        return self._stored(place).shape

    def like(self, target: Target, *, empty: bool) -> Tensor:
        """The weight that `target` changes; `empty` has its shape alone, for who needs no numbers."""
        if empty:
            shapes = [self.shape(place) for place in target.places]
            rows = sum(shape[0] for shape in shapes)
            return torch.empty(rows, *shapes[0][1:], device="meta")
        weights = [self.weight(place) for place in target.places]
        if len(weights) == 1 and not target.swapped:
            return weights[0]
        # offloaded ones may be on their way, each for itself
        whole = torch.cat([weight.to(weights[0].device) for weight in weights])
        return whole.roll(len(whole) // 2, 0) if target.swapped else whole

    def _stored(self, place: Place) -> Tensor:
        component, path = place
        weight = self.modules[component].get_submodule(path).weight
        if not isinstance(weight, Tensor):
            raise TypeError(f"{component}.{path} has no weight")
        return weight

    def places(self) -> Iterator[Place]:
        """Every linear and plain convolution."""
        for component, root in self.modules.items():
            modules = cast("Iterable[tuple[str, nn.Module]]", root.named_modules())
            for path, module in modules:
                if isinstance(module, nn.Linear | nn.Conv2d):
                    yield component, path

    @property
    def denoiser(self) -> Component:
        """What its layers' names begin with."""
        return "transformer" if "transformer" in self.modules else "unet"

    @cached_property
    def spellings(self) -> Mapping[str, Target]:
        """Every name that files give a place, dotted or flattened.

        transformers 5 dropped CLIPTextModel's `text_model.`; files keep it (diffusers'
        `_load_lora_into_text_encoder` bridges the same gap).  Made once for a checkpoint: it
        takes as long as reading a small file.
        """
        table: dict[str, Target] = {}
        for component, path in self.places():
            target = Target(((component, path),))
            for name in _with_and_without_text_model(component, path):
                table[f"{component}.{name}"] = target
                for prefix in KOHYA[component]:
                    table[prefix + name.replace(".", "_")] = target
        return self._ldm_spellings() | self._makers_spellings() | self._comfy_spellings() | table

    def _makers_spellings(self) -> dict[str, Target]:
        if self.family not in MAKERS:
            return {}
        table: dict[str, Target] = {}
        ours = [path for _, path in self._of("transformer")]
        for name, paths, swapped in MAKERS[self.family](ours):
            target = Target(tuple(("transformer", path) for path in paths), swapped)
            flat = name.replace(".", "_")
            for spelled in (
                name,
                f"diffusion_model.{name}",
                f"lora_unet_{flat}",
                f"lycoris_{flat}",
            ):
                table[spelled] = target
        return table

    def _comfy_spellings(self) -> dict[str, Target]:
        table: dict[str, Target] = {}
        prefixes = COMFY.get(self.family, COMFY.get(self.family.partition("-")[0], {}))
        for component, path in self.places():
            for name in _with_and_without_text_model(component, path):
                for prefix in prefixes.get(component, ()):
                    spelled = name if prefix.endswith(".") else name.replace(".", "_")
                    table[prefix + spelled] = Target(((component, path),))
        return table

    def _of(self, component: Component) -> Iterator[Place]:
        return (place for place in self.places() if place[0] == component)

    def _ldm_spellings(self) -> dict[str, Target]:
        if "unet" not in self.modules:
            return {}
        paths = [path for _, path in self._of("unet")]
        layers = cast("Mapping[str, int]", self.modules["unet"].config)["layers_per_block"]
        table: dict[str, Target] = {}
        for name, path in ldm_names(paths, layers):
            target = Target((("unet", path),))
            table[f"diffusion_model.{name}"] = target
            table["lora_unet_" + name.replace(".", "_")] = target
        return table


def _with_and_without_text_model(component: Component, path: str) -> tuple[str, ...]:
    if not component.startswith("text_encoder"):
        return (path,)
    bare = path.removeprefix("text_model.")
    return bare, f"text_model.{bare}"
