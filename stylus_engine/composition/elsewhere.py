"""Words of a card that the prompt says of something else: a sea lion is no lion. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from stylus_engine.composition.fits import akin, called
from stylus_engine.composition.spans import holds, meet
from stylus_engine.model import Adapter, Span
from stylus_engine.planning.concepts import around, chunks, grams, span_of
from stylus_engine.planning.lexicon import phrase

Apart = Callable[[str, Collection[str]], bool]
MOST_PLACES = 4  # of the same words in one prompt that are looked at


class Elsewhere:
    """Whether a span lies in the name of something else, in which a word of the card stands.

    The name is one that `apart` knows (`Meanings.apart`), or the tag of another of `cards`
    that has nothing in common with the card: who asks for a comic book wants no library.
    Never within what the card is called itself: a "Sea Lion" that has the tag "lion" is asked for.
    """

    def __init__(self, prompt: str, cards: Sequence[Adapter], apart: Apart) -> None:
        self._prompt = prompt
        self._apart = apart
        self._runs = _seldom(
            _keyed(span_of(prompt, run) for c in chunks(prompt) for run in grams(c))
        )
        self._cards = [(card, frozenset(map(phrase, card.tags))) for card in cards]
        self._around: dict[Span, list[tuple[str, Span]]] = {}
        self._known: dict[str, list[Span]] = {}

    def __call__(self, card: Adapter, span: Span) -> bool:
        """False in a prompt that says no word of the card."""
        if card.card_id not in self._known:
            self._known[card.card_id] = list(self._names(card))
        return any(meet(span, name) for name in self._known[card.card_id])

    def _names(self, card: Adapter) -> Iterator[Span]:
        """The names of other things in the prompt that hold a word of the card."""
        mine = called(card)
        runs = [run for key, run in self._runs if key in mine]
        for run in runs:
            own = (run.text, card.name, *card.triggers, *card.tags)
            for longer, name in self._longer(run):
                if longer in mine or any(holds(each, name) for each in runs):
                    continue
                if self._apart(name.text, own) or self._of_another(card, longer):
                    yield name

    def _longer(self, run: Span) -> list[tuple[str, Span]]:
        if run not in self._around:
            self._around[run] = _keyed(around(self._prompt, run))
        return self._around[run]

    def _of_another(self, card: Adapter, key: str) -> bool:
        """Tags alone: a title may be any words, and takes none of them from others."""
        return any(key in tags and not akin(card, other) for other, tags in self._cards)


def _keyed(spans: Iterable[Span]) -> list[tuple[str, Span]]:
    return [(phrase(span.text), span) for span in spans]


def _seldom(runs: Iterable[tuple[str, Span]]) -> list[tuple[str, Span]]:
    """Without the places of words that a prompt says again and again."""
    count: Counter[str] = Counter()
    kept: list[tuple[str, Span]] = []
    for key, run in runs:
        count[key] += 1
        if count[key] <= MOST_PLACES:
            kept.append((key, run))
    return kept
