"""Learns the weights of likeness (`retrieval.likeness.Scale`): `python -m miniature.likeness [FOLDER]`.

A logistic regression over prompts of the development set (`miniature.phrases`).  A prompt
does not say which of its words ask for a card, so that is found in turns: the likest span
of each card stands for it, weights are fitted, the likest spans are found anew.

What it prints first is how the weights do on a shelf that they have not seen, each of the
three left out once: that is where the floor (`Floors.meant`) was read off.  Last come the
weights that all three shelves give.  FOLDER: of another embedder than our own.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from miniature.phrases import Prompt, Shelf, prompts, shelves
from stylus_engine.composition.fits import Floors
from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.model import Adapter, Candidate, Query, Request
from stylus_engine.planning.concepts import concepts, joined
from stylus_engine.ports import Vectors
from stylus_engine.retrieval.embedder import LocalEmbedder
from stylus_engine.retrieval.likeness import Parts, Scale
from stylus_engine.retrieval.meanings import WordMeanings
from stylus_engine.retrieval.thesaurus import Thesaurus

ROUNDS = 4  # of finding the likest spans anew
PENALTY = 1.0  # on the squares of the weights, columns scaled to a spread of 1
STEPS = 30  # Newton's, of one fit
FLOORS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)


class Example(NamedTuple):
    """One prompt of a shelf, measured: `columns` (spans, cards, of `Parts`), `asked` a card each."""

    shelf: Shelf
    prompt: Prompt
    columns: Vectors
    asked: Vectors


def learned(examples: Sequence[Example]) -> Scale:
    """The weights that tell best which cards the prompts ask for."""
    asked = np.concatenate([example.asked for example in examples])
    likest = [example.columns[..., :3].sum(-1).argmax(0) for example in examples]
    scale = Scale()
    for _ in range(ROUNDS):
        rows = [_at(example, spans) for example, spans in zip(examples, likest, strict=True)]
        scale = _fitted(np.concatenate(rows), asked)
        likest = [likeness(scale, example).argmax(0) for example in examples]
    return scale


def likeness(scale: Scale, example: Example) -> Vectors:
    """Of each span and card."""
    return scale.likeness(Parts(*np.moveaxis(example.columns, -1, 0)))


async def examples(shelf: Shelf, meanings: WordMeanings) -> list[Example]:
    """Every prompt of the shelf that has a span."""
    found: list[Example] = []
    for prompt in prompts(shelf):
        spans = [span.text for span in (*concepts(prompt.text), *joined(prompt.text))]
        if spans:
            columns = np.stack(await meanings.parts(spans, shelf.cards), axis=-1)
            asked = np.asarray([group in prompt.needs for group in shelf.groups], np.float32)
            found.append(Example(shelf, prompt, columns, asked))
    return found


def _at(example: Example, spans: NDArray[np.intp]) -> Vectors:
    return example.columns[spans, np.arange(len(example.asked))]


def _fitted(rows: Vectors, asked: Vectors) -> Scale:
    """Newton's method; the bias is not held small."""
    spread, middle = rows.std(0) + 1e-9, rows.mean(0)
    table = np.concatenate([(rows - middle) / spread, np.ones((len(rows), 1))], axis=1)
    held = np.diag([PENALTY] * rows.shape[1] + [0.0])
    weights = np.zeros(table.shape[1])
    for _ in range(STEPS):
        sure = 1 / (1 + np.exp(-np.clip(table @ weights, -30, 30)))
        slope = table.T @ (sure - asked) + held @ weights
        bend = (table * (sure * (1 - sure))[:, None]).T @ table + held
        weights -= np.linalg.solve(bend, slope)
    each = weights[:-1] / spread
    bias = float(weights[-1] - (each * middle).sum())
    told = dict(zip(Parts._fields, each.tolist(), strict=True))
    return Scale(**{name: round(value, 2) for name, value in told.items()}, bias=round(bias, 2))


class _Known:
    """Stands where a composer wants `Meanings`: the likeness of one example is known already."""

    def __init__(self, inner: WordMeanings, example: Example, scale: Scale) -> None:
        self.knows, self.apart = inner.knows, inner.apart
        self._rows = likeness(scale, example).tolist()
        self._spans = [
            s.text for s in (*concepts(example.prompt.text), *joined(example.prompt.text))
        ]
        self._cards = [card.card_id for card in example.shelf.cards]

    async def likeness(
        self, spans: Sequence[str], cards: Sequence[Adapter]
    ) -> Sequence[Sequence[float]]:
        at = [self._cards.index(card.card_id) for card in cards]
        return [[self._rows[self._spans.index(span)][n] for n in at] for span in spans]


async def chosen(example: Example, scale: Scale, inner: WordMeanings, floor: float) -> set[str]:
    """The groups that the composer gives the prompt, every card of the shelf a candidate."""
    text = example.prompt.text
    found = [
        Candidate(adapter=card, concept=span.text, similarity=0.0, rank=1, cluster=number)
        for span in concepts(text)
        for number, card in enumerate(example.shelf.cards)
    ]
    floors = Floors(titled=2.0, rival=Floors.with_meanings().rival, meant=floor)
    composer = OfflineComposer(floors, _Known(inner, example, scale))
    query = Query(prompt=text, concepts=concepts(text), family="sd1-96")
    plan = await composer.compose(Request(prompt=text), query, found)
    ids = [card.card_id for card in example.shelf.cards]
    return {example.shelf.groups[ids.index(c.adapter.card_id)] for c in plan.choices}


def told(marks: Sequence[tuple[set[str], Prompt]]) -> str:
    """F1 over the groups, and how many prompts that need none got one."""
    right = sum(len(got & set(prompt.needs)) for got, prompt in marks)
    wrong = sum(len(got ^ set(prompt.needs)) for got, prompt in marks)
    bare = [bool(got) for got, prompt in marks if not prompt.needs]
    return f"F1 {2 * right / max(1, 2 * right + wrong):.3f}, needless {sum(bare):2} of {len(bare)}"


async def _told(kept: dict[str, list[Example]], inner: WordMeanings) -> None:
    scales = {
        out: learned([e for name, some in kept.items() if name != out for e in some])
        for out in kept
    }
    for floor in FLOORS:
        marks = {
            name: [(await chosen(e, scales[name], inner, floor), e.prompt) for e in some]
            for name, some in kept.items()
        }
        every = [mark for some in marks.values() for mark in some]
        each = "; ".join(f"{name} {told(some)}" for name, some in marks.items())
        print(f"floor {floor:.2f}: {told(every)}   ({each})", flush=True)


async def _main(folder: Path | None) -> None:
    inner = WordMeanings(LocalEmbedder(folder), Thesaurus())
    kept = {shelf.name: await examples(shelf, inner) for shelf in shelves()}
    await _told(kept, inner)
    scale = learned([example for some in kept.values() for example in some])
    print("\n".join(f"    {name}: float = {getattr(scale, name)}" for name in _names()))


def _names() -> Iterator[str]:
    yield from (*Parts._fields, "bias")


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
