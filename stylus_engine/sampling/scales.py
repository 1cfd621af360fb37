"""Where peft keeps alpha: as JSON in the file's header, by the ends of layers' names.

peft takes such a name for a regular expression and tries each on every layer: with one
alpha a layer that is minutes, and a stranger's expression may never come to an end.  So
names are looked up as what diffusers writes, and an expression is refused.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias, cast

from stylus_engine.errors import AdapterUnsupported
from stylus_engine.sampling.bases import Place
from stylus_engine.sampling.delta import Parts
from stylus_engine.sampling.files import AdapterFile

PATTERNS = "alpha_pattern"
KEY = "lora_adapter_metadata"  # diffusers.loaders.lora_base.LORA_ADAPTER_METADATA_KEY
NAME = re.compile(
    r"\^?(?:[\w-]|\\?\.)+"
)  # a dot may be escaped; ^: the whole name, not an end of it

Config: TypeAlias = Mapping[str, object]  # peft's `LoraConfig`, each key after "unet." or so
Ends: TypeAlias = Mapping[str, tuple[int, object]]  # of names -> the pattern's number and its alpha


@dataclass(frozen=True, slots=True)
class Scales:
    """The scales a header states; without one a layer's own `alpha` counts, or rank."""

    config: Config
    ends: Mapping[str, Ends]  # by the key of the config

    @classmethod
    def of(cls, file: AdapterFile) -> "Scales":
        """Read the header. Raises `AdapterUnsupported` for one that cannot be understood."""
        try:
            config: object = json.loads(
                file.metadata.get(KEY) or "{}",
                parse_int=float,  # what is too large for one becomes infinite, and is refused as that
                parse_constant=_refused,
            )
        except (ValueError, RecursionError) as error:
            raise AdapterUnsupported(name=file.name, kind="unreadable peft header") from error
        if not isinstance(config, dict):
            raise AdapterUnsupported(name=file.name, kind="unreadable peft header")
        found = cast("dict[str, object]", config)
        tables = {
            key: cast("dict[str, object]", value)
            for key, value in found.items()
            if key.endswith(PATTERNS) and isinstance(value, dict)
        }
        if not all(NAME.fullmatch(name) for table in tables.values() for name in table):
            raise AdapterUnsupported(name=file.name, kind="alphas by regular expressions")
        return cls(found, {key: _ends(table) for key, table in tables.items()})

    def at(self, place: Place, parts: Parts) -> float | None:
        """Alpha / rank, or alpha / √rank with rsLoRA; None where the header says nothing."""
        alpha = self._alpha(place)
        if alpha is None or "alpha" in parts or "lora_down" not in parts:
            return None
        rank = parts["lora_down"].shape[0]
        return alpha / (math.sqrt(rank) if self._about(place, "use_rslora") else rank)

    def _alpha(self, place: Place) -> float | None:
        ends = self.ends.get(f"{place[0]}.{PATTERNS}", {})
        # Patterns of text encoders were written with the prefix that files have.
        bare = place[1].removeprefix("text_model.")
        path = f"text_model.{bare}" if place[0].startswith("text_encoder") else place[1]
        named = [ends[name] for name in _names(path) if name in ends]
        alpha = min(named, key=itemgetter(0))[1] if named else self._about(place, "lora_alpha")
        return float(alpha) if isinstance(alpha, int | float) else None

    def _about(self, place: Place, what: str) -> object:
        return self.config.get(f"{place[0]}.{what}")


def _ends(table: Mapping[str, object]) -> Ends:
    """The first pattern that names a layer has it."""
    ends: dict[str, tuple[int, object]] = {}
    for number, (name, alpha) in enumerate(table.items()):
        ends.setdefault(name.replace("\\", ""), (number, alpha))
    return ends


def _names(path: str) -> Iterator[str]:
    """Whatever a pattern may call a layer by."""
    yield f"^{path}"
    parts = path.split(".")
    yield from (".".join(parts[at:]) for at in range(len(parts)))


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no number")
