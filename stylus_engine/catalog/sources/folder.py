"""A folder of adapter files, other people's too: read in place, a card for each, nothing written.

    listing -> what is not known yet, or changed -> header, bytes, sidecars -> Item

A card's id is `local:PLACE:BYTES`: where the file lies below the folder, and the first 12
digits of its sha256.  So an id never means another file's bytes, whatever the folder is
called or holds; a moved file is a new card, which the catalogue knows by its sha256.

A file that did not change costs one stat: its stamp (of itself and its sidecars) is what
the catalogue already has.  A file is read once for its sha256 (kept by `Digests`) and, if
it is not huge, once for broken numbers.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from stylus_engine.catalog import clean
from stylus_engine.catalog.lines import real
from stylus_engine.catalog.nouns import Item, Page, Skipped
from stylus_engine.catalog.sources.listing import ENDING, MOST_FILES, Found, Listing, listed
from stylus_engine.catalog.sources.looking import Eyes, Look, look
from stylus_engine.catalog.sources.patience import Patience
from stylus_engine.catalog.sources.stamps import news
from stylus_engine.catalog.sources.walk import Answers, Walk
from stylus_engine.errors import BadSource

PAGE = 500  # files
PAGE_BYTES = 8 * 2**30  # of files: a page is told of before hours have gone into it
MORE = "/"  # a cursor of no meaning: what is done already is in the catalogue
Ask: TypeAlias = Callable[[Sequence[str]], Awaitable[Mapping[str, Item]]]
Known: TypeAlias = Callable[[], Mapping[str, str]]


def nothing() -> Mapping[str, str]:
    """What is known of a folder that is seen for the first time."""
    return {}


class Folder:
    """The adapters below `root`. Implements `Source`.

    `known` hands out card id -> stamp of what the catalogue has from here
    (`Catalogue.from_source`).  `ask` is asked for what Civitai knows by sha256, and only
    of files whose sidecars do not tell; when it fails, nothing is lost and the next walk
    asks again.  `quiet` is for who watches: seconds a file must not have changed.
    """

    def __init__(
        self,
        root: Path,
        eyes: Eyes,
        *,
        known: Known = nothing,
        ask: Ask | None = None,
        quiet: float = 0.0,
    ) -> None:
        self.root = real(root)
        self.waiting: tuple[str, ...] = ()  # files that the last walk left for later
        self._eyes = eyes
        self._known = known
        self._ask = ask
        self.quiet = quiet
        self._patience = Patience(quiet, 30 * quiet)

    @property
    def name(self) -> str:
        """See `Source.name`."""
        return f"folder:{self.root}"

    async def pages(self, cursor: str, since: str) -> AsyncGenerator[Page, None]:  # noqa: ARG002 - stamps say what is new
        """See `Source.pages`. Raises `SourceSilent` when the folder is not there."""
        listing = await asyncio.to_thread(listed, self.root)
        known = await asyncio.to_thread(self._known)
        found = news(listing, known, asking=self._ask is not None)
        walk = Walk(found)
        waiting: list[str] = []
        # First of all what is gone: a file that was moved finds the layers of its old card.
        yield Page(
            gone=found.gone,
            skipped=tuple(_troubles(self.root, listing)),
            cursor=MORE if found.fresh else "",
            total=len(found.fresh),
            anew=True,
        )
        for files in _chunks(found.fresh):
            looks = [each for file in files if (each := await self._look(file, waiting))]
            page = walk.page(looks, await self._answers(looks))
            cursor = "" if files[-1] is found.fresh[-1] else MORE
            await asyncio.to_thread(self._eyes.digests.keep)
            yield replace(page, cursor=cursor, total=len(found.fresh))
        self._patience.keep(waiting)
        self.waiting = tuple(waiting)

    async def _look(self, found: Found, waiting: list[str]) -> Look | None:
        """Look at a file, in a thread; None when it is still being written, as far as one can tell."""
        if self._patience.is_quiet(found):
            looked = await asyncio.to_thread(look, found, self.root, self._eyes)
            if not looked.unfinished or self._patience.is_hopeless(found):
                return looked
        waiting.append(found.name)
        return None

    async def _answers(self, looks: Sequence[Look]) -> Answers:
        """Ask Civitai of the files that no sidecar tells of; its silence costs nothing."""
        seen = [each.seen for each in looks if each.seen]
        digests = [each.sha256 for each in seen if not each.beside.civitai]
        if self._ask is None or not digests:
            return Answers({})
        try:
            return Answers(await self._ask(digests), asked=True)
        except BadSource as error:
            trouble = Skipped(what="Civitai", reason="not reachable", detail=str(error))
            return Answers({}, trouble=(trouble,))


def _chunks(files: Sequence[Found]) -> Iterator[Sequence[Found]]:
    """Stretches of at most a page."""
    first = size = 0
    for number, found in enumerate(files):
        if number > first and (number - first == PAGE or size + found.size > PAGE_BYTES):
            yield files[first:number]
            first, size = number, 0
        size += found.size
    if files:
        yield files[first:]


def _troubles(root: Path, listing: Listing) -> Iterator[Skipped]:
    """What of the folder was not looked at."""
    for place in listing.unread:
        kind = "file" if place.lower().endswith(ENDING) else "folder"
        detail = f"The {kind} cannot be read."
        yield Skipped(what=clean.line(place, 200), reason="not reachable", detail=detail)
    if listing.more:
        why = f"It has more than {MOST_FILES} adapter files; the rest is left out."
        yield Skipped(what=str(root), reason="too large", detail=why)
    for name in listing.nameless:
        why = "Its name is not UTF-8."
        yield Skipped(what=clean.line(name, 200), reason="odd record", detail=why)
