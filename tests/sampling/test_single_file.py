"""Single files: the tiny SDXL written under the names that shared files have, read back without a hub.

The writer below is the inverse of diffusers' converter; the judge is the folder of the
same weights, drawn by the plain pipeline.
"""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.catalog.weighing import weights
from stylus_engine.errors import BadCheckpoint
from stylus_engine.model import Checkpoint
from stylus_engine.sampling.families import family_of, single
from stylus_engine.sampling.names import ldm_names
from stylus_engine.sampling.reckoning import step_bytes
from stylus_engine.sampling.starts import inpaints
from stylus_engine.sampling.tokens import OwnTokens
from tests.sampling.draws import Pool, adapters
from tests.sampling.judge import finals, stage
from tests.sampling.test_sdxl import BOUND, gap, plain, shot
from tests.sampling.tiny_sdxl import adapter, tiny_sdxl

RESNET = {"norm1": "in_layers.0", "norm2": "out_layers.0"}
CLIP = {
    ".self_attn.out_proj": ".attn.out_proj",
    ".layer_norm1": ".ln_1",
    ".layer_norm2": ".ln_2",
    ".mlp.fc1": ".mlp.c_fc",
    ".mlp.fc2": ".mlp.c_proj",
    "text_model.encoder.layers": "transformer.resblocks",
    "text_model.final_layer_norm": "ln_final",
    "text_model.embeddings.token_embedding": "token_embedding",
}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """The pool's checkpoint is the folder that the plain pipeline reads."""
    root = tmp_path_factory.mktemp("single")
    pipeline = tiny_sdxl()
    pipeline.save_pretrained(root / "tiny", safe_serialization=True)
    tensors = unet(pipeline) | vae(pipeline) | texts(pipeline)
    save_file(
        {key: tensor.contiguous() for key, tensor in tensors.items()}, root / "one.safetensors"
    )
    files = {"kohya": root / "kohya.safetensors"}
    adapter(files["kohya"], pipeline, "kohya", seed=1)
    checkpoint = LocalCheckpoints({"tiny": root / "tiny"}, "tiny").find("")
    return Pool(checkpoint, adapters(checkpoint, files), files, (), (32,))


def unet(pipeline: StableDiffusionXLPipeline) -> dict[str, Tensor]:
    state = pipeline.unet.state_dict()
    modules = {key.rpartition(".")[0] for key in state}
    names = {path: name for name, path in ldm_names(modules, 2)}
    named: dict[str, Tensor] = {}
    for key, tensor in state.items():
        module, _, part = key.rpartition(".")
        name = {"conv_norm_out": "out.0"}.get(module) or names[module]
        name = (
            re.sub(r"\.(norm1|norm2)$", lambda m: "." + RESNET[m[1]], name)
            if "resnets" in module
            else name
        )
        named[f"model.diffusion_model.{name}.{part}"] = tensor
    return named


def vae(pipeline: StableDiffusionXLPipeline) -> dict[str, Tensor]:
    blocks = len(pipeline.vae.config["block_out_channels"])
    named: dict[str, Tensor] = {}
    for key, tensor in pipeline.vae.state_dict().items():
        name = re.sub(r"down_blocks\.(\d+)\.resnets\.(\d+)", r"down.\1.block.\2", key)
        name = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", name)
        name = re.sub(
            r"up_blocks\.(\d+)\.resnets\.(\d+)",
            lambda m: f"up.{blocks - 1 - int(m[1])}.block.{m[2]}",
            name,
        )
        name = re.sub(
            r"up_blocks\.(\d+)\.upsamplers\.0",
            lambda m: f"up.{blocks - 1 - int(m[1])}.upsample",
            name,
        )
        name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
        name = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        if "mid_block.attentions.0" in name:
            name = name.replace("mid_block.attentions.0", "mid.attn_1")
            for new, old in {
                "group_norm": "norm",
                "to_q": "q",
                "to_k": "k",
                "to_v": "v",
                "to_out.0": "proj_out",
            }.items():
                name = name.replace(f".{new}.", f".{old}.")
        square = "mid.attn_1" in name and tensor.ndim == 2  # a 1x1 convolution there
        named[f"first_stage_model.{name}"] = tensor[..., None, None] if square else tensor
    return named


def texts(pipeline: StableDiffusionXLPipeline) -> dict[str, Tensor]:
    named = {
        f"conditioner.embedders.0.transformer.text_model.{key.removeprefix('text_model.')}": tensor
        for key, tensor in pipeline.text_encoder.state_dict().items()
    }
    state = dict(pipeline.text_encoder_2.state_dict())
    prefix = "conditioner.embedders.1.model."
    named[f"{prefix}text_projection"] = state.pop("text_projection.weight").T
    named[f"{prefix}positional_embedding"] = state.pop(
        "text_model.embeddings.position_embedding.weight"
    )
    for key in [key for key in state if ".q_proj." in key]:
        three = [state.pop(key.replace("q_proj", f"{each}_proj")) for each in "qkv"]
        layer, _, part = key.partition(".self_attn.q_proj.")
        named[prefix + _open(layer) + f".attn.in_proj_{part}"] = torch.cat(three)
    return named | {prefix + _open(key): tensor for key, tensor in state.items()}


def _open(name: str) -> str:
    for new, old in CLIP.items():
        name = name.replace(new, old)
    return name


@pytest.fixture
def one(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """The single file; its configs are the tiny ones, everything else is the package's."""
    configs = tmp_path / "configs"
    configs.mkdir()
    (configs / "sdxl").symlink_to(pool.folder)
    words = configs / "tokenizer"
    words.symlink_to(pool.folder / "tokenizer")
    monkeypatch.setattr(single, "CONFIGS", configs)
    path = pool.folder.parent / "one.safetensors"
    return LocalCheckpoints({"one": path}, "one").find("")


def test_a_single_file_draws_what_its_folder_draws(pool, one):
    ours = stage(Pool(one, adapters(one, pool.files), pool.files, (), (32,)))
    theirs = shot(pool, "kohya", {"kohya": 0.8})
    assert gap(finals(ours, [theirs])["kohya"], plain(pool, theirs)) <= BOUND
    assert one.family == "sdxl"


VELOCITY = {"prediction_type": "v_prediction"}
NOTHING = {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}


@pytest.mark.parametrize("sampler", ["euler", "ddim", "dpmpp_2m_karras"])
@pytest.mark.parametrize(
    ("marks", "words", "config"),
    [
        (("v_pred", "ztsnr"), {}, VELOCITY | NOTHING),
        (("v_pred",), {}, VELOCITY),
        ((), {"modelspec.prediction_type": "v"}, VELOCITY),
        ((), {"modelspec.prediction_type": "epsilon"}, {}),
    ],
)
def test_a_file_is_drawn_by_what_it_says_its_denoiser_predicts(
    pool, one, tmp_path, marks, words, config, sampler
):
    """Drawn as noise, a velocity is a picture of noise. The judge is a folder whose config says the same."""
    tensors = load_file(one.path) | {mark: torch.tensor([]) for mark in marks}
    save_file(tensors, tmp_path / "said.safetensors", metadata={"format": "pt"} | words)
    said = LocalCheckpoints({"said": tmp_path / "said.safetensors"}, "said").find("")
    ours = stage(Pool(said, adapters(said, pool.files), pool.files, (), (32,)))
    theirs = shot(pool, "kohya", {"kohya": 0.8}, sampler=sampler)
    folder = told(pool, tmp_path / "folder", config)
    assert gap(finals(ours, [theirs])["kohya"], plain(folder, theirs)) <= BOUND


def told(pool: Pool, folder: Path, config: dict[str, object]) -> Pool:
    """The pool, its folder's scheduler config changed."""
    shutil.copytree(pool.folder, folder)
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config))
    return replace(pool, checkpoint=LocalCheckpoints({"told": folder}, "told").find(""))


@pytest.mark.parametrize("mark", ["edm_mean", "edm_vpred.sigma_max"])
def test_a_file_whose_noise_is_counted_otherwise_is_refused(one, tmp_path, mark):
    save_file(load_file(one.path) | {mark: torch.ones(1)}, tmp_path / "edm.safetensors")
    with pytest.raises(BadCheckpoint, match="counted as in EDM"):
        LocalCheckpoints({"edm": tmp_path / "edm.safetensors"}, "edm").find("")


def test_an_inpainting_checkpoint_in_one_file_reads_nine_channels(one, tmp_path):
    """And one that reads what nobody tells it (a picture to edit) is refused by that."""
    tensors = load_file(one.path)
    first = "model.diffusion_model.input_blocks.0.0.weight"
    for more, path in ((5, tmp_path / "nine.safetensors"), (4, tmp_path / "eight.safetensors")):
        wider = torch.cat([tensors[first], torch.ones(16, more, 3, 3)], dim=1)
        save_file(tensors | {first: wider}, path)
    nine, eight = (
        LocalCheckpoints({name: tmp_path / f"{name}.safetensors"}, name).find("")
        for name in ("nine", "eight")
    )
    parts = family_of(nine).load(nine)
    assert inpaints(parts)
    assert torch.equal(parts.unet.conv_in.weight[:, :4], tensors[first])
    with pytest.raises(BadCheckpoint, match="reads 8 channels"):
        family_of(eight).load(eight)


def test_what_it_takes_is_counted_before_it_is_loaded(pool, one):
    apart, together = ({each.part: each for each in weights(c, 4)} for c in (pool.checkpoint, one))
    assert together == apart
    assert step_bytes(one, 2, torch.float32) == step_bytes(pool.checkpoint, 2, torch.float32) > 0


def test_a_file_that_lacks_a_tensor_is_refused(pool, one, tmp_path):
    tensors = load_file(one.path)
    for gone in (
        "model.diffusion_model.time_embed.0.weight",
        "first_stage_model.quant_conv.bias",
        "conditioner.embedders.0.transformer.text_model.final_layer_norm.bias",
        "conditioner.embedders.1.model.text_projection",
    ):
        rest = {key: tensor for key, tensor in tensors.items() if key != gone}
        save_file(rest, tmp_path / "less.safetensors")
        checkpoint = LocalCheckpoints({"less": tmp_path / "less.safetensors"}, "less").find("")
        with pytest.raises(BadCheckpoint, match="are missing"):
            family_of(checkpoint).load(checkpoint)


def test_the_same_bytes_under_another_name_are_the_same_checkpoint(one, tmp_path):
    (tmp_path / "renamed.safetensors").symlink_to(one.path)
    again = LocalCheckpoints({"x": tmp_path / "renamed.safetensors"}, "x").find("")
    assert again.id == one.id


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("lora_unet_mid_block.lora_down.weight", "no SD 1 or SDXL checkpoint"),
        ("cond_stage_model.model.token_embedding.weight", "it is SD 2"),
        ("model.diffusion_model.double_blocks.0.img_attn.qkv.weight", "it is FLUX"),
        ("conditioner.embedders.1.model.transformer.resblocks.0.ln_1.weight", "holds no denoiser"),
    ],
)
def test_other_files_are_refused_by_what_they_are(tmp_path, key, says):
    save_file({key: torch.zeros(2, 2)}, tmp_path / "odd.safetensors")
    with pytest.raises(BadCheckpoint, match=says):
        LocalCheckpoints({"odd": tmp_path / "odd.safetensors"}, "odd").find("")


def test_a_pickle_is_not_opened(tmp_path):
    (tmp_path / "old.ckpt").write_bytes(b"\x80\x02.")
    with pytest.raises(BadCheckpoint, match="not opened"):
        LocalCheckpoints({"old": tmp_path / "old.ckpt"}, "old").find("")


def test_the_packaged_configs_are_those_of_the_released_checkpoints():
    """Counted on no memory at all: the published numbers of parameters."""
    counts = {"sd1/unet": 859_520_964, "sdxl/unet": 2_567_463_684, "sdxl/vae": 83_653_863}
    with torch.device("meta"):
        for part, count in counts.items():
            kind = AutoencoderKL if part.endswith("vae") else UNet2DConditionModel
            config = json.loads((single.CONFIGS / part / "config.json").read_text())
            model = kind.from_config(config)
            assert isinstance(model, nn.Module)
            assert sum(weight.numel() for weight in model.parameters()) == count, part


def test_the_packaged_tokenizer_reads_as_clip_does(tmp_path):
    words = single.tokenizer()
    ids = words("a photo of a cat", padding="max_length", max_length=9).input_ids
    assert ids == [49406, 320, 1125, 539, 320, 2368, 49407, 49407, 49407]
    assert single.tokenizer("tokenizer_2").pad_token_id == 0
    path = tmp_path / "any.safetensors"
    path.touch()
    file = Checkpoint(id="a", name="a", path=str(path), family="sdxl", size=1024, multiple=8)
    assert OwnTokens().fits(file, "cat " * 75)
    assert not OwnTokens().fits(file, "cat " * 76)
