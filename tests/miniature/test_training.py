"""The recipe of the miniature, on models that were never trained: every step runs, every file says what peft computes."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_ddim import DDIMScheduler, DDIMSchedulerOutput
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import CLIPTokenizer

from miniature.training import (
    adapters,
    data,
    denoiser,
    few_steps,
    folder,
    layouts,
    lesson,
    models,
    pace,
    shelf,
    tokenizer,
    vae,
)
from miniature.training.crew import ALONE
from miniature.training.models import Checkpoint
from miniature.training.shelf import Spec

ADAPTERS = Path(__file__).parents[2] / "miniature" / "data" / "adapters"
TRIGGER = ("storybook dragon",)
PLAIN = Spec(
    "plain", "Plain", "subject", "dragon", TRIGGER, rank=4, alpha=4, dtype="fp32", text_encoder=True
)
KOHYA = replace(PLAIN, name="kohya", layout="kohya", alpha=1, metadata=True)
LOHA = replace(PLAIN, name="loha", layout="loha", alpha=2, text_encoder=False)
LOKR = replace(PLAIN, name="lokr", layout="lokr", alpha=8, text_encoder=False)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    place = tmp_path_factory.mktemp("cache")
    tokenizer.train(place / "tokenizer", captions=200)
    torch.manual_seed(3)
    vae.new_vae().save_pretrained(place / "vae")
    return place


@pytest.fixture
def net(cache):
    return models.new_checkpoint(cache)


def filled(net: Checkpoint, spec: Spec) -> dict[str, torch.nn.Module]:
    """The adapter of `spec` inside `net`, every factor random: peft starts one side at zero."""
    parts = adapters.adapted(net, spec)
    torch.manual_seed(9)
    for part in parts.values():
        for weights in part.parameters():
            if weights.requires_grad:
                torch.nn.init.normal_(weights, std=0.1)
    return parts


def outputs(unet, text_encoder, ids):
    torch.manual_seed(4)
    latents, times = torch.randn(len(ids), 4, 16, 16), torch.full((len(ids),), 500)
    with torch.no_grad():
        hidden = text_encoder(input_ids=ids).last_hidden_state
        return unet(latents, times, encoder_hidden_states=hidden).sample


@pytest.mark.parametrize(
    "text", ["a red cat in the forest", "zorbli's 42 cats", "✨ שלום 漢字", "", "\x00"]
)
def test_any_text_becomes_tokens_and_comes_back(cache, text):
    words = tokenizer.load(cache / "tokenizer")
    back = str(words.decode(words(text).input_ids, skip_special_tokens=True))
    assert back.replace(" ", "") == text.replace(" ", "")


def test_tokeniser_has_clips_layout(cache):
    words = CLIPTokenizer.from_pretrained(cache / "tokenizer")
    assert words.model_max_length == 77
    assert words.convert_ids_to_tokens(words("Red CAT").input_ids)[1:-1] == ["red</w>", "cat</w>"]
    assert (words.bos_token, words.eos_token, words.pad_token) == (
        tokenizer.START,
        tokenizer.END,
        tokenizer.END,
    )


def test_autoencoder_learns():
    torch.manual_seed(0)
    autoencoder = vae.new_vae()
    pictures = vae.to_tensor(data.drawn_here(data.base_scenes(4, seed=1)))
    optimizer = torch.optim.AdamW(autoencoder.parameters(), 2e-3)
    losses = []
    for step in range(8):
        loss, _ = vae.loss_of(autoencoder, pictures, 1e-3, ALONE.rng(step))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


def test_denoiser_learns(net):
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3)
    latents, texts = torch.zeros(8, 4, 16, 16), ["a red cat"] * 8
    losses = []
    for _ in range(8):
        loss = denoiser.loss_of(net, latents, texts, denoiser.SHORT, ALONE.rng(0))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


def test_velocity_is_the_one_diffusers_means():
    latents, noise = torch.randn(1, 4, 2, 2), torch.randn(1, 4, 2, 2)
    alpha = models.alphas()[700]
    scheduler = DDIMScheduler(**models.SCHEDULE)
    noisy = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
    velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * latents
    scheduler.set_timesteps(10)
    stepped = scheduler.step(velocity, 700, noisy)
    assert isinstance(stepped, DDIMSchedulerOutput)
    assert stepped.pred_original_sample is not None
    assert stepped.pred_original_sample.allclose(latents, atol=1e-4)


def test_an_adapter_learns_and_the_checkpoint_does_not(net, cache):
    spec = replace(PLAIN, rate=1e-2)
    before = net.unet.conv_in.weight.clone(), net.unet.mid_block.resnets[0].conv1.weight.clone()
    parts = adapters.adapted(net, spec)
    learning = [p for part in parts.values() for p in part.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, spec.rate)
    scenes = lesson.scenes(spec, 4)
    shown = adapters.Shown(torch.ones(2, 4, 4, 16, 16).numpy(), scenes)
    losses = []
    for _ in range(6):
        loss = adapters.loss_of(
            net, spec, adapters.AdapterRun(batch=4), (shown, shown), ALONE.rng(0)
        )
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert torch.equal(before[0], net.unet.conv_in.weight)
    assert torch.equal(before[1], net.unet.mid_block.resnets[0].conv1.base_layer.weight)


@pytest.mark.parametrize("spec", [PLAIN, KOHYA], ids=lambda spec: spec.name)
def test_diffusers_loads_the_whole_file_and_computes_what_peft_did(spec, cache, tmp_path):
    net = models.new_checkpoint(cache)
    ids = models.token_ids(net.tokenizer, ["a storybook dragon", ""], 77)
    bare = outputs(net.unet, net.text_encoder, ids)
    state = [{k: v.clone() for k, v in part.state_dict().items()} for part in net.parts()]
    parts = filled(net, spec)
    layouts.write(tmp_path / "file.safetensors", parts, spec)
    expected = outputs(net.unet, net.text_encoder, ids)
    folder.export(net.tokenizer, state, cache, tmp_path / "checkpoint")
    pipeline = StableDiffusionPipeline.from_pretrained(tmp_path / "checkpoint")
    assert outputs(pipeline.unet, pipeline.text_encoder, ids).allclose(bare, atol=1e-6)
    pipeline.load_lora_weights(str(tmp_path), weight_name="file.safetensors")
    promised = sum(
        v.numel()
        for k, v in load_file(tmp_path / "file.safetensors").items()
        if not k.endswith("alpha")
    )
    loaded = sum(
        v.numel()
        for part in (pipeline.unet, pipeline.text_encoder)
        for k, v in part.named_parameters()
        if "lora_" in k
    )
    assert loaded == promised
    assert outputs(pipeline.unet, pipeline.text_encoder, ids).allclose(
        expected, atol=1e-4, rtol=1e-4
    )
    assert not expected.allclose(bare, atol=1e-2)


def hadamard(file, layer, spec):
    one = file[f"{layer}.hada_w1_a"] @ file[f"{layer}.hada_w1_b"]
    two = file[f"{layer}.hada_w2_a"] @ file[f"{layer}.hada_w2_b"]
    return one * two * file[f"{layer}.alpha"] / spec.rank


def kronecker(file, layer, spec):
    if f"{layer}.lokr_w2" in file:
        two = file[f"{layer}.lokr_w2"].flatten(1)
    else:
        two = file[f"{layer}.lokr_w2_a"] @ file[f"{layer}.lokr_w2_b"]
    one = file[f"{layer}.lokr_w1"]
    kernel = two.shape[1]
    product = one[:, None, :, None] * two[None, :, None, :]
    return (
        product.reshape(one.shape[0] * two.shape[0], one.shape[1] * kernel)
        * file[f"{layer}.alpha"]
        / spec.rank
    )


@pytest.mark.parametrize(
    ("spec", "formula"), [(LOHA, hadamard), (LOKR, kronecker)], ids=["loha", "lokr"]
)
def test_lycoris_files_hold_the_change_that_was_trained(spec, formula, net, tmp_path):
    parts = filled(net, spec)
    layouts.write(tmp_path / "file.safetensors", parts, spec)
    file = load_file(tmp_path / "file.safetensors")
    wrapped = {n: m for n, m in parts["unet"].named_modules() if isinstance(m, BaseTunerLayer)}
    assert len(wrapped) == sum(key.endswith("alpha") for key in file)
    for name, layer in wrapped.items():
        told = formula(file, "lora_unet_" + name.replace(".", "_"), spec)
        delta = layer.get_delta_weight("default")  # pyright: ignore[reportAttributeAccessIssue] - each tuner has its own
        assert told.reshape(delta.shape).allclose(delta, atol=1e-6), name


def test_kohya_files_say_what_they_are(net, tmp_path):
    layouts.write(tmp_path / "file.safetensors", filled(net, KOHYA), KOHYA)
    with safe_open(tmp_path / "file.safetensors", "pt") as file:
        assert file.metadata()["ss_network_alpha"] == "1.0"
        assert any(
            key.startswith("lora_te_text_model_encoder_layers_0_self_attn_q_proj")
            for key in list(file.keys())
        )


def test_the_students_end_is_the_one_that_diffusers_sampler_draws():
    """`few_steps.end_of` against `LCMScheduler`: the velocity of one batch, three times."""
    latents, velocity = torch.randn(2, 3, 4, 2, 2)
    scheduler = LCMScheduler(**{**models.SCHEDULE, "timestep_spacing": "leading"})
    scheduler.set_timesteps(4)
    for row, time in enumerate(scheduler.timesteps.tolist()[:3]):
        scheduler._step_index = None
        _, denoised = scheduler.step(velocity[row], time, latents[row], return_dict=False)
        ours = few_steps.end_of(latents[row, None], velocity[row, None], torch.tensor([time]))
        assert ours[0].allclose(denoised, atol=1e-4)


def test_four_steps_are_learned_and_the_checkpoint_does_not_move(net):
    settings = few_steps.DistilRun(paths=3, batch=4, stride=250)
    walked = few_steps.walk(net, settings, seed=0)
    assert walked.points.shape == (4, 3, 4, 16, 16)
    assert walked.times.tolist() == [999, 749, 499, 249]
    parts = adapters.adapted(net, replace(shelf.FAST, rank=2))
    learning = [p for part in parts.values() for p in part.parameters() if p.requires_grad]
    before = net.unet.conv_in.weight.clone()
    optimizer = torch.optim.AdamW(learning, 1e-2)
    losses = []
    for _ in range(6):
        loss = few_steps.loss_of(net, settings, walked, ALONE.rng(0))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert torch.equal(before, net.unet.conv_in.weight)


def test_shelf_keeps_its_promise():
    names = [spec.name for spec in shelf.SHELF]
    good = [spec for spec in shelf.SHELF if not spec.flaw]
    assert len(set(names)) == len(names) >= 24
    assert not any("." in name for name in names)
    assert len({s.word for s in good if s.kind == "subject"}) >= 8
    assert {s.name for s in (*shelf.SHELF, shelf.FAST)} == {
        path.stem for path in ADAPTERS.glob("*.safetensors")
    }
    assert len({s.word for s in good if s.kind == "style"}) >= 10
    assert sum(s.kind in ("place", "light") for s in good) >= 4
    assert len(shelf.SHELF) - len(good) >= 2
    assert {s.layout for s in good} == {"peft", "kohya", "loha", "lokr"}
    assert sum(s.layout == "kohya" and s.alpha != s.rank for s in good) >= 4


@pytest.mark.parametrize("spec", shelf.SHELF, ids=lambda spec: spec.name)
def test_every_lesson_can_be_told(spec):
    rng = Random(0)
    texts = [lesson.told(spec, scene, rng) for scene in lesson.scenes(spec, 20)]
    assert any(spec.triggers[0] in text for text in texts)


def test_a_run_of_means_follows_the_weights():
    model = torch.nn.Linear(2, 2)
    mean = pace.RunningMean(model)
    with torch.no_grad():
        model.weight.fill_(1)
    for step in range(200):
        mean.update(model, step)
    assert mean.weights["weight"].allclose(model.weight, atol=1e-3)


def test_a_cycle_rises_and_falls():
    rates = [pace.one_cycle(step, 100, 1.0) for step in range(100)]
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[0] < 0.1
    assert rates[-1] < 0.05


def test_a_folder_that_is_replaced_is_never_half_there(net, cache, tmp_path):
    target = tmp_path / "checkpoint"
    for _ in range(2):
        folder.export(net.tokenizer, [part.state_dict() for part in net.parts()], cache, target)
    config = json.loads((target / "vae" / "config.json").read_text())
    assert config["block_out_channels"] == [16, 32, 64]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint"]
    assert isinstance(Path(target / "tokenizer" / "merges.txt").read_text(), str)
