"""The keys of an adapter file become layers of this checkpoint, each of them, or an error.

diffusers says OK when it loaded nothing, so nothing here is believed that was not
counted: every tensor of the file is consumed by exactly one layer that exists and
fits.  Names of LoRA pairs (kohya, peft, old diffusers) go through diffusers' own
converters; a converted key is found again by the *identity* of its tensor.  What
diffusers cannot name (LoHa, LoKr, LyCORIS' own prefix) is looked up in a table of
the checkpoint's real layers.  Alphas are never left to diffusers: when they differ
between layers it gives most of them the commonest one (`get_peft_kwargs`).
FLUX.1's adapters are looked up in that table alone (`bfl.py` says why).
"""

# diffusers' converters carry no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    AdapterNotFinite,
    AdapterUnsupported,
    AdapterWrongFamily,
    AdapterWrongShape,
)
from stylus_engine.sampling.bases import Bases, Place, Target
from stylus_engine.sampling.delta import Cut, Made, Parts, make, misshapen, whole, width
from stylus_engine.sampling.embeddings import embedded, is_embedding
from stylus_engine.sampling.factors import Factors, Layer
from stylus_engine.sampling.files import AdapterFile, sane
from stylus_engine.sampling.products import Misfit
from stylus_engine.sampling.scales import Scales

VERSION = 1  # of everything between a file's bytes and its factors

Pieces: TypeAlias = Mapping[str, dict[str, str]]  # the file's module -> part -> key

LORA = {"lora_A": "lora_down", "lora_B": "lora_up", "down": "lora_down", "up": "lora_up"}
PART = re.compile(
    r"(?P<module>.+?)(?:"
    r"\.lora_(?P<kohya>down|up|mid)\.weight"
    r"|\.(?P<peft>lora_[AB])(\.[^.]+)?\.weight"
    r"|(_lora|\.lora|\.lora_linear_layer|(?<=_lora[12]))\.(?P<old>down|up)\.weight"
    r"|\.lora_(?P<magnitude>magnitude)_vector(\.[^.]+)?(\.weight)?"
    r"|\.(?P<lycoris>alpha|dora_scale|hada_w[12]_[ab]|hada_t[12]|lokr_w[12](_[ab])?|lokr_t2)"
    r")"
)
DOWN = re.compile(r"(.+)\.lora_A(?:\.[^.]+)?\.weight")  # as diffusers names it in the end
CONFUSED = (ValueError, LookupError, AttributeError, TypeError)  # what diffusers' converters raise
KINDS = {  # what marks a kind we do not draw with
    "(IA)³": r"\.on_input$",
    "OFT": r"\.oft_|\.oft_R\.",
    "GLoRA": r"\.(a[12]|b[12]|bm)\.weight$",
    "full difference": r"\.diff(_b)?$",
    "trained norms": r"\.[wb]_norm$",
    "T-LoRA": r"\.(q_layer|p_layer|lambda_layer)\b",
    "LoRA with bias": r"\.lora_B(\.[^.]+)?\.bias$",
    "control LoRA": r"^lora_controlnet$",
    "textual inversion beside a LoRA": r"^(emb_params|clip_[lg]|<.*>)$|^(string_to_param|bundle_emb)\b",
}
UNET = r"(^|[._])(down_blocks|up_blocks|mid_block|input_blocks|middle_block|output_blocks)[._]"
FAMILIES = {  # how other families than a UNet's spell their layers
    "sdxl": r"^lora_te[23]_|^text_encoder_2\.|^lora_unet_(input_blocks|middle_block|output_blocks)_",
    "flux1": r"\bdouble_blocks|_double_blocks_|single_blocks|single_transformer_blocks",
    "sd3": r"joint_blocks|\.add_[kqv]_proj\.|_context_block_",
    "a diffusion transformer": r"^(transformer|diffusion_model)\.(?!(input|output)_blocks\.|middle_block\.|time_embed\.|label_emb\.|out\.)"
    r"|^lora_(transformer|unet_blocks|unet_layers)_",
}
TEXT = r"lora_te\d?_|text_encoder"  # transformers share these
TRANSFORMERS = {"flux1": FAMILIES["flux1"], "sd3": r"joint_blocks|_context_block_"}
WIDTHS = {768: "sd1", 1024: "sd2", 2048: "sdxl"}  # of cross attention
DECOMPOSED = {"dora_scale", "magnitude"}  # parts that are measured against the base itself
CROSS = re.compile(r"\battn2\.to_[kv]$")


def convert(file: AdapterFile, bases: Bases, factors_id: str, cut: Cut | None = None) -> Factors:
    """The whole of `file` as factors for the checkpoint of `bases`.

    Raises `AdapterUnsupported`, `AdapterWrongFamily`, `AdapterWrongShape`, `AdapterNotFinite`
    and, unless every tensor found its layer, `AdapterNotApplied`.
    """
    if is_embedding(file):
        return embedded(file, bases, factors_id)
    _refuse_kinds(file)
    _refuse_families(file, bases)
    pieces = _pieces(file.tensors)
    targets = _targets(file.tensors, pieces, bases)
    parts = {target: _tensors(file, pieces[module]) for module, target in targets.items()}
    _refuse_shapes(file, parts)
    _refuse_widths(file, parts, bases)
    _count(file, pieces, targets)
    made = _make(file, parts, bases, cut or Cut())
    return Factors(
        id=factors_id,
        file_sha256=file.sha256,
        layers=dict(_layers(made, bases)),
        kept=min(each.kept for each in made.values()),
        residual=max(each.residual for each in made.values()),
    )


def reads_weights(file: AdapterFile) -> bool:
    """Whether its change is measured against the base weights themselves (DoRA), not their shapes alone."""
    return any("dora_scale" in key or "lora_magnitude_vector" in key for key in file.tensors)


def _refuse_kinds(file: AdapterFile) -> None:
    keys = "\n".join(file.tensors)  # one text: a search a key and kind takes longer than reading
    for kind, mark in KINDS.items():
        if re.search(mark, keys, re.MULTILINE):
            raise AdapterUnsupported(name=file.name, kind=kind)


def _refuse_families(file: AdapterFile, bases: Bases) -> None:
    """A UNet's checkpoint refuses transformers' names, a transformer's a UNet's."""
    needed = bases.family
    keys, marks = list(file.tensors), FAMILIES
    if bases.denoiser == "transformer":
        keys, marks = [key for key in keys if not re.match(TEXT, key)], TRANSFORMERS
        if _mostly(UNET, keys):
            raise AdapterWrongFamily(name=file.name, family=_of_unet(file), needed=needed)
    for family, mark in marks.items():
        if family != needed.partition("-")[0] and _mostly(mark, keys):
            raise AdapterWrongFamily(name=file.name, family=family, needed=needed)


def _mostly(mark: str, keys: Sequence[str]) -> bool:
    if not re.search(mark, "\n".join(keys), re.MULTILINE):  # nearly always
        return False
    return 2 * sum(bool(re.search(mark, key)) for key in keys) > len(keys)


def _of_unet(file: AdapterFile) -> str:
    """Which Stable Diffusion a file is for: cross-attention reads as wide as the text is."""
    crossed = (key for key in file.tensors if re.search(r"attn2[._]to_[kv]\.lora_(down|A)\.", key))
    shapes = (file.tensors[key].shape for key in crossed)
    width = next((shape[-1] for shape in shapes if shape), 0)
    return WIDTHS.get(width, "Stable Diffusion")


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


def _targets(tensors: Mapping[str, Tensor], pieces: Pieces, bases: Bases) -> dict[str, Target]:
    """Module of the file -> its layers, for the modules that are whole; the first one takes a layer."""
    table = bases.spellings
    names = {module: _bare(module) for module in pieces}
    if bases.denoiser == "unet":
        names |= _named(tensors, pieces)
    targets: dict[str, Target] = {}
    taken: set[Place] = set()
    for module, parts in pieces.items():
        spelled = (names[module], f"{bases.denoiser}.{names[module]}", _bare(module))
        target = next((table[each] for each in spelled if each in table), None)
        if target and taken.isdisjoint(target.places) and whole(_pick(tensors, parts)):
            targets[module] = target
            taken.update(target.places)
    return targets


def _bare(name: str) -> str:
    return name.removeprefix("base_model.model.")


def _named(tensors: Mapping[str, Tensor], pieces: Pieces) -> dict[str, str]:
    """What diffusers calls the modules that hold a LoRA pair: `unet.…` or `text_encoder.…`."""
    pairs = [parts for parts in pieces.values() if {"lora_down", "lora_up"} <= set(parts)]
    keys = [parts[part] for parts in pairs for part in ("lora_down", "lora_up")]
    try:
        renamed = _by_diffusers({_bare(key): tensors[key] for key in keys})
    except CONFUSED:  # by one key, about all: the table of real layers is left, and counts
        return {}
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


def _refuse_shapes(file: AdapterFile, parts: Mapping[Target, Parts]) -> None:
    """What has no such form is read by no formula."""
    for target, tensors in parts.items():
        if name := misshapen(tensors):
            found = "×".join(map(str, tensors[name].shape)) or "one number"
            layer = ".".join(target.places[0])
            raise AdapterWrongShape(name=file.name, layer=layer, shape=found, needed="a matrix")


def _refuse_widths(file: AdapterFile, parts: Mapping[Target, Parts], bases: Bases) -> None:
    """The width of cross attention tells families apart whose layers have the same names."""
    for target in parts:
        place = target.places[0]
        if not CROSS.search(place[1]):
            continue
        wide, needed = _width(file, place, parts[target]), bases.shape(place)[1]
        if wide != needed:
            family = WIDTHS.get(wide, f"sd1-{wide}")
            raise AdapterWrongFamily(name=file.name, family=family, needed=bases.family)


def _width(file: AdapterFile, place: Place, parts: Parts) -> int:
    try:
        return width(parts)
    except Misfit as misfit:
        raise _wrong_shape(file, place, misfit) from misfit


def _count(file: AdapterFile, pieces: Pieces, targets: Mapping[str, Target]) -> None:
    """Every tensor has been given to a layer."""
    used = {
        pieces[module][part]
        for module in targets
        for part in whole(_pick(file.tensors, pieces[module]))
    }
    left = [key for key in file.tensors if key not in used]
    if left:
        raise AdapterNotApplied(
            name=file.name, count=len(left), of=len(file.tensors), example=left[0]
        )


def _make(
    file: AdapterFile, parts: Mapping[Target, Parts], bases: Bases, cut: Cut
) -> dict[Target, Made]:
    scales = Scales.of(file)
    made: dict[Target, Made] = {}
    for target, tensors in parts.items():
        try:
            scale = scales.at(target.places[0], tensors)
            weight = bases.like(target, empty=not DECOMPOSED & set(tensors))
            made[target] = make(tensors, weight, cut, scale)
        except Misfit as misfit:
            raise _wrong_shape(file, target.places[0], misfit) from misfit
        if not (sane(made[target].layer.down) and sane(made[target].layer.up)):
            raise AdapterNotFinite(name=file.name, tensor=".".join(target.places[0]))
    return made


def _layers(made: Mapping[Target, Made], bases: Bases) -> Iterator[tuple[Place, Layer]]:
    """Each place of ours with the rows that are its own."""
    for target, each in made.items():
        rows = [bases.shape(place)[0] for place in target.places]
        yield from zip(target.places, target.split(each.layer, rows), strict=True)


def _wrong_shape(file: AdapterFile, place: Place, misfit: Misfit) -> AdapterWrongShape:
    return AdapterWrongShape(
        name=file.name, layer=".".join(place), shape=misfit.found, needed=misfit.needed
    )
