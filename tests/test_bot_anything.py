"""Whatever people do, in whatever order: every interaction is answered, nothing goes wrong unforeseen.

Hypothesis makes up what Ada and Ben do against one living bot; what it finds, it shortens.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.custom_ids import ACTIONS, NOBODY
from playground.world import FIRST_USER
from tests.playground.driver import Person, Refusal
from tests.reading import buttons, parts
from tests.stage import Stage, staged

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PROMPTS = st.sampled_from(
    ["a fox", "BARREN fox", "BREAK it now", "a nude child", "--seed 5", "fox —no hat"]
)
COMMANDS = st.one_of(
    st.tuples(
        st.just("imagine"),
        st.fixed_dictionaries(
            {"prompt": PROMPTS | st.text(min_size=1, max_size=40).filter(str.strip)},
            optional={
                "count": st.integers(1, 2),
                "private": st.booleans(),
                "adapters": st.sampled_from(["auto", "off", "Ink A", "nobody", ",,"]),
                "aspect": st.sampled_from(["1:1", "16:9"]),
            },
        ),
    ),
    st.tuples(
        st.just("compare"),
        st.fixed_dictionaries({"prompt": PROMPTS}, optional={"count": st.integers(1, 2)}),
    ),
    st.tuples(
        st.sampled_from(
            ["queue", "history", "help", "about", "adapters browse", "admin pause", "admin resume"]
        ),
        st.just({}),
    ),
    st.tuples(
        st.just("cancel"), st.fixed_dictionaries({"job": st.sampled_from(["all", "nothing"])})
    ),
    st.tuples(st.just("show"), st.fixed_dictionaries({"job": st.sampled_from([NOBODY, "x"])})),
    st.tuples(
        st.just("adapters info"), st.fixed_dictionaries({"name": st.text(min_size=1, max_size=9)})
    ),
)
FORGED = st.builds(
    "sty:1:{}:{}{}".format,
    st.sampled_from([NOBODY, "01ARZ3NDEKTSV4RRFFQ69G5FAV"]),
    st.sampled_from(ACTIONS),
    st.sampled_from(["", ":0", ":9", ":history~9", ":adapters~0~x", ":-"]),
)
STEPS = st.one_of(
    st.tuples(st.just("slash"), COMMANDS),
    st.tuples(st.just("press"), st.tuples(st.integers(0, 40), st.integers(0, 40))),
    st.tuples(st.just("forge"), FORGED),
    st.tuples(st.just("menu"), st.tuples(st.sampled_from(["Remix", "Image details"]), st.integers(0, 40))),
    st.tuples(st.just("submit"), PROMPTS),
)  # fmt: skip


class Crowd:
    """A living bot on a thread's own event loop: Hypothesis calls it from outside."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.windows: dict[str, str] = {}

    async def live(self, story: list[tuple[bool, tuple[str, Any]]]) -> None:
        for is_ada, (what, how) in story:
            who = self.stage.ada if is_ada else self.stage.ben
            try:
                asked = await getattr(self, what)(who, how)
            except Refusal:
                continue  # the client itself does not let people do that
            if asked is not None:
                answer = await who.answer(asked, 30)
                if answer["type"] == 9:
                    self.windows[who.name] = asked
        assert "Traceback" not in self.stage.bot.log

    async def slash(self, who: Person, how: tuple[str, dict[str, Any]]) -> str:
        return await who.slash(how[0], **how[1])

    async def press(self, who: Person, how: tuple[int, int]) -> str | None:
        message = await self._some(who, how[0])
        ids = sorted(buttons(message).values()) if message else []
        if not message or not ids:
            return None
        chosen = ids[how[1] % len(ids)]
        part = next(part for part in parts(message) if part.get("custom_id") == chosen)
        values = [part["options"][0]["value"]] if part.get("options") else None
        return await who.press(message, chosen, values)

    async def forge(self, who: Person, how: str) -> str | None:
        message = await self._some(who, 0)
        return await who.press(message, how, ["0"], forged=True) if message else None

    async def menu(self, who: Person, how: tuple[str, int]) -> str | None:
        message = await self._some(who, how[1])
        return await who.menu(how[0], message) if message else None

    async def submit(self, who: Person, how: str) -> str | None:
        window = self.windows.pop(who.name, None)
        return await who.submit(window, prompt=how) if window else None

    async def _some(self, who: Person, number: int) -> dict[str, Any] | None:
        found = [message for message in await who.messages() if message.get("components")]
        return found[-1 - number % len(found)] if found else None


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """`crowd(story)` from a test that is no coroutine: Hypothesis wants it so."""
    with ThreadPoolExecutor(1) as thread, asyncio.Runner() as runner:

        async def begin() -> tuple[Any, Crowd]:
            context = staged(tmp_path_factory.mktemp("bot"), safety__owners=[FIRST_USER])
            return context, Crowd(await context.__aenter__())

        context, living = thread.submit(runner.run, begin()).result()
        yield lambda story: thread.submit(runner.run, living.live(story)).result()
        thread.submit(runner.run, context.__aexit__(None, None, None)).result()


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=st.lists(st.tuples(st.booleans(), STEPS), min_size=3, max_size=10))
def test_every_interaction_is_answered(crowd: Any, story: list[Any]):
    crowd(story)
