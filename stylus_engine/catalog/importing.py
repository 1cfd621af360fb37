"""Bringing a source in: page after page, each kept with its cursor before the next is asked for.

A walk that was stopped, by a person, an error or a kill, goes on where it was; walking a
source again tells only of what changed.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Page, Skipped, Source
from stylus_engine.catalog.writing import Taken
from stylus_engine.model.noun import Noun

EXAMPLES = 3  # skipped records told of by name, for each reason


class Progress(Noun, frozen=True, kw_only=True):
    """How far an import is: items and skips of this run. `total` 0: the source does not say."""

    done: int
    total: int
    taken: Taken


class Summary(Noun, frozen=True, kw_only=True):
    """What a run of an import came to. `skipped` counts by reason, `examples` are some of them."""

    source: str
    taken: Taken = Taken()
    skipped: dict[str, int] = msgspec.field(default_factory=dict)
    examples: tuple[Skipped, ...] = ()


Tell: TypeAlias = Callable[[Progress], None]


def clock() -> str:
    """Now, as ISO text in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


async def bring_in(
    catalogue: Catalogue,
    source: Source,
    tell: Tell = lambda _: None,
    now: str = "",
    *,
    whole: bool = False,
) -> Summary:
    """Walk a source into the catalogue, from where its last walk stopped. `now`: for tests.

    `whole`: a walk that is complete begins anew, over all there is and not only over what
    is newer: flags of old models change too.

    Raises `BadSource`, `BadCatalogue`, `StoreFailed`; what came before it is kept.
    """
    began = now or clock()
    place = await asyncio.to_thread(catalogue.place, source.name)
    report = Report(source.name)
    since = "" if whole else place.since
    async with aclosing(source.pages(place.cursor, since)) as pages:
        async for page in pages:
            taken = await asyncio.to_thread(catalogue.take, source.name, page, began)
            report.add(page, taken)
            tell(report.progress)
    return report.summary


class Report:
    """Adds up what pages came to."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._taken = Taken()
        self._reasons: Counter[str] = Counter()
        self._examples: list[Skipped] = []
        self._total = 0

    def add(self, page: Page, taken: Taken) -> None:
        """One page more."""
        self._taken = _sum(self._taken, taken)
        self._total = page.total or self._total
        for each in page.skipped:
            self._reasons[each.reason] += 1
            if self._reasons[each.reason] <= EXAMPLES:
                self._examples.append(each)

    @property
    def progress(self) -> Progress:
        """Where the run is."""
        taken = self._taken
        done = taken.new + taken.changed + taken.same + taken.skipped
        return Progress(done=done, total=self._total, taken=taken)

    @property
    def summary(self) -> Summary:
        """What the run came to."""
        return Summary(
            source=self._source,
            taken=self._taken,
            skipped=dict(self._reasons.most_common()),
            examples=tuple(self._examples),
        )


def _sum(one: Taken, other: Taken) -> Taken:
    names = one.__struct_fields__
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in names})
