"""The local embedder: the pinned weights, unit vectors, and refusals."""

import asyncio
import gc
import sys

import numpy as np
import pytest

from stylus_engine.errors import BadEmbedder
from stylus_engine.retrieval.embedder import PACKAGE, SHA256, LocalEmbedder


@pytest.fixture(scope="session")
def embedder():
    return LocalEmbedder()


def test_the_packaged_weights_are_the_pinned_ones_and_the_package_stays_unimported(embedder):
    assert embedder.name == f"all-MiniLM-L6-v2@{SHA256[:12]}"
    assert embedder.dimensions == 384
    assert PACKAGE not in sys.modules


def test_unit_vectors_that_know_meaning_whatever_the_batch(embedder):
    texts = ["a dragon", "a winged fire-breathing beast", "quarterly tax form", "", "🐉"]
    vectors = asyncio.run(embedder.embed(texts))
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    alone = asyncio.run(LocalEmbedder().embed(texts[2:3]))
    assert np.allclose(alone[0], vectors[2], atol=1e-5)
    assert asyncio.run(embedder.embed([])).shape == (0, 384)


def test_garbage_is_looked_for_again_once_it_is_loaded():
    assert gc.isenabled()
    asyncio.run(LocalEmbedder().embed(["a dragon"]))
    assert gc.isenabled()


def test_mean_pooling_as_the_models_own_card_says(embedder):
    """Recomputed by hand for one text, where no padding hides a wrong mask."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    place = embedder._place
    tokens = AutoTokenizer.from_pretrained(place)(["a robot by the sea"], return_tensors="pt")
    with torch.inference_mode():
        hidden = AutoModel.from_pretrained(place)(**tokens).last_hidden_state[0].mean(0).numpy()
    mine = asyncio.run(embedder.embed(["a robot by the sea"]))[0]
    assert np.allclose(mine, hidden / np.linalg.norm(hidden), atol=1e-5)


@pytest.mark.parametrize("present", [True, False])
def test_other_weights_or_none_are_one_sentence(tmp_path, present):
    if present:
        (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(BadEmbedder, match="cannot be used"):
        asyncio.run(LocalEmbedder(tmp_path, sha256=SHA256).embed(["x"]))


@pytest.mark.parametrize("config", ["{}", '{"x": ' + "[" * 200_000], ids=["bare", "deep"])
def test_a_broken_folder_is_one_sentence(tmp_path, config):
    (tmp_path / "model.safetensors").write_bytes(b"other")
    (tmp_path / "config.json").write_text(config)
    for ask in (lambda e: e.dimensions, lambda e: asyncio.run(e.embed(["x"]))):
        with pytest.raises(BadEmbedder):
            ask(LocalEmbedder(tmp_path))
