"""Where peft keeps alpha: as JSON in the file's header, by pattern."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from peft.utils.other import get_pattern_key

from stylus_engine.errors import AdapterUnsupported
from stylus_engine.sampling.bases import Place
from stylus_engine.sampling.delta import Parts
from stylus_engine.sampling.files import AdapterFile

KEY = "lora_adapter_metadata"  # diffusers.loaders.lora_base.LORA_ADAPTER_METADATA_KEY

Config: TypeAlias = Mapping[str, object]  # peft's `LoraConfig`, each key after "unet." or so


@dataclass(frozen=True, slots=True)
class Scales:
    """The scales a header states; without one a layer's own `alpha` counts, or rank."""

    config: Config

    @classmethod
    def of(cls, file: AdapterFile) -> "Scales":
        """Read the header. Raises `AdapterUnsupported` for one that cannot be understood."""
        try:
            config: object = json.loads(file.metadata.get(KEY) or "{}")
        except ValueError as error:
            raise AdapterUnsupported(name=file.name, kind="unreadable peft header") from error
        if not isinstance(config, dict):
            raise AdapterUnsupported(name=file.name, kind="unreadable peft header")
        return cls(cast("Config", config))

    def at(self, place: Place, parts: Parts) -> float | None:
        """Alpha / rank, or alpha / √rank with rsLoRA; None where the header says nothing."""
        alpha = self._alpha(place)
        if alpha is None or "alpha" in parts or "lora_down" not in parts:
            return None
        rank = parts["lora_down"].shape[0]
        return alpha / (math.sqrt(rank) if self._about(place, "use_rslora") else rank)

    def _alpha(self, place: Place) -> float | None:
        patterns = self._about(place, "alpha_pattern")
        alpha = self._about(place, "lora_alpha")
        if isinstance(patterns, dict):
            known = cast("dict[str, object]", patterns)
            # Patterns of text encoders were written with the prefix that files have.
            bare = place[1].removeprefix("text_model.")
            path = f"text_model.{bare}" if place[0].startswith("text_encoder") else place[1]
            alpha = known.get(get_pattern_key(list(known), path), alpha)
        return float(alpha) if isinstance(alpha, int | float) else None

    def _about(self, place: Place, what: str) -> object:
        return self.config.get(f"{place[0]}.{what}")
