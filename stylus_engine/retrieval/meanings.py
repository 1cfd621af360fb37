"""What words of a prompt mean for a card, beyond the words that both share.

    span    by itself, and by what the thesaurus says it is   ("whelk": "… snail-like shell")
    card    each of its phrases (name, trigger words, tags), and its whole text
    rivals  everyday things that the card is not about         ("kitten" is nearer to "cat")

One number for each span and card comes out: how near they are, less how near the span is
to something else.  The weights (`Scale`) were found on the open questions of the
miniature alone, with all-MiniLM-L6-v2; `benchmarks/selection.py` measures them.

Phrases are embedded when a card is first judged and kept in memory by their text, not in
the index: a card has five of them, and a catalogue five times the vectors of which a plan
needs forty.  Those of the everyday things lie beside this file.  So that a plan stays short, one call embeds `MOST_NEW` new texts at most, the
nearest cards' first.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylus_engine.model import Adapter
from stylus_engine.planning.everyday import EVERYDAY
from stylus_engine.planning.lexicon import phrase
from stylus_engine.ports import Embedder, Vectors
from stylus_engine.retrieval.rows import text_of
from stylus_engine.retrieval.thesaurus import Thesaurus

FILE = Path(__file__).parent / "everyday.npz"
MOST_PHRASES = 6  # of one card
MOST_NEW = 64  # texts of cards that one call may embed
MOST_KEPT = 4096  # texts whose vectors are kept: 6 MiB at 384 dimensions
SAME = 0.6  # cosine from which an everyday thing is what a card is about, and no rival of it
VERY = 0.9  # the same for the everyday thing that the span itself is: "glass" is no "stained glass"
PLAIN = 0.9  # cosine from which a span names an everyday thing and needs no explanation


@dataclass(frozen=True, slots=True)
class Scale:
    """How the parts of a likeness are weighed."""

    whole: float = 1.2  # the card's whole text, beside its nearest phrase
    told_phrase: float = 0.4  # the thesaurus' share of a phrase's cosine
    told_whole: float = 0.8  # and of the whole text's
    rival: float = 0.7
    told_rival: float = 0.15
    longer: float = 0.06  # for each further word: long spans say more


@dataclass(frozen=True, slots=True)
class Parts:
    """Cosines of each span (rows) and card (columns); `told_…` are NaN where nothing is known of a span."""

    phrase: Vectors
    whole: Vectors
    rival: Vectors
    told_phrase: Vectors
    told_whole: Vectors
    told_rival: Vectors
    words: Vectors  # of each span, a column
    plain: Vectors  # 1 where the span itself is an everyday thing, a column

    def likeness(self, scale: Scale) -> Vectors:
        """One number for each span and card."""
        near = _mixed(self.phrase, self.told_phrase, scale.told_phrase)
        whole = _mixed(self.whole, self.told_whole, scale.told_whole)
        rival = _mixed(self.rival, self.told_rival, scale.told_rival)
        found = near + scale.whole * whole - scale.rival * (rival - 0.5)
        found = found + scale.longer * (self.words - 1)
        # "glass" is an everyday thing, and no card of stained glass means it.
        return np.where((self.plain > 0) & (self.phrase < VERY), -1.0, found).astype(np.float32)


class WordMeanings:
    """Implements `Meanings`."""

    def __init__(
        self, embedder: Embedder, thesaurus: Thesaurus, scale: Scale | None = None
    ) -> None:
        self._embedder = embedder
        self._thesaurus = thesaurus
        self._scale = scale or Scale()
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._rivals: Vectors | None = None

    def knows(self, word: str) -> bool:
        """See `Meanings`."""
        return phrase(word) in _PLAIN_WORDS or self._thesaurus.knows(word)

    async def likeness(
        self, spans: Sequence[str], cards: Sequence[Adapter]
    ) -> Sequence[Sequence[float]]:
        """See `Meanings`. Raises `BadEmbedder`."""
        judged = self._affordable(cards)
        if not spans or not judged:
            return [[-1.0] * len(cards) for _ in spans]
        parts = await self.parts(spans, judged)
        unread = [-1.0] * (len(cards) - len(judged))
        return [[*row, *unread] for row in parts.likeness(self._scale).tolist()]

    async def parts(self, spans: Sequence[str], cards: Sequence[Adapter]) -> Parts:
        """Every cosine that a likeness is made of."""
        rivals = await self._everyday()
        asked = await self._embedder.embed(spans)
        phrases, whole = await self._of_cards(cards)
        about = [_most(rivals, each) for each in phrases]  # each everyday thing to each card
        near = np.stack([_most(asked, each) for each in phrases], 1)
        rival = _rival(asked, rivals, about)
        plain = _most(asked, rivals) >= PLAIN
        told = await self._told(spans, plain.tolist())
        empty = np.full_like(near, np.nan)
        told_near, told_whole, told_rival = empty, empty.copy(), empty.copy()
        for at, vectors in told.items():
            names = self._thesaurus.names(spans[at])
            kin = np.asarray([bool(names & _keys(card)) for card in cards])
            told_near[at] = [_most(vectors, each).max() for each in phrases]
            told_near[at][kin] = near[at][kin] = 1.0
            told_whole[at] = _dots(vectors, whole).max(0)
            told_rival[at] = _rival(vectors, rivals, about).max(0)
        words = np.asarray([[len(span.split())] for span in spans], np.float32)
        everyday = plain[:, None].astype(np.float32)
        return Parts(
            near, _dots(asked, whole), rival, told_near, told_whole, told_rival, words, everyday
        )

    async def _everyday(self) -> Vectors:
        """What lies on the disk where it is of this embedder: a second of work for the first plan."""
        if self._rivals is None:
            self._rivals = _stored(self._embedder.name)
        if self._rivals is None:
            self._rivals = await self._embedder.embed(EVERYDAY)
        return self._rivals

    async def _of_cards(self, cards: Sequence[Adapter]) -> tuple[list[Vectors], Vectors]:
        """The vectors of each card's phrases, and of the whole texts."""
        texts = [_phrases(card) for card in cards]
        wholes = [text_of(card) for card in cards]
        known = await self._known(dict.fromkeys((*wholes, *(p for each in texts for p in each))))
        stacked = [np.stack([known[p] for p in each]) for each in texts]
        return stacked, np.stack([known[text] for text in wholes])

    async def _told(self, spans: Sequence[str], plain: Sequence[bool]) -> dict[int, Vectors]:
        """For each span that the thesaurus knows, the vectors of its meanings."""
        texts = {
            at: told
            for at, (span, skip) in enumerate(zip(spans, plain, strict=True))
            if not skip and (told := self._thesaurus.told(span))
        }
        known = await self._known(dict.fromkeys(text for told in texts.values() for text in told))
        return {at: np.stack([known[text] for text in told]) for at, told in texts.items()}

    def _affordable(self, cards: Sequence[Adapter]) -> Sequence[Adapter]:
        """The first of them whose texts are known or few enough to be embedded now."""
        new: set[str] = set()
        for count, card in enumerate(cards):
            new |= {text for text in (*_phrases(card), text_of(card)) if text not in self._kept}
            if len(new) > MOST_NEW and count:
                return cards[:count]
        return cards

    async def _known(self, texts: Iterable[str]) -> dict[str, Vectors]:
        wanted = list(texts)
        fresh = [text for text in wanted if text not in self._kept]
        found = dict(zip(fresh, await self._embedder.embed(fresh), strict=True))
        known = {text: found[text] if text in found else self._kept[text] for text in wanted}
        self._kept.update(found)
        for text in wanted:
            self._kept.move_to_end(text)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return known


def _stored(embedder: str) -> Vectors | None:
    """The vectors of `EVERYDAY`, `python -m stylus_engine.retrieval.meanings` made them."""
    with np.load(FILE) as told:
        if str(told["embedder"]) != embedder or list(told["texts"]) != list(EVERYDAY):
            return None
        return told["vectors"].astype(np.float32)


def _phrases(card: Adapter) -> tuple[str, ...]:
    """Titles are fanciful ("Wet Paper"): one counts where there is little else. Never none."""
    said = tuple(
        dict.fromkeys(t for t in (*card.triggers, *card.tags, *card.concepts) if t.strip())
    )
    return (said if len(said) > 1 else (*said, card.name))[:MOST_PHRASES]


def _keys(card: Adapter) -> frozenset[str]:
    return frozenset(phrase(text) for text in _phrases(card))


def _rival(asked: Vectors, rivals: Vectors, about: Sequence[Vectors]) -> Vectors:
    """For each span and card the nearest everyday thing that the card is not about."""
    near = _dots(asked, rivals)
    same = np.where(near >= PLAIN, VERY, SAME)
    return np.stack([np.where(each[None] < same, near, -1.0).max(1) for each in about], 1)


def _most(asked: Vectors, vectors: Vectors) -> Vectors:
    """For each row of `asked` its greatest cosine."""
    return _dots(asked, vectors).max(1)


def _dots(one: Vectors, other: Vectors) -> Vectors:
    # Not `@`: see `fusion.clusters`.
    return np.einsum("id,jd->ij", one, other)


def _mixed(own: Vectors, told: Vectors, share: float) -> Vectors:
    return np.where(np.isnan(told), own, (1 - share) * own + share * told)


_PLAIN_WORDS = frozenset(phrase(word) for thing in EVERYDAY for word in thing.split())


def main() -> None:
    """Writes `everyday.npz` for the embedder that comes with Stylus."""
    from stylus_engine.retrieval.embedder import LocalEmbedder  # noqa: PLC0415 - brings torch

    embedder = LocalEmbedder()
    vectors = asyncio.run(embedder.embed(EVERYDAY)).astype(np.float16)
    np.savez_compressed(FILE, embedder=embedder.name, texts=np.asarray(EVERYDAY), vectors=vectors)


if __name__ == "__main__":
    main()
