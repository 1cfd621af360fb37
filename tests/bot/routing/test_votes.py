"""Who hears what a reveal tells, and in whose language."""

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from bot.cards.letter import Letter
from bot.custom_ids import Pressed
from bot.jobs.comparing import Comparison
from bot.routing.press import Press
from bot.routing.votes import Votes
from bot.texts import Texts
from bot.texts.catalogue import Say
from tests.bot.cards.examples import ADA, JOB
from tests.bot.cards.reading import read

TEXTS = Texts.load()
CARDS = TEXTS.of("en")
THEIRS = Say(CARDS.catalogue.long(), CARDS.catalogue)
TOLD = Comparison(job=JOB.id, left="base", right="stylus", revealed=True)


def votes(*, first: bool) -> Votes:
    async def job(_: str):
        return JOB

    async def reveal(*_: object):
        return TOLD, first

    async def comparison(_: str):
        return replace(TOLD, told=not first)

    async def verdict_told(*_: object) -> None:
        assert first

    line = SimpleNamespace(job=job, reveal=reveal, comparison=comparison, verdict_told=verdict_told)
    services: Any = SimpleNamespace(
        line=line, now=lambda: 0.0,
        say=lambda _: THEIRS, clerk=SimpleNamespace(say=lambda _: CARDS),
    )  # fmt: skip
    return Votes(services)


@pytest.mark.asyncio
@pytest.mark.parametrize("first", [True, False])
async def test_all_are_told_in_the_cards_language_and_one_alone_in_theirs(first: bool):
    sent = list[tuple[Letter, bool]]()

    async def send(letter: Letter, *, ephemeral: bool) -> None:
        sent.append((letter, ephemeral))

    asking = SimpleNamespace(
        user=SimpleNamespace(id=ADA), guild_id=JOB.origin.guild, locale="en-US"
    )
    reply: Any = SimpleNamespace(interaction=asking, send=send)
    await votes(first=first).reveal(Press(Pressed(JOB.id, "reveal", ""), reply))
    ((letter, hidden),) = sent
    assert hidden is not first
    say = CARDS if first else THEIRS
    assert say("compare-was", left="base", right="stylus") in read(letter.view())
