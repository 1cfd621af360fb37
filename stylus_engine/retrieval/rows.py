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
from stylus_engine.planning.few_steps import few_step
from stylus_engine.planning.lexicon import keys
from stylus_engine.ports import Vectors

VERSION = "3"  # of the schema: another one means rebuild
RATINGS: tuple[str, ...] = get_args(Rating)  # mildest first
HEARD = 240  # characters of the description that are embedded: titles and tags must lead
UNDRAWN_KINDS = frozenset({"ia3", "oft", "glora", "full", "unsupported"})


def schema(embedder: str, dimensions: int) -> pa.Schema:
    """The columns; the metadata says which version and which embedding space."""
    columns = {
        "vector": pa.list_(pa.float32(), dimensions),
        "heads": pa.string(),
        "description": pa.string(),
        "shelf": pa.string(),
        "commercial": pa.bool_(),
        "text": pa.string(),
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
    """What is embedded: title, trigger words, tags and concepts first, then the start of the description."""
    words = dict.fromkeys((*card.triggers, *card.tags, *card.concepts))
    parts = (card.name, ", ".join(words), card.description[:HEARD])
    return ". ".join(part for part in parts if part)


def heads_of(card: Adapter) -> str:
    """The words of title, trigger words, tags and concepts, as keys, for the full-text side."""
    texts = (card.name, *card.triggers, *card.tags, *card.concepts)
    return " ".join(dict.fromkeys(key for text in texts for key in keys(text)))


def usable(card: Adapter) -> bool:
    """Whether the card may ever be a candidate, whatever a policy says.

    Never: real persons, minors, quarantined cards, cards without a file (nobody can
    draw with them), kinds that no sampler of ours applies, and what only makes it faster:
    fewer steps are a setting, never part of a prompt.  Nor an embedding for negative
    prompts: said in a prompt it would ask for what it was trained to keep away.
    """
    barred = card.real_person or card.minor or card.health == "quarantined"
    odd = card.kind in UNDRAWN_KINDS or few_step(card) is not None
    return card.drawable and not barred and not odd and not _against(card)


def _against(card: Adapter) -> bool:
    words = (card.name, *card.triggers, *card.tags)
    return card.kind == "embedding" and any("negative" in word.casefold() for word in words)


def shelf_of(family: str, rating: str) -> str:
    """Family and rating in one word, so that policy is a look-up in one bitmap index."""
    return f"{RATINGS.index(rating)}:{family}"


def fingerprint(text: str) -> str:
    """Equal for equal texts: a vector is kept as long as its text is."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _row(card: Adapter) -> dict[str, object]:
    return {
        "card_id": card.card_id,
        "heads": heads_of(card),
        "description": card.description,
        "shelf": shelf_of(card.family, card.rating) if usable(card) else "",
        "commercial": card.licence.commercial,
        "text": fingerprint(text_of(card)),
        "card": msgspec.json.encode(card),
    }
