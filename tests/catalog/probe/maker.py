"""Adapter files of known make: headers with a record of what they are, kept by who made them.

The record never passes through the probe.  Names and shapes come from the libraries
themselves where they write such files: peft wraps diffusers' networks, LyCORIS its own
modules; the habits of trainers that cannot be run here (kohya's flattening and its LDM
names, BFL, XLabs, OneTrainer, Comfy) are written down below, one function each.
"""

import json
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from lycoris.modules.diag_oft import DiagOFTModule
from lycoris.modules.full import FullModule
from lycoris.modules.glora import GLoRAModule
from lycoris.modules.ia3 import IA3Module
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from torch import nn

from tests.catalog.probe import networks
from tests.catalog.probe.networks import Shapes

LYCORIS: dict[str, tuple[Callable[..., nn.Module], dict[str, object]]] = {
    "lora": (LoConModule, {}),
    "locon": (LoConModule, {}),
    "tucker": (LoConModule, {"use_tucker": True}),
    "dora": (LoConModule, {"weight_decompose": True}),
    "loha": (LohaModule, {}),
    "lokr": (LokrModule, {"factor": 8}),
    "lokr full": (LokrModule, {"factor": 8, "full_matrix": True}),
    "ia3": (IA3Module, {}),
    "oft": (DiagOFTModule, {}),
    "glora": (GLoRAModule, {}),
    "full": (FullModule, {}),
}
KIND = {"tucker": "locon", "lokr full": "lokr"}  # the rest are called as they are
REFUSED = {"ia3", "oft", "glora", "full", "unsupported"}
RANKED = {"lora", "locon", "tucker", "dora", "loha", "lokr", "glora"}


@dataclass(frozen=True)
class Record:
    """What the maker put into a file."""

    layout: str
    kind: str
    family: str | None
    rank: int
    alpha: float | None = None
    text_encoder: bool = False
    refused: bool = False
    base: str = ""


@dataclass(frozen=True)
class Made:
    """A header and what it is the header of. The tensors are as long as it says; they hold nothing."""

    case: str
    truth: Record
    shapes: Shapes
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def header(self) -> bytes:
        return bytes_of(self.shapes, self.told)

    @property
    def size(self) -> int:
        return len(self.header) + 2 * sum(math.prod(shape) for shape in self.shapes.values())

    def write(self, folder: Path) -> Path:
        """The file, sparse: it takes the disk no more than its header."""
        path = folder / (self.case.replace(" ", "_").replace("/", "-") + ".safetensors")
        path.write_bytes(self.header)
        with path.open("r+b") as file:
            file.truncate(self.size)
        return path


def bytes_of(shapes: Shapes, told: Mapping[str, str], dtype: str = "F16", width: int = 2) -> bytes:
    """A header as the safetensors library lays it out: biggest name last, offsets one after the other."""
    table: dict[str, object] = {"__metadata__": dict(told)} if told else {}
    at = 0
    for name, shape in shapes.items():
        end = at + width * math.prod(shape)
        table[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    raw = json.dumps(table, separators=(",", ":")).encode()
    raw += b" " * (-len(raw) % 8)
    return struct.pack("<Q", len(raw)) + raw


# --- written by the libraries themselves ------------------------------------------


def by_peft(name: str, rank: int, ends: Iterable[str], *, dora=False, whole=False) -> Shapes:
    """What peft writes for this network: of its own accord (`whole`), or handed to diffusers."""
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=list(ends), use_dora=dora)
    with torch.device("meta"):
        model = get_peft_model(networks.built(name), config)
    found = get_peft_model_state_dict(model)
    head = "" if whole else "base_model.model."
    return {key.removeprefix(head): tuple(tensor.shape) for key, tensor in found.items()}


def by_lycoris(algo: str, layers: Shapes, rank: int, prefix: str) -> Shapes:
    """What LyCORIS writes for these layers under its own prefix, or kohya's."""
    found: Shapes = {}
    make, more = LYCORIS[algo]
    for path, shape in layers.items():
        name = prefix + path.replace(".", "_")
        with torch.device(
            "cpu" if algo in ("dora", "full") else "meta"
        ):  # these two look at the weights
            module = make(name, layer(shape), 1.0, lora_dim=rank, alpha=rank, **more)
        found |= {f"{name}.{part}": tuple(t.shape) for part, t in module.state_dict().items()}
    return found


def layer(shape: tuple[int, ...]) -> nn.Module:
    if len(shape) == 2:
        return nn.Linear(shape[1], shape[0])
    return nn.Conv2d(shape[1], shape[0], shape[2], padding=shape[2] // 2)


# --- written as trainers do that cannot be run here -------------------------------


def pairs(layers: Shapes, rank: int, down: str, up: str) -> Shapes:
    """Low-rank pairs under `MODULE + down` and `MODULE + up`."""
    found: Shapes = {}
    for module, (out, width, *kernel) in layers.items():
        found[module + down] = (rank, width, *kernel)
        found[module + up] = (out, rank, *(1 for _ in kernel))
    return found


def kohya(layers: Shapes, rank: int, prefix: str = "lora_unet_") -> Shapes:
    flat = {prefix + path.replace(".", "_"): shape for path, shape in layers.items()}
    alphas: Shapes = {f"{module}.alpha": () for module in flat}
    return alphas | pairs(flat, rank, ".lora_down.weight", ".lora_up.weight")


def peft_names(layers: Shapes, rank: int, prefix: str = "") -> Shapes:
    dotted = {prefix + path: shape for path, shape in layers.items()}
    return pairs(dotted, rank, ".lora_A.weight", ".lora_B.weight")


def old_diffusers(layers: Shapes, rank: int) -> Shapes:
    """Attention processors of diffusers before peft; `to_out.0` was `to_out_lora`."""
    renamed: Shapes = {}
    for path, shape in layers.items():
        module, _, end = path.removesuffix(".0").rpartition(".")
        renamed[f"unet.{module}.processor.{end}_lora"] = shape
    return pairs(renamed, rank, ".down.weight", ".up.weight")


def sdxl_of_kohya() -> Shapes:
    """SDXL's attention under LDM's names, which kohya's files keep."""
    places = {
        "input_blocks_4_1": (640, 2),
        "input_blocks_5_1": (640, 2),
        "input_blocks_7_1": (1280, 10),
        "input_blocks_8_1": (1280, 10),
        "middle_block_1": (1280, 10),
        **{f"output_blocks_{n}_1": (1280, 10) for n in range(3)},
        **{f"output_blocks_{n}_1": (640, 2) for n in range(3, 6)},
    }
    found: Shapes = {}
    for place, (width, depth) in places.items():
        found |= {f"{place}_proj_in": (width, width), f"{place}_proj_out": (width, width)}
        for number in range(depth):
            block = f"{place}_transformer_blocks_{number}"
            found |= {f"{block}_attn1_to_{end}": (width, width) for end in "qkv"}
            found |= {f"{block}_attn2_to_{end}": (width, 2048) for end in "kv"}
            found |= {f"{block}_attn2_to_q": (width, width)}
            found |= {f"{block}_attn{n}_to_out_0": (width, width) for n in (1, 2)}
            found |= {f"{block}_ff_net_0_proj": (8 * width, width)}
            found |= {f"{block}_ff_net_2": (width, 4 * width)}
    return found


def bfl(hidden: int, mlp: int, double: int, single: int, gated: int = 1) -> Shapes:
    """FLUX as Black Forest Labs name it. `gated` = 2: the MLP has a gate beside each value."""
    found: Shapes = {}
    for n in range(double):
        for side in ("img", "txt"):
            block = f"double_blocks.{n}.{side}"
            found |= {
                f"{block}_attn.qkv": (3 * hidden, hidden),
                f"{block}_attn.proj": (hidden, hidden),
            }
            found |= {f"{block}_mlp.0": (gated * mlp, hidden), f"{block}_mlp.2": (hidden, mlp)}
    for n in range(single):
        found[f"single_blocks.{n}.linear1"] = (3 * hidden + gated * mlp, hidden)
        found[f"single_blocks.{n}.linear2"] = (hidden, hidden + mlp)
    return found


def hunyuan(hidden: int = 3072) -> Shapes:
    found: Shapes = {}
    for n in range(20):
        for side in ("img", "txt"):
            block = f"double_blocks.{n}.{side}"
            found |= {
                f"{block}_attn_qkv": (3 * hidden, hidden),
                f"{block}_attn_proj": (hidden, hidden),
            }
            found |= {
                f"{block}_mlp.fc1": (4 * hidden, hidden),
                f"{block}_mlp.fc2": (hidden, 4 * hidden),
            }
    return found | {f"single_blocks.{n}.linear1": (7 * hidden, hidden) for n in range(40)}


def xlabs(rank: int) -> Shapes:
    found: Shapes = {}
    for n in range(19):
        for stream in (1, 2):
            block = f"double_blocks.{n}.processor"
            found |= {f"{block}.qkv_lora{stream}": (9216, 3072)}
            found |= {f"{block}.proj_lora{stream}": (3072, 3072)}
    return pairs(found, rank, ".down.weight", ".up.weight")


def blocks(names: Iterable[str], hidden: int, count: int = 3, head: str = "blocks") -> Shapes:
    return {f"{head}.{n}.{name}": (hidden, hidden) for n in range(count) for name in names}


WAN = tuple(f"{side}_attn.{end}" for side in ("self", "cross") for end in "qkvo")
ANIMA = tuple(f"{side}_attn.{end}_proj" for side in ("self", "cross") for end in ("q", "k", "v"))
ORIGINAL: dict[str, tuple[str, Shapes]] = {  # case -> family, and layers as its authors name them
    "flux1": ("flux1", bfl(3072, 12288, 19, 38)),
    "flux2 dev": ("flux2", bfl(6144, 18432, 8, 48, gated=2)),
    "flux2 klein 9b": ("flux2", bfl(4096, 12288, 8, 24, gated=2)),
    "flux2 klein 4b": ("flux2", bfl(3072, 9216, 5, 20, gated=2)),
    "hunyuan-video": ("hunyuan-video", hunyuan()),
    "hunyuan-image": ("hunyuan-image", bfl(3584, 14336, 20, 40)),
    "wan 14b": ("wan", blocks(WAN, 5120) | {"blocks.0.ffn.0": (13824, 5120)}),
    "wan 1.3b": ("wan", blocks(WAN, 1536)),
    "anima": ("anima", blocks(ANIMA, 2048)),
    "z-image": ("z-image", blocks(("attention.qkv", "feed_forward.w1"), 3840, head="layers")),
    "lumina2": ("lumina2", blocks(("attention.qkv", "feed_forward.w1"), 2304, head="layers")),
    "sd3 medium": ("sd3", blocks(("x_block.attn.qkv", "context_block.attn.qkv"), 1536, head="joint_blocks")),
    "krea2": ("krea2", blocks(("attn.gate", "attn.wq", "mlp.up"), 6144)),
    "qwen-image": ("qwen-image", blocks(("attn.to_q", "attn.add_k_proj", "img_mlp.net.2"), 3072, 60, "transformer_blocks")),
}  # fmt: skip
