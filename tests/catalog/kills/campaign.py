"""An import that is killed at random moments, over and over, until it has come through.

After every kill: what was told as taken is there, nothing is there twice, and both files
can be read.  At the end: every row of the archive, once, with its own vector.
"""

import asyncio
import pickle
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import ModuleType
from unittest import mock

import numpy as np

from stylus_engine.catalog.sources.stylusdocs import ROWS, VECTORS
from stylus_engine.catalog.sources.unpickling import CLASSES
from stylus_engine.errors import IndexMissing
from tests.catalog.kills.importer import parts

SEED = 20241128
HOUSE = Path(__file__).resolve().parents[3]
START_SECONDS = 300.0
EARLY = 10  # every tenth is killed while it still reads the archive, or soon after


@dataclass(frozen=True)
class Size:
    """How much, how often, and how long a life is at most, in seconds after it began to write."""

    rows: int
    dimensions: int
    kills: int
    longest: float


@dataclass
class Life:
    """One process: how long it lived once it wrote (`early`: once it read), and how far it came."""

    seconds: float
    early: bool = False
    told: list[str] = field(default_factory=list[str])
    killed: bool = False

    @property
    def rows(self) -> int:
        """How many were told as taken."""
        return max((int(word) for word in self.told if word.isdigit()), default=0)

    @property
    def stage(self) -> str:
        """Where it was: reading the archive, in the catalogue, in the index, or through."""
        if "following" in self.told:
            return "followed" if "followed" in self.told else "index"
        return "catalogue" if self.told else "archive"


def make_archive(folder: Path, size: Size) -> Path:
    """Rows and vectors in the format of StylusDocs; vector i is made of row i's number alone."""
    folder.mkdir(parents=True)
    module, name = min(CLASSES)
    (folder / ROWS).write_bytes(_pickled([_row(n) for n in range(size.rows)], module, name))
    shape = size.rows, size.dimensions
    array = np.lib.format.open_memmap(folder / VECTORS, "w+", np.float64, shape)
    for first in range(0, size.rows, 4096):
        array[first : first + 4096] = vectors(first, min(first + 4096, size.rows), size.dimensions)
    array.flush()
    return folder


def vectors(first: int, last: int, dimensions: int) -> np.ndarray:
    """Directions that are different for every row, and the same whenever they are made."""
    return np.stack(
        [np.random.default_rng(n).standard_normal(dimensions) for n in range(first, last)]
    )


def _row(number: int) -> dict[str, object]:
    return {
        "adapter_id": 1000 + number,
        "alias": f"file_{number}",
        "title": f"Adapter number {number}",
        "base_model": "SD 1.5",
        "description": f"It draws thing {number} in the manner of {number % 97}.",
        "tags": ["style", f"tag{number % 311}"],
        "trigger_words": [f"trig{number}"],
        "stats": {"downloadCount": number % 5000 + 1},
        "download_url": f"https://civitai.com/api/download/models/{500_000 + number}",
        "llm_description": None,
        "image_urls": [],
        "image_prompts": [],
        "image_negative_prompts": [],
        "weight": 0.8,
    }


def _pickled(rows: list[dict[str, object]], module: str, name: str) -> bytes:
    """As the archive's own program writes it: a list of objects of its class."""
    bag = type(name, (), {"__module__": module})
    parents = [module[: at.start()] for at in re.finditer(r"\.|$", module)]
    shelves = {each: ModuleType(each) for each in parents}
    setattr(shelves[module], name, bag)
    with mock.patch.dict(sys.modules, shelves):
        return pickle.dumps([_bag(bag, row) for row in rows], protocol=4)


def _bag(kind: type, fields: dict[str, object]) -> object:
    made = kind()
    made.__dict__.update(fields)
    return made


def campaign(folder: Path, size: Size) -> Iterator[Life]:
    """Lives, one after the other, each looked into after its end; the last one came through."""
    archive, data = make_archive(folder / "archive", size), folder / "data"
    dice = random.Random(SEED)
    promised, life = 0, Life(0.0)
    for number in range(size.kills + 1):
        seconds = dice.uniform(0, size.longest) if number < size.kills else float("inf")
        life = _live(archive, data, size, Life(seconds, early=number % EARLY == EARLY - 1))
        yield life
        promised = min(size.rows, promised + life.rows)
        _look(data, size, promised)
    assert life.stage == "followed", life
    asyncio.run(_whole(data, size))


def _live(archive: Path, data: Path, size: Size, life: Life) -> Life:
    command = ["-m", "tests.catalog.kills.importer", str(archive), str(data), str(size.dimensions)]
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, cwd=HOUSE
    ) as process:
        lines: Queue[str] = Queue()
        reader = Thread(target=_read, args=(process, lines), daemon=True)
        reader.start()
        assert lines.get(timeout=START_SECONDS) == "walking"
        if not life.early:
            life.told.append(lines.get(timeout=START_SECONDS))
        _listen(process, lines, life, time.monotonic() + life.seconds)
        reader.join()
    while not lines.empty():
        life.told.append(lines.get())
    assert life.killed or process.returncode == 0
    return life


def _read(process: subprocess.Popen[str], lines: "Queue[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line.strip())


def _listen(process: subprocess.Popen[str], lines: "Queue[str]", life: Life, until: float) -> None:
    """Hear what it says until it ends, or until its time is over and it is killed."""
    while process.poll() is None:
        left = until - time.monotonic()
        if left <= 0:
            process.send_signal(signal.SIGKILL)
            life.killed = process.wait() == -signal.SIGKILL
            return
        try:
            life.told.append(lines.get(timeout=min(left, 0.05)))
        except Empty:
            continue


def _look(data: Path, size: Size, promised: int) -> None:
    """After a kill, with other eyes than ours: SQLite's own check, and no row twice."""
    path = data / "catalog.db"
    if path.exists():
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'cards'").fetchone():
                held, ids = db.execute(
                    "SELECT count(*), count(DISTINCT card_id) FROM cards"
                ).fetchone()
                assert held == ids
                assert held >= promised
    asyncio.run(_index_is_sound(data, size))


async def _index_is_sound(data: Path, size: Size) -> None:
    _, index = parts(data, size.dimensions)
    try:
        ids = await (await index.view()).ids()
    except IndexMissing:
        return
    assert len(ids) == len(set(ids)) <= size.rows


async def _whole(data: Path, size: Size) -> None:
    """Every card and every row, once, in step, each with its own vector."""
    catalogue, index = parts(data, size.dimensions)
    wanted = [f"civitai:{1000 + n}:{500_000 + n}" for n in range(size.rows)]
    assert [card.card_id for card in catalogue.cards()] == wanted
    view = await index.view()
    assert sorted(await view.ids()) == sorted(wanted)
    assert await index.reached() == catalogue.last()
    for first in range(0, size.rows, 1000):
        chunk = wanted[first : first + 1000]
        found = await view.texts(tuple(chunk))
        made = vectors(first, first + len(chunk), size.dimensions)
        units = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
        kept = np.stack([found[card_id][1] for card_id in chunk])
        np.testing.assert_allclose(kept, units, rtol=0, atol=1e-6)
