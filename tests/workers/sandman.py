"""What the sleepy worker dreams of: a shelf of six, one checkpoint, and a composer that invents."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stylus_engine.errors import UnknownName
from stylus_engine.model import (
    Adapter,
    Candidate,
    Checkpoint,
    Choice,
    Plan,
    Query,
    Request,
    Task,
)

CHECKPOINT = Checkpoint(
    id="5" * 64, name="sleepy", path="/nowhere", family="sd1-96", size=64, multiple=8
)
TASKS, CHOICES = 3, 2


def adapter(name: str, **fields: object) -> Adapter:
    known: dict[str, object] = {
        "card_id": f"sleepy:{name.lower().replace(' ', '-')}:1",
        "name": name,
        "family_declared": "sd1-96",
        "path": "/nowhere.safetensors",
        "author": "the sandman",
        "description": f"Dreams of {name.lower()}.",
    }
    return Adapter(**(known | fields))  # pyright: ignore[reportArgumentType] - the noun checks itself


SHELF = tuple(
    adapter(f"{kind} {letter}", category=category)
    for kind, category in (("Ink", "style"), ("Night", "light"), ("City", "place"))
    for letter in "AB"
)


class Shelf:
    """Implements `CardStore`."""

    def cards(self) -> Iterable[Adapter]:
        return SHELF

    def get(self, card_id: str) -> Adapter:
        return self.find(card_id)

    def named(self, text: str, limit: int, after: str = "") -> Sequence[Adapter]:
        ids = [card.card_id for card in SHELF]
        return self.among(ids[ids.index(after) + 1 :] if after else ids, text)[:limit]

    def among(self, card_ids: Sequence[str], text: str) -> Sequence[Adapter]:
        known = {card.card_id: card for card in SHELF}
        return [known[each] for each in card_ids if text.casefold() in known[each].name.casefold()]

    def __len__(self) -> int:
        return len(SHELF)

    def find(self, name: str) -> Adapter:
        for card in SHELF:
            if name.casefold() in {card.card_id, card.name.casefold()}:
                return card
        raise UnknownName(kind="adapter", name=name[:80], known="")


class Checkpoints:
    def find(self, name: str) -> Checkpoint:
        if name not in {"", CHECKPOINT.name, CHECKPOINT.id}:
            raise UnknownName(kind="checkpoint", name=name[:80], known="Known: sleepy.")
        return CHECKPOINT


class Words:
    """Implements `Tokens`: everything fits."""

    def fits(self, checkpoint: Checkpoint, text: str, adapters: Sequence[Adapter] = ()) -> bool:
        return True


class Nothing:
    """Implements `Retriever`."""

    async def recall(self, query: Query) -> Sequence[Candidate]:
        return ()


@dataclass
class Inventor:
    """Implements `Composer`: the first words of the prompt get two adapters each."""

    seconds: float

    async def compose(
        self, request: Request, query: Query, candidates: Sequence[Candidate]
    ) -> Plan:
        await asyncio.sleep(self.seconds)
        tasks: list[Task] = []
        start = 0
        for number, word in enumerate(request.prompt.split()[:TASKS]):
            start = request.prompt.index(word, start)
            mine = SHELF[number * CHOICES : (number + 1) * CHOICES]
            choices = tuple(Choice(adapter=a, weight=0.8, reason="a dream") for a in mine)
            tasks.append(Task(concept=word, start=start, choices=choices))
            start += len(word)
        return Plan(prompt=request.prompt, tasks=tuple(tasks), composer="sleepy")


class Ahead:
    """What is named and made ready ahead: whoever listens sets `named`; the rest stands in a file."""

    noted: Path
    counts: dict[str, int] = {"loads": 0}  # noqa: RUF012 - nobody writes to it
    named: Callable[[str, Adapter, bool], None] = staticmethod(lambda *_: None)

    def name(self, job: str) -> None:
        """A guess, then what is really named."""
        self.named(job, SHELF[1], True)
        self.named(job, SHELF[0], False)

    def prepare(self, job: str, adapter: Adapter, *, likely: bool = False) -> None:
        self.note("prepared", f"{job} {adapter.card_id}{' likely' * likely}\n")

    def note(self, file: str, line: str = "") -> None:
        self.noted.mkdir(parents=True, exist_ok=True)
        with (self.noted / file).open("a") as told:
            told.write(line)
