# pyarrow ships no types; its tables stay inside this file, `index` and `building`.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false
"""A card as a row of the index: the text that is embedded, the words that are searched, the columns of policy."""

import hashlib
from collections.abc import Sequence
from typing import get_args

import msgspec
import pyarrow as pa

from stylus_engine.model import Adapter, Rating
from stylus_engine.planning.lexicon import keys
from stylus_engine.ports import Vectors

VERSION = "1"  # of the schema: another one means rebuild
RATINGS: tuple[str, ...] = get_args(Rating)  # mildest first
HEARD = 240  # characters of the description that are embedded: titles and tags must lead


def schema(embedder: str, dimensions: int) -> pa.Schema:
    """The columns; the metadata says which version and which embedding space."""
    columns = {
        "vector": pa.list_(pa.float32(), dimensions),
        "heads": pa.string(),
        "description": pa.string(),
        "family": pa.string(),
        "kind": pa.string(),
        "rating": pa.int8(),
        "commercial": pa.bool_(),
        "derivatives": pa.bool_(),
        "real_person": pa.bool_(),
        "minor": pa.bool_(),
        "health": pa.string(),
        "drawable": pa.bool_(),
        "digest": pa.string(),
        "card": pa.binary(),
    }
    fields = [pa.field(name, kind) for name, kind in columns.items()]
    told = {"stylus.schema": VERSION, "stylus.embedder": embedder}
    return pa.schema([pa.field("card_id", pa.string(), nullable=False), *fields], metadata=told)


def table(cards: Sequence[Adapter], vectors: Vectors, embedder: str) -> pa.Table:
    """One row for each card; `vectors` has shape (len(cards), dimensions)."""
    shape = schema(embedder, vectors.shape[1])
    rows = [_row(card) for card in cards]
    columns = {name: [row[name] for row in rows] for name in shape.names if name != "vector"}
    columns["vector"] = pa.FixedSizeListArray.from_arrays(
        pa.array(vectors.ravel(), pa.float32()), vectors.shape[1]
    )
    return pa.table(columns, schema=shape)


def text_of(card: Adapter) -> str:
    """What is embedded: title, trigger words and tags first, then the start of the description."""
    words = dict.fromkeys((*card.triggers, *card.tags))
    parts = (card.name, ", ".join(words), card.description[:HEARD])
    return ". ".join(part for part in parts if part)


def heads_of(card: Adapter) -> str:
    """The words of title, trigger words and tags, as keys, for the full-text side."""
    found = (key for text in (card.name, *card.triggers, *card.tags) for key in keys(text))
    return " ".join(dict.fromkeys(found))


def digest_of(card: Adapter) -> str:
    """What changes when the card changes."""
    return hashlib.sha256(msgspec.json.encode(card)).hexdigest()


def _row(card: Adapter) -> dict[str, object]:
    return {
        "card_id": card.card_id,
        "heads": heads_of(card),
        "description": card.description,
        "family": card.family,
        "kind": card.kind,
        "rating": RATINGS.index(card.rating),
        "commercial": card.licence.commercial,
        "derivatives": card.licence.derivatives,
        "real_person": card.real_person,
        "minor": card.minor,
        "health": card.health,
        "drawable": card.drawable,
        "digest": digest_of(card),
        "card": msgspec.json.encode(card),
    }
