"""How other programs call the layers of a UNet: the names of the first implementation (LDM, SGM).

kohya writes SDXL adapters so, and single checkpoint files are written so.  diffusers has
the same table for LoRA pairs alone (`_maybe_map_sgm_blocks_to_diffusers`), which judges
this one in the tests; LoHa, LoKr and dotted names need it too.
"""

import re
from collections.abc import Iterable, Iterator

BLOCK = re.compile(r"(down|mid|up)_block(?:s\.(\d+))?\.(resnets|attentions|\w+samplers)\.(\d+)(.*)")
INNER = {  # of a resnet
    ".conv1": ".in_layers.2",
    ".conv2": ".out_layers.3",
    ".time_emb_proj": ".emb_layers.1",
    ".conv_shortcut": ".skip_connection",
}
OUTER = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}


def ldm_names(paths: Iterable[str], layers: int) -> Iterator[tuple[str, str]]:
    """(LDM's name, diffusers' path) of each path that has one; `layers` = resnets of a down block."""
    known = list(paths)
    attended = {path.split(".")[1] for path in known if re.match(r"up_blocks\.\d+\.att", path)}
    for path in known:
        if found := BLOCK.fullmatch(path):
            yield _inside(found, layers, attended), path
        elif path in OUTER:
            yield OUTER[path], path


def _inside(found: re.Match[str], layers: int, attended: set[str]) -> str:
    side, block, kind, number, rest = found.groups()
    rest = INNER.get(rest, rest) if kind == "resnets" else rest
    if side == "mid":
        return f"middle_block.{1 if kind == 'attentions' else 2 * int(number)}{rest}"
    first = int(block) * (layers + 1)
    if kind == "downsamplers":
        return f"input_blocks.{first + layers + 1}.0.op"
    if kind == "upsamplers":
        return f"output_blocks.{first + layers}.{2 if block in attended else 1}{rest}"
    at = first + int(number) + (side == "down")
    return f"{'in' if side == 'down' else 'out'}put_blocks.{at}.{int(kind == 'attentions')}{rest}"
