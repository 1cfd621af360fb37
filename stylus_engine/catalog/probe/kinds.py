"""Which algorithm a file is of, by the parts of its names; and why it cannot be drawn with, if so.

Suffixes as in LyCORIS 4.1 (`weight_list` of its modules), sd-scripts, peft and diffusers;
research/adapters.md 2.1 has the table.
"""

from collections.abc import Iterator

from stylus_engine.catalog.probe.keys import Keys
from stylus_engine.model import Kind

MOST_RANK = 1024  # more is no adapter but a mistake, and would not fit a stack
HALVES = (  # parts that must be there equally often
    ("lora_down", "lora_up"),
    ("lora_A", "lora_B"),
    ("down", "up"),
    ("hada_w1_a", "hada_w1_b"),
    ("hada_w2_a", "hada_w2_b"),
    ("hada_w1_a", "hada_w2_a"),
    ("lokr_w1_a", "lokr_w1_b"),
    ("lokr_w2_a", "lokr_w2_b"),
)
PAIR = ("lora_down", "lora_up", "lora_A", "lora_B", "down", "up")
FOREIGN: dict[str, tuple[Kind, str]] = {  # part -> kind, and what it is in words
    "on_input": ("ia3", "(IA)³ scales"),
    "ia3_l": ("ia3", "(IA)³ scales"),
    "oft_blocks": ("oft", "orthogonal (OFT) blocks"),
    "oft_diag": ("oft", "orthogonal (OFT) blocks"),
    "oft_R": ("oft", "orthogonal (OFT) blocks"),
    "boft_R": ("oft", "orthogonal (OFT) blocks"),
    "a1": ("glora", "GLoRA factors"),
    "bm": ("glora", "GLoRA factors"),
    "diff": ("full", "full weight differences"),
    "diff_b": ("full", "full weight differences"),
    "w_norm": ("full", "trained norms"),
    "b_norm": ("full", "trained norms"),
    "q_layer": ("unsupported", "T-LoRA factors"),
    "lambda_layer": ("unsupported", "T-LoRA factors"),
    "vera_lambda_b": ("unsupported", "VeRA scales"),
}
EMBEDDINGS = ("emb_params", "string_to_param", "clip_l", "clip_g", "t5xxl")
OTHERS = {  # how a module begins, flattened -> what such a file is
    "\nlora_controlnet_": "it is a control LoRA",
    "\nlllite_": "it is a ControlNet-LLLite",
    "\nip_adapter_": "it is an IP-Adapter",
    "\nimage_proj_": "it is an IP-Adapter",
    "\ncontrol_model_": "it is a ControlNet",
    "\nbundle_emb_": "it carries textual inversions of its own",
    "_motion_modules_": "it moves pictures (a motion LoRA)",
}
WHOLE = (
    "\nmodel.diffusion_model.",
    "\nfirst_stage_model.",
    "\nunet.conv_in.",
    "\nconv_in.weight\n",
)


def kind_of(keys: Keys) -> Kind:
    """The algorithm; of a mixture the low-rank one, which `refusal` then tells about."""
    parts = keys.parts
    if "hada_w1_a" in parts:
        return "loha"
    if "lokr_w1" in parts or "lokr_w1_a" in parts:
        return "lokr"
    return _lora(keys) if any(part in parts for part in PAIR) else _other(keys)


def _lora(keys: Keys) -> Kind:
    """LoRA by its flavour: magnitudes make it DoRA, kernels wider than a pixel LoCon."""
    if "dora_scale" in keys.parts or "lora_magnitude_vector" in keys.parts:
        return "dora"
    wide = any(factor.kernel > 1 for factor in keys.factors)
    return "locon" if wide or "lora_mid" in keys.parts else "lora"


def _other(keys: Keys) -> Kind:
    if is_embedding(keys):
        return "embedding"
    for part, (kind, _) in FOREIGN.items():
        if part in keys.parts:
            return kind
    return "full" if any(mark in keys.text for mark in WHOLE) else "unsupported"


def is_embedding(keys: Keys) -> bool:
    """A textual inversion: vectors under a known name, or one tensor under `<word>`."""
    lines = keys.text.strip("\n").split("\n", 4)
    known = all(line in EMBEDDINGS or line.startswith("string_to_param.") for line in lines)
    return known or all(line.startswith("<") and line.endswith(">") for line in lines)


def refusal(keys: Keys, kind: Kind) -> str:
    """Why it cannot be drawn with, in words that follow "because"; "" = it can."""
    return next(_reasons(keys, kind), "")


def _reasons(keys: Keys, kind: Kind) -> Iterator[str]:
    yield from (why for mark, why in OTHERS.items() if mark in keys.body)
    yield from (f"it holds {what}" for part, (_, what) in FOREIGN.items() if part in keys.parts)
    if kind == "full":
        yield "it is a whole checkpoint and no adapter"
    if kind == "unsupported":
        yield "none of its tensors is of a known kind of adapter"
    yield from _broken(keys)


def _broken(keys: Keys) -> Iterator[str]:
    """What our factors have no place for, and what no trainer writes."""
    if "bias" in keys.parts and "lora_B" in keys.parts:
        yield "its factors have biases"
    for one, other in HALVES:
        if keys.parts.get(one, 0) != keys.parts.get(other, 0):
            yield f"it has {keys.parts.get(one, 0)} {one} but {keys.parts.get(other, 0)} {other}"
    if keys.rank > MOST_RANK:
        yield f"its rank {keys.rank} is above {MOST_RANK}"
