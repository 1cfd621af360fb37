"""StylusDocs, the paper's own catalogue: 76,724 adapters of Civitai as they were in March 2024.

A folder or a zip with `sd_adapters.pkl`, a pickled list (see `unpickling`), and perhaps
`sd_embeddings.npy`, whose row i is adapter i's vector, float64 of length 3072, made by
text-embedding-3-large.  The vectors are of use only to who embeds questions in the same
space; the others embed the texts anew.  Nothing is unpacked to disk: a member is found by
its own file name, whatever folders the archive claims it lies in.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice, zip_longest
from pathlib import Path
from typing import cast

import msgspec

from stylus_engine.catalog import clean
from stylus_engine.catalog.bases import UNKNOWN, base_of
from stylus_engine.catalog.layers import MOST_SAID
from stylus_engine.catalog.lines import plain_url
from stylus_engine.catalog.nouns import Example, Item, Page, Reason, Skipped
from stylus_engine.catalog.sources.archives import Archive, opened
from stylus_engine.catalog.sources.records import Record
from stylus_engine.catalog.sources.unpickling import MOST_BYTES, Fields, unpickled
from stylus_engine.catalog.sources.vectors import Vectors
from stylus_engine.catalog.warned import is_mature, is_minor, is_person
from stylus_engine.model import Adapter

ROWS = "sd_adapters.pkl"
VECTORS = "sd_embeddings.npy"
PAGE = 1000
SPACE = "stylusdocs:text-embedding-3-large"
USUAL_WEIGHT = 0.8
DEEPEST = 4  # lists in lists; the format has one inside another
MOST_TEXT = 2**20  # characters of one row, all its fields together
MOST_EXAMPLES = 40
MOST_NUMBER = 10**12  # ids and downloads; more is no count
BY = "stylusdocs"
_VERSION = re.compile(r"https://civitai\.com/api/download/models/(\d{1,12})")


class StylusDocs:
    """The archive at `path`, a page of 1,000 rows at a time. Implements `Source`.

    The cursor is the number of the next row, of which archive: one that was replaced since is
    walked from its beginning.  With `vectors` the stored ones come along,
    as unit float32.  Memory: the pickle and its rows, and one page.
    """

    def __init__(self, path: Path, *, vectors: bool = False) -> None:
        self._path = path
        self._vectors = vectors

    @property
    def name(self) -> str:
        return f"stylusdocs:{self._path}"

    async def pages(self, cursor: str, since: str) -> AsyncGenerator[Page, None]:  # noqa: ARG002 - it was frozen in 2024
        """See `Source.pages`. Raises `BadArchive`, `TooMuch`."""
        rows, mark = await asyncio.to_thread(self._rows)
        with opened(self._path) as archive, self._stored(archive) as vectors:
            for first in range(_start(cursor, mark), max(len(rows), 1), PAGE):
                page = await asyncio.to_thread(_page, rows, first, vectors)
                yield msgspec.structs.replace(page, cursor=page.cursor and f"{page.cursor}@{mark}")

    @contextmanager
    def _stored(self, archive: Archive) -> Generator[Vectors | None]:
        if not self._vectors or not archive.holds(VECTORS):
            yield None
            return
        with archive.open(VECTORS) as file:
            yield Vectors(file, str(self._path))

    def _rows(self) -> tuple[list[Fields], str]:
        """All rows, and the mark of the file that they stand in."""
        with opened(self._path) as archive:
            data, mark = archive.read(ROWS, MOST_BYTES), archive.stamp(ROWS)
        return unpickled(data, str(self._path)), mark


def _start(cursor: str, mark: str) -> int:
    """A cursor that is none of this file's means: from the beginning."""
    row, _, of = cursor.partition("@")
    return int(row) if of == mark and row.isascii() and row.isdigit() and len(row) < 10 else 0


def _page(rows: list[Fields], first: int, vectors: Vectors | None) -> Page:
    last = min(first + PAGE, len(rows))
    found = [_told(number, rows[number]) for number in range(first, last)]
    stored = vectors.units(first, last) if vectors else {}
    items = [
        _with_vector(each, stored.get(number), vectors)
        for number, each in enumerate(found, start=first)
        if isinstance(each, Item)
    ]
    return Page(
        items=tuple(items),
        skipped=tuple(each for each in found if isinstance(each, Skipped)),
        cursor=str(last) if last < len(rows) else "",
        total=len(rows),
        anew=first == 0,
    )


def _with_vector(item: Item, vector: bytes | None, vectors: Vectors | None) -> Item:
    if vector is None or vectors is None:
        return item
    return msgspec.structs.replace(item, vector=vector, space=f"{SPACE}@{vectors.length}")


def _told(number: int, fields: Fields) -> Item | Skipped:
    """One row as an item, or why it is none."""
    row = Record(fields)
    missing = _missing(row)
    if missing is None:
        return _item(row)
    what = clean.line(f"row {number} {row.line('title')}", clean.NAME)
    return Skipped(what=what, reason=missing[0], detail=missing[1])


def _missing(row: Record) -> tuple[Reason, str] | None:
    """What keeps a row from being a card."""
    if _size(row.fields) > MOST_TEXT:
        return "odd record", f"it holds more than {MOST_TEXT} characters"
    if not _count(row, "adapter_id"):
        return "odd record", "it has no id"
    if not row.line("title"):
        return "odd record", "it has no title"
    if _version(row) is None:
        return "no file", "its address is not one of Civitai's downloads"
    if base_of(row.line("base_model")).family == UNKNOWN:
        return "no family", "it names no base model"
    return None


def _size(values: Collection[object], deep: int = 0) -> int:
    """Characters, a value counted as a hundred, and no further than `MOST_TEXT`.

    A pickle can name one long text a million times over, and a list that holds itself.
    """
    total = 100 * len(values)
    for value in _parts(values):
        if total > MOST_TEXT:
            break
        if isinstance(value, str):
            total += len(value)
        elif isinstance(value, list | dict):
            inner = cast("Collection[object]", value)
            total += MOST_TEXT if deep >= DEEPEST else _size(inner, deep + 1)
    return total


def _parts(values: Collection[object]) -> Iterator[object]:
    """What a list holds; of fields the names too, each of which can be as long as any text."""
    yield from values
    if isinstance(values, Mapping):
        yield from cast("Mapping[object, object]", values).values()


def _item(row: Record) -> Item:
    model, version = _count(row, "adapter_id"), _version(row)
    raw = _raw(row)
    examples = tuple(_examples(row))
    told = row.prose("llm_description")
    weight = _weight(row)
    base = base_of(row.line("base_model"))
    tags, triggers = row.lines("tags"), row.lines("trigger_words", clean.TRIGGER)
    card = Adapter(
        card_id=f"civitai:{model}:{version}",
        name=row.line("title"),
        family_declared=base.family,
        base=base.base,
        kind="lora",  # the crawl kept no other
        description=told or row.prose("description"),
        described_by=BY if told else "card",
        triggers=triggers,
        tags=tags,
        weight=weight,
        weight_high=max(weight, 1.0),
        url=row.line("download_url", clean.URL),
        previews=tuple(each.url for each in examples if plain_url(each.url)),
        # The crawl left out what its author marked as more; nobody looked closer.
        rating="x" if is_mature(row.line("title"), *tags, *triggers) else "pg13",
        real_person=is_person(*tags),
        minor=is_minor(*tags),
        model_key=f"civitai:{model}",
        popularity=_count(row.inner("stats"), "downloadCount"),
    )
    stamp = hashlib.sha256(raw).hexdigest()[:16]
    return Item(card=clean.cleaned(card), raw=raw, stamp=stamp, examples=examples)


def _count(row: Record, name: str) -> int:
    """A whole number above zero, 0 when there is none."""
    found = row.number(name)
    return int(found) if found and 0 < found < MOST_NUMBER else 0


def _version(row: Record) -> str | None:
    found = _VERSION.fullmatch(row.line("download_url", clean.URL))
    return found[1] if found else None


def _weight(row: Record) -> float:
    """The describing model's weight; one of its own worked examples shows 0, which switches off."""
    found = row.number("weight")
    return found if found and 0 < found <= MOST_SAID else USUAL_WEIGHT


def _examples(row: Record) -> Iterator[Example]:
    """Pictures with their prompts: parallel lists, the word None where there was nothing."""
    columns = (
        row.texts(name) for name in ("image_urls", "image_prompts", "image_negative_prompts")
    )
    for url, prompt, negative in islice(zip_longest(*columns, fillvalue=""), MOST_EXAMPLES):
        if plain_url(url):
            yield Example(url=url, prompt=_said(prompt), negative=_said(negative))


def _said(text: str) -> str:
    return "" if text == "None" else clean.line(text, clean.DESCRIPTION)


def _raw(row: Record) -> bytes:
    """The row as JSON."""
    return msgspec.json.encode(
        {_kept(str(name)): _kept(value) for name, value in row.fields.items()}
    )


def _kept(value: object) -> object:
    """A value as JSON has it: no lone surrogates, no NaN, nothing that is no plain value."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_kept(each) for each in cast("list[object]", value)]
    if isinstance(value, dict):
        fields = cast("dict[object, object]", value)
        return {_kept(str(name)): _kept(each) for name, each in fields.items()}
    return value if isinstance(value, int | float) else None
