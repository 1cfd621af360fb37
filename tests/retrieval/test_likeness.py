"""Weights belong to the embedder they were learned with; whoever names another is heard all the same."""

from contextlib import closing
from pathlib import Path

import pytest

from miniature.train import DATA
from stylus_engine.assembly import House
from stylus_engine.assembly.setup import Embedding, Setup
from stylus_engine.model import Request
from stylus_engine.retrieval.embedder import packaged
from stylus_engine.retrieval.likeness import LEARNED, OWN, learned_for


@pytest.mark.parametrize(
    ("called", "model"),
    [
        ("all-MiniLM-L6-v2", OWN),
        ("all-MiniLM-L6-v2@53aa51172d14", OWN),
        ("sentence-transformers/all-mpnet-base-v2", "all-mpnet-base-v2"),
        ("all-mpnet-base-v2@78c0197b6159", "all-mpnet-base-v2"),
    ],
)
def test_a_model_is_known_by_its_name(called: str, model: str) -> None:
    assert learned_for(called) is LEARNED[model]


@pytest.mark.parametrize("called", ["", "another", "all-mpnet-base-v1", "all-mpnet-base-v2/x"])
def test_what_nothing_was_learned_with_has_no_weights(called: str) -> None:
    assert learned_for(called) is None


@pytest.mark.asyncio
async def test_a_synonym_is_heard_whatever_embedder_searches(tmp_path: Path) -> None:
    another = tmp_path / "another"
    another.symlink_to(packaged())
    with closing(House(setup(tmp_path, Embedding(folder=another)))) as house:
        await house.index()
        plan = await house.plan(Request(prompt="a whelk"))
    assert [choice.adapter.name for choice in plan.choices] == ["Garden Snail"]


def setup(folder: Path, embedding: Embedding) -> Setup:
    return Setup(
        checkpoints={"miniature": DATA / "checkpoint"},
        default_checkpoint="miniature",
        cards=(DATA / "cards.jsonl",),
        pictures=folder / "pictures",
        index=folder / "index",
        catalog=folder / "catalog",
        cache=folder / "cache",
        embedding=embedding,
    )
