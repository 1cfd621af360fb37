"""What other processes do to an index while a test watches: they follow, are killed, compact, and read."""

import asyncio
import time
from multiprocessing.connection import Connection

import numpy as np

from stylus_engine.model import Query
from stylus_engine.planning.concepts import concepts
from stylus_engine.retrieval import following, rows
from stylus_engine.retrieval.building import Generation
from stylus_engine.retrieval.index import CardIndex
from stylus_engine.retrieval.retriever import IndexRetriever
from tests.retrieval.fakes import FAMILY, Log, WordEmbedder, card

STEP = 60  # changes of one round


def story(rounds: int) -> Log:
    """The same cards in every process: new ones, changed ones, and some that are gone."""
    log = Log(card(n) for n in range(STEP * 3))
    for number in range(rounds):
        first = STEP * (3 + number)
        log.put(*(card(n) for n in range(first, first + STEP // 2)))
        log.put(*(card(n * 7 % first, f"again{number}") for n in range(STEP // 3)))
        log.remove(*(f"test:{n * 11 % first}:1" for n in range(STEP // 6)))
    return log


def follow_story(folder: str, rounds: int, tell: Connection) -> None:
    """Follow in small chunks, so that a kill meets rows, marks and generations half-way."""
    following.CHUNK = 20
    log = story(rounds)
    tell.send("begun")
    asyncio.run(following.follow(CardIndex(folder, WordEmbedder()), log))
    tell.send("done")


def import_twins(folder: str, seconds: float, tell: Connection) -> None:
    """Change two cards together, over and over, among others; compact in between."""
    asyncio.run(_import_twins(folder, seconds, tell))


async def _import_twins(folder: str, seconds: float, tell: Connection) -> None:
    index, log = CardIndex(folder, WordEmbedder()), Log(card(n) for n in range(100))
    until, turn = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        log.put(*(card(n, f"dragon twin{turn}") for n in (900, 901)), card(200 + turn))
        await following.follow(index, log)
        if turn == 0:
            tell.send("begun")
        if turn % 5 == 4:
            await _compact(index)
        turn += 1
    tell.send(turn)


async def _compact(index: CardIndex) -> None:
    async with index.home.writing():
        name = await index.home.current()
        await (await Generation.resume(index.home, name, index.embedder)).compact()


def read_twins(folder: str, seconds: float, tell: Connection) -> None:
    """Recall, over and over; tells how often, or what was wrong."""
    try:
        tell.send(asyncio.run(_read_twins(folder, seconds)))
    except BaseException as error:  # told to the test, which fails with it
        tell.send(repr(error))
        raise


async def _read_twins(folder: str, seconds: float) -> int:
    index = CardIndex(folder, WordEmbedder())
    asked = Query(prompt="a dragon", concepts=concepts("a dragon"), family=FAMILY)
    until, turns = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        found = await IndexRetriever(index).recall(asked)
        twins = {one.adapter.card_id: one for one in found if "twin" in one.adapter.name}
        assert len({one.adapter.name for one in twins.values()}) == 1, "a recall saw half a change"
        assert twins.keys() == {"test:900:1", "test:901:1"}, "a card that is there was not found"
        for one in twins.values():
            near = await index.embedder.embed(
                [one.concept or asked.prompt, rows.text_of(one.adapter)]
            )
            assert np.isclose(one.similarity, near[0] @ near[1], atol=1e-5), "another card's vector"
        ids = await (await index.view()).ids()
        assert len(ids) == len(set(ids)), "a card is in it twice"
        turns += 1
    return turns
