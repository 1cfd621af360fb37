"""A model by name: the packaged folder through sentence-transformers must be the local embedder's twin."""

import asyncio
import subprocess
import sys

import numpy as np
import pytest

from stylus_engine.errors import BadEmbedder
from stylus_engine.retrieval.embedder import SHA256, LocalEmbedder, packaged
from stylus_engine.retrieval.named import NamedEmbedder


def test_the_packaged_folder_gives_the_local_embedders_vectors():
    named, texts = NamedEmbedder(str(packaged())), ["a dragon", "", "an ink drawing " * 99]
    vectors = asyncio.run(named.embed(texts))
    assert vectors.dtype == np.float32
    assert named.dimensions == 384
    assert named.name == f"{packaged().name}@{SHA256[:12]}"
    assert np.allclose(vectors, asyncio.run(LocalEmbedder().embed(texts)), atol=1e-5)
    assert asyncio.run(named.embed([])).shape == (0, 384)


def test_a_folder_that_holds_no_model_is_one_sentence(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BadEmbedder, match="cannot be used"):
        asyncio.run(NamedEmbedder(str(tmp_path)).embed(["x"]))


def test_a_library_that_gives_no_reason_is_one_sentence_too(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr("sentence_transformers.SentenceTransformer", broken)
    with pytest.raises(BadEmbedder, match="it cannot be loaded"):
        asyncio.run(NamedEmbedder("a/model").embed(["x"]))


def test_importing_it_loads_no_model_library():
    loaded = "{'sentence_transformers', 'torch'} & set(sys.modules)"
    made = "from stylus_engine.retrieval.named import NamedEmbedder; NamedEmbedder('x')"
    code = f"import sys; {made}; sys.exit(bool({loaded}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
