"""Words of a card that the prompt says of something else: a sea lion is no lion. Pure."""

from collections.abc import Callable, Collection, Iterator, Sequence

from stylus_engine.composition.fits import Hold, akin, hold_of
from stylus_engine.composition.spans import meet
from stylus_engine.model import Adapter, Span
from stylus_engine.planning.concepts import around, chunks, grams, span_of

Apart = Callable[[str, Collection[str]], bool]


class Elsewhere:
    """Whether a span lies in the name of something else, in which a word of the card stands.

    The name is one that `apart` knows (`Meanings.apart`), or that of another of `cards`
    that has nothing in common with the card: who asks for a comic book wants no library.
    """

    def __init__(self, prompt: str, cards: Sequence[Adapter], apart: Apart) -> None:
        self._prompt = prompt
        self._cards = cards
        self._apart = apart
        self._runs = [span_of(prompt, run) for chunk in chunks(prompt) for run in grams(chunk)]
        self._known: dict[str, list[Span]] = {}

    def __call__(self, card: Adapter, span: Span) -> bool:
        """False in a prompt that says no word of the card."""
        if card.card_id not in self._known:
            self._known[card.card_id] = list(self._names(card))
        return any(meet(span, name) for name in self._known[card.card_id])

    def _names(self, card: Adapter) -> Iterator[Span]:
        """The names of other things in the prompt that hold a word of the card."""
        for run in self._runs:
            if hold_of(card, run.text)[0] >= Hold.NAMED:
                own = (run.text, *card.triggers, *card.tags)
                for name in around(self._prompt, run):
                    if self._apart(name.text, own) or self._of_another(card, name.text):
                        yield name

    def _of_another(self, card: Adapter, name: str) -> bool:
        return any(
            hold_of(other, name)[0] >= Hold.NAMED and not akin(card, other) for other in self._cards
        )
