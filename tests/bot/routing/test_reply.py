"""One answer, whatever is slow: who sees it, and that it is neither lost nor given twice."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.cards.letter import Letter
from bot.refusals import Unsafe, WindowTooLate
from bot.routing import serving
from bot.routing.reply import Reply


class Wire:
    """An interaction that writes down what is done with it; a defer takes `slow` seconds."""

    type = discord.InteractionType.application_command
    channel_id = 3

    def __init__(self, slow: float = 0.0) -> None:
        self.slow, self.done, self.response, self.followup = slow, [], self, self

    done: list[str]

    def is_done(self) -> bool:
        return bool(self.done)

    async def defer(self, *, ephemeral: bool, thinking: bool) -> None:
        assert thinking
        self.done.append(f"thinking {ephemeral}")
        await asyncio.sleep(self.slow)

    async def send_message(self, *, ephemeral: bool, **_: object) -> Any:
        assert not self.done, "40060: answered already"
        self.done.append(f"message {ephemeral}")
        return SimpleNamespace(message_id=1)

    async def send(self, *, ephemeral: bool, **_: object) -> Any:
        self.done.append(f"follow-up {ephemeral}")
        return SimpleNamespace(id=2, channel=SimpleNamespace(id=3))

    async def edit_original_response(self, **_: object) -> Any:
        self.done.append("edited")
        return SimpleNamespace(id=1, channel=SimpleNamespace(id=3))

    async def delete_original_response(self) -> None:
        self.done.append("deleted")


def letter() -> Letter:
    return Letter(view=discord.ui.LayoutView)


@pytest.mark.parametrize(
    ("thinking", "hidden", "done"),
    [
        (True, True, ["edited"]),
        (False, False, ["edited"]),
        (False, True, ["deleted", "follow-up True"]),
        (True, False, ["deleted", "follow-up False"]),
    ],
)
@pytest.mark.asyncio
async def test_what_follows_thinking_is_seen_by_whom_it_is_for(
    thinking: bool, hidden: bool, done: list[str]
):
    wire: Any = Wire()
    reply = Reply(wire, ephemeral=thinking)
    async with reply.in_time(0):
        await asyncio.sleep(0.01)
        reply.ephemeral = not thinking  # too late: what stands is what counts
        sent = await reply.send(letter(), ephemeral=hidden)
    assert wire.done == [f"thinking {thinking}", *done]
    assert sent is not None
    assert sent.message == (1 if done == ["edited"] else 2)


@pytest.mark.asyncio
async def test_work_that_ends_while_thinking_is_on_its_way_is_told_all_the_same():
    wire: Any = Wire(slow=0.05)
    reply = Reply(wire)
    async with reply.in_time(0):
        await asyncio.sleep(0.01)  # the work ends while Discord is being told
    await reply.send(letter(), ephemeral=True)
    assert wire.done == ["thinking True", "edited"]


@pytest.mark.asyncio
async def test_work_goes_on_where_a_closed_thread_takes_no_thinking(
    monkeypatch: pytest.MonkeyPatch,
):
    wire: Any = Wire()
    answer: Any = SimpleNamespace(status=400, reason="Bad Request")

    async def closed(**_: object) -> None:
        raise discord.HTTPException(answer, {"code": 50083, "message": "Thread is archived"})

    monkeypatch.setattr(wire, "defer", closed)
    reply = Reply(wire)
    async with reply.in_time(0):
        await asyncio.sleep(0.01)  # by then it was refused
        await reply.send(letter(), ephemeral=True)
    assert wire.done == ["message True"]


@pytest.mark.asyncio
async def test_a_window_after_thinking_says_why_it_does_not_open():
    wire: Any = Wire()
    reply = Reply(wire)
    async with reply.in_time(0):
        await asyncio.sleep(0.01)
        with pytest.raises(WindowTooLate):
            await reply.open(discord.ui.Modal(title="x"))


@pytest.mark.asyncio
async def test_the_log_says_what_was_refused_not_what_was_typed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    wire: Any = Wire()
    wire.locale, wire.command = "en-US", None
    wire.data = {"custom_id": "sty:1:0:page:adapters~0~typed"}
    told = asyncio.Future[Letter]()
    told.set_result(letter())
    monkeypatch.setattr(serving, "refusal", lambda *_: told)
    services: Any = SimpleNamespace(
        say=lambda _: None, metrics=SimpleNamespace(refused=lambda _: None)
    )
    with caplog.at_level(logging.INFO):
        await serving.explain(services, Reply(wire), Unsafe(what="words", words="typed"))
    assert "Unsafe" in caplog.text
    assert "sty:1:0:page" in caplog.text
    assert "typed" not in caplog.text
