"""Rounds over the cards: each learns one thing of every card that lacks it, and keeps it at once.

What is learned of a card is kept before the next one is looked at, so a round that is
stopped or killed has lost one card's work, and the next round goes on behind it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from stylus_engine.catalog.catalogue import Catalogue, Part
from stylus_engine.catalog.nouns import Described, Probed, Reason, Skipped
from stylus_engine.catalog.orders import Round, Step, TellStep
from stylus_engine.catalog.probe import probe
from stylus_engine.catalog.refiner import describe
from stylus_engine.catalog.rows import Known
from stylus_engine.errors import AdapterFileMissing, BadAdapter
from stylus_engine.model import Adapter

EXAMPLES = 3  # of each reason
TURN = 64  # cards between two looks at whether somebody wants to stop


class Tally:
    """Adds up what a round comes to."""

    def __init__(self) -> None:
        self.learned = 0
        self._reasons: Counter[str] = Counter()
        self._examples: list[Skipped] = []

    @property
    def skipped(self) -> int:
        """Cards passed over."""
        return self._reasons.total()

    def skip(self, name: str, reason: Reason, detail: str = "") -> None:
        """One card passed over."""
        self._reasons[reason] += 1
        if self._reasons[reason] <= EXAMPLES:
            self._examples.append(Skipped(what=name, reason=reason, detail=detail))

    def round(self, stopped: tuple[str, str] | None = None, /, **facts: str) -> Round:
        """What it came to; `stopped`: which error ended it early, and its sentence."""
        return Round(
            learned=self.learned,
            skipped=dict(self._reasons.most_common()),
            examples=tuple(self._examples),
            facts=facts,
            stopped=stopped,
        )


async def probe_all(catalogue: Catalogue, tell: TellStep, most: int = 0) -> Round:
    """Read the headers of files that were not probed yet. A broken file is kept as refused."""
    tally = Tally()

    def one(known: Known) -> None:
        card = known.card or known.said
        if card.path is None:
            tally.skip(card.name, "no file", "no file of it is on this machine")
            return
        try:
            probed = probed_or_refused(card, Path(card.path))
            catalogue.learn(known.card_id, probed=probed, of=known.stamp)
            tally.learned += 1
        except AdapterFileMissing as error:
            tally.skip(card.name, "not reachable", str(error))

    await _walk(catalogue, "probed", one, tally, tell, most)
    return tally.round()


def probed_or_refused(card: Adapter, path: Path) -> Probed:
    """What the file is; one that is no adapter is refused with its sentence.

    Raises `AdapterFileMissing`: of a file that is not there nothing is learned.
    """
    try:
        return probe(path, card.name)
    except AdapterFileMissing:
        raise
    except BadAdapter as error:
        return Probed(kind="unknown", layout="", refused=str(error))


async def describe_all(catalogue: Catalogue, tell: TellStep, most: int = 0) -> Round:
    """Describe by rules what nobody described yet."""
    tally = Tally()
    categories: Counter[str] = Counter()

    def one(known: Known) -> None:
        described: Described = describe(known)
        catalogue.learn(known.card_id, described=described, of=known.stamp)
        categories[described.category] += 1
        tally.learned += 1

    await _walk(catalogue, "described", one, tally, tell, most)
    return tally.round(**{name: f"{count:,}" for name, count in categories.most_common()})


async def _walk(
    catalogue: Catalogue,
    lacking: Part,
    one: Callable[[Known], None],
    tally: Tally,
    tell: TellStep,
    most: int,
) -> None:
    """Some at a time in a thread; between two turns a stop is heard.

    Ids first: a walk belongs to the thread that began it.
    """
    ids = await asyncio.to_thread(_ids, catalogue, lacking, most)
    for first in range(0, len(ids), TURN):
        some = ids[first : first + TURN]
        await asyncio.to_thread(_turn, catalogue, some, one)
        tell(Step(done=first + len(some), of=len(ids), skipped=tally.skipped))


def _ids(catalogue: Catalogue, lacking: Part, most: int) -> list[str]:
    found = (known.card_id for known in catalogue.walk(lacking=lacking))
    return list(islice(found, most) if most else found)


def _turn(catalogue: Catalogue, ids: Sequence[str], one: Callable[[Known], None]) -> None:
    for card_id in ids:
        one(catalogue.known(card_id))
