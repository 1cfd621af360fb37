"""A language model measured from the command's end, against the local server of OpenAI's API."""

import asyncio
import json
import sys

import pytest

from benchmarks import composer, table
from miniature import questions
from tests.openai_server import Answer, Asked, Server, said

PLAIN = [question.prompt for question in questions.read() if question.kind == "plain"]


def answering(asked: Asked) -> Answer:
    """It takes nothing for a plain prompt, and talks of something else for any other."""
    told = "\n".join(text for _, text in asked.messages)
    lines = told.splitlines()
    return said('{"tasks": []}') if any(prompt in lines for prompt in PLAIN) else said("hm")


@pytest.mark.asyncio
async def test_the_models_choice_counts_and_where_it_is_no_use_words_and_meaning_choose(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(table, "RESULTS", tmp_path)
    async with Server(answering) as server:
        words = ["composer", server.url, "a-model", "--quick", "--way", "stylus"]
        monkeypatch.setattr(sys, "argv", words)
        assert await asyncio.to_thread(composer.main) == 0
    (written,) = tmp_path.glob("composer-a-model-*.json")
    rows = json.loads(written.read_text())["rows"]
    found = {(row["case"].split(",")[0], row["metric"]): row for row in rows}
    plain, other = "stylus: plain", "stylus: synonym"
    assert found[plain, "recall"]["ours"]["median"] == 0.0
    assert found[plain, "recall"]["theirs"]["median"] == 1.0
    assert found[plain, "need none, got one"]["ours"]["median"] == 0.0
    assert found[plain, "answers that could not be used"]["ours"]["median"] == 0.0
    assert found[other, "F1"]["ours"] == found[other, "F1"]["theirs"]
    assert found[other, "answers that could not be used"]["ours"]["median"] == 1.0
