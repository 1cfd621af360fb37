"""The Hugging Face Hub: a walk over repositories that hold adapters for pictures, and single ones.

Asked through our own door and not through `huggingface_hub`: its client waits for ever
(`timeout=None`), follows redirects anywhere, and hands out no cursor to go on from.  The
requests are those it makes; a test holds our stand-in against the real `HfApi`.
No filter finds every adapter, so several are walked, one after the other.
"""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, cast
from urllib.parse import quote, unquote

from msgspec.structs import replace
from yarl import URL

from stylus_engine.catalog.nouns import Item, Page, Probed, Skipped
from stylus_engine.catalog.sources.models import moment
from stylus_engine.catalog.sources.records import Record, record_of
from stylus_engine.catalog.sources.repositories import ENDING, entries, wants_tree
from stylus_engine.catalog.sources.rounds import STALE, Circle
from stylus_engine.catalog.sources.trees import with_tree
from stylus_engine.catalog.web import Web
from stylus_engine.errors import (
    BadAdapter,
    BadArchive,
    BadSource,
    SourceOdd,
    SourceRefused,
    TooMuch,
    UnsafeAddress,
)

FILTERS: tuple[tuple[str, ...], ...] = (  # each a question; within one, all must hold
    ("text-to-image", "lora"),
    ("diffusers", "lora"),
    ("template:sd-lora",),
    ("text-to-image", "base_model:adapter:stable-diffusion-v1-5/stable-diffusion-v1-5"),
    ("text-to-image", "base_model:adapter:runwayml/stable-diffusion-v1-5"),
    ("text-to-image", "base_model:adapter:stabilityai/stable-diffusion-xl-base-1.0"),
    ("text-to-image", "base_model:adapter:black-forest-labs/FLUX.1-dev"),
)
EXPAND = (
    *("author", "cardData", "disabled", "downloads", "gated", "lastModified", "library_name"),
    *("likes", "pipeline_tag", "private", "sha", "siblings", "tags"),
)
PAGE = 100
OVERLAP = timedelta(days=2)
FIRST = 128 * 2**10  # bytes of a file that hold nearly every header
MAIN = "main"  # the branch that is meant where none is named
MOST_HEADER = 16 * 2**20
_HOME = "https://huggingface.co"
_PAGE_OF_REPOSITORY = re.compile(
    r"https://(?:www\.)?(?:huggingface\.co|hf\.co)/([\w.-]{1,96}/[\w.-]{1,96})"
    r"(?:/(?:tree|blob|resolve)/(refs/pr/\d{1,9}|[^/?#]{1,200})(?:/([^?#]{1,300}))?)?/?(?:[?#].*)?",
    re.ASCII,
)
_OTHERS = frozenset({"datasets", "spaces", "docs", "blog", "api", "models", "settings", "papers"})


class Named(NamedTuple):
    """A repository, a file in it, and a branch, tag or commit that somebody named; "" = not said."""

    repository: str
    file: str = ""
    revision: str = ""


class Hub:
    """The hub as a source, last changed first. Implements `Source`.

    `search` and `author` narrow the walk; after `most` items (0 = all) it pauses and can
    be gone on with.  With `probing` each file's header is read by Range, one or two
    requests a file.  `token` goes to `origin` alone.
    """

    def __init__(
        self,
        web: Web,
        origin: str = _HOME,
        *,
        search: str = "",
        author: str = "",
        token: str = "",
        most: int = 0,
        probing: bool = False,
    ) -> None:
        self._web = web
        self._origin = origin.rstrip("/")
        self._narrow = tuple((k, v) for k, v in (("search", search), ("author", author)) if v)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._most = most
        self._probing = probing

    @property
    def name(self) -> str:
        """`huggingface`, with what narrows it."""
        return ":".join(("huggingface", *(f"{key}={value}" for key, value in self._narrow)))

    async def pages(self, cursor: str, since: str) -> AsyncGenerator[Page, None]:
        """See `Source.pages`. The cursor is the filter's number and the hub's own next address."""
        horizon = moment(since)
        number, following = self._placed(cursor)
        circle, told = Circle(self._origin, following), Circle(self._origin, "")
        done, first = 0, True
        while True:
            asked = _cursor(number, following)
            rows, following = await self._rows(number, following, stale=first)
            first = False
            if rows and horizon is not None and _past(rows, horizon - OVERLAP):
                following = ""
            known = circle.fresh(rows, key=_id)
            news = told.fresh(known, key=_id)
            try:
                circle.step(following, news=bool(known))
            except SourceOdd:
                if news:  # only its next address is odd; a later walk goes on from here
                    yield await self._page(news, asked)
                raise
            if not following:
                number, circle = number + 1, Circle(self._origin, "")
            page = await self._page(news, _cursor(number, following))
            yield page
            done += len(page.items)
            if not page.cursor or (self._most and done >= self._most):
                return

    async def one(self, link: str) -> Item:
        """The item behind a repository's page or the page of a file in it; a card's id without a file.

        Raises `BadArchive` with the reason when there is none, else as `Web.json`.
        """
        named = named_by(link)
        if named is None:
            raise BadArchive(source=link[:120], why="it names no repository of the hub")
        url = f"{self._origin}/api/models/{named.repository}"
        if named.revision:
            url = f"{url}/revision/{quote(named.revision, safe='')}"
        record = record_of(await self._web.json(url, headers=self._headers), url)
        if named.file:
            record = Record({**record.fields, "siblings": [{"rfilename": named.file}]})
        record = await self._whole(record)
        found = list(entries(record, self._origin))
        items = [each for each in found if isinstance(each, Item)]
        if len(items) == 1:
            looked = await self._looked(items[0])
            if isinstance(looked, Item):
                return looked
            found = [looked]
        raise BadArchive(source=f"huggingface:{named.repository}", why=_why(found))

    def _placed(self, cursor: str) -> tuple[int, str]:
        """Where a cursor of ours leads; one of another origin or of other filters begins anew."""
        first, _, following = cursor.partition(" ")
        number = int(first) if first.isdecimal() else len(FILTERS)
        if number >= len(FILTERS):
            return 0, ""
        return number, following if self._ours(following) else ""

    def _ours(self, url: str) -> bool:
        try:
            return URL(url).origin() == URL(self._origin).origin()
        except ValueError:
            return False

    async def _rows(self, number: int, following: str, *, stale: bool) -> tuple[list[Record], str]:
        """One page of a filter, and the address of the next; a `stale` one may have run out."""
        try:
            return await self._asked(number, following)
        except SourceRefused as error:
            if not (stale and following and error.status in STALE):
                raise
            return await self._asked(number, "")

    async def _asked(self, number: int, following: str) -> tuple[list[Record], str]:
        params = () if following else self._question(number)
        return await self._listed(following or f"{self._origin}/api/models", params)

    async def _listed(
        self, url: str, params: Sequence[tuple[str, str]] = ()
    ) -> tuple[list[Record], str]:
        """One page of a list, and the address of the next one. Raises as `Web.json`."""
        value, following = await self._web.linked(url, params=params, headers=self._headers)
        if not isinstance(value, list):
            raise SourceOdd(source=self._origin, why="no list where one was expected")
        if following and not self._ours(following):
            raise SourceOdd(source=self._origin, why="its next page lies elsewhere")
        rows = cast("list[object]", value)
        found = [cast("Mapping[str, object]", each) for each in rows if isinstance(each, dict)]
        return [Record(each) for each in found], following

    def _question(self, number: int) -> tuple[tuple[str, str], ...]:
        filters = tuple(("filter", each) for each in FILTERS[number])
        expand = tuple(("expand", each) for each in EXPAND)
        return (*filters, *self._narrow, ("sort", "lastModified"), ("limit", str(PAGE)), *expand)

    async def _page(self, rows: Sequence[Record], cursor: str) -> Page:
        found = [each for row in rows for each in await self._entries(row)]
        if self._probing:
            found = [await self._walked(e) if isinstance(e, Item) else e for e in found]
        return Page(
            items=tuple(each for each in found if isinstance(each, Item)),
            skipped=tuple(each for each in found if isinstance(each, Skipped)),
            cursor=cursor,
        )

    async def _entries(self, row: Record) -> list[Item | Skipped]:
        """A repository whose files cannot be listed is told of. Raises `SourceSilent`."""
        try:
            return list(entries(await self._whole(row), self._origin))
        except (UnsafeAddress, SourceRefused, SourceOdd, TooMuch) as error:
            return [_unreached(f"huggingface:{_id(row)}", error)]

    async def _whole(self, record: Record) -> Record:
        """With all its files. Raises as `Web.json`."""
        return await with_tree(record, self._origin, self._listed) if wants_tree(record) else record

    async def _walked(self, item: Item) -> Item | Skipped:
        """As `_looked`; a file that cannot be had is told of, and no other waits for it. Raises `SourceSilent`."""
        try:
            return await self._looked(item)
        except (UnsafeAddress, SourceRefused, SourceOdd, TooMuch) as error:
            return _unreached(item.card.card_id, error)

    async def _looked(self, item: Item) -> Item | Skipped:
        """With what the file's own header says. Raises as `Web.piece`."""
        try:
            probed, size = await self._probed(item.card.url or "", item.card.name)
        except BadAdapter as error:
            return Skipped(what=item.card.card_id, reason="broken file", detail=str(error))
        if probed.refused:
            return Skipped(what=item.card.card_id, reason="unsupported", detail=probed.refused)
        return replace(item, probed=probed, card=replace(item.card, file_bytes=size))

    async def _probed(self, url: str, name: str) -> tuple[Probed, int]:
        from stylus_engine.catalog.probe import needed, probe_header  # noqa: PLC0415 - when it looks

        start = await self._web.piece(url, 0, FIRST - 1, headers=self._headers)
        size = start.total or len(start.data)
        end = needed(start.data, size, name)
        data = start.data
        if end > len(data):
            data += await self._web.part(url, len(data), end - 1, headers=self._headers)
        return probe_header(data, size, name), size


def named_by(link: str) -> Named | None:
    """What a link or a card's id names; None = nothing of the hub's."""
    text = link.strip()
    if text.startswith("huggingface:"):
        text = f"{_HOME}/{text.split(':')[1]}"
    found = _PAGE_OF_REPOSITORY.fullmatch(text)
    if found is None or found[1].split("/")[0] in _OTHERS:
        return None
    revision, file = unquote(found[2] or ""), unquote(found[3] or "")
    of_file = file.lower().endswith(ENDING)
    return Named(found[1], file if of_file else "", revision if revision != MAIN else "")


def _cursor(number: int, following: str) -> str:
    """Where a walk goes on; "" after the last filter."""
    return f"{number} {following}".strip() if number < len(FILTERS) else ""


def _id(row: Record) -> str:
    return row.line("id", 200)


def _unreached(what: str, error: BadSource) -> Skipped:
    unsafe = isinstance(error, UnsafeAddress)
    return Skipped(
        what=what, reason="unsafe address" if unsafe else "not reachable", detail=str(error)
    )


def _past(rows: Sequence[Record], horizon: datetime) -> bool:
    times = [moment(row.line("lastModified")) for row in rows]
    return all(when is not None and when < horizon for when in times)


def _why(found: Sequence[Item | Skipped]) -> str:
    skips = [each for each in found if isinstance(each, Skipped)]
    if skips:
        return f"{skips[0].reason}: {skips[0].detail}".rstrip(". ")
    return "it holds several adapters; name the file"
