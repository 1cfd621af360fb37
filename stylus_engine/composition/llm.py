"""The composer that asks a language model, and is never worse off without one.

remembered? -> circuit closed? -> budget left? -> ask -> judge -> (check) -> Plan
whatever goes wrong on the way                               -> the offline plan, and why
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from stylus_engine.composition.asking import OURS, Book, Question, new_fence, question
from stylus_engine.composition.circuit import Circuit
from stylus_engine.composition.judging import Judged, judge
from stylus_engine.composition.menu import likely
from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.composition.plain import line
from stylus_engine.composition.purse import Store, Till
from stylus_engine.composition.reading import Unusable
from stylus_engine.composition.remembering import Memory, answer_of, key
from stylus_engine.composition.talking import Ears, Speaker, Talk
from stylus_engine.composition.telling import capped, no_pin, seen, uncovered
from stylus_engine.errors import BudgetSpent, StylusError
from stylus_engine.model import Adapter, Candidate, Plan, Query, Request
from stylus_engine.planning.learning import by_liking, concerned
from stylus_engine.ports import Composer

Prefetch = Callable[[str], None]
Guess = Callable[[Sequence[Adapter]], None]


def nothing(_: str | Sequence[Adapter]) -> None:
    """Nobody wants to know which card was named, or may be."""


def same() -> str:
    """A catalogue that never changes."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to ask. `timeout`: seconds for one plan, all tries and checks together.

    `catalogue` names the version of the cards, and may block; `prefetch` is told each card id as soon as
    the model names it, returns at once and raises nothing; so is `guess`, before the model is asked, of the
    likeliest.  Times come from `steady`
    (seconds of any clock that never goes back) and `now` (Unix time).
    """

    timeout: float = 8.0
    self_check: bool = False
    tokens_per_day: int = 0  # 0 = no limit
    catalogue: Callable[[], str] = same
    prefetch: Prefetch = nothing
    guess: Guess = nothing
    steady: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    fence: Callable[[], str] = new_fence
    book: Book = OURS


class LlmComposer:
    """Plans with a language model, else as the offline composer does. Implements `Composer`.

    `name` is the model's, as people read it.  `Plan.instead` says why the model did not
    compose, "" when it did.
    """

    def __init__(
        self,
        speaker: Speaker,
        model: str,
        manner: Manner | None = None,
        memory: Memory | None = None,
        store: Store | None = None,
        offline: Composer | None = None,
    ) -> None:
        """`store` keeps what the day has cost; `offline` answers where the model does not."""
        self.name = line(model, 60)
        self._speaker = speaker
        self._model = model
        self._manner = manner or Manner()
        self._memory = memory or Memory()
        self._offline = offline or OfflineComposer()
        self._circuit = Circuit()
        self._till = Till(self._manner.tokens_per_day, self._manner.now, store)

    async def compose(
        self, request: Request, query: Query, candidates: Sequence[Candidate]
    ) -> Plan:
        """Never raises for what cards, prompts or models say; a plan without tasks means the base model."""
        if not candidates:  # nothing to choose from: nobody needs to be asked
            return await self._offline.compose(request, query, candidates)
        asked = question(query, candidates, self._manner.book)
        judged = await self._judged(query, asked)
        if isinstance(judged, Unusable):
            return await self._without(judged, request, query, candidates)
        dropped = (*asked.cut, *judged.dropped, *no_pin(query, candidates))
        tasks = by_liking(judged.tasks, query.likes)
        return Plan(
            prompt=query.prompt,
            tasks=tasks,
            uncovered=uncovered(query.prompt, tasks),
            composer=self.name,
            preset=request.preset,
            seen=seen(candidates),
            dropped=capped(dropped),
            likes=concerned(tasks, query.likes),
        )

    async def _without(
        self, why: Unusable, request: Request, query: Query, candidates: Sequence[Candidate]
    ) -> Plan:
        plan = await self._offline.compose(request, query, candidates)
        dropped = capped((*plan.dropped, *why.dropped))
        return replace(plan, instead=f"{self.name}: {why.why}", dropped=dropped)

    async def _judged(self, query: Query, asked: Question) -> Judged | Unusable:
        """What was remembered, or what the model says now."""
        name = await self._name(query, asked)
        known = await self._memory.recall(name) if name else None
        if known is not None:
            judged = judge(query, asked.menu, known.read(asked.menu))
            self._fetch_chosen(judged)
            return judged._replace(dropped=(*known.dropped, *judged.dropped))
        judged = await self._admitted(query, asked)
        if name and isinstance(judged, Judged):
            await self._memory.keep(name, answer_of(judged, asked.menu))
        return judged

    async def _name(self, query: Query, asked: Question) -> str:
        """By what the answer is remembered; "" where the catalogue cannot say which one it is."""
        try:
            version = await asyncio.to_thread(self._manner.catalogue)
        except StylusError:
            return ""
        checked = self._manner.self_check
        asks = f"{self._model} {asked.book.name}"
        return key(query, asked.menu, version, asks, checked=checked)

    async def _admitted(self, query: Query, asked: Question) -> Judged | Unusable:
        """Ask, when the circuit lets us; and remember how it went."""
        now = self._manner.steady()
        if not self._circuit.admits(now):
            wait = self._circuit.wait(now)
            return Unusable(
                f"it failed {self._circuit.failures} times in a row; asked again in {wait:.0f} s"
            )
        self._circuit = self._circuit.asking(now, self._manner.timeout)
        judged = await self._asked(query, asked)
        if isinstance(judged, Judged):
            self._circuit = self._circuit.worked()
        elif not judged.refused:
            self._circuit = self._circuit.failed(self._manner.steady())
        return judged

    async def _asked(self, query: Query, asked: Question) -> Judged | Unusable:
        """Everything a server can do wrong becomes a reason."""
        self._manner.guess(likely(asked.menu, query.pinned))
        try:
            return await self._talk(query, asked).through()
        except TimeoutError:
            return Unusable(f"no answer in {self._manner.timeout:g} s")
        except BudgetSpent as error:
            return Unusable(
                f"the budget of the day is used up ({error.spent} of {error.limit})", refused=True
            )
        except StylusError as error:
            return Unusable(str(error).rstrip("."))

    def _talk(self, query: Query, asked: Question) -> Talk:
        manner = self._manner
        return Talk(
            speaker=self._speaker,
            model=self._model,
            query=query,
            asked=asked,
            fence=manner.fence(),
            self_check=manner.self_check,
            heard=Ears(asked, manner.prefetch),
            till=self._till,
            until=asyncio.get_running_loop().time() + manner.timeout,
        )

    def _fetch_chosen(self, judged: Judged) -> None:
        for task in judged.tasks:
            for choice in task.choices:
                self._manner.prefetch(choice.adapter.card_id)
