"""Learned words, row by row, against diffusers' own `load_textual_inversion`."""

# diffusers exports its classes lazily, and its signatures say less than its classes take.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false, reportAttributeAccessIssue=false

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from safetensors.torch import save_file
from torch import Tensor

from stylus_engine.catalog.checkpoints import LocalCheckpoints
from stylus_engine.errors import AdapterFileMissing, AdapterUnsupported, AdapterWrongFamily
from stylus_engine.model import Adapter, Mask, Recipe, Shot, Weighted
from stylus_engine.sampling import embeddings
from stylus_engine.sampling.embeddings import Speller, spoken
from stylus_engine.sampling.factors import Factors
from stylus_engine.sampling.tokens import OwnTokens
from tests.sampling.converting import factors
from tests.sampling.draws import Pool
from tests.sampling.judge import Nowhere, Stage, finals, stage
from tests.sampling.oracle import quiet, sampled_by, seeded
from tests.sampling.tiny import random_adapter, save, tiny_pipeline, tiny_tokenizer
from tests.sampling.tiny_sdxl import tiny_sdxl

BOUND = 1e-4
WIDTH = 32
THREE = 3  # tokens of the word without its meaning, by the tiny tokenizer


def vectors(count: int, seed: int, width: int = WIDTH) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed)) * 0.5


FILES: Mapping[str, Mapping[str, Tensor]] = {
    "one": {"emb_params": vectors(1, 1)},
    "four": {"<four>": vectors(4, 2).half()},
    "flat": {"<flat>": vectors(1, 3)[0]},
    "old": {"string_to_param.*": vectors(2, 4)},
}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    root = tmp_path_factory.mktemp("embeddings")
    found = LocalCheckpoints({"tiny": save(root / "tiny")}, "tiny").find("")
    files = {name: root / f"{name}.safetensors" for name in FILES}
    for name, tensors in FILES.items():
        save_file(dict(tensors), files[name])
    files["lora"] = root / "lora.safetensors"
    random_adapter(files["lora"], tiny_pipeline(0), "kohya")
    cards = tuple(card(name, found.family) for name in files)
    return Pool(found, cards, files, ("a sks cat",), (16,))


def card(name: str, family: str = "", word: str = "sks") -> Adapter:
    return Adapter(card_id=name, name=name, family_declared=family, triggers=(word,))


@pytest.fixture(scope="module")
def ours(pool: Pool) -> Stage:
    return stage(pool)


def shot(name: str, worn: Mapping[str, float], prompt: str, negative: str = "blurry") -> Shot:
    weighted = tuple(Weighted(adapter=card(each), weight=worn[each]) for each in worn)
    recipe = Recipe(adapters=weighted, prompt=prompt, negative=negative, mask=Mask())
    return Shot(
        id=name, job="job", index=0, recipe=recipe, seed=7, width=16, height=16, steps=4,
        guidance=5.0, sampler="euler",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["one", "four", "old"])
def test_the_planner_counts_what_the_encoder_hears(pool, ours, name):
    """A window of 75: the last text that fits whole, and the first that is cut."""
    tokens, count = OwnTokens(ours.files), len(next(iter(FILES[name].values())))
    one = replace(card(name, pool.checkpoint.family), kind="embedding")
    letters, found = 75 - count, FILES[name]
    row = (
        (
            Factors(
                "x", "x", {}, vectors={"text_encoder": next(iter(found.values()))}, words=("sks",)
            ),
            1.0,
        ),
    )
    for more, whole in ((0, True), (1, False)):
        text = "sks" + " a" * (letters + more)
        speller = Speller(ours.parts.tokenizer, "text_encoder", [row])
        speller([text], padding="max_length", max_length=77, truncation=True, return_tensors="pt")
        said = speller.said(0)
        assert said is not None
        assert (len(said.split()) == 1 + letters + more) == whole
        assert tokens.fits(pool.checkpoint, text, [one]) == whole
        assert tokens.fits(pool.checkpoint, text) == (1 + letters + more <= 75 - (THREE - 1))


def test_an_embedding_that_is_not_here_is_counted_by_its_size(pool):
    away = Adapter(
        card_id="x", name="x", family_declared="sd1", triggers=("sks",), kind="embedding",
        url="https://example.invalid/x", file_bytes=4 * 1536 + 200,
    )  # fmt: skip
    for tokens in (OwnTokens(), OwnTokens(Nothing())):
        assert tokens.fits(pool.checkpoint, "sks" + " a" * 71, [away])
        assert not tokens.fits(pool.checkpoint, "sks" + " a" * 72, [away])


class Nothing:
    def fetch(self, adapter: Adapter) -> tuple[Path, str]:
        raise AdapterFileMissing(name=adapter.name, path="nowhere")


@torch.inference_mode()
def plain(pool: Pool, shot: Shot) -> Tensor:
    """The shot alone: diffusers loads the embedding into a pristine copy, then the LoRA."""
    with quiet():
        pipeline = StableDiffusionPipeline.from_pretrained(
            pool.folder, dtype=torch.float32, local_files_only=True, safety_checker=None
        )
        pipeline.set_progress_bar_config(disable=True)
        for each in shot.recipe.adapters:
            if each.adapter.name == "lora":
                pipeline.load_lora_weights(
                    str(pool.files["lora"].parent), weight_name="lora.safetensors"
                )
                pipeline.fuse_lora(components=["unet", "text_encoder"], lora_scale=each.weight)
                pipeline.unload_lora_weights()
            else:
                tensor = next(iter(FILES[each.adapter.name].values())).float()
                pipeline.load_textual_inversion({"sks": tensor.reshape(-1, WIDTH)}, token="sks")  # noqa: S106 - a word
    pipeline = sampled_by(pipeline, shot.sampler)
    made = pipeline(
        prompt=shot.recipe.prompt,
        negative_prompt=shot.recipe.negative,
        width=16,
        height=16,
        num_inference_steps=shot.steps,
        guidance_scale=shot.guidance,
        generator=seeded(shot.seed),
        output_type="latent",
    )
    return cast("Tensor", made.images)


SHOTS = (
    shot("bare", {}, "a sks cat"),
    shot("one", {"one": 1.0}, "a sks cat"),
    shot("four", {"four": 1.0}, "a sks cat"),
    shot("flat", {"flat": 0.4}, "Sks, a SKS!"),
    shot("against", {"one": 1.0}, "a cat", "sks"),
    shot("old", {"old": 1.0}, "sks"),
    shot("with", {"four": 1.0, "lora": 0.7}, "a red sks"),
)


@pytest.mark.parametrize("merge", [False, True], ids=["stack", "merge"])
def test_one_word_means_something_else_in_each_picture_of_a_batch(pool, merge):
    ends = finals(stage(pool, merge=merge), SHOTS)
    truths = {each.id: plain(pool, each) for each in SHOTS}
    for each in SHOTS:
        unit = max(1.0, float(truths[each.id].std()))
        gap = float((ends[each.id] - truths[each.id]).abs().max())
        assert gap <= BOUND * unit, each.id
    assert (ends["bare"] - ends["one"]).abs().max() > 100 * BOUND
    assert (ends["one"] - ends["four"]).abs().max() > 100 * BOUND


def test_broken_on_purpose_the_judge_says_no(pool, monkeypatch):
    """Vectors one place too far: the oracle must see it."""
    spots = Speller._spots
    monkeypatch.setattr(
        Speller, "_spots", lambda self, row: ((at + 1, v) for at, v in spots(self, row))
    )
    end = finals(stage(pool), SHOTS[1:2])["one"]
    assert (end - plain(pool, SHOTS[1])).abs().max() > 100 * BOUND


def test_the_manifest_tells_what_was_left_of_the_text(pool):
    on = stage(pool)
    assert isinstance(on.pictures, Nowhere)
    told: dict[str, str] = {}
    keep = on.pictures.keep

    def listen(pixels, manifest):
        told[manifest.shot.id] = manifest.encoded
        return keep(pixels, manifest)

    on.pictures.keep = listen
    long = "b " * 73
    finals(
        on,
        [
            shot("short", {"four": 1.0}, "A red sks, cat"),
            shot("long", {"four": 1.0}, f"{long}sks cat"),
            shot("bare", {}, "A red sks, cat"),
        ],
    )
    assert told["short"] == "a red sks , cat"
    assert told["long"] == long.strip()  # no room for all four vectors: none of them
    assert told["bare"] == "a red sks , cat"


def test_words_are_whole_and_the_longest_wins():
    known = {"ink": vectors(1, 1), "ink wash": vectors(2, 2), "<a-b>": vectors(1, 3)}
    pieces = list(embeddings._pieces("pink, Ink Wash ink <A-B>inky", known))
    assert pieces == [("pink, ", False), ("Ink Wash", True), ("ink", True), (" <A-B>inky", False)]


@given(
    st.lists(st.sampled_from(["sks", "a", "of", "the", "zzz,", "SKS"]), max_size=90),
    st.integers(1, 30),
)
def test_every_text_is_a_whole_window(words, count):
    worn = Factors("i", "s", {}, vectors={"text_encoder": vectors(count, 0)}, words=("sks",))
    speller = Speller(tiny_tokenizer_once(), "text_encoder", [((worn, 1.0),)])
    text = " ".join(words)
    batch = speller(
        [text], padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    )
    ids, mask = batch.input_ids[0], batch.attention_mask[0]
    assert ids.shape == (77,)
    assert int(mask.sum()) <= 77
    assert ids[0] == 0
    assert ids[int(mask.sum()) - 1] == 1  # the end, and nothing but padding after it
    line = speller.lines.get(0)
    spots = line.spots if line else {}
    assert len(spots) % count == 0
    assert all(0 < at < int(mask.sum()) - 1 for at in spots)


@cache
def tiny_tokenizer_once() -> object:
    return tiny_tokenizer()


@pytest.mark.parametrize(
    ("tensors", "family"),
    [
        ({"emb_params": torch.ones(2, 768)}, "sd1"),
        ({"emb_params": torch.ones(2, 1024)}, "sd2"),
        ({"clip_l": torch.ones(2, 768), "clip_g": torch.ones(2, 1280)}, "sdxl"),
        ({"clip_l": torch.ones(2, 32), "clip_g": torch.ones(2, 32)}, "sd1-32"),
    ],
)
def test_another_familys_words_are_refused(tmp_path, bases, tensors, family):
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(AdapterWrongFamily) as caught:
        factors(tmp_path / "a.safetensors", bases)
    assert caught.value.family == family


def test_more_vectors_than_a_window_holds(tmp_path, bases):
    save_file({"emb_params": torch.ones(76, 32)}, tmp_path / "a.safetensors")
    with pytest.raises(AdapterUnsupported):
        factors(tmp_path / "a.safetensors", bases)


def test_layers_are_not_spoken(bases):
    bare = Factors("i", "s", {})
    assert spoken(bare, ("word",)) is bare


# --- SDXL ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    root = tmp_path_factory.mktemp("wide")
    pipeline = tiny_sdxl()
    pipeline.save_pretrained(root / "tiny", safe_serialization=True)
    found = LocalCheckpoints({"tiny": root / "tiny"}, "tiny").find("")
    files = {name: root / f"{name}.safetensors" for name in ("x", "y")}
    for seed, name in enumerate(files):
        tensors = {"clip_l": vectors(2, seed, 32), "clip_g": vectors(2, 9 + seed, 24)}
        save_file(tensors, files[name])
    return Pool(found, tuple(card(name) for name in files), files, ("sks",), (32,))


@torch.inference_mode()
def plain_wide(pool: Pool, shot: Shot) -> Tensor:
    from safetensors.torch import load_file

    with quiet():
        pipeline = StableDiffusionXLPipeline.from_pretrained(
            pool.folder, dtype=torch.float32, local_files_only=True, add_watermarker=False
        )
        pipeline.set_progress_bar_config(disable=True)
        for each in shot.recipe.adapters:
            told = load_file(pool.files[each.adapter.name])
            for side, end in (("clip_l", ""), ("clip_g", "_2")):
                pipeline.load_textual_inversion(
                    {"sks": told[side]},
                    token="sks",  # noqa: S106 - a word
                    text_encoder=getattr(pipeline, f"text_encoder{end}"),
                    tokenizer=getattr(pipeline, f"tokenizer{end}"),
                )
    made = pipeline(
        prompt=shot.recipe.prompt,
        negative_prompt=shot.recipe.negative,
        width=32,
        height=32,
        num_inference_steps=shot.steps,
        guidance_scale=shot.guidance,
        generator=seeded(shot.seed),
        output_type="latent",
    )
    return cast("Tensor", made.images)


def test_sdxl_hears_a_word_with_both_ears(wide):
    from msgspec.structs import replace

    shots = [
        replace(shot(name, {name: 1.0} if name else {}, "a sks fox"), id=name, width=32, height=32)
        for name in ("", "x", "y")
    ]
    ends = finals(stage(wide), shots)
    for each in shots:
        truth = plain_wide(wide, each)
        gap = float((ends[each.id] - truth).abs().max())
        assert gap <= BOUND * max(1.0, float(truth.std())), each.id
    assert (ends["x"] - ends["y"]).abs().max() > 100 * BOUND
