"""The weight files of a large repository of the hub, asked for page by page.

A repository's record names its files, and the hub cuts that list short where there are
many.  Its own client therefore never reads it: first from 50,000 files on, then from
1,000 on (huggingface_hub#3565), today for none.
"""

import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias, cast

from stylus_engine.catalog.sources.records import Record
from stylus_engine.catalog.sources.rounds import Circle
from stylus_engine.errors import SourceOdd

FEW = 1000  # files of a record that are believed to be all
PICKLES = (".bin", ".pt", ".pth", ".ckpt")
MOST_PAGES = 100  # of a tree; the hub's have 1,000 files and folders each
WEIGHTS = (".safetensors", *PICKLES)
Asked: TypeAlias = Callable[[str], Awaitable[tuple[list[Record], str]]]
_COMMIT = re.compile(r"[0-9a-f]{40}")


def commit_of(record: Record) -> str:
    """The commit that a record is of, "" where it names none."""
    sha = record.line("sha")
    return sha if _COMMIT.fullmatch(sha) else ""


def names_few(record: Record) -> bool:
    """Whether a record names all of its files; each repository has some, `.gitattributes` at least."""
    named = record.fields.get("siblings")
    return isinstance(named, list) and 0 < len(cast("list[object]", named)) <= FEW


async def with_tree(record: Record, origin: str, ask: Asked) -> Record:
    """The record with the weight files of its tree, those at the top first.

    `ask` is given an address, and hands back a page and the next address, "" = the last one.
    Raises `SourceOdd` for a tree without an end, and what `ask` raises.
    """
    name = record.line("id", 200)
    following = f"{origin}/api/models/{name}/tree/{commit_of(record) or 'main'}?recursive=true"
    paths, circle = list[str](), Circle(f"huggingface:{name}", following)
    for _ in range(MOST_PAGES):
        rows, following = await ask(following)
        paths += [row.line("path", 300) for row in rows if row.line("type") == "file"]
        if not following:
            return _with_weights(record, paths)
        circle.step(following, news=bool(rows))
    raise SourceOdd(source=f"huggingface:{name}", why=f"more than {MOST_PAGES} pages of files")


def _with_weights(record: Record, paths: list[str]) -> Record:
    weights = [path for path in paths if path.lower().endswith(WEIGHTS)]
    named = [{"rfilename": path} for path in sorted(weights, key=lambda path: path.count("/"))]
    return Record({**record.fields, "siblings": named})
