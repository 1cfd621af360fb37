"""The real house with a language model behind it: request to plan, over every room between them."""

import json
import re
import time

import pytest

from bot.settings import load
from bot.worker import open_house
from stylus_engine.model import Request
from tests.openai_server import Asked, Said, Server, said

PROMPT = "a pencil sketch of a dragon at sunset"
SECOND = 1.0


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
