"""The layers an adapter may change, read only: which there are, and their pristine weights."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from torch import Tensor, nn

from stylus_engine.sampling.factors import Component
from stylus_engine.sampling.names import ldm_names

Place: TypeAlias = tuple[Component, str]  # and the dotted path as in `named_modules()`

KOHYA: dict[Component, tuple[str, ...]] = {
    "unet": ("lora_unet_", "lycoris_"),
    "transformer": ("lora_unet_", "lora_transformer_", "lycoris_"),
    "text_encoder": ("lora_te_", "lora_te1_"),
    "text_encoder_2": ("lora_te2_",),
}


@dataclass(frozen=True, slots=True)
class Bases:
    """Read access to a checkpoint's modules, all fp32 and never written to.

    `checkpoint` is the checkpoint's id, `family` as in `Checkpoint.family`.
    """

    checkpoint: str
    family: str
    modules: Mapping[Component, nn.Module]

    def weight(self, place: Place) -> Tensor:
        """The pristine weight, (out, in) or (out, in, kh, kw), of a place that `places` named."""
        component, path = place
        weight = self.modules[component].get_submodule(path).weight
        if not isinstance(weight, Tensor):
            raise TypeError(f"{component}.{path} has no weight")
        return weight.detach()

    def places(self) -> Iterator[Place]:
        """Every linear and plain convolution."""
        for component, root in self.modules.items():
            modules = cast("Iterable[tuple[str, nn.Module]]", root.named_modules())
            for path, module in modules:
                if isinstance(module, nn.Linear | nn.Conv2d):
                    yield component, path

    def spellings(self) -> dict[str, Place]:
        """Every name that files give a place, dotted or flattened.

        transformers 5 dropped CLIPTextModel's `text_model.`; files keep it (diffusers'
        `_load_lora_into_text_encoder` bridges the same gap).
        """
        table: dict[str, Place] = {}
        for component, path in self.places():
            for name in _with_and_without_text_model(component, path):
                table[f"{component}.{name}"] = component, path
                for prefix in KOHYA[component]:
                    table[prefix + name.replace(".", "_")] = component, path
        return self._ldm_spellings() | table

    def _ldm_spellings(self) -> dict[str, Place]:
        if "unet" not in self.modules:
            return {}
        paths = [path for component, path in self.places() if component == "unet"]
        layers = cast("Mapping[str, int]", self.modules["unet"].config)["layers_per_block"]
        table: dict[str, Place] = {}
        for name, path in ldm_names(paths, layers):
            table[f"diffusion_model.{name}"] = "unet", path
            table["lora_unet_" + name.replace(".", "_")] = "unet", path
        return table


def _with_and_without_text_model(component: Component, path: str) -> tuple[str, ...]:
    if not component.startswith("text_encoder"):
        return (path,)
    bare = path.removeprefix("text_model.")
    return bare, f"text_model.{bare}"
