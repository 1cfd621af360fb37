"""The keys of an adapter file become layers of this checkpoint, each of them, or an error.

diffusers says OK when it loaded nothing, so nothing here is believed that was not
counted: every tensor of the file is consumed by exactly one layer that exists and
fits.  Names of LoRA pairs (kohya, peft, old diffusers) go through diffusers' own
converters; a converted key is found again by the *identity* of its tensor.  What
diffusers cannot name (LoHa, LoKr, LyCORIS' own prefix) is looked up in a table of
the checkpoint's real layers.  Alphas are never left to diffusers: when they differ
between layers it gives most of them the commonest one (`get_peft_kwargs`).
"""

# diffusers' converters carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias, cast

from diffusers.loaders.lora_pipeline import StableDiffusionLoraLoaderMixin
from diffusers.utils.state_dict_utils import (
    StateDictType,
    convert_state_dict_to_peft,
    convert_unet_state_dict_to_peft,
)
from torch import Tensor

from stylus_engine.errors import (
    AdapterNotApplied,
    AdapterUnsupported,
    AdapterWrongFamily,
    AdapterWrongShape,
)
from stylus_engine.sampling.bases import Bases, Place
from stylus_engine.sampling.delta import Cut, Made, Parts, make, read, whole
from stylus_engine.sampling.factors import Factors
from stylus_engine.sampling.files import AdapterFile
from stylus_engine.sampling.products import Misfit
from stylus_engine.sampling.scales import Scales

VERSION = 1  # of everything between a file's bytes and its factors

Pieces: TypeAlias = Mapping[str, dict[str, str]]  # the file's module -> part -> key

LORA = {"lora_A": "lora_down", "lora_B": "lora_up", "down": "lora_down", "up": "lora_up"}
PART = re.compile(
    r"(?P<module>.+?)(?:"
    r"\.lora_(?P<kohya>down|up|mid)\.weight"
    r"|\.(?P<peft>lora_[AB])(\.[^.]+)?\.weight"
    r"|(_lora|\.lora|\.lora_linear_layer)\.(?P<old>down|up)\.weight"
    r"|\.lora_(?P<magnitude>magnitude)_vector(\.[^.]+)?(\.weight)?"
    r"|\.(?P<lycoris>alpha|dora_scale|hada_w[12]_[ab]|hada_t[12]|lokr_w[12](_[ab])?|lokr_t2)"
    r")"
)
DOWN = re.compile(r"(.+)\.lora_A(?:\.[^.]+)?\.weight")  # as diffusers names it in the end
KINDS = {  # what marks a kind we do not draw with
    "(IA)³": r"\.on_input$",
    "OFT": r"\.oft_|\.oft_R\.",
    "GLoRA": r"\.(a[12]|b[12]|bm)\.weight$",
    "full difference": r"\.diff(_b)?$",
    "trained norms": r"\.[wb]_norm$",
    "T-LoRA": r"\.(q_layer|p_layer|lambda_layer)\b",
    "LoRA with bias": r"\.lora_B(\.[^.]+)?\.bias$",
    "control LoRA": r"^lora_controlnet$",
    "textual inversion": r"^(emb_params|clip_[lg]|<.*>)$|^(string_to_param|bundle_emb)\b",
}
FAMILIES = {  # how other families spell their layers
    "sdxl": r"^lora_te[23]_|^text_encoder_2\.|^lora_unet_(input_blocks|middle_block|output_blocks)_",
    "flux": r"\bdouble_blocks|_double_blocks_|single_blocks|single_transformer_blocks",
    "sd3": r"joint_blocks|\.add_[kqv]_proj\.|_context_block_",
    "a diffusion transformer": r"^(transformer|diffusion_model)\.|^lora_(transformer|unet_blocks|unet_layers)_",
}
WIDTHS = {768: "sd1", 1024: "sd2", 2048: "sdxl"}  # of cross attention
CROSS = re.compile(r"\battn2\.to_[kv]$")


def convert(file: AdapterFile, bases: Bases, factors_id: str, cut: Cut | None = None) -> Factors:
    """The whole of `file` as factors for the checkpoint of `bases`.

    Raises `AdapterUnsupported`, `AdapterWrongFamily`, `AdapterWrongShape` and, unless
    every tensor found its layer, `AdapterNotApplied`.
    """
    _refuse_kinds(file)
    _refuse_families(file, bases.family)
    pieces = _pieces(file.tensors)
    places = _places(file.tensors, pieces, bases)
    parts = {place: _tensors(file, pieces[module]) for module, place in places.items()}
    _refuse_widths(file, parts, bases)
    _count(file, pieces, places)
    made = _make(file, parts, bases, cut or Cut())
    return Factors(
        id=factors_id,
        file_sha256=file.sha256,
        layers={place: each.layer for place, each in made.items()},
        kept=min(each.kept for each in made.values()),
        residual=max(each.residual for each in made.values()),
    )


def _refuse_kinds(file: AdapterFile) -> None:
    for kind, mark in KINDS.items():
        if any(re.search(mark, key) for key in file.tensors):
            raise AdapterUnsupported(name=file.name, kind=kind)


def _refuse_families(file: AdapterFile, needed: str) -> None:
    for family, mark in FAMILIES.items():
        betrayed = sum(bool(re.search(mark, key)) for key in file.tensors)
        if 2 * betrayed > len(file.tensors) and family != needed.partition("-")[0]:
            raise AdapterWrongFamily(name=file.name, family=family, needed=needed)


def _pieces(keys: Iterable[str]) -> Pieces:
    """Group the keys by the module they name; keys of no known form are left out."""
    pieces: dict[str, dict[str, str]] = {}
    for key in keys:
        if found := PART.fullmatch(key):
            pieces.setdefault(found["module"], {})[_part(found)] = key
    return pieces


def _part(found: re.Match[str]) -> str:
    if found["kohya"]:
        return f"lora_{found['kohya']}"
    lora = found["peft"] or found["old"]
    return LORA[lora] if lora else found["magnitude"] or found["lycoris"]


def _places(tensors: Mapping[str, Tensor], pieces: Pieces, bases: Bases) -> dict[str, Place]:
    """Module of the file -> layer, for the modules that are whole; the first one takes a layer."""
    table = bases.spellings()
    names = {module: _bare(module) for module in pieces} | _named(tensors, pieces)
    places: dict[str, Place] = {}
    for module, parts in pieces.items():
        spelled = (names[module], f"unet.{names[module]}", _bare(module))
        place = next((table[each] for each in spelled if each in table), None)
        if place and place not in places.values() and whole(_pick(tensors, parts)):
            places[module] = place
    return places


def _bare(name: str) -> str:
    return name.removeprefix("base_model.model.")


def _named(tensors: Mapping[str, Tensor], pieces: Pieces) -> dict[str, str]:
    """What diffusers calls the modules that hold a LoRA pair: `unet.…` or `text_encoder.…`."""
    pairs = [parts for parts in pieces.values() if {"lora_down", "lora_up"} <= set(parts)]
    keys = [parts[part] for parts in pairs for part in ("lora_down", "lora_up")]
    renamed = _by_diffusers({_bare(key): tensors[key] for key in keys})
    found = {id(tensor): key for key, tensor in renamed.items()}
    named: dict[str, str] = {}
    for module, parts in pieces.items():
        down = parts.get("lora_down", "")
        if name := DOWN.fullmatch(found.get(id(tensors.get(down)), "")):
            named[module] = name[1]
    return named


def _by_diffusers(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Convert a state dict of LoRA pairs to peft's names, prefixed by component."""
    kohya = {key: state[key] for key in state if re.match(r"lora_(unet|te|te1|te2)_", key)}
    dotted = {key: state[key] for key in state if key not in kohya}
    if kohya:
        converted = StableDiffusionLoraLoaderMixin.lora_state_dict(kohya)[0]
        dotted |= cast("dict[str, Tensor]", converted)
    texts = {key: dotted[key] for key in dotted if re.match(r"text_encoder(_2)?\.", key)}
    rest = {key: dotted[key] for key in dotted if key not in texts}
    # The old mapping is named: left to infer it, diffusers fails on files that train q alone.
    texts = convert_state_dict_to_peft(texts, original_type=StateDictType.DIFFUSERS_OLD)
    return texts | convert_unet_state_dict_to_peft(rest)


def _pick(tensors: Mapping[str, Tensor], parts: Mapping[str, str]) -> dict[str, Tensor]:
    return {part: tensors[key] for part, key in parts.items()}


def _tensors(file: AdapterFile, parts: Mapping[str, str]) -> Parts:
    picked = _pick(file.tensors, parts)
    return {part: picked[part] for part in sorted(whole(picked))}


def _refuse_widths(file: AdapterFile, parts: Mapping[Place, Parts], bases: Bases) -> None:
    """The width of cross attention tells families apart whose layers have the same names."""
    for place in parts:
        if not CROSS.search(place[1]):
            continue
        width, needed = _width(file, place, parts[place]), bases.weight(place).shape[1]
        if width != needed:
            family = WIDTHS.get(width, f"sd1-{width}")
            raise AdapterWrongFamily(name=file.name, family=family, needed=bases.family)


def _width(file: AdapterFile, place: Place, parts: Parts) -> int:
    try:
        return read(parts).shape[1]
    except Misfit as misfit:
        raise _wrong_shape(file, place, misfit) from misfit


def _count(file: AdapterFile, pieces: Pieces, places: Mapping[str, Place]) -> None:
    """Every tensor has been given to a layer."""
    used = {
        pieces[module][part]
        for module in places
        for part in whole(_pick(file.tensors, pieces[module]))
    }
    left = [key for key in file.tensors if key not in used]
    if left:
        raise AdapterNotApplied(
            name=file.name, count=len(left), of=len(file.tensors), example=left[0]
        )


def _make(
    file: AdapterFile, parts: Mapping[Place, Parts], bases: Bases, cut: Cut
) -> dict[Place, Made]:
    scales = Scales.of(file)
    made: dict[Place, Made] = {}
    for place, tensors in parts.items():
        try:
            scale = scales.at(place, tensors)
            made[place] = make(tensors, bases.weight(place), cut, scale)
        except Misfit as misfit:
            raise _wrong_shape(file, place, misfit) from misfit
    return made


def _wrong_shape(file: AdapterFile, place: Place, misfit: Misfit) -> AdapterWrongShape:
    return AdapterWrongShape(
        name=file.name, layer=".".join(place), shape=misfit.found, needed=misfit.needed
    )
