"""The catalogue as everybody reads it: cards by id, by name, in the order of their changes.

Implements `CardStore` and `Changes`.  What is written, and how, stands in `writing`;
both speak through one `Book`.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from stylus_engine.catalog import clean
from stylus_engine.catalog.book import Book, Row
from stylus_engine.catalog.by_name import NEAREST, alike, holding, ordered, pieces, shared
from stylus_engine.catalog.nouns import Checked, Described, Page, Probed
from stylus_engine.catalog.rows import (
    Known,
    Place,
    SkippedRow,
    cards_of,
    change_of,
    decoded,
    known_of,
    measured_of,
)
from stylus_engine.catalog.writing import Pen, Taken, keep_page, keep_part
from stylus_engine.errors import UnknownName
from stylus_engine.model import Adapter, Measured
from stylus_engine.ports import Change

CHUNK = 1000
IDENTITY = "identity"  # under this key the catalogue remembers which one it is
Part: TypeAlias = Literal["", "probed", "described", "checked"]


class Catalogue:
    """Every card this installation knows, in the file at `path`; made when it is first used.

    Methods read or write the disk: call them from a thread where an event loop runs.
    Raises `BadCatalogue`, `CatalogueVersion`, `StoreFailed`, `DiskFull`, from any of them, and
    `BadText` for names that are not UTF-8.
    """

    def __init__(self, path: Path) -> None:
        self._book = Book(path)

    def __len__(self) -> int:
        """How many cards there are; those that are gone do not count."""
        return self._one("SELECT count(*) FROM cards WHERE card IS NOT NULL")[0]

    def cards(self) -> Iterable[Adapter]:
        """Every card, in the order in which they first came."""
        sql = "SELECT card FROM cards WHERE card IS NOT NULL ORDER BY number"
        return (decoded(row["card"], Adapter) for row in self._rows(sql))

    def get(self, card_id: str) -> Adapter:
        """The card with exactly this id. Raises `UnknownName`."""
        card = self._get(card_id)
        if card is None:
            raise UnknownName(kind="adapter", name=card_id[:80], known=self._near(card_id))
        return card

    def find(self, name: str) -> Adapter:
        """The card a person means: an id, or a name in any case; a drawable one first.

        Raises `UnknownName` with near misses, `SharedName` when several cards are called so.
        """
        if (card := self._get(name)) is not None:
            return card
        same = self._called(name)
        if len(same) == 1:
            return same[0]
        if same:
            raise shared(name, same)
        raise UnknownName(kind="adapter", name=name[:80], known=self._near(name))

    def named(self, text: str, limit: int, after: str = "") -> list[Adapter]:
        """Cards whose name holds `text` in any case, the most popular first; "" = all of them.

        `after`: the id of the last one of the stretch before.  By its place in the order
        and not by a count, which would be walked over again for each stretch.
        """
        where, facts = holding(clean.line(text, clean.NAME))
        with self._book.reading() as db:
            if not after:
                return cards_of(db.execute(ordered(where), (*facts, limit)))
            sql = "SELECT popularity, number FROM cards WHERE card_id = ?"
            row = db.execute(sql, (after,)).fetchone()
            if row is None:
                return []
            # Two questions that an index answers each; as one, ties were walked from their first.
            ties = f"{where} AND popularity = ? AND number > ?"
            found = cards_of(db.execute(ordered(ties), (*facts, *row, limit)))
            less = (*facts, row["popularity"], limit - len(found))
            return found + cards_of(db.execute(ordered(f"{where} AND popularity < ?"), less))

    def among(self, card_ids: Sequence[str], text: str) -> list[Adapter]:
        """Those of these cards, in the same order, whose name holds `text`."""
        where, facts = holding(clean.line(text, clean.NAME))
        clause = f"AND card_id IN (SELECT value FROM json_each(?)) {where}"  # noqa: S608 - `where` is ours
        asked = (msgspec.json.encode(list(card_ids)).decode(), *facts, len(card_ids))
        with self._book.reading() as db:
            return cards_of(db.execute(ordered(clause), asked))

    def with_sha256(self, digest: str) -> list[Adapter]:
        """The cards whose file has these bytes."""
        sql = "SELECT card FROM cards WHERE sha256 = ? AND card IS NOT NULL ORDER BY number"
        return [decoded(row["card"], Adapter) for row in self._rows(sql, (digest,))]

    # --- the sequence of changes ---------------------------------------------------

    def identity(self) -> str:
        """Drawn when it is first asked for: a catalogue that is made anew counts from 1 again."""
        known = self.remembered(IDENTITY)
        made = known or self.change(IDENTITY, lambda kept: kept or secrets.token_hex(8).encode())
        return made.decode()

    def last(self) -> int:
        """The number of the newest change; 0 when there was none."""
        return self._one("SELECT coalesce(max(seq), 0) FROM cards")[0]

    def card_of(self, seq: int) -> str:
        """The card whose last change has this number; "" when none has."""
        return next(
            (row[0] for row in self._rows("SELECT card_id FROM cards WHERE seq = ?", (seq,))), ""
        )

    def number_of(self, card_id: str) -> int:
        """The number of a card's last change; 0 when there is no such card."""
        sql = "SELECT seq FROM cards WHERE card_id = ?"
        return next((row[0] for row in self._rows(sql, (card_id,))), 0)

    def after(self, seq: int, limit: int, vectors_of: str = "") -> Sequence[Change]:
        """At most `limit` changes after number `seq`, in order; vectors of that space with them."""
        sql = (
            "SELECT seq, card_id, card, vector FROM cards LEFT JOIN vectors"
            " ON vectors.number = cards.number AND space = ?"
            " WHERE seq > ? ORDER BY seq LIMIT ?"
        )
        return [change_of(row) for row in self._rows(sql, (vectors_of, seq, limit))]

    # --- layers and the book of progress -------------------------------------------

    def known(self, card_id: str) -> Known:
        """A card with its layers, gone or not. Raises `UnknownName`."""
        for row in self._rows("SELECT * FROM cards WHERE card_id = ?", (card_id,)):
            return known_of(row)
        raise UnknownName(kind="adapter", name=card_id[:80], known=self._near(card_id))

    def measured(self, card_ids: Sequence[str]) -> Mapping[str, Measured]:
        """What drawing has shown of these; who was not checked, or under other bytes, is left out."""
        found = (self._of(card_id) for card_id in dict.fromkeys(card_ids))
        return {row["card_id"]: m for row in found if row and (m := measured_of(row)) is not None}

    def walk(self, *, lacking: Part = "") -> Iterator[Known]:
        """Every card with its layers, the most popular first.

        `lacking`: only those without this layer, or whose record is another one since.
        """
        missing = f"AND {lacking}_of IS NOT stamp" if lacking else ""
        sql = (
            f"SELECT * FROM cards WHERE card IS NOT NULL {missing} ORDER BY popularity DESC, number"  # noqa: S608 - a name of ours
        )
        return (known_of(row) for row in self._rows(sql))

    def place(self, source: str) -> Place:
        """How far the walk over a source is."""
        sql = "SELECT cursor, since FROM places WHERE source = ?"
        for row in self._rows(sql, (source,)):
            return Place(cursor=row["cursor"], since=row["since"])
        return Place()

    def sources(self) -> dict[str, int]:
        """How many cards each source has brought that are still there."""
        sql = "SELECT source, count(card) AS held FROM cards GROUP BY source ORDER BY source"
        return {row["source"]: row["held"] for row in self._rows(sql)}

    def from_source(self, source: str) -> dict[str, str]:
        """Card id -> stamp of all that a source brought and that is still there."""
        sql = "SELECT card_id, stamp FROM cards WHERE source = ? AND card IS NOT NULL"
        return {row["card_id"]: row["stamp"] for row in self._rows(sql, (source,))}

    def skips(self, source: str = "") -> list[SkippedRow]:
        """What became no card, and why; of one source or of all."""
        sql = "SELECT * FROM skips WHERE ? IN ('', source) ORDER BY source, what"
        return [msgspec.convert(dict(row), SkippedRow) for row in self._rows(sql, (source,))]

    def take(self, source: str, page: Page, now: str) -> Taken:
        """Keep a page of a source and where it ends, in one transaction. `now` is ISO time."""
        with self._book.writing() as db:
            return keep_page(db, source, page, now)

    def learn(
        self,
        card_id: str,
        *,
        probed: Probed | None = None,
        described: Described | None = None,
        checked: Checked | None = None,
        of: str | None = None,
    ) -> Adapter:
        """Lay something over what the card says; the card as it is then. Raises `UnknownName`.

        `of`: the stamp of the record that it was learned of, by default the one of now.  What
        was learned of an older one is lacking still: see `walk`.
        """
        parts = {"probed": probed, "described": described, "checked": checked}
        with self._book.writing() as db:
            row = db.execute("SELECT * FROM cards WHERE card_id = ?", (card_id,)).fetchone()
            if row is None:
                raise UnknownName(kind="adapter", name=card_id[:80], known="")
            kept = {name: part for name, part in parts.items() if part is not None}
            return keep_part(db, row, kept, row["stamp"] if of is None else of)

    def anew(self, card_id: str) -> None:
        """Make a card of its layers as cards are made today; a change like any other. One that is gone stays so."""
        with self._book.writing() as db:
            sql = "SELECT number FROM cards WHERE card_id = ? AND card IS NOT NULL"
            for row in db.execute(sql, (card_id,)).fetchall():
                Pen(db).merge(row["number"])

    def remembered(self, key: str) -> bytes | None:
        """An answer that cost something, by the hash of what was asked."""
        for row in self._rows("SELECT value FROM answers WHERE key = ?", (key,)):
            return row["value"]
        return None

    def remember(self, key: str, value: bytes) -> None:
        """Keep an answer; a newer one for the same key replaces it."""
        with self._book.writing() as db:
            db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, value))

    def change(self, key: str, change: Callable[[bytes | None], bytes]) -> bytes:
        """Replace what is remembered by what `change` makes of it, nobody else in between; the new bytes."""
        with self._book.writing() as db:
            row = db.execute("SELECT value FROM answers WHERE key = ?", (key,)).fetchone()
            made = change(row["value"] if row is not None else None)
            db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, made))
        return made

    # --- inside --------------------------------------------------------------------

    def _rows(self, sql: str, facts: Sequence[object] = ()) -> Iterator[Row]:
        """Each row as it is asked for; the view is let go when the walk ends."""
        with self._book.reading() as db:
            found = db.execute(sql, facts)
            while rows := found.fetchmany(CHUNK):
                yield from rows

    def _one(self, sql: str) -> Row:
        return next(iter(list(self._rows(sql))))

    def _get(self, card_id: str) -> Adapter | None:
        sql = "SELECT card FROM cards WHERE card_id = ? AND card IS NOT NULL"
        rows = list(self._rows(sql, (card_id,)))
        return decoded(rows[0]["card"], Adapter) if rows else None

    def _of(self, card_id: str) -> Row | None:
        sql = "SELECT card_id, card, checked FROM cards WHERE card_id = ? AND card IS NOT NULL"
        return next(iter(list(self._rows(sql, (card_id,)))), None)

    def _called(self, name: str) -> list[Adapter]:
        sql = "SELECT card FROM cards WHERE name_key = ? AND card IS NOT NULL ORDER BY number"
        rows = self._rows(sql, (name.strip().casefold(),))
        same = [decoded(row["card"], Adapter) for row in rows]
        return [card for card in same if card.drawable] or same

    def _near(self, name: str) -> str:
        """Names that share pieces with this one, the most alike first."""
        parts = pieces(clean.line(name, clean.NAME))
        if not parts:
            return ""
        sql = (
            "SELECT cards.card_id, name FROM names JOIN cards ON cards.number = names.rowid"
            " WHERE names MATCH ? AND card IS NOT NULL ORDER BY rank LIMIT ?"
        )
        names = {row["card_id"]: row["name"] for row in self._rows(sql, (parts, NEAREST))}
        return alike(name, names)
