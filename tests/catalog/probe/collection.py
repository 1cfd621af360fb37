"""All cases: each kind of file that the probe is asked about, with its maker's record."""

import json
from collections.abc import Iterator
from dataclasses import replace

from tests.catalog.probe import networks
from tests.catalog.probe.maker import (
    KIND,
    LYCORIS,
    ORIGINAL,
    RANKED,
    REFUSED,
    Made,
    Record,
    by_lycoris,
    by_peft,
    kohya,
    old_diffusers,
    pairs,
    peft_names,
    sdxl_of_kohya,
    xlabs,
)
from tests.catalog.probe.networks import ATTENTION, BUILD, JOINT, Shapes


def everything() -> Iterator[Made]:
    """All cases, each with another name."""
    for numbered, made in enumerate(_all()):
        yield replace(made, case=f"{numbered:03d} {made.case}")


def _all() -> Iterator[Made]:
    yield from of_peft()
    yield from of_unets()
    yield from of_transformers()
    yield from of_authors()
    yield from parts_of_unets()
    yield from embeddings()
    yield from no_adapters()


def of_peft() -> Iterator[Made]:
    """peft's own names for each network, bare, under diffusers' prefix, and with magnitudes."""
    for rank, name in enumerate(BUILD, start=2):
        unet = name.startswith("sd") and not name.startswith("sd3")
        family, head = name.partition(" ")[0], "unet." if unet else "transformer."
        ends = [*JOINT, "to_qkv_mlp_proj", "img_mlp.net.0.proj", "img_mlp.net.2"]
        shapes = by_peft(name, rank, ends)
        # Chroma's attention is FLUX.1's; only a trainer's word tells them apart.
        word = {"modelspec.architecture": "chroma/lora"} if family == "chroma" else {}
        under = {f"base_model.model.{key}": shape for key, shape in shapes.items()}
        yield Made(f"peft {name}", Record("peft", "lora", family, rank), under, word)
        told = {"lora_adapter_metadata": json.dumps({f"{head}lora_alpha": 7, f"{head}r": rank})}
        under = {head + key: shape for key, shape in shapes.items()}
        true = Record("diffusers", "lora", family, rank, 7.0)
        yield Made(f"diffusers {name}", true, under, told | word)
    for name in ("sd1", "sdxl", "flux1 short", "wan"):
        shapes = by_peft(name, 4, ATTENTION, dora=True, whole=True)
        yield Made(f"peft dora {name}", Record("peft", "dora", name.partition(" ")[0], 4), shapes)


def of_unets() -> Iterator[Made]:
    """kohya, LyCORIS and old diffusers on the UNets, text encoders trained and not."""
    widths = {"sd1": 768, "sd2": 1024, "sd1-96": 96, "sdxl": 768, "sdxl-refiner": 0}
    for rank, (name, width) in enumerate(widths.items(), start=3):
        unet = networks.network(name)
        linear = networks.shapes(unet, *ATTENTION, "proj_in", "ff.net.0.proj")
        conv = networks.shapes(unet, "resnets.0.conv1")
        told = {
            "ss_network_alpha": f"{rank / 2}",
            "ss_base_model_version": "a lie",
            "ss_network_dim": "1",
        }
        true = Record("kohya", "lora", name, rank, rank / 2)
        yield Made(f"kohya lora {name}", true, kohya(linear, rank), told)
        yield Made(
            f"kohya locon {name}", replace(true, kind="locon"), kohya(linear | conv, rank), told
        )
        yield Made(f"old {name}", Record("diffusers-old", "lora", name, rank), old_diffusers(networks.shapes(unet, *ATTENTION), rank))  # fmt: skip
        if width:
            head = "lora_te1_" if name == "sdxl" else "lora_te_"
            text = networks.shapes(networks.text_encoder(width), "q_proj", "fc1")
            both = kohya(linear, rank) | kohya(_named_as_files(text), rank, head)
            yield Made(f"kohya text {name}", replace(true, text_encoder=True), both, told)
        few = _first_block(linear) | dict(list(conv.items())[:1])
        yield from _of_lycoris(name, few, rank)


def _of_lycoris(name: str, layers: Shapes, rank: int) -> Iterator[Made]:
    """Each algorithm under LyCORIS' prefix and under kohya's."""
    flat = {path: shape for path, shape in layers.items() if "attn2.to_k" in path}
    for algo in LYCORIS:
        kind = KIND.get(algo, algo)
        shapes = by_lycoris(algo, layers if algo in ("locon", "tucker") else flat, rank, "lycoris_")
        family = None if algo in ("ia3", "oft") else name  # these have no input side
        ranked = rank if algo in RANKED else 0
        true = Record("lycoris", kind, family, ranked, refused=kind in REFUSED)
        yield Made(f"lycoris {algo} {name}", true, shapes)
        as_kohya = {key.replace("lycoris_", "lora_unet_", 1): s for key, s in shapes.items()}
        yield Made(f"kohya {algo} {name}", replace(true, layout="kohya"), as_kohya)


def _named_as_files(layers: Shapes) -> Shapes:
    """transformers 5 dropped `text_model.`; the files of trainers have it."""
    return {f"text_model.{path.removeprefix('text_model.')}": s for path, s in layers.items()}


def _first_block(layers: Shapes) -> Shapes:
    head = next(path for path in layers if "transformer_blocks.0." in path)
    block = head.partition("transformer_blocks.0.")[0]
    return {path: shape for path, shape in layers.items() if path.startswith(block)}


def of_transformers() -> Iterator[Made]:
    """Trainers that flatten diffusers' names."""
    for name in ("flux1", "flux2", "chroma", "sd3", "qwen-image", "wan", "hunyuan-video"):
        layers = networks.shapes(networks.network(name), *JOINT, "to_qkv_mlp_proj", "img_mlp.net.2")
        told = {"modelspec.architecture": f"{name}/lora"}
        one = Record("onetrainer", "lora", name, 6)
        yield Made(f"onetrainer {name}", one, kohya(layers, 6, "lora_transformer_"), told)
        yield Made(f"kohya {name}", replace(one, layout="kohya"), kohya(layers, 6), told)
        few = dict(list(layers.items())[:12]) | {
            k: s for k, s in layers.items() if ".19." in k or "mlp" in k
        }
        for algo in ("loha", "lokr"):
            shapes = by_lycoris(algo, few, 4, "lycoris_")
            yield Made(f"lycoris {algo} {name}", Record("lycoris", algo, name, 4), shapes, told)


def of_authors() -> Iterator[Made]:
    """The names that a family's authors gave, by kohya's trainers, Comfy's and their own."""
    yield Made("kohya sdxl ldm", Record("kohya", "lora", "sdxl", 8), kohya(sdxl_of_kohya(), 8))
    yield Made("xlabs flux1", Record("xlabs", "lora", "flux1", 16), xlabs(16))
    for rank, (case, (family, layers)) in enumerate(ORIGINAL.items(), start=4):
        yield Made(f"kohya {case}", Record("kohya", "lora", family, rank), kohya(layers, rank))
        flux = any(path.startswith(("double_blocks", "single_blocks")) for path in layers)
        true = Record("bfl" if flux else "comfy", "lora", family, rank)
        yield Made(f"comfy {case}", true, peft_names(layers, rank, "diffusion_model."))
        bare = replace(true, layout="bfl" if flux else "peft")
        yield Made(f"bare {case}", bare, peft_names(layers, rank))
        few = {path: shape for path, shape in layers.items() if ".1." in path or ".19." in path}
        lokr = by_lycoris("lokr", few, rank, "")
        yield Made(f"lokr {case}", replace(true, kind="lokr"), _dotted(lokr, few))


def _dotted(flat: Shapes, layers: Shapes) -> Shapes:
    """LyCORIS' parts under Comfy's names."""
    names = {path.replace(".", "_"): f"diffusion_model.{path}" for path in layers}
    return {f"{names[k.partition('.')[0]]}.{k.partition('.')[2]}": s for k, s in flat.items()}


def parts_of_unets() -> Iterator[Made]:
    """Files that change little: self-attention alone (sliders do), text encoders alone."""
    for name in ("sd2", "sdxl", "sdxl-refiner"):
        ends = ("attn1.to_q", "attn1.to_v", *(["proj_in"] if name == "sd2" else []))
        layers = networks.shapes(networks.network(name), *ends)
        yield Made(f"slider {name}", Record("kohya", "lora", name, 4), kohya(layers, 4))
    layers = networks.shapes(networks.network("sd1"), "attn1.to_q", "attn1.to_v")
    true = Record("kohya", "lora", None, 4)
    yield Made("slider that nobody can tell", true, kohya(layers, 4))
    told = {"ss_base_model_version": "sd_v1"}
    yield Made("slider sd1", replace(true, family="sd1"), kohya(layers, 4), told)
    for name, width, head in (
        ("sd1", 768, "lora_te_"),
        ("sd2", 1024, "lora_te_"),
        ("sdxl", 1280, "lora_te2_"),
    ):
        text = _named_as_files(networks.shapes(networks.text_encoder(width), "q_proj", "fc1"))
        true = Record("kohya", "lora", name, 4, text_encoder=True)
        yield Made(f"text alone {name}", true, kohya(text, 4, head))
    layers = ORIGINAL["qwen-image"][1]
    bare = pairs(layers, 4, ".lora_down.weight", ".lora_up.weight")
    yield Made("no prefix", Record("bare", "lora", "qwen-image", 4), bare)


def embeddings() -> Iterator[Made]:
    true = Record("a1111", "embedding", "sd1", 0)
    yield Made("embedding sd1", true, {"emb_params": (4, 768)})
    yield Made("embedding sd2", replace(true, family="sd2"), {"emb_params": (1, 1024)})
    yield Made("embedding sd1-96", replace(true, family="sd1-96"), {"emb_params": (2, 96)})
    both = replace(true, layout="kohya", family="sdxl")
    yield Made("embedding sdxl", both, {"clip_g": (3, 1280), "clip_l": (3, 768)})
    yield Made("embedding diffusers", replace(true, layout="diffusers"), {"<sks>": (768,)})


def no_adapters() -> Iterator[Made]:
    """What lies in the same folders: checkpoints, ControlNets, adapters of other ideas."""
    whole = {f"model.diffusion_model.{k}.weight": s for k, s in _few_of_sd1().items()}
    none = Record("unknown", "full", "sd1", 0, refused=True)
    yield Made("checkpoint", replace(none, family=None), whole)
    lllite = {"lllite_unet_input_blocks_4_1_attn1_to_q.conditioning1.0.weight": (32, 3, 4, 4)}
    yield Made("lllite", replace(none, kind="unsupported", family="sdxl"), lllite)
    adapter = {"image_proj.proj.weight": (3072, 1024), "ip_adapter.1.to_k_ip.weight": (320, 768)}
    yield Made("ip-adapter", replace(none, kind="unsupported", family=None), adapter)
    biased = peft_names(ORIGINAL["flux1"][1], 8)
    control = biased | {
        k.replace(".weight", ".bias"): (s[0],) for k, s in biased.items() if "lora_B" in k
    }
    yield Made("flux control", Record("bfl", "lora", "flux1", 8, refused=True), control)
    half = {
        k: s for k, s in kohya(_few_of_sd1(), 4).items() if "mid_block" not in k or "up" not in k
    }
    yield Made("half", Record("kohya", "lora", "sd1", 4, refused=True), half)
    wide = Record("kohya", "lora", "sd1", 1025, refused=True)
    yield Made("rank 1025", wide, kohya(_few_of_sd1(), 1025))


def _few_of_sd1() -> Shapes:
    found = networks.shapes(networks.network("sd1"), *ATTENTION)
    return {path: shape for path, shape in found.items() if "mid_block" in path}
