"""How cards come into the catalogue: inside one transaction of the caller's, row by row.

Each written card takes the next number of the sequence; whoever follows the catalogue
reads on from the number it has.  A card that is gone keeps its row, and its number says
when it went.
"""

import sqlite3
import zlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from stylus_engine.catalog.book import Row
from stylus_engine.catalog.lines import plain_url
from stylus_engine.catalog.nouns import Item, Page
from stylus_engine.catalog.rows import decoded, merged_of
from stylus_engine.model import Adapter
from stylus_engine.model.noun import Noun

# A frozen archive may not overwrite what a live source said of the same card.
OLD_NEWS = ("stylusdocs",)
SETTINGS = "settings"  # the source of cards that the settings name
NUMBERED = "SELECT * FROM cards WHERE number = ?"


class Taken(Noun, frozen=True, kw_only=True):
    """What a page changed: cards, by how they came out."""

    new: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0
    skipped: int = 0


def keep_page(db: sqlite3.Connection, source: str, page: Page, now: str) -> Taken:
    """Items, skips, tombstones and the cursor of a page."""
    pen = Pen(db)
    told = [pen.item(source, item) for item in page.items]
    gone = sum(pen.gone(source, card_id) for card_id in page.gone)
    _keep_skips(db, source, page, now)
    _keep_place(db, source, page, now)
    return Taken(
        new=told.count("new"),
        changed=told.count("changed"),
        same=told.count("same"),
        gone=gone,
        skipped=len(page.skipped),
    )


def keep_part(db: sqlite3.Connection, row: Row, parts: Mapping[str, Noun], of: str) -> Adapter:
    """Lay parts over a card, learned of its record `of`; the merged card.

    One that is gone meanwhile keeps them and stays gone.
    """
    if "described" in parts:  # a vector that came along was of the words before
        db.execute("DELETE FROM vectors WHERE number = ?", (row["number"],))
    columns = {name: msgspec.json.encode(part) for name, part in parts.items()}
    stamps = {f"{name}_of": of for name in parts}
    _update(db, row["number"], columns | stamps)
    if row["card"] is None:
        return merged_of(db.execute(NUMBERED, (row["number"],)).fetchone())
    return Pen(db).merge(row["number"])


class Pen:
    """Writes cards and numbers them."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        (self._seq,) = db.execute("SELECT coalesce(max(seq), 0) FROM cards").fetchone()

    def item(self, source: str, item: Item) -> str:
        """Keep one item: `new`, `changed` or `same`."""
        sql = "SELECT * FROM cards WHERE card_id = ?"
        row = self._db.execute(sql, (item.card.card_id,)).fetchone()
        if row is not None and _is_no_news(row, source, item):
            return "same"
        if row is not None and _is_said_again(row, item):
            self._hand_over(row, source)
            return "same"
        if row is not None:
            item = _with_its_file(row, source, item)
        number = self._insert(source, item) if row is None else row["number"]
        if row is not None:
            _update(self._db, number, _columns(source, item) | _outdated(row, item))
        self._keep_vector(number, item)
        self.merge(number)
        return "new" if row is None or row["card"] is None else "changed"

    def _hand_over(self, row: Row, source: str) -> None:
        """The owner stays, but for cards of the settings: what somebody imported by hand is theirs.

        So neither of two that name one file writes 259 rows anew for the other, and a file
        that the settings name no longer takes away nothing that was imported besides.
        """
        if row["source"] == SETTINGS:
            _update(self._db, row["number"], {"source": source})

    def gone(self, source: str, card_id: str) -> bool:
        """A tombstone; False when the card is not this source's, or was gone before."""
        sql = "SELECT number FROM cards WHERE card_id = ? AND source = ? AND card IS NOT NULL"
        row = self._db.execute(sql, (card_id, source)).fetchone()
        if row is None:
            return False
        _update(self._db, row["number"], {"card": None, "seq": self._next()})
        self._db.execute("DELETE FROM names WHERE rowid = ?", (row["number"],))
        return True

    def merge(self, number: int) -> Adapter:
        """Make the card of its layers anew and give it the next number."""
        card = merged_of(self._db.execute(NUMBERED, (number,)).fetchone())
        twins = self._twins(number, card)
        card = _warned_by(card, [merged_of(row) for row in twins])
        found = {
            "card": msgspec.json.encode(card),
            "seq": self._next(),
            "name_key": card.name.casefold(),
            "sha256": card.file_sha256,
            "popularity": card.popularity,
        }
        _update(self._db, number, found)
        self._db.execute("DELETE FROM names WHERE rowid = ?", (number,))
        self._db.execute("INSERT INTO names (rowid, name) VALUES (?, ?)", (number, card.name))
        for twin in twins:
            if _unwarned(twin, card):
                self.merge(twin["number"])
        return card

    def _twins(self, number: int, card: Adapter) -> list[Row]:
        """Other cards of the same bytes, gone ones too: what one tells to be a person's, all are."""
        if card.file_sha256 is None:
            return []
        sql = "SELECT * FROM cards WHERE sha256 = ? AND number != ?"
        return self._db.execute(sql, (card.file_sha256, number)).fetchall()

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    def _insert(self, source: str, item: Item) -> int:
        """A row with the layers that a card of the same bytes had before: a moved file keeps them."""
        columns = {
            "card_id": item.card.card_id,
            "seq": self._next(),
            "name_key": "",
            "popularity": 0,
            **_columns(source, item),
            **self._inherited(item),
        }
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        sql = f"INSERT INTO cards ({names}) VALUES ({marks})"  # noqa: S608 - names of ours
        return self._db.execute(sql, tuple(columns.values())).lastrowid or 0

    def _inherited(self, item: Item) -> dict[str, object]:
        """What drawing showed of these bytes holds for every card of theirs; words, if the other is gone."""
        sql = (
            "SELECT card, described, checked FROM cards WHERE sha256 = ?"
            " ORDER BY checked IS NULL, described IS NULL, seq DESC LIMIT 1"
        )
        row = self._db.execute(sql, (item.card.file_sha256,)).fetchone()
        if row is None:
            return {}
        found: dict[str, object] = {}
        if row["checked"] is not None:
            found |= {"checked": row["checked"], "checked_of": item.stamp}
        if row["card"] is None and row["described"] is not None:
            found |= {"described": row["described"], "described_of": item.stamp}
        return found

    def _keep_vector(self, number: int, item: Item) -> None:
        self._db.execute("DELETE FROM vectors WHERE number = ?", (number,))
        if item.vector is not None:
            facts = (number, item.space, item.vector)
            self._db.execute("INSERT INTO vectors VALUES (?, ?, ?)", facts)


def _warned_by(card: Adapter, twins: Sequence[Adapter]) -> Adapter:
    return replace(
        card,
        real_person=card.real_person or any(twin.real_person for twin in twins),
        minor=card.minor or any(twin.minor for twin in twins),
    )


def _unwarned(row: Row, card: Adapter) -> bool:
    """Whether the card of this row does not know yet what `card` tells of the same bytes."""
    if row["card"] is None:
        return False
    known = decoded(row["card"], Adapter)
    return (card.real_person and not known.real_person) or (card.minor and not known.minor)


def _is_no_news(row: Row, source: str, item: Item) -> bool:
    """The same record from the same place, or an old archive's word against a living source's."""
    if row["card"] is None:
        return False
    if row["source"] != source and source.startswith(OLD_NEWS):
        return True
    return row["source"] == source and bool(item.stamp) and row["stamp"] == item.stamp


def _is_said_again(row: Row, item: Item) -> bool:
    """The very same record and card from elsewhere; equal lines in two folders mean other files."""
    same = bool(item.stamp) and row["stamp"] == item.stamp and row["card"] is not None
    bare = item.probed is None and item.vector is None
    return same and bare and row["said"] == msgspec.json.encode(item.card)


def _with_its_file(row: Row, source: str, item: Item) -> Item:
    """Who names no file takes none of this machine away: an export leaves out what lies elsewhere. Settings mean it."""
    said, card = decoded(row["said"], Adapter), item.card
    meant = row["card"] is None or source == row["source"] == SETTINGS
    other = card.file_sha256 is not None and not card.same_file(said)
    if meant or other or card.path:
        return item
    pictures = tuple(each for each in said.previews if not plain_url(each))
    kept = replace(
        card,
        path=said.path,
        file_sha256=said.file_sha256 if said.path else card.file_sha256,
        previews=card.previews or pictures,
    )
    return replace(item, card=kept)


def _columns(source: str, item: Item) -> dict[str, object]:
    """What a source said, as it is kept."""
    found: dict[str, object] = {
        "source": source,
        "stamp": item.stamp,
        "said": msgspec.json.encode(item.card),
        "raw": zlib.compress(item.raw, 1),
        "examples": msgspec.json.encode(item.examples),
    }
    if item.probed is not None:
        found |= {"probed": msgspec.json.encode(item.probed), "probed_of": item.stamp}
    return found


def _outdated(row: Row, item: Item) -> dict[str, object]:
    """Another file than before: what was seen of the old one does not hold for it."""
    before = decoded(row["said"], Adapter).file_sha256
    if before == item.card.file_sha256 or item.probed is not None:
        return {}
    return {"probed": None, "probed_of": None}


def _update(db: sqlite3.Connection, number: int, columns: Mapping[str, object]) -> None:
    pairs = ", ".join(f"{name} = ?" for name in columns)
    sql = f"UPDATE cards SET {pairs} WHERE number = ?"  # noqa: S608 - names of ours
    db.execute(sql, (*columns.values(), number))


def _keep_skips(db: sqlite3.Connection, source: str, page: Page, now: str) -> None:
    """A record that is a card now is skipped no more, nor is one that a whole walk does not meet."""
    if page.anew:
        db.execute("DELETE FROM skips WHERE source = ?", (source,))
    mended = [(source, item.card.card_id) for item in page.items]
    db.executemany("DELETE FROM skips WHERE source = ? AND what = ?", mended)
    rows = [(source, each.what, each.reason, each.detail, now) for each in page.skipped]
    db.executemany("INSERT OR REPLACE INTO skips VALUES (?, ?, ?, ?, ?)", rows)


def _keep_place(db: sqlite3.Connection, source: str, page: Page, now: str) -> None:
    """The cursor moves on; after the last page the walk is complete, and `since` says when it began."""
    row = db.execute("SELECT * FROM places WHERE source = ?", (source,)).fetchone()
    began = row["began"] if row is not None and row["cursor"] else now
    since = began if not page.cursor else (row["since"] if row is not None else "")
    facts = (source, page.cursor, since, began)
    db.execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)", facts)
