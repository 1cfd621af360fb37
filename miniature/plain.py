"""How well plain words are understood: `python -m miniature.plain`.

Prompts of the development set that say a word of a card (`data/plain.toml`).  In some the
card is meant, in the others something else is: "rocket salad", "at a snail's pace".  The
whole way is gone, from the index of each shelf (`miniature.phrases`) to the plan.  Prompts
that also stand among the held-out questions are left out by program.
"""

import asyncio
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypedDict

from miniature import questions
from miniature.likeness import told
from miniature.phrases import Prompt, Shelf, shelves
from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.composition.offline import OfflineComposer
from stylus_engine.model import Query, Request
from stylus_engine.planning.concepts import concepts
from stylus_engine.retrieval.embedder import LocalEmbedder
from stylus_engine.retrieval.following import follow
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.meanings import WordMeanings
from stylus_engine.retrieval.retriever import IndexRetriever
from stylus_engine.retrieval.thesaurus import Thesaurus

FILE = Path(__file__).parent / "data" / "plain.toml"


class Said(TypedDict, total=False):
    """What is said of one group of cards; `group` where it is not called by its key."""

    group: str
    none: list[str]
    asks: list[str]


def prompts(shelf: Shelf) -> Iterator[Prompt]:
    """Those that say a word of this shelf's cards."""
    entries: Mapping[str, Said] = tomllib.loads(FILE.read_text(encoding="utf-8"))[shelf.name]
    held = {q.prompt.casefold() for q in questions.read() if q.part == "held-out"}
    for key, said in entries.items():
        group = said.get("group", key)
        for text, needs in (
            *((text, ()) for text in said.get("none", ())),
            *((text, (group,)) for text in said.get("asks", ())),
        ):
            if text.casefold() not in held:
                yield Prompt(text, needs)


async def chosen(shelf: Shelf, folder: Path, composer: OfflineComposer) -> list[set[str]]:
    """For each prompt the groups that it gets, the shelf's cards in an index of their own."""
    catalogue = Catalogue(folder / "catalog.db")
    items = tuple(Item(card=card) for card in shelf.cards)
    catalogue.take(shelf.name, Page(items=items, cursor=""), "2026-11-29T00:00:00")
    index = CardIndex(folder / "index", LocalEmbedder())
    await follow(index, catalogue)
    retriever = IndexRetriever(index)
    groups = {card.card_id: g for card, g in zip(shelf.cards, shelf.groups, strict=True)}
    found: list[set[str]] = []
    for prompt in prompts(shelf):
        query = Query(prompt=prompt.text, concepts=concepts(prompt.text), family="sd1-96")
        seen = await retriever.recall(query)
        plan = await composer.compose(Request(prompt=prompt.text), query, seen)
        found.append({groups[choice.adapter.card_id] for choice in plan.choices})
    return found


def main() -> None:
    """The program: every prompt that gets the wrong ones, and the figures."""
    composer = OfflineComposer(meanings=WordMeanings(LocalEmbedder(), Thesaurus()))
    for shelf in shelves():
        with tempfile.TemporaryDirectory() as folder:
            got = asyncio.run(chosen(shelf, Path(folder), composer))
        marks = list(zip(got, prompts(shelf), strict=True))
        for groups, prompt in marks:
            if groups != set(prompt.needs):
                print(f"  {prompt.text!r}: {sorted(groups)}, not {list(prompt.needs)}")
        print(f"{shelf.name}: {told(marks)}", flush=True)


if __name__ == "__main__":
    main()
