"""Many cards, a few at a time: what is done is kept at once, and a run may end at any of them."""

import asyncio
from collections.abc import Callable, Iterable, Iterator

from stylus_engine.catalog.nouns import Described
from stylus_engine.catalog.refiner import asking
from stylus_engine.catalog.refiner.budget import PICTURE_TOKENS, Estimate, Prices, Purse, Spent
from stylus_engine.catalog.refiner.model import How, ModelRefiner, Refined
from stylus_engine.catalog.rows import Known
from stylus_engine.errors import (
    BadSource,
    RefinerFailed,
    SourceRefused,
    StylusError,
)

PATIENCE = 5  # cards in a row that a server fails, before nobody is asked any more
USUAL_ANSWER = 250  # tokens

Keep = Callable[[str, Described], object]  # writes to disk; called in a thread
Tell = Callable[[Refined], None]


def estimate(knowns: Iterable[Known], prices: Prices, pictures: int) -> Estimate:
    """What describing these cards may cost. No tokenizer and no server is asked."""
    cards = shown = tokens_in = 0
    for known in knowns:
        previews = min(pictures, len(known.said.previews) or len(known.examples))
        cards, shown = cards + 1, shown + previews
        tokens_in += asking.ask(known, (), "").tokens + PICTURE_TOKENS * previews
    tokens_out = USUAL_ANSWER * cards
    return Estimate(
        cards=cards,
        pictures=shown,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        money=prices.of(tokens_in, tokens_out),
    )


class Run:
    """One walk over many cards. `spent` is true at any time, also after it was stopped."""

    def __init__(self, refiner: ModelRefiner, purse: Purse, keep: Keep, tell: Tell) -> None:
        self._refiner = refiner
        self._purse = purse
        self._keep = keep
        self._tell = tell
        self._counts: dict[How, int] = {"model": 0, "remembered": 0, "rules": 0, "failed": 0}
        self._in_a_row = 0
        self._stop: StylusError | None = None

    @property
    def spent(self) -> Spent:
        """So far."""
        purse = self._purse
        return Spent(
            by_model=self._counts["model"],
            remembered=self._counts["remembered"],
            by_rules=self._counts["rules"],
            failed=self._counts["failed"],
            calls=purse.calls,
            guessed=purse.guessed,
            tokens_in=purse.tokens_in,
            tokens_out=purse.tokens_out,
            money=purse.money,
        )

    async def all(self, knowns: Iterable[Known], concurrency: int) -> Spent:
        """Describe every card; a card that the server failed is left for another run.

        Raises `BudgetSpent`, `RefinerFailed` (the server refuses everybody, or failed
        `PATIENCE` cards in a row) and what `keep` raises, after the cards that were
        under way are kept.
        """
        queue = iter(knowns)
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, concurrency)):
                group.create_task(self._work(queue))
        if self._stop is not None:
            raise self._stop
        return self.spent

    async def _work(self, queue: Iterator[Known]) -> None:
        while self._stop is None:
            known = next(queue, None)
            if known is None:
                return
            try:
                await self.one(known)
            except StylusError as error:
                self._stop = self._stop or error

    async def one(self, known: Known) -> None:
        """Describe this card. Raises as `all` does, at once."""
        try:
            refined = await self._refiner.describe(known)
        except BadSource as error:
            self._failed(known, error)
            return
        self._in_a_row = 0
        await self.keep(refined)

    async def keep(self, refined: Refined) -> None:
        """Write down what became of a card, however it was asked about."""
        if refined.described is not None:
            await asyncio.to_thread(self._keep, refined.card_id, refined.described)
        self._counts[refined.how] += 1
        self._tell(refined)

    def left(self, card_id: str, why: str) -> None:
        """A card that is left for another run."""
        self._counts["failed"] += 1
        self._tell(Refined(card_id=card_id, name=card_id, how="failed", why=why))

    def _failed(self, known: Known, error: BadSource) -> None:
        """Raises `RefinerFailed` when it makes no sense to go on."""
        why = str(error).rstrip(".")
        self._counts["failed"] += 1
        self._in_a_row += 1
        self._tell(Refined(card_id=known.card_id, name=known.said.name, how="failed", why=why))
        hopeless = isinstance(error, SourceRefused) and error.status in {401, 402, 403, 404}
        if hopeless or self._in_a_row >= PATIENCE:
            raise RefinerFailed(why=why) from error
