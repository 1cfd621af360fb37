"""The process that is killed: an archive with stored vectors into the catalogue, and the index after it.

`python -m tests.catalog.kills.importer ARCHIVE DATA` says "walking" when it begins to
write, then a line for each page that was told as taken, "followed" and ends.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.importing import Progress, bring_in
from stylus_engine.catalog.sources.stylusdocs import SPACE, StylusDocs
from stylus_engine.ports import Vectors
from stylus_engine.retrieval.following import follow
from stylus_engine.retrieval.index import CardIndex


class StoredOnly:
    """The space of the archive's vectors; a text that would have to be embedded is a fault."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self.name = f"{SPACE}@{dimensions}"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        assert not texts, "a stored vector was not taken"
        return np.zeros((0, self.dimensions), np.float32)


def parts(data: Path, dimensions: int) -> tuple[Catalogue, CardIndex]:
    return Catalogue(data / "catalog.db"), CardIndex(data / "index", StoredOnly(dimensions))


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def run(archive: Path, data: Path, dimensions: int) -> None:
    catalogue, index = parts(data, dimensions)

    def tell(progress: Progress) -> None:
        say(str(progress.done))

    say("walking")
    await bring_in(catalogue, StylusDocs(archive, vectors=True), tell)
    say("following")
    await follow(index, catalogue)
    say("followed")


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
