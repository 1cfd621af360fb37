"""Going through the shelf: names first, then what is near, page by page, never what policy forbids."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from stylus_engine.model import Adapter, Candidate, Policy, Query
from stylus_engine.retrieval import shelf
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.retriever import IndexRetriever
from stylus_engine.retrieval.shelf import STRETCH, browse
from tests.retrieval.fakes import FAMILY, WordEmbedder, build, card

pytestmark = pytest.mark.asyncio
CARDS = (
    *(card(n, f"{'Ink' if n % 3 else 'Neon'} {n}", tags=("drawing",)) for n in range(30)),
    card(90, "Ink of another", family_declared="sdxl"),
    card(91, "Ink of a person", real_person=True),
    card(92, "Ink too hot", rating="r"),
    card(93, "Ink without a file", path=None),
)
ALLOWED = CARDS[:30]


class Shelf:
    """Never lets anybody walk over all cards."""

    def cards(self) -> tuple[Adapter, ...]:
        raise AssertionError

    def __len__(self) -> int:
        return len(CARDS)

    def named(self, text: str, limit: int, after: str = "") -> list[Adapter]:
        assert limit <= STRETCH
        same = [one for one in CARDS if text.casefold() in one.name.casefold()]
        first = [one.card_id for one in same].index(after) + 1 if after else 0
        return same[first : first + limit]

    def among(self, card_ids: Sequence[str], text: str) -> list[Adapter]:
        same = [one for one in CARDS if text.casefold() in one.name.casefold()]
        return [one for one in same if one.card_id in card_ids]

    def get(self, card_id: str) -> Adapter:
        raise KeyError(card_id)

    def find(self, name: str) -> Adapter:
        raise KeyError(name)


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> IndexRetriever:
    index = CardIndex(Path(tmp_path_factory.mktemp("index")), WordEmbedder())
    asyncio.run(build(index, CARDS))
    return IndexRetriever(index)


async def page(
    retriever: IndexRetriever, text: str, k: int = 5, offset: int = 0, **policy: str
) -> tuple[list[str], int]:
    query = Query(
        prompt=text,
        concepts=(),
        family=FAMILY,
        policy=Policy(**policy),  # pyright: ignore[reportArgumentType] - ratings by name
        k=k + offset,
    )
    found, total = await browse(retriever, Shelf(), query, offset)
    assert all(isinstance(one, Candidate) for one in found)
    return [one.adapter.name for one in found], total


@pytest.fixture(params=[0, shelf.FEW], ids=["many", "few"], autouse=True)
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of going through the shelf answer alike."""
    monkeypatch.setattr(shelf, "FEW", request.param)


@pytest.mark.parametrize("stretch", [4, 250])
async def test_no_text_pages_through_all_that_is_allowed_in_the_shelfs_order(
    retriever: IndexRetriever, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    monkeypatch.setattr(shelf, "STRETCH", stretch)
    pages: list[str] = []
    for offset in range(0, 40, 7):
        names, total = await page(retriever, " ", 7, offset)
        assert total == 30
        pages += names
    assert pages == [one.name for one in ALLOWED]


async def test_names_come_first_in_any_case_and_each_card_once(retriever: IndexRetriever) -> None:
    names, _ = await page(retriever, "nEON", 20)
    assert names[:10] == [one.name for one in ALLOWED if one.name.startswith("Neon")]
    assert len(names) == len(set(names)) <= 20


async def test_what_is_near_follows_what_is_named(retriever: IndexRetriever) -> None:
    names, total = await page(retriever, "neon drawing", 10)
    assert len(names) == len(set(names)) == 10 == total


async def test_policy_is_asked_for_names_too(retriever: IndexRetriever) -> None:
    names, total = await page(retriever, "ink", 99, most_rating="r")
    assert "Ink too hot" in names
    assert not {"Ink of another", "Ink of a person", "Ink without a file"} & set(names)
    assert total == len(names)
    assert "Ink too hot" not in (await page(retriever, "ink", 99))[0]
