"""News for people: each open page hears what its user may see."""

import asyncio
from dataclasses import dataclass, field

from playground.shapes import Json


@dataclass(slots=True, eq=False)
class Ear:
    """One open page."""

    user: int | None  # None hears everything: the demonstration and the tests
    news: asyncio.Queue[Json] = field(default_factory=asyncio.Queue[Json])


@dataclass(slots=True)
class Hub:
    ears: set[Ear] = field(default_factory=set[Ear])

    def listen(self, user: int | None) -> Ear:
        ear = Ear(user)
        self.ears.add(ear)
        return ear

    def leave(self, ear: Ear) -> None:
        self.ears.discard(ear)

    def tell(self, news: Json, *, only: frozenset[int] | None = None) -> None:
        """To everybody, or to these users alone."""
        for ear in self.ears:
            if only is None or ear.user is None or ear.user in only:
                ear.news.put_nowait(news)
