"""Which base family a file was made for, by the names and widths of what it changes.

A UNet says it by the width of the text that its cross-attention reads; the transformers
after it by how their blocks are called and how wide they are.  Where two of them agree in
all that a file happens to change, the trainer's word decides, and where there is none,
None is the answer or, if one is far commoner, that one (said at the rule).
research/adapters.md 2.2 has the table.
"""

import re
from collections.abc import Mapping

from stylus_engine.catalog.bases import SIZES_OF_SD
from stylus_engine.catalog.probe.header import Entry
from stylus_engine.catalog.probe.keys import Keys

UNET = (
    "down_blocks_",
    "up_blocks_",
    "mid_block_",
    "input_blocks_",
    "middle_block_",
    "output_blocks_",
)
LDM = ("input_blocks_", "output_blocks_", "middle_block_")  # kohya keeps these names for SDXL only
ONLY_SMALL = ("down_blocks_0_attentions", "up_blocks_3_attentions")  # SDXL has no attention there
SIZES = SIZES_OF_SD | {2048: "sdxl", 1280: "sdxl-refiner"}  # cross-attention width -> family
OF_XL = ("\nlora_te1_", "\nlora_te2_", "\ntext_encoder_2.")
DEEP = (("sdxl", 320), ("sdxl-refiner", 384))  # widths are multiples of it
SD_CHANNELS = 320  # every released UNet's widths are multiples of it
MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (  # names that one family alone has
    ("chroma", ("distilled_guidance_layer",)),
    (
        "flux2",
        ("_stream_modulation", "to_qkv_mlp_proj", "_ff_linear_in_", "_ff_context_linear_in_"),
    ),
    (
        "hunyuan-video",
        ("individual_token_refiner", "img_mlp_fc1_", "txt_mlp_fc1_", "img_mod_linear_"),
    ),
    ("krea2", ("txt_fusion", "text_fusion", "txtfusion")),
    ("sd3", ("joint_blocks_",)),
    ("auraflow", ("joint_transformer_blocks_", "double_layers_", "single_layers_")),
    ("hidream", ("double_stream_blocks_", "single_stream_blocks_")),
    (
        "anima",
        ("adaln_modulation", "_cross_attn_q_proj_", "_cross_attn_k_proj_", "_cross_attn_v_proj_"),
    ),
    ("mochi", ("_attn_qkv_x_", "_attn_qkv_y_", "_attn1_add_q_proj_", "_attn1_add_k_proj_")),
)
BFL = {3584: "hunyuan-image", 4096: "flux2", 6144: "flux2"}  # hidden width of double/single blocks
MMDIT = {1536: "sd3", 2432: "sd3", 4096: "flux2", 6144: "flux2"}  # of `transformer_blocks.N.attn`
LAYERS = {3840: "z-image", 2304: "lumina2"}
CROSSED = {
    1152: "pixart",
    2240: "sana",
    2048: "ltx",
    4096: "ltx",
    1920: "cogvideox",
    3072: "cogvideox",
}
FLUX1_BLOCKS, FLUX1_SINGLE = 19, 38  # HunyuanVideo has 20 and 40 of the same names, Qwen-Image 60
EMBEDDINGS: dict[tuple[int, ...], str] = {
    (768,): "sd1",
    (1024,): "sd2",
    (768, 1280): "sdxl",
    (1280,): "sdxl",
}
TOLD: tuple[tuple[str, str], ...] = (  # a pattern in what the trainer says -> family
    ("chroma", r"chroma"),
    ("flux2", r"flux[-_. ]?2|klein"),
    ("flux1", r"flux"),
    ("qwen-image", r"qwen"),
    ("hunyuan-video", r"hunyuan[-_ ]?video"),
    ("sdxl", r"sdxl|stable-diffusion-xl"),
    ("sd1", r"\bsd_?v?1|stable-diffusion-v1"),
    ("sd2", r"\bsd_?v?2|stable-diffusion-v2"),
)
SPEAKING = ("modelspec.architecture", "ss_base_model_version")
_WAN = re.compile(r"(?<!transformer_)blocks_\d+_(?:self_attn|cross_attn|attn[12]|ffn)_")
_DOUBLE = re.compile(r"(?<!single_)(?:transformer|double)_blocks_(\d+)_")
_SINGLE = re.compile(r"single_(?:transformer_)?blocks_(\d+)_")
_HUNYUAN = re.compile(r"double_blocks\.\d+\.(?:img|txt)_attn_qkv\b")


def family_of(keys: Keys, told: Mapping[str, str]) -> str | None:
    """The family's name as in `Checkpoint.family`; None when the file does not tell."""
    if keys.has(*UNET):
        return _unet(keys, told)
    if not keys.body.strip("\n_"):
        return _text_only(keys, told)
    marked = (family for family, marks in MARKS if keys.has(*marks))
    return next(marked, None) or _transformer(keys, told)


def family_of_embedding(tensors: Mapping[str, Entry]) -> str | None:
    """Of a textual inversion, by how wide the text encoders are that its vectors go into."""
    widths = tuple(sorted({entry.shape[-1] for entry in tensors.values() if entry.shape}))
    known = EMBEDDINGS.get(widths)
    return known or (f"sd1-{widths[0]}" if len(widths) == 1 and 0 < widths[0] < 768 else None)


def told_family(told: Mapping[str, str]) -> str | None:
    """What the trainer says; only to decide between families that the keys leave open."""
    words = " ".join(told.get(key, "") for key in SPEAKING).lower()[:400]
    return next((family for family, pattern in TOLD if re.search(pattern, words)), None)


# --- UNets -----------------------------------------------------------------------


def _unet(keys: Keys, told: Mapping[str, str]) -> str | None:
    width = keys.width("attn2_to_k_", "attn2_to_v_")
    if width in SIZES:
        return SIZES[width]
    if _names_of_xl(keys):
        return "sdxl"
    if width:
        return f"sd1-{width}"
    if keys.has(*ONLY_SMALL):
        return _one_or_two(keys) or _released(keys, told, "sd1", "sd2")
    return _deep(keys) or _released(keys, told, "sd1", "sd2", "sdxl")


def _names_of_xl(keys: Keys) -> bool:
    """A second text encoder, or LDM's names, which files for no other UNet have."""
    return any(name in keys.text for name in OF_XL) or keys.has(*LDM)


def _deep(keys: Keys) -> str | None:
    """SDXL and its refiner have several blocks in a row, of unlike widths."""
    widths = {f.width for f in keys.factors if "transformer_blocks_" in f.module}
    if not widths or not keys.has("transformer_blocks_1_"):
        return None
    fits = (family for family, step in DEEP if all(width % step == 0 for width in widths))
    return next(fits, None)


def _one_or_two(keys: Keys) -> str | None:
    """SD 2 projects by linear layers where SD 1 has 1x1 convolutions; its text is wider too."""
    edges = {f.edges for f in keys.factors if "_proj_in_" in f.module and "attentions" in f.module}
    if len(edges) == 1:
        return "sd1" if edges == {4} else "sd2"
    return SIZES_OF_SD.get(_text_width(keys) or 0)


def _released(keys: Keys, told: Mapping[str, str], *possible: str) -> str | None:
    """The trainer's word, if it is one of the possible and the widths are those of released UNets."""
    word = told_family(told)
    fits = all(f.width % SD_CHANNELS == 0 for f in keys.factors if "attn1" in f.module)
    return word if word in possible and fits else None


def _text_width(keys: Keys) -> int | None:
    widths = {
        f.width for f in keys.of_text if f.module.endswith(("_q_proj_", "_k_proj_", "_v_proj_"))
    }
    return widths.pop() if len(widths) == 1 else None


def _text_only(keys: Keys, told: Mapping[str, str]) -> str | None:
    """A file that changes text encoders alone. kohya numbers them for families that have two."""
    if "\nlora_te2_text_model_" in keys.text or "\ntext_encoder_2.text_model." in keys.text:
        return "sdxl"
    width = _text_width(keys)
    if "\nlora_te_text_model_" in keys.text and width:
        return SIZES_OF_SD.get(width, f"sd1-{width}")
    return told_family(told)


# --- transformers ----------------------------------------------------------------


def _transformer(keys: Keys, told: Mapping[str, str]) -> str | None:
    if keys.has("double_blocks_", "single_blocks_"):
        return _of_bfl(keys, told)
    if keys.has("single_transformer_blocks_"):
        return _of_flux(keys, told)
    if keys.has("transformer_blocks_"):
        return _of_joint(keys, told) if keys.has("_attn_") else _of_crossed(keys)
    if keys.has("_layers_", "\nlayers_"):
        return LAYERS.get(keys.width("_attention_", "_attn_to_", "_feed_forward_w1_") or 0)
    if keys.has("_attn_gate_"):
        return "krea2"
    return _of_wan(keys)


def _of_bfl(keys: Keys, told: Mapping[str, str]) -> str:
    """FLUX.1, FLUX.2 and Hunyuan share these names, not their widths or number of blocks."""
    hidden = keys.width("img_attn_qkv", "img_attn_proj", "_linear1_", "_qkv_lora", "_proj_lora")
    if hidden in BFL:
        return BFL[hidden]
    if _HUNYUAN.search(keys.text) or _more_than_flux1(keys):
        return "hunyuan-video"
    narrow = keys.width("_linear2_") == 12288 or keys.width("_img_mlp_2_") == 9216
    word = told_family(told)
    return "flux2" if narrow or word == "flux2" else "chroma" if word == "chroma" else "flux1"


def _more_than_flux1(keys: Keys) -> bool:
    return _last(_DOUBLE, keys) == FLUX1_BLOCKS or _last(_SINGLE, keys) >= FLUX1_SINGLE


def _last(pattern: re.Pattern[str], keys: Keys) -> int:
    """The highest block number that the file changes; -1 = none. Of at most 4 digits: names may lie."""
    return max((int(number[:4]) for number in pattern.findall(keys.body)), default=-1)


def _of_flux(keys: Keys, told: Mapping[str, str]) -> str:
    """Single and double blocks in diffusers' names."""
    hidden = keys.width("_attn_to_q_", "_attn_to_k_", "_attn_to_v_")
    if hidden in (4096, 6144):
        return "flux2"
    if _more_than_flux1(keys):
        return "hunyuan-video"
    word = told_family(told)
    return word if word in ("chroma", "flux2") else "flux1"


def _of_joint(keys: Keys, told: Mapping[str, str]) -> str | None:
    """Blocks that read text and picture together, without single ones after them.

    A FLUX.1 file without any single block is rarer than a Qwen-Image file, so that
    attention alone means Qwen-Image; FLUX.1's own layers beside it say otherwise.
    """
    hidden = keys.width("_attn_to_q_", "_attn_to_k_", "_attn_to_v_", "_attn_to_out_0_")
    if hidden in MMDIT:
        return MMDIT[hidden]
    if keys.has("_img_mlp_", "_txt_mlp_", "_img_mod_", "_txt_mod_"):
        return "qwen-image"
    word = told_family(told)
    if word in ("chroma", "flux2"):
        return word
    flux = keys.has("_ff_net_", "_ff_context_", "_norm1_linear_") or word == "flux1"
    return "flux1" if flux and _last(_DOUBLE, keys) < FLUX1_BLOCKS else "qwen-image"


def _of_crossed(keys: Keys) -> str | None:
    """Blocks with self- and cross-attention of their own."""
    if keys.width("_attn1_to_q_") == 2048 and keys.width("_attn2_to_k_") == 1024:
        return "cosmos"
    return CROSSED.get(keys.width("_attn1_to_q_", "_attn1_to_k_", "_attn1_to_v_") or 0)


def _of_wan(keys: Keys) -> str | None:
    if not _WAN.search(keys.body):
        return None
    return "hunyuan-dit" if keys.width("_attn1_to_q_") == 1408 else "wan"
