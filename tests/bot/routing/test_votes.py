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
from bot.sections.serving import LearningSettings
from bot.settings import Settings
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


@pytest.mark.asyncio
async def test_the_deciding_vote_reveals_also_where_its_answer_is_lost():
    """The vote after it is refused as too late: it may not be one that nobody was told of."""
    revealed = list[str]()

    async def job(_: str):
        return JOB

    async def banned(*_: object) -> None:
        return None

    async def ballot(*_: object):
        return replace(TOLD, revealed=False, a=2)

    async def reveal(which: str, *_: object):
        revealed.append(which)
        return TOLD, True

    async def lost(*_: object, **__: object) -> None:
        raise ConnectionResetError

    line = SimpleNamespace(job=job, banned=banned, ballot=ballot, reveal=reveal)
    settings = Settings(learning=LearningSettings(reveal_after=2))
    services: Any = SimpleNamespace(
        line=line, settings=settings, now=lambda: 0.0, say=lambda _: THEIRS
    )
    asking = SimpleNamespace(
        user=SimpleNamespace(id=ADA), guild_id=JOB.origin.guild, locale="en-US"
    )
    reply: Any = SimpleNamespace(interaction=asking, send=lost)
    with pytest.raises(ConnectionResetError):
        await Votes(services).ballot(Press(Pressed(JOB.id, "ballot", "a"), reply))
    assert revealed == [JOB.id]
