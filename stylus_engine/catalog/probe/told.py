"""What the trainer wrote into the header, read as anybody's text: capped, cleaned, never believed alone.

kohya writes `ss_…`, ModelSpec 1.0.1 `modelspec.…`, peft `lora_adapter_metadata`; all
values are strings, some of them JSON (research/adapters.md 2.3).
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from stylus_engine.catalog import clean

MOST_WORDS = 120  # characters of a value that is kept
MOST_JSON = 8 * 2**20
CUT = 10_000  # characters; a shorter table was never cut
MOST_COMMAS = 64  # in one tag
_PAIR = re.compile(r'\}$|"\s*:\s*\d+$')
KEPT = (
    "ss_base_model_version",
    "ss_network_module",
    "ss_network_dim",
    "ss_network_alpha",
    "ss_network_args",
    "ss_sd_model_name",
    "ss_sd_model_hash",
    "ss_new_sd_model_hash",
    "ss_output_name",
    "ss_resolution",
    "ss_clip_skip",
    "ss_noise_offset",
    "ss_num_train_images",
    "ss_num_epochs",
    "ss_epoch",
    "ss_steps",
    "ss_learning_rate",
    "ss_optimizer",
    "ss_training_comment",
    "ss_v2",
    "sshs_model_hash",
    "sshs_legacy_hash",
    "modelspec.architecture",
    "modelspec.date",
    "modelspec.implementation",
    "modelspec.is_negative_embedding",
    "modelspec.prediction_type",
    "modelspec.resolution",
    "modelspec.usage_hint",
    "ot_branch",
    "software",
)
PATHS = ("ss_sd_model_name", "ss_output_name")  # may name a folder of the trainer's own machine
EMPTY = "e3b0c442"  # sha256 of nothing: some trainers write it for every file
# Words in what it was trained on -> a finer base, the surest first. NoobAI names Illustrious too.
BASES = (
    ("pony", r"pony"),
    ("noobai", r"noob"),
    ("illustrious", r"illustrious|\bil-?xl|\bilxl"),
)
BASED = ("modelspec.architecture", "ss_base_model_version", "ss_sd_model_name")
PONY_TAGS = {"score_9", "score_8_up", "score_7_up", "source_anime", "source_pony", "source_furry"}
_T = TypeVar("_T")


def trained(told: Mapping[str, str]) -> dict[str, str]:
    """The rest of the metadata worth keeping; thumbnails and tables are not."""
    kept = {key: _kept(key, told[key]) for key in KEPT if told.get(key)}
    return {key: text for key, text in kept.items() if text and text not in ("None", "null")}


def _kept(key: str, text: str) -> str:
    if key in PATHS:
        text = re.split(r"[\\/]", text[-1000:])[-1]
    if key.startswith("sshs") and text.startswith(EMPTY):
        return ""
    return clean.line(text[:1000], MOST_WORDS)


def text_of(told: Mapping[str, str], key: str, most: int) -> str:
    """One field of the metadata as a clean line; more than it needs is not even looked at."""
    return clean.line(told.get(key, "")[: 8 * most], most)


def base_of(told: Mapping[str, str], counts: Mapping[str, Mapping[str, int]]) -> str:
    """Which descendant of SDXL it was trained on, "" when nothing says so: their keys are all alike."""
    for key in BASED:
        words = told.get(key, "")[-400:].lower()
        for base, pattern in BASES:
            if re.search(pattern, words):
                return base
    tagged = any(PONY_TAGS & tags.keys() for tags in counts.values())
    return "pony" if tagged else ""


def alpha_of(told: Mapping[str, str]) -> float | None:
    """The numerator of the scale, when the metadata says one that holds everywhere.

    Its tensors hold it too, but those are not read.
    """
    if "lora_adapter_metadata" in told:
        return _one(_peft_alphas(told["lora_adapter_metadata"]))
    arguments = json_of(told.get("ss_network_args", ""), dict[str, object]) or {}
    alphas = [told.get("ss_network_alpha"), arguments.get("conv_alpha")]
    return _one([alpha for alpha in alphas if alpha is not None])


def _peft_alphas(text: str) -> list[object]:
    """Of all components. A pattern of exceptions means that there is not one alpha."""
    config = json_of(text, dict[str, object]) or {}
    if any(value for key, value in config.items() if key.endswith("alpha_pattern")):
        return []
    return [value for key, value in config.items() if key.rpartition(".")[2] == "lora_alpha"]


def _one(alphas: list[object]) -> float | None:
    numbers = {_number(alpha) for alpha in alphas}
    return numbers.pop() if len(numbers) == 1 else None


def _number(value: object) -> float | None:
    """A finite number of at most eight digits or so; None for `Dynamic`, NaN and the like."""
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and abs(number) <= 1e8 else None


def json_of(text: str, shape: type[_T]) -> _T | None:
    """A value that is JSON itself; None when it is not, or not of that shape."""
    if not text or len(text) > MOST_JSON:
        return None
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def frequencies(told: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """How often each tag stood in the captions of each folder: `{folder: {tag: count}}`."""
    text = _whole(told.get("ss_tag_frequency", ""))
    exact = json_of(text, dict[str, dict[str, int]])
    return exact if exact is not None else dict(_lenient(json_of(text, dict[str, object]) or {}))


def _whole(text: str) -> str:
    """A long table that was cut before some comma, closed behind its last pair; some names hold commas."""
    if len(text) < CUT or text.endswith("}}"):
        return text
    for _ in range(MOST_COMMAS):
        end = _PAIR.search(text[-40:])
        if end is not None:
            return text + ("}" if end[0] == "}" else "}}")
        text = text[: max(text.rfind(","), 0)]
    return ""


def _lenient(folders: Mapping[str, object]) -> Iterator[tuple[str, dict[str, int]]]:
    """The same from a table that others have edited: what is a count counts."""
    for folder, value in folders.items():
        tags = msgspec.convert(value, dict[str, object]) if isinstance(value, dict) else {}
        yield folder, {tag: n for tag, n in tags.items() if isinstance(n, int) and n > 0}
