"""The model that sees, over real HTTP, through the real client, in both orders."""

import asyncio

import numpy as np
import pytest

from stylus_engine.errors import SourceSilent
from stylus_engine.evaluation.duels import Viewer, duel, pairs
from stylus_engine.evaluation.journal import Shown
from stylus_engine.evaluation.marks import Mark
from stylus_engine.evaluation.questions import Ask
from tests.openai_server import Server, failing, said

PNG = b"\x89PNG\r\n\x1a\n"


def mark(ask: str, arm: str, picture: str) -> Mark:
    shown = Shown(ask=ask, arm=arm, index=0, seed=1, picture=picture)
    return Mark(shown, Ask(id=ask, prompt="a <cat>"), 0.5, np.ones(3), {})


MARKS = [mark(f"q{n}", arm, f"{arm}{n}") for n in range(3) for arm in ("ours", "theirs")]


def read(address: str) -> bytes:
    return PNG + address.encode()


async def fought(answering):
    async with Server(answering) as server:
        viewer = Viewer("a-model", server.url, "")
        fights = pairs(MARKS, "ours", "theirs", 9)
        try:
            return await asyncio.to_thread(duel, viewer, fights, "theirs", read), server
        finally:
            viewer.close()


def place_of_ours(asked) -> str:
    return "first" if b"ours" in asked.pictures[0][1] else "second"


@pytest.mark.asyncio
async def test_a_picture_wins_when_it_is_better_in_both_places():
    result, server = await fought(lambda asked: said({"better": place_of_ours(asked)}))
    assert (result.wins, result.ties, result.losses) == (3, 0, 0)
    assert result.share is not None
    assert result.share.mean == 1
    assert len(server.asked) == 6
    assert not any(asked.refused for asked in server.asked)


@pytest.mark.asyncio
async def test_whoever_always_names_the_first_has_named_nobody():
    result, _ = await fought(lambda asked: said({"better": "first"}))
    assert (result.wins, result.ties, result.losses, result.share) == (0, 3, 0, None)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer", ["I like both!", '{"x": ' + "[" * 200_000], ids=["words", "deep"]
)
async def test_an_answer_of_no_use_costs_one_pair(answer):
    answers = iter([said(answer)])
    result, _ = await fought(lambda asked: next(answers, said({"better": "same"})))
    assert (result.odd, result.ties) == (1, 2)


@pytest.mark.asyncio
async def test_a_server_that_fails_is_one_sentence():
    with pytest.raises(SourceSilent, match="a-model does not answer"):
        await fought(lambda asked: failing(500))


def test_one_and_the_same_picture_is_not_asked_about():
    same = [mark("q", "ours", "p"), mark("q", "theirs", "p")]
    assert pairs(same, "ours", "theirs", 9) == []
