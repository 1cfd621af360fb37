"""`check`: what is wrong with cards and their files, told in counts and one line each.

Pure over what is known; whether a path is there, and what an address answers, is asked
through two functions, so that a test and a machine without a network decide alike.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from stylus_engine.catalog.rows import Known
from stylus_engine.model import Adapter, Rating
from stylus_engine.model.noun import Noun

Problem: TypeAlias = Literal[
    "file gone",  # the card's path is not there
    "address gone",  # the card's URL answers 404 or 410
    "duplicate",  # another card has a file of the same bytes
    "family contradicted",  # the card says another base than the file
    "licence gap",
    "rating gap",  # rated milder than its own pictures
    "quarantined",
]
OF_FILES: frozenset[Problem] = frozenset({"file gone", "address gone"})
UNSAID = frozenset({"", "unknown", "other"})
RATINGS: tuple[Rating, ...] = ("g", "pg", "pg13", "r", "x")
SAID: dict[str, Rating] = {
    "none": "g", "g": "g", "pg": "pg", "1": "pg", "soft": "pg13", "pg13": "pg13", "2": "pg13",
    "mature": "r", "r": "r", "4": "r", "x": "x", "xxx": "x", "8": "x", "16": "x",
}  # fmt: skip


class Trouble(Noun, frozen=True, kw_only=True):
    """One card's one problem."""

    problem: Problem
    card_id: str
    name: str
    detail: str = ""


class Checkup(Noun, frozen=True, kw_only=True):
    """Everything that was found. `looked` cards; `asked` addresses, when the network was asked."""

    looked: int
    asked: int
    troubles: tuple[Trouble, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each problem, the commonest first."""
        return dict(Counter(trouble.problem for trouble in self.troubles).most_common())

    @property
    def files_sound(self) -> bool:
        """Whether every file that a card names is where it says."""
        return not any(trouble.problem in OF_FILES for trouble in self.troubles)


def there(path: str) -> bool:
    """Whether a card's path leads to a file."""
    return Path(path).is_file()


def troubles(cards: Iterable[Known], is_there: Callable[[str], bool] = there) -> Iterator[Trouble]:
    """Every problem that can be seen from here, card by card; duplicates last."""
    digests: defaultdict[str, list[Adapter]] = defaultdict(list)
    for known in cards:
        card = known.card
        if card is None:
            continue
        if card.file_sha256:
            digests[card.file_sha256].append(card)
        yield from _of_card(known, card, is_there)
    yield from _doubled(digests.values())


def _of_card(known: Known, card: Adapter, is_there: Callable[[str], bool]) -> Iterator[Trouble]:
    if card.path and not is_there(card.path):
        yield trouble("file gone", card, card.path)
    if contradicted(known.said, card):
        told = f"the card says {known.said.family_declared}, the file {card.family_detected}"
        yield trouble("family contradicted", card, told)
    if card.licence.name.casefold() in UNSAID:
        yield trouble("licence gap", card)
    worst = worst_rating(known)
    if worst is not None and RATINGS.index(worst) > RATINGS.index(card.rating):
        yield trouble("rating gap", card, f"rated {card.rating}, pictures up to {worst}")
    if card.health == "quarantined":
        yield trouble("quarantined", card, card.quarantine)


def contradicted(said: Adapter, card: Adapter) -> bool:
    """Whether the file tells of another base than its card claimed."""
    claim, truth = said.family_declared.casefold(), (card.family_detected or "").casefold()
    return claim not in UNSAID and bool(truth) and claim != truth


def worst_rating(known: Known) -> Rating | None:
    """The highest rating among a card's own pictures; None where nothing rates them."""
    said = (SAID.get(example.rating.casefold().replace("-", "")) for example in known.examples)
    found = {rating for rating in said if rating is not None}
    return next((rating for rating in reversed(RATINGS) if rating in found), None)


def trouble(problem: Problem, card: Adapter, detail: str = "") -> Trouble:
    """One line of the list."""
    return Trouble(problem=problem, card_id=card.card_id, name=card.name, detail=detail)


def _doubled(groups: Iterable[list[Adapter]]) -> Iterator[Trouble]:
    """Each card after the first of the same bytes."""
    for first, *others in groups:
        for card in others:
            yield trouble("duplicate", card, f"the same bytes as {first.card_id}")
