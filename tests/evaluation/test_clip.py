"""A CLIP in a folder against transformers' own processor and forward, on one that is built here."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

from stylus_engine.errors import BadEvaluation
from stylus_engine.evaluation.clip import LocalClip
from tests.sampling.tiny import tiny_tokenizer, vocabulary

EDGE = 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clip") / "tiny-clip"
    size = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    }
    config = CLIPConfig(
        text_config=size | {"vocab_size": len(vocabulary()[0]), "max_position_embeddings": 77, "eos_token_id": 1, "bos_token_id": 0, "pad_token_id": 1},
        vision_config=size | {"image_size": EDGE, "patch_size": 8},
        projection_dim=16,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        CLIPModel(config).save_pretrained(made)
    pictures = CLIPImageProcessor(size={"shortest_edge": EDGE}, crop_size=EDGE)
    CLIPProcessor(pictures, tiny_tokenizer()).save_pretrained(made)
    return made


def test_scores_are_cosines_as_the_model_itself_gives_them(folder: Path) -> None:
    """A picture of the model's own size needs no scaling: then nothing but normalising is between."""
    dice = np.random.default_rng(0)
    pictures = [dice.integers(256, size=(EDGE, EDGE, 3), dtype=np.uint8) for _ in range(3)]
    texts = ["a cat", "a red house by a tree", ""]
    found = LocalClip(folder).score(pictures, texts)
    model, words = CLIPModel.from_pretrained(folder), tiny_tokenizer()
    mean, std = (
        np.array([0.48145466, 0.4578275, 0.40821073]),
        np.array([0.26862954, 0.26130258, 0.27577711]),
    )
    pixels = torch.from_numpy(
        ((np.stack(pictures) / 255 - mean) / std).transpose(0, 3, 1, 2)
    ).float()
    for row, text in enumerate(texts):
        ids = words([text], return_tensors="pt").input_ids
        with torch.inference_mode():
            logits = model.eval()(input_ids=ids, pixel_values=pixels).logits_per_image[:, 0]
            wanted = (logits / model.logit_scale.exp()).tolist()
        assert found[:, row] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("shape", [(64, 64), (40, 96), (96, 40), (16, 16)])
def test_any_shape_is_read_by_its_middle(folder: Path, shape: tuple[int, int]) -> None:
    grey = np.full((*shape, 3), 128, np.uint8)
    plain = np.full((EDGE, EDGE, 3), 128, np.uint8)
    clip = LocalClip(folder)
    assert clip.score([grey], ["a"]) == pytest.approx(clip.score([plain], ["a"]), abs=1e-5)
    assert clip.name == "tiny-clip"


def test_a_text_longer_than_the_window_is_cut(folder: Path) -> None:
    assert np.isfinite(
        LocalClip(folder).score([np.zeros((8, 8, 3), np.uint8)], ["word " * 400])
    ).all()


def test_a_folder_without_a_clip_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadEvaluation, match=tmp_path.name):
        LocalClip(tmp_path).score([np.zeros((8, 8, 3), np.uint8)], ["a"])
