"""Real processes: one writes and is killed, others read meanwhile."""

import asyncio
import multiprocessing
import random
import time

import pytest

from stylus_engine.errors import IndexMissing
from stylus_engine.retrieval.following import follow
from stylus_engine.retrieval.index import CardIndex
from tests.retrieval import busy
from tests.retrieval.fakes import WordEmbedder, held

pytestmark = pytest.mark.slow
KILLS = 20
PATIENCE = 60  # seconds


@pytest.fixture(scope="module")
def processes():
    """Children that have everything imported when they begin; none of them inherits a thread."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.retrieval.busy"])
    return context


def began(processes, target, *facts):
    """A child and the pipe it tells through."""
    ours, theirs = processes.Pipe(duplex=False)
    child = processes.Process(target=target, args=(*facts, theirs), daemon=True)
    child.start()
    theirs.close()
    return child, ours


def told(pipe):
    assert pipe.poll(PATIENCE), "the child said nothing"
    return pipe.recv()


def test_a_writer_killed_at_any_moment_loses_and_doubles_nothing(processes, tmp_path):
    dice, kills, rounds, reached = random.Random(4), 0, 0, 0
    index = CardIndex(tmp_path / "index", WordEmbedder())
    while kills < KILLS:
        child, pipe = began(processes, busy.follow_story, index.home.path, rounds)
        told(pipe)
        time.sleep(dice.uniform(0, 0.15))
        kills += not pipe.poll()
        child.kill()
        child.join(PATIENCE)
        standing = asyncio.run(sound(index))
        assert standing >= reached or not reached
        reached = standing
        rounds = rounds + (reached >= busy.story(rounds).last())
    log = busy.story(rounds + 1)
    asyncio.run(follow(index, log))
    assert asyncio.run(held(index)) == sorted(log.cards())
    assert asyncio.run(index.reached()) == log.last()
    texts = asyncio.run(names(index, log))
    assert texts == {card_id: card.name for card_id, card in log.cards().items()}


async def sound(index):
    """How far it came; no card is in it twice."""
    try:
        ids = await held(index)
    except IndexMissing:
        return 0
    assert len(ids) == len(set(ids))
    return await index.reached()


async def names(index, log):
    view = await index.view()
    numbers = await view.among(tuple(log.cards()), None)
    return {row.card_id: row.card.name for row in (await view.told(numbers)).values()}


def test_three_readers_never_fail_while_a_writer_writes_and_compacts(processes, tmp_path):
    folder = str(tmp_path / "index")
    writer, wrote = began(processes, busy.import_twins, folder, 4.0)
    assert told(wrote) == "begun"
    readers = [began(processes, busy.read_twins, folder, 3.0) for _ in range(3)]
    turns = [told(pipe) for _, pipe in readers]
    assert all(isinstance(turn, int) and turn > 3 for turn in turns), turns
    assert told(wrote) > 3
    for child, _ in [(writer, wrote), *readers]:
        child.join(PATIENCE)
        assert child.exitcode == 0
