"""People who ask, press, look and change their minds, many at once."""

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from benchmarks.load.town import Town
from benchmarks.load.witness import Card
from bot.custom_ids import Pressed
from tests.playground.driver import Person, Playground, buttons

WORDS = ("a quiet harbour", "two foxes", "an old clock tower", "rain on glass", "a paper moon")
ANSWER_SECONDS = 5.0
Doing: TypeAlias = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One interaction."""

    interaction: str
    person: int
    what: str
    part: str


@dataclass
class Crowd:
    """Everybody, before one playground; every interaction is remembered."""

    play: Playground
    town: Town
    asked: list[Asked] = field(default_factory=list[Asked])
    part: str = ""
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def person(self, number: int) -> Person:
        return self.play.person(self.town.name(number)).at(self.town.channel(number))

    def imagine(self, number: int) -> Doing:
        """A wish of four pictures."""

        async def do() -> None:
            await self._imagine(number)

        return do

    async def _imagine(self, number: int) -> str:
        which = next(self._numbers)
        prompt = f"{WORDS[which % len(WORDS)]} in ink, night, city {which}"
        asked = await self.person(number).slash("imagine", prompt=prompt)
        self._note(asked, number, "imagine")
        return asked

    def press(self, number: int, card: Card, action: str) -> Doing:
        """A button of a result card."""

        async def do() -> None:
            told = await self.play.get(f"interactions/{card.interaction}")
            custom_id = Pressed(card.job, action).custom_id
            pressed = await self.person(number).press(told["message"], custom_id)
            self._note(pressed, number, action)

        return do

    def queue(self, number: int) -> Doing:
        """A look at the line."""

        async def do() -> None:
            self._note(await self.person(number).slash("queue"), number, "queue")

        return do

    def regret(self, number: int) -> Doing:
        """A wish, and Cancel as soon as it is there."""

        async def do() -> None:
            who = self.person(number)
            answer = await who.interaction(await self._imagine(number), wait=ANSWER_SECONDS)
            shown = answer.get("message")
            ids = buttons(shown).values() if shown else ()
            for one in ids:
                if shown and one.endswith(":cancel"):
                    self._note(await who.press(shown, one), number, "cancel")

        return do

    def _note(self, interaction: str, person: int, what: str) -> None:
        self.asked.append(Asked(interaction, person, what, self.part))

    async def bursts(self, deeds: Sequence[Doing], size: int, pause: float) -> None:
        """`size` people act at the same moment, then there is a pause, until all have acted."""
        for at in range(0, len(deeds), size):
            began = time.monotonic()
            await asyncio.gather(*(do() for do in deeds[at : at + size]))
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))


def spread(*kinds: Sequence[Doing]) -> list[Doing]:
    """All of them, each kind spread evenly over the whole, in its own order."""
    placed = [
        ((index + 0.5) / len(kind), number, index, deed)
        for number, kind in enumerate(kinds)
        for index, deed in enumerate(kind)
    ]
    return [deed for *_, deed in sorted(placed, key=lambda one: one[:3])]
