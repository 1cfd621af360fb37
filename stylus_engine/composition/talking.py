"""One conversation about one prompt: a question, at most one repair, at most one check."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol, TypeAlias

from stylus_engine.composition.asking import (
    CHECK,
    MOST_ANSWER,
    MOST_THOUGHT,
    SCHEMA_TOKENS,
    Body,
    Question,
    Turn,
    about,
    body,
)
from stylus_engine.composition.hearing import Reply
from stylus_engine.composition.judging import Judged, judge
from stylus_engine.composition.menu import Menu
from stylus_engine.composition.plain import tokens
from stylus_engine.composition.purse import Bill, Till
from stylus_engine.composition.reading import Read, Unusable, named, read
from stylus_engine.composition.ways import Way
from stylus_engine.errors import BadSource, BudgetSpent
from stylus_engine.model import Dropped, Query

Heard: TypeAlias = Callable[[str], None]


class Speaker(Protocol):
    """Whoever answers a question; `meter` is told of each try, and all of the text so far, again and again."""

    async def say(self, told: Callable[[Way], Awaitable[Body]], meter: "Meter") -> Reply:
        """One answer. Raises `SourceSilent`, `SourceOdd`, `SourceRefused`, and what `told` raises."""
        ...


class Meter:
    """What one question may have cost by now: its own tokens for each time it was sent, and what was heard.

    By our own estimate: a server that fails, or is not waited for any longer, tells nothing.
    """

    def __init__(self, asked: int, heard: Heard) -> None:
        """`asked`: tokens of the question; `heard` is told all of the text so far."""
        self._asked = asked
        self._heard = heard
        self._text = ""
        self._tries: list[int] = []

    def sent(self) -> None:
        """It is about to go out, once more perhaps."""
        self._end()
        self._tries.append(self._asked)

    def refused(self) -> None:
        """That try cost nothing: nobody took it."""
        self._text = ""
        self._tries.pop()

    def wasted(self, tokens: int) -> None:
        """That try cost so much besides, and none of it was heard."""
        self._tries[-1] += tokens

    def hear(self, text: str) -> None:
        """All of the text so far."""
        self._text = text
        self._heard(text)

    @property
    def cost(self) -> int:
        """Of all tries."""
        return sum(self._tries) + tokens(self._text)

    @property
    def before(self) -> int:
        """Of all tries but the last one."""
        return sum(self._tries[:-1])

    def _end(self) -> None:
        if self._tries:
            self._tries[-1] += tokens(self._text)
        self._text = ""


class Ears:
    """Hears which adapters are named while the answer is still coming, each once."""

    OVERLAP = 8  # characters; the longest id with its quotes, when it came in two pieces

    def __init__(self, asked: Question, prefetch: Callable[[str], None]) -> None:
        self._cards = {offer.id: offer.adapter.card_id for offer in asked.menu.offers}
        self._prefetch = prefetch
        self._at = 0

    def __call__(self, text: str) -> None:
        """All of the text so far; a shorter one than before begins a new answer."""
        start = 0 if len(text) < self._at else max(self._at - self.OVERLAP, 0)
        self._at = len(text)
        for short in named(text[start:]):
            card = self._cards.pop(short, None)
            if card is not None:
                self._prefetch(card)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """All that one conversation needs. `until`: when it must have ended, in the loop's time."""

    speaker: Speaker
    model: str
    query: Query
    asked: Question
    fence: str
    self_check: bool
    heard: Heard
    till: Till
    until: float

    async def through(self) -> Judged | Unusable:
        """The judged answer.

        Raises a `StylusError` of the speaker's, `BudgetSpent`, `TimeoutError`.
        """
        said = await self._answer(())
        if isinstance(said.worth, Unusable) and not (said.worth.refused or said.unsaid):
            said = await self._repaired(said, said.worth.why)
        if isinstance(said.worth, Judged) and self.self_check and said.worth.stood:
            said = said._replace(worth=await self._checked(said.text, said.worth))
        return said.worth._replace(dropped=(*_unasked(said.left), *said.worth.dropped))

    async def _repaired(self, first: "_Said", why: str) -> "_Said":
        """The second answer. Nothing at all, after something that could not be used, is no choice: it gave up."""
        told = f"That cannot be used: {why}. Answer again with the one JSON object only."
        second = await self._answer((Turn(first.text, told),))
        chose = isinstance(second.worth, Unusable) or second.worth.stood or second.worth.dropped
        return second if chose else first

    async def _checked(self, said: str, first: Judged) -> Judged:
        """What is left after the model looked at it again; the first answer, when that fails."""
        try:
            second = (await self._answer((Turn(said, CHECK),))).worth
        except (BadSource, BudgetSpent) as error:
            second = Unusable(str(error).rstrip("."))
        except TimeoutError:
            second = Unusable("no time was left for it")
        if isinstance(second, Unusable):
            told = Dropped(what="the check of the answer", why=second.why)
            return first._replace(dropped=(*first.dropped, told))
        return _narrowed(self, first, second)

    async def _answer(self, turns: tuple[Turn, ...]) -> "_Said":
        """What was said, and what it is worth. What failed on the way is paid for as well."""
        sent: list[Question] = []
        asking = self.asked.tokens + SCHEMA_TOKENS + about(turns)
        meter = Meter(asking, self.heard)
        async with self.till.paying(asking + MOST_ANSWER) as bill:
            try:
                async with asyncio.timeout_at(self.until):
                    reply = await self.speaker.say(partial(self._body, turns, bill, sent), meter)
            finally:
                bill.cost = bill.guessed = meter.cost
            if reply.used:
                bill.cost, bill.guessed = meter.before + reply.used, meter.before
        menu = sent[-1].menu
        left = len(self.asked.menu.offers) - len(menu.offers)
        return _Said(reply.text, self._worth(reply, menu), left, reply.unsaid)

    async def _body(
        self, turns: tuple[Turn, ...], bill: Bill, sent: list[Question], way: Way
    ) -> Body:
        """A model that thinks may think for many tokens; room for them is asked for once it is known."""
        if way.thoughtful and not bill.thinks:
            bill.thinks = True
            await self.till.more(bill, MOST_THOUGHT)
        sent.append(self.asked.within(way.room))
        return body(sent[-1], turns, way, self.model, self.fence)

    def _worth(self, reply: Reply, menu: Menu) -> Judged | Unusable:
        """A whole answer may stand in one that was cut off; so the text is looked at first."""
        if reply.refused:
            return Unusable(reply.fault, refused=True)
        if reply.unsaid:
            return Unusable("it thought until no room was left for an answer")
        found = read(reply.text)
        if isinstance(found, Unusable):
            return found._replace(why=reply.fault or found.why)
        judged = judge(self.query, menu, found)
        if judged.invalid and not judged.stood and judged.invalid == len(judged.dropped):
            why = "nothing that it chose is both on the list and in the prompt"
            return Unusable(why, dropped=judged.dropped)
        return judged


class _Said(NamedTuple):
    """An answer. `left`: candidates that the server had no room for; `unsaid`: it never began one."""

    text: str
    worth: Judged | Unusable
    left: int
    unsaid: bool


def _unasked(left: int) -> Iterator[Dropped]:
    if left:
        yield Dropped(
            what=f"{left} candidates", why="the language model's server had no room for them"
        )


def _narrowed(talk: Talk, first: Judged, second: Judged) -> Judged:
    """The check may take away and not add; what it took away, or added, is told."""
    had, has = ({one.id for one in judged.stood} for judged in (first, second))
    still = tuple(one for one in second.stood if one.id in had)
    told = (
        *_told(
            talk, (one.id for one in first.stood if one.id not in has), "its check took it back"
        ),
        *_told(talk, (one.id for one in second.stood if one.id not in had), "a check may not add"),
    )
    judged = judge(talk.query, talk.asked.menu, Read(still))
    return judged._replace(dropped=(*first.dropped, *told, *judged.dropped))


def _told(talk: Talk, ids: Iterable[str], why: str) -> Iterator[Dropped]:
    offers = talk.asked.menu.by_id
    yield from (Dropped(what=offers[one].adapter.name, why=why) for one in ids)
