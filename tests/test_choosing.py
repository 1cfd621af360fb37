"""The real house with a language model behind it: request to plan, over every room between them."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from bot.settings import load
from bot.worker import open_house
from stylus_engine.model import Drawn, Planned, Request
from tests.openai_server import Asked, Said, Server, said

PROMPT = "a pencil sketch of a dragon at sunset"
SECOND = 1.0
ROOT = Path(__file__).parents[1]


def obliging(asked: Asked) -> Said:
    """Takes the first adapter whose line speaks of each concept, after a second."""
    tasks = []
    for concept in ("pencil sketch", "dragon", "sunset"):
        found = re.search(
            rf"^(a\d+) \|.*{concept.split()[-1]}", asked.user, re.MULTILINE | re.IGNORECASE
        )
        if found:
            adapters = [{"id": found[1], "strength": "usual", "why": f"draws a {concept}"}]
            tasks.append({"concept": concept, "adapters": adapters})
    return said(json.dumps({"tasks": tasks}), seconds=SECOND)


@pytest.fixture
def environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return {"STYLUS_PATHS__DATA": str(tmp_path / "data"), "STYLUS_COMPOSER__MODEL": "a-model"}


@pytest.mark.slow
@pytest.mark.asyncio
async def test_from_a_request_to_a_plan_by_a_model_that_needs_a_second(environment):
    async with Server(obliging) as server:
        house = open_house(load(None, environment | {"STYLUS_COMPOSER__BASE_URL": server.url}))
        await house.index()
        took, plans = [], []
        for number in range(4):
            began = time.perf_counter()
            plan = await house.plan(Request(prompt=f"{PROMPT}, number {number}"))
            took.append(time.perf_counter() - began)
            plans.append(plan)
            assert (plan.composer, plan.instead) == ("a-model", "")
            assert [task.concept for task in plan.tasks] == ["pencil sketch", "dragon", "sunset"]
        again = await house.plan(Request(prompt=f"{PROMPT}, NUMBER 3"))
        asked = len(server.asked)
        house.close()
    told = ", ".join(f"{one:.3f}" for one in took)
    print(  # noqa: T201 - the figures are what this test is for
        f"\non the miniature, a 1 s server, request to plan: {told} s (the first loads openai)"
    )
    assert asked == 4
    assert [task.choices for task in again.tasks] == [task.choices for task in plans[3].tasks]
    assert min(took) <= SECOND + 0.2


@pytest.mark.slow
@pytest.mark.asyncio
async def test_while_the_model_thinks_the_checkpoint_is_loaded_and_what_it_may_name_made_ready(
    environment,
):
    async with Server(obliging) as server:
        house = open_house(load(None, environment | {"STYLUS_COMPOSER__BASE_URL": server.url}))
        await house.index()
        request = Request(prompt="a pencil sketch of a boat", count=1, steps=1)
        async with aclosing(house.imagine(request, "first")) as events:
            assert isinstance(await anext(events), Planned)
            coming = house._own.atelier._coming  # nobody has asked for a picture yet
            assert coming is not None
            await asyncio.wrap_future(coming)
            assert house.loaded
        request = Request(prompt=PROMPT, count=1, steps=1)
        told = [event async for event in house.imagine(request, "second")]
        counts = house.counts
        house.close()
    assert isinstance(told[-1], Drawn)
    assert counts["guess_hits"] >= 1
    assert counts["guess_misses"] == counts["guessed"] - counts["guess_hits"]
    readied = told[-1].picture.readied
    assert [each.how for each in readied].count("ahead") >= 1, readied
    assert len(readied) == 3


@pytest.mark.slow
@pytest.mark.asyncio
async def test_without_its_server_the_house_plans_as_before(environment):
    """Nobody listens there: port 9 of this machine."""
    house = open_house(
        load(None, environment | {"STYLUS_COMPOSER__BASE_URL": "http://127.0.0.1:9/v1"})
    )
    await house.index()
    plan = await house.plan(Request(prompt=PROMPT))
    house.close()
    assert plan.composer == "offline"
    assert plan.instead == "a-model: 127.0.0.1 does not answer: the connection failed"
    assert len(plan.tasks) == 3


@pytest.mark.slow
def test_a_terminal_sees_the_plan_and_no_word_of_the_tries_before_it(environment):
    words = [sys.executable, "-m", "bot", "plan", PROMPT, "--json"]
    lost = environment | {"STYLUS_COMPOSER__BASE_URL": "http://127.0.0.1:9/v1"}
    told = subprocess.run(
        words, env=os.environ | lost, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "does not answer" in told.stdout
    assert "stamina" not in told.stderr
