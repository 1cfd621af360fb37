"""What a button leaves behind when its answer does not arrive."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest
from msgspec.structs import replace

from bot.cards.letter import Letter
from bot.custom_ids import Pressed
from bot.delivery.wire import Blocked, Sent, TooBig
from bot.jobs.nouns import Job, Origin
from bot.refusals import NoWorker
from bot.routing.acts import Acts
from bot.routing.press import Press
from bot.routing.reply import TooSlow
from bot.settings import Settings
from bot.texts import Texts
from stylus_engine.model import Request
from tests.bot.cards.examples import PLAN

TEXTS = Texts.load()
ADA, NOW, THEN = 1, 200.0, 100.0


class Line:
    """One deleted job."""

    def __init__(self) -> None:
        origin = Origin(interaction=1, token="t", token_until=0.0, user=ADA, guild=10, channel=3)  # noqa: S106 - it opens nothing
        self.kept = Job(
            id="J", root="J", source=None, action="imagine", index=None, state="posted",
            origin=origin, private=False, request=Request(prompt="x"), made_at=0.0,
            deleted_at=THEN,
        )  # fmt: skip
        self.done: list[object] = []
        self.asked: list[dict[str, object]] = []

    async def job(self, _: str) -> Job:
        return self.kept

    async def restore(self, *_: object) -> bool:
        self.done.append("restored")
        return True

    async def delete(self, _job: str, _by: int, when: float) -> bool:
        self.done.append(when)
        return True

    async def moved(self, _job: str, *, message: int, **_: object) -> None:
        self.done.append(f"stands in {message}")


def acts(line: Line, fails: Exception | None = None) -> Acts:
    async def result(_: Job, **how: object) -> Letter:
        line.asked.append(how)
        if fails is not None:
            raise fails
        return Letter(view=lambda: None)  # pyright: ignore[reportArgumentType] - nobody looks at it

    services: Any = SimpleNamespace(
        line=line, clerk=SimpleNamespace(result=result), now=lambda: NOW
    )
    return Acts(services, SimpleNamespace())  # pyright: ignore[reportArgumentType] - nothing is admitted


def press(*fails: Exception) -> Press:
    left = list(fails)

    async def send(*_: object, **__: object) -> Sent:
        if left:
            raise left.pop(0)
        return Sent(message=7, channel=3)

    user = SimpleNamespace(id=ADA)
    reply: Any = SimpleNamespace(interaction=SimpleNamespace(user=user, guild_id=10), send=send)
    return Press(Pressed("J", "restore", ""), reply)


@pytest.mark.asyncio
async def test_a_card_that_cannot_be_written_is_not_restored():
    line = Line()
    with pytest.raises(NoWorker):
        await acts(line, NoWorker()).restore(press())
    assert line.done == []


@pytest.mark.asyncio
async def test_a_card_that_did_not_arrive_is_as_deleted_as_before():
    for fails in ([TooSlow()], [Blocked(), Blocked()], [TooBig()] * 9):
        line = Line()
        with pytest.raises(type(fails[0])):
            await acts(line).restore(press(*fails))
        assert line.done == ["restored", THEN]


@pytest.mark.asyncio
async def test_a_card_comes_back_as_small_and_as_quiet_as_discord_takes_it():
    line = Line()
    await acts(line).restore(press(TooBig(), Blocked(), TooBig()))
    assert line.done == ["restored", "stands in 7"]
    assert line.asked[0] == {"shrink": 0, "quiet": False}
    assert line.asked[-1] == {"shrink": 2, "quiet": True}


@pytest.mark.asyncio
async def test_the_window_of_a_comparison_tells_neither_plan():
    opened: list[discord.ui.Modal] = []

    async def keep(modal: discord.ui.Modal) -> None:
        opened.append(modal)

    services: Any = SimpleNamespace(settings=Settings(), say=TEXTS.of)
    reply: Any = SimpleNamespace(interaction=SimpleNamespace(locale="en-US"), open=keep)
    desk = Acts(services, SimpleNamespace())  # pyright: ignore[reportArgumentType] - nothing is admitted
    job = replace(Line().kept, plan=PLAN)
    for action in ("imagine", "compare"):
        await desk.open_window(replace(job, action=action), reply)
    usual, blind = (str(window.to_dict()) for window in opened)
    name = PLAN.tasks[0].choices[0].adapter.name
    assert name in usual
    assert name not in blind
    assert job.request.prompt in blind
