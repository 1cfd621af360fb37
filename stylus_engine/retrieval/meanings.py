"""What words of a prompt mean for a card, beyond the words that both share.

    span    by itself, and by what the thesaurus says it is   ("whelk": "… snail-like shell")
    card    each of its phrases (name, trigger words, tags), what the thesaurus says
            of those, and its whole text
    crowd   how near the span is to everyday things at large  ("thing" is near to everything)
    ahead   how far the card is ahead of those that are about something else

One number for each span and card comes out, 0 … 1: how surely the one asks for the other
(`retrieval.likeness`); `benchmarks/selection.py` measures it.

Phrases are embedded when a card is first judged and kept in memory by their text, not in
the index: a card has five of them, and a catalogue five times the vectors of which a plan
needs forty.  Those of the everyday things lie beside this file.  So that a plan stays
short, one call embeds `MOST_NEW` new texts at most, the nearest cards' first.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from stylus_engine.model import Adapter
from stylus_engine.planning.everyday import EVERYDAY
from stylus_engine.planning.lexicon import PASSING, TIES, phrase
from stylus_engine.ports import Embedder, Vectors
from stylus_engine.retrieval.likeness import Parts, Scale, learned_for
from stylus_engine.retrieval.rows import text_of
from stylus_engine.retrieval.thesaurus import Thesaurus

FILE = Path(__file__).parent / "everyday.npz"
MOST_PHRASES = 6  # of one card
MOST_GLOSSES = 3  # of one card's phrases
MOST_NEW = 64  # texts of cards that one call may embed
MOST_KEPT = 4096  # texts whose vectors are kept: 6 MiB at 384 dimensions
SAME = 0.6  # cosine from which an everyday thing is what a card is about, and no rival of it
VERY = 0.9  # the same for the everyday thing that the span itself is: "glass" is no "stained glass"
PLAIN = 0.9  # cosine from which a span names an everyday thing and needs no explanation
CROWD = 10  # everyday things
MOST_AHEAD = 0.6


class WordMeanings:
    """Implements `Meanings`, with what was learned with the embedder, else with our own's weights."""

    def __init__(self, embedder: Embedder, thesaurus: Thesaurus) -> None:
        self._embedder = embedder
        self._thesaurus = thesaurus
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._rivals: Vectors | None = None

    def knows(self, word: str) -> bool:
        """See `Meanings`."""
        return phrase(word) in _PLAIN_WORDS or self._thesaurus.knows(word)

    def apart(self, text: str, words: Collection[str]) -> bool:
        """See `Meanings`."""
        return self._thesaurus.apart(text, words)

    async def likeness(
        self, spans: Sequence[str], cards: Sequence[Adapter]
    ) -> Sequence[Sequence[float]]:
        """See `Meanings`. Raises `BadEmbedder`."""
        judged = self._affordable(cards)
        if not spans or not judged:
            return [[-1.0] * len(cards) for _ in spans]
        likeness = self._scale.likeness(await self.parts(spans, judged))
        unread = [-1.0] * (len(cards) - len(judged))
        return [[*row, *unread] for row in likeness.tolist()]

    @cached_property
    def _scale(self) -> Scale:
        return learned_for(self._embedder.name) or Scale()

    async def parts(self, spans: Sequence[str], cards: Sequence[Adapter]) -> Parts:
        """Every column that a likeness is made of."""
        everyday, asked = await self._everyday(), await self._embedder.embed(spans)
        known = await self._of_cards(cards)
        about = [_most(everyday, each) for each in known.phrases]  # each everyday thing to a card
        keys = [_keys(card) for card in cards]
        own = _Near.of(asked, known, everyday, about)
        usual = _dots(asked, everyday)
        plain = (usual.max(1) >= PLAIN) | np.asarray([_everyday(span) for span in spans])
        told = await self._told(spans, plain.tolist())
        glossed, kin = _Near(*map(np.copy, own)), np.zeros_like(own.phrase)
        for at, vectors in told.items():
            for whole, best in zip(glossed, _Near.of(vectors, known, everyday, about), strict=True):
                whole[at] = best.max(0)
            names = self._thesaurus.names(spans[at])
            kin[at] = [bool(names & each) for each in keys]
        crowd = np.sort(usual, 1)[:, -CROWD:].mean(1)
        ahead = _ahead(own, glossed, keys)
        return _columns(own, glossed, kin, ahead, plain, _form(spans), crowd)

    async def _everyday(self) -> Vectors:
        """What lies on the disk where it is of this embedder: a second of work for the first plan."""
        if self._rivals is None:
            self._rivals = _stored(self._embedder.name)
        if self._rivals is None:
            self._rivals = await self._embedder.embed(EVERYDAY)
        return self._rivals

    async def _of_cards(self, cards: Sequence[Adapter]) -> "_Cards":
        """The vectors of each card's phrases and their glosses, and of the whole texts."""
        texts = [self._texts(card) for card in cards]
        known = await self._known(dict.fromkeys(t for each in texts for t in each.all))
        return _Cards(
            [np.stack([known[p] for p in each.phrases]) for each in texts],
            [np.stack([known[g] for g in each.glosses or each.whole]) for each in texts],
            np.stack([known[each.whole[0]] for each in texts]),
        )

    def _texts(self, card: Adapter) -> "_Texts":
        phrases = _phrases(card)
        told = [meaning for text in phrases for meaning in self._thesaurus.told(text)[:1]]
        return _Texts(phrases, tuple(dict.fromkeys(told))[:MOST_GLOSSES], (text_of(card),))

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
            new |= {text for text in self._texts(card).all if text not in self._kept}
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


class _Texts(NamedTuple):
    """Of one card; without a gloss its whole text stands for it."""

    phrases: tuple[str, ...]
    glosses: tuple[str, ...]
    whole: tuple[str]

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.phrases, *self.glosses, *self.whole)


class _Cards(NamedTuple):
    phrases: list[Vectors]
    glosses: list[Vectors]
    whole: Vectors


class _Near(NamedTuple):
    """Cosines of some texts (rows) to each card (columns)."""

    phrase: Vectors
    whole: Vectors
    gloss: Vectors
    rival: Vectors

    @classmethod
    def of(cls, asked: Vectors, cards: _Cards, everyday: Vectors, about: Sequence[Vectors]) -> Self:
        return cls(
            np.stack([_most(asked, each) for each in cards.phrases], 1),
            _dots(asked, cards.whole),
            np.stack([_most(asked, each) for each in cards.glosses], 1),
            _rival(asked, everyday, about),
        )


def _everyday(span: str) -> bool:
    """Whether it is tied of everyday things alone: a glass of water is no stained glass."""
    words = span.casefold().split()
    said = [word for word in words if word not in TIES | PASSING]
    return len(said) < len(words) and all(phrase(word) in _PLAIN_WORDS for word in said)


class _Form(NamedTuple):
    """How each span is built, a column."""

    part: Vectors
    tied: Vectors


def _form(spans: Sequence[str]) -> _Form:
    worded = [f" {' '.join(span.split())} ".casefold() for span in spans]
    tied = [not TIES.isdisjoint(text.split()) for text in worded]
    longer = [text for text, ties in zip(worded, tied, strict=True) if not ties]
    part = [any(text in other and text != other for other in longer) for text in worded]
    return _Form(np.asarray(part, np.float32)[:, None], np.asarray(tied, np.float32)[:, None])


def _columns(
    own: _Near, told: _Near, kin: Vectors, ahead: Vectors, plain: Vectors, form: _Form, crowd: Vectors,
) -> Parts:  # fmt: skip
    """Of spans without a gloss `told` is what is their own: then nothing is more."""
    every = np.ones_like(kin)
    return Parts(
        phrase=own.phrase, whole=own.whole, gloss=own.gloss,
        phrase_more=np.maximum(told.phrase - own.phrase, 0),
        whole_more=np.maximum(told.whole - own.whole, 0),
        rival=told.rival - own.rival, kin=kin,
        plain=np.where(own.phrase < VERY, plain[:, None], 0).astype(np.float32),
        part=every * form.part, tied=every * form.tied,
        crowd=every * crowd[:, None], ahead=ahead,
    )  # fmt: skip


def _ahead(own: _Near, told: _Near, keys: Sequence[frozenset[str]]) -> Vectors:
    """A card is no rival of one that shares a phrase: the two are alternatives."""
    near = (own.phrase + own.whole + own.gloss + told.phrase + told.whole) / 2
    akin = np.asarray([[not one.isdisjoint(other) for other in keys] for one in keys])
    others = np.where(akin[None], -1.0, near[:, None, :]).max(2)
    return np.clip(near - others, -MOST_AHEAD, MOST_AHEAD)


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


_PLAIN_WORDS = frozenset(phrase(word) for thing in EVERYDAY for word in thing.split())


def main() -> None:
    """Writes `everyday.npz` for the embedder that comes with Stylus."""
    from stylus_engine.retrieval.embedder import LocalEmbedder  # noqa: PLC0415 - brings torch

    embedder = LocalEmbedder()
    vectors = asyncio.run(embedder.embed(EVERYDAY)).astype(np.float16)
    np.savez_compressed(FILE, embedder=embedder.name, texts=np.asarray(EVERYDAY), vectors=vectors)


if __name__ == "__main__":
    main()
