"""What a walk over a folder compares: the stamp of each file against those that are known.

A stamp is one line, so that the catalogue can keep it with the card:
`FILE|SIDECARS|ASKED|NAME`, where ASKED is 1 when Civitai's word is in the card, or was
asked for in vain.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stylus_engine.catalog.sources.listing import Found, Listing


class Stamp(NamedTuple):
    """A file as a card was made of it."""

    file: str
    beside: str
    asked: bool
    name: str

    @property
    def text(self) -> str:
        """As it is kept."""
        return f"{self.file}|{self.beside}|{self.asked:d}|{self.name}"

    def holds(self, found: Found, *, asking: bool) -> bool:
        """Whether a card with this stamp needs no second look."""
        same = (self.file, self.beside) == (found.stamp, found.stamp_beside)
        return same and (self.asked or not asking)


def stamp_of(text: str) -> Stamp | None:
    """The stamp that was kept; None for what another version kept."""
    parts = text.split("|", 3)
    if len(parts) < 4:
        return None
    return Stamp(parts[0], parts[1], parts[2] == "1", parts[3])


class News(NamedTuple):
    """What a walk has to do: `fresh` files to look at, ids that are `gone` without a look.

    `before` has the ids that a fresh file's place had so far: gone too, unless the same
    bytes lie there still.  `held` are the ids whose files did not change.
    """

    fresh: tuple[Found, ...]
    gone: tuple[str, ...]
    before: Mapping[str, tuple[str, ...]]
    held: frozenset[str]


def news(listing: Listing, known: Mapping[str, str], *, asking: bool) -> News:
    """Compare a folder with what is known of it: card ids and their stamps."""
    places: dict[str, dict[str, Stamp]] = {}
    odd = [each for each, text in known.items() if stamp_of(text) is None]
    for card_id, text in known.items():
        if stamp := stamp_of(text):
            places.setdefault(stamp.name, {})[card_id] = stamp
    fresh: list[Found] = []
    held: set[str] = set()
    for found in listing.files:
        here = places.get(found.name, {})
        same = [each for each, stamp in here.items() if stamp.holds(found, asking=asking)]
        held |= set(same)
        fresh += [] if same else [found]
    new = {found.name for found in fresh}
    before = {name: tuple(ids) for name, ids in places.items() if name in new}
    gone = [*odd, *_gone(listing, places, new, held)]
    return News(tuple(fresh), tuple(gone), before, frozenset(held))


def _gone(
    listing: Listing, places: Mapping[str, Mapping[str, Stamp]], new: set[str], held: set[str]
) -> Iterator[str]:
    """Ids whose file is not there; what could not be looked at is not gone."""
    last = listing.files[-1].name if listing.more else None
    for name, ids in places.items():
        beyond = last is not None and name > last
        if name in new or beyond or any(_lies(name, each) for each in listing.unread):
            continue
        yield from (each for each in ids if each not in held)


def _lies(name: str, place: str) -> bool:
    """Whether a file is this one, or below this folder."""
    return name == place or name.startswith(f"{place}/")
