"""Civitai's REST API, v1: a walk over its list, single models, and lookups by sha256.

Metadata is asked for without a token: anonymous answers come from the edge's cache, and
a crawl has no need of rights (research/adapters.md 1.1).  Cursors are opaque; they are
handed back as they came and never made.
"""

import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar, cast

from stylus_engine.catalog.nouns import Example, Item, Page, Skipped
from stylus_engine.catalog.sources.models import (
    entries,
    is_safetensors,
    item_of,
    moment,
    newest,
    sha256_of,
)
from stylus_engine.catalog.sources.records import Record, record_of
from stylus_engine.catalog.sources.rounds import STALE, Circle
from stylus_engine.catalog.sources.versions import examples_of, whole
from stylus_engine.catalog.web import Web
from stylus_engine.errors import BadArchive, SourceOdd, SourceRefused

TYPES = ("LORA", "LoCon", "DoRA", "TextualInversion")
PAGE = 100  # models; the most the API gives
OVERLAP = timedelta(days=2)  # of two walks: the list's order is not kept to the second
BULK_IDS, BULK = 10_000, 100  # digests in one question
GONE = frozenset({404, 410})
_PAGE_OF_MODEL = re.compile(
    r"https://(?:www\.)?civitai\.(?:com|red|green)/(?:[a-z-]{2,5}/)?models/(\d{1,12})(?:[/?#].*)?"
)
_VERSION = re.compile(r"[?&]modelVersionId=(\d{1,12})")
_DOWNLOAD = re.compile(
    r"https://(?:www\.)?civitai\.(?:com|red|green)/api/(?:download/models|v1/model-versions)/(\d{1,12})(?:[/?#].*)?"
)
_ID = re.compile(r"(?:civitai:|urn:air:[\w.-]+:[\w.-]+:civitai:)(\d{1,12})(?:[:@](\d{1,12}))?")
_T = TypeVar("_T")


class Named(NamedTuple):
    """A model and a version that somebody named; 0 = not said."""

    model: int
    version: int


class Civitai:
    """Civitai as a source, newest first. Implements `Source`.

    `origin` is the site that is asked, `bases` are its names of base models ("SD 1.5"),
    none = all; after `most` items (0 = all) the walk pauses and can be gone on with.
    """

    def __init__(
        self,
        web: Web,
        origin: str = "https://civitai.com",
        *,
        bases: Sequence[str] = (),
        most: int = 0,
    ) -> None:
        self._web = web
        self._origin = origin.rstrip("/")
        self._api = f"{self._origin}/api/v1"
        self._bases = tuple(sorted(bases))
        self._most = most

    @property
    def name(self) -> str:
        """`civitai`, with its filter: a walk over some bases is another walk than one over all."""
        return ":".join(("civitai", ",".join(self._bases))) if self._bases else "civitai"

    async def pages(self, cursor: str, since: str) -> AsyncGenerator[Page, None]:
        """See `Source.pages`. Raises `SourceOdd` also for cursors that lead in a circle."""
        horizon = moment(since)
        circle = Circle(self._api, cursor)
        done, first = 0, True
        while True:
            record = await self._list(cursor, stale=first)
            first = False
            models = list(record.inners("items"))
            known = circle.fresh(models, key=lambda model: whole(model, "id"))
            asked = cursor
            try:
                cursor = circle.step(_cursor(record, self._api), news=bool(known))
            except SourceOdd:
                if known and asked:  # only its cursor is odd; a later walk goes on from here
                    yield self._page(known, asked, 0)
                raise
            past = bool(models) and horizon is not None and _past(models, horizon - OVERLAP)
            page = self._page(
                known, "" if past else cursor, whole(record.inner("metadata"), "totalItems")
            )
            yield page
            done += len(page.items)
            if not page.cursor or (self._most and done >= self._most):
                return

    async def one(self, link: str) -> Item:
        """The item behind a page of a model, a download address, an AIR or a card's id.

        Without a version the first that can be had.  Raises `BadArchive` with the reason
        when there is none, `SourceRefused` and others as `Web.json`.
        """
        named = named_by(link)
        if named is None:
            raise BadArchive(source=link[:120], why="it names no model of Civitai")
        if not named.model:
            named = await self._named(named)
        found = list(entries(await self._record(f"models/{named.model}"), self._origin))
        wanted = f"civitai:{named.model}:{named.version}"
        mine = [
            each
            for each in found
            if not named.version or _id(each) in (wanted, wanted.rpartition(":")[0])
        ]
        items = [each for each in mine if isinstance(each, Item)]
        if items:
            return items[0]
        skips = [each for each in mine if isinstance(each, Skipped)]
        why = (
            f"{skips[0].reason}: {skips[0].detail}".rstrip(".")
            if skips
            else "there is no such version"
        )
        raise BadArchive(source=wanted, why=why)

    async def cards_by_sha256(self, digests: Iterable[str]) -> dict[str, Item]:
        """What Civitai knows of these files, by sha256 in lower case; the unknown are absent.

        Raises as `Web.json`.
        """
        wanted = list(dict.fromkeys(digest.lower() for digest in digests))
        known = [digest for some in _chunks(wanted, BULK_IDS) for digest in await self._known(some)]
        versions = [v for some in _chunks(known, BULK) for v in await self._versions(some)]
        models = await self._models({whole(version, "modelId") for version in versions} - {0})
        found: dict[str, Item] = {}
        for version in versions:
            model = models.get(whole(version, "modelId")) or _stub(version)
            several = len(list(model.inners("modelVersions"))) > 1
            for file in version.inners("files"):
                digest = sha256_of(file)
                if digest in known and is_safetensors(file) and whole(version, "id"):
                    found[digest] = item_of(model, version, file, self._origin, several=several)
        return found

    async def examples(self, version: int) -> tuple[Example, ...]:
        """Pictures that people made with a version, with their prompts and its weight in them."""
        params = (("modelVersionId", str(version)), ("withMeta", "true"), ("limit", "100"))
        record = record_of(await self._web.json(f"{self._api}/images", params=params), self._api)
        pictures = [_picture(each) for each in record.inners("items")]
        return tuple(examples_of(pictures, version))

    async def gone(self, card_ids: Iterable[str]) -> tuple[str, ...]:
        """Those of these cards that Civitai says it has no more: an explicit 404 or 410, nothing less."""
        missing: list[str] = []
        for card_id in card_ids:
            named = named_by(card_id)
            if named is not None and named.version and await self._is_gone(named.version):
                missing.append(card_id)
        return tuple(missing)

    async def _is_gone(self, version: int) -> bool:
        try:
            await self._record(f"model-versions/{version}")
        except SourceRefused as error:
            return error.status in GONE
        return False

    async def _list(self, cursor: str, *, stale: bool) -> Record:
        """One page; a `stale` cursor, kept since another day, may have run out: then the first."""
        try:
            return await self._asked(cursor)
        except SourceRefused as error:
            if not (stale and cursor and error.status in STALE):
                raise
            return await self._asked("")

    async def _asked(self, cursor: str) -> Record:
        params = [("limit", str(PAGE)), ("sort", "Newest"), ("nsfw", "true")]
        params += [("types", kind) for kind in TYPES]
        params += [("baseModels", base) for base in self._bases]
        params += [("cursor", cursor)] if cursor else []
        record = record_of(await self._web.json(f"{self._api}/models", params=params), self._api)
        if not isinstance(record.fields.get("items"), list):  # what is no page is not the last one
            raise SourceOdd(source=self._api, why="no list of models where one was expected")
        return record

    def _page(self, models: Sequence[Record], cursor: str, total: int) -> Page:
        found = [each for model in models for each in entries(model, self._origin)]
        return Page(
            items=tuple(each for each in found if isinstance(each, Item)),
            skipped=tuple(each for each in found if isinstance(each, Skipped)),
            cursor=cursor,
            total=total,
        )

    async def _record(self, path: str) -> Record:
        url = f"{self._api}/{path}"
        return record_of(await self._web.json(url), url)

    async def _named(self, named: Named) -> Named:
        """Whose version it is."""
        version = await self._record(f"model-versions/{named.version}")
        model = whole(version, "modelId")
        if not model:
            raise SourceOdd(source=self._api, why="a version without a model")
        return Named(model, named.version)

    async def _known(self, digests: Sequence[str]) -> list[str]:
        url = f"{self._api}/model-versions/by-hash/ids"
        hits = _list(await self._web.json(url, send=[each.upper() for each in digests]), url)
        found = {hit.line("hash").lower() for hit in hits}
        return [digest for digest in digests if digest in found]

    async def _versions(self, digests: Sequence[str]) -> list[Record]:
        url = f"{self._api}/model-versions/by-hash"
        return _list(await self._web.json(url, send=[each.upper() for each in digests]), url)

    async def _models(self, numbers: Iterable[int]) -> Mapping[int, Record]:
        """The models above some versions. The list hides flagged ones; those are asked for singly."""
        wanted = sorted(numbers)
        found: dict[int, Record] = {}
        for some in _chunks(wanted, PAGE):
            ids = ",".join(str(number) for number in some)
            params = (("ids", ids), ("limit", str(PAGE)), ("nsfw", "true"))
            record = record_of(
                await self._web.json(f"{self._api}/models", params=params), self._api
            )
            found |= {whole(model, "id"): model for model in record.inners("items")}
        for number in (each for each in wanted if each not in found):
            try:
                found[number] = await self._record(f"models/{number}")
            except SourceRefused as error:
                if error.status not in GONE:
                    raise
        return found


def named_by(link: str) -> Named | None:
    """Which model and version a link or id names, None = none of Civitai's."""
    text = link.strip()
    if found := _ID.fullmatch(text):
        return Named(int(found[1]), int(found[2] or 0))
    if found := _PAGE_OF_MODEL.fullmatch(text):
        version = _VERSION.search(text)
        return Named(int(found[1]), int(version[1]) if version else 0)
    if found := _DOWNLOAD.fullmatch(text):
        return Named(0, int(found[1]))
    return None


def _id(entry: Item | Skipped) -> str:
    return entry.card.card_id if isinstance(entry, Item) else entry.what


def _past(models: Sequence[Record], horizon: datetime) -> bool:
    """Whether nothing here changed after `horizon`; what names no time might have."""
    times = [newest(model) for model in models]
    return all(when is not None and when < horizon for when in times)


def _cursor(record: Record, source: str) -> str:
    """As it came; with some questions it is a number. Raises `SourceOdd` for a next page that we cannot ask for."""
    told = record.inner("metadata").fields
    value = told.get("nextCursor")
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    if value is not None or told.get("nextPage"):
        raise SourceOdd(source=source, why="it names its next page in a way that we do not know")
    return ""


def _stub(version: Record) -> Record:
    """What a version itself says of its model."""
    return Record({**version.inner("model").fields, "id": whole(version, "modelId")})


def _picture(record: Record) -> Record:
    """An entry of `/images` in the shape of a version's picture: there the level is `browsingLevel`."""
    meta = record.inner("meta")
    inner = meta.inner("meta")
    fields = {"nsfwLevel": whole(record, "browsingLevel"), "meta": (inner.fields or meta.fields)}
    return Record({**record.fields, **fields})


def _list(value: object, source: str) -> list[Record]:
    if not isinstance(value, list):
        raise SourceOdd(source=source, why="no list where one was expected")
    rows = cast("list[object]", value)
    return [Record(cast("Mapping[str, object]", each)) for each in rows if isinstance(each, dict)]


def _chunks(values: Sequence[_T], size: int) -> Iterable[Sequence[_T]]:
    return (values[at : at + size] for at in range(0, len(values), size))
